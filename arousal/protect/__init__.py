"""A study at rest, encrypted in the age format: lock it, unlock it, make a key for it.

>>> from arousal.protect import lock_study, make_key, read_keys, unlock_study
>>> make_key(Path("/safe/study.key"))                               # doctest: +SKIP
>>> lock_study(Path("study"), read_keys([Path("/safe/study.key")])) # doctest: +SKIP
>>> unlock_study(Path("study"), read_keys([Path("/safe/study.key")]))  # doctest: +SKIP

Every file ``x`` becomes ``x.age``, which the ``age`` program opens without us. Each file is whole
and readable with the key at any moment, whatever interrupts: an original goes only after its
encrypted copy was decrypted from the disk again and found to be the same.
"""

from __future__ import annotations

from arousal.protect.keys import Key, make_key, read_keys, readable_by_others
from arousal.protect.lock import Locked, lock_study
from arousal.protect.unlock import Unlocked, unlock_study

__all__ = [
    "Key",
    "Locked",
    "Unlocked",
    "lock_study",
    "make_key",
    "read_keys",
    "readable_by_others",
    "unlock_study",
]
