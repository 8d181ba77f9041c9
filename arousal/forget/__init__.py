"""Withdrawal: a person's data, words and name leave a study, and everything made from them.

>>> from arousal.forget import forget
>>> forget(Path("study"), "P04").sessions                 # doctest: +SKIP
('2026-03-12',)
"""

from __future__ import annotations

from arousal.forget.leaver import TOMBSTONE
from arousal.forget.withdrawal import Forgotten, finish_withdrawals, forget

__all__ = ["TOMBSTONE", "Forgotten", "finish_withdrawals", "forget"]
