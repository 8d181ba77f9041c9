"""How many studies the whole calibration simulates."""

from __future__ import annotations

import os

SLACK = 3.5
"""Standard errors beyond a bound that chance alone reaches in none of some hundred cells."""


def full_reps(usual: int) -> int:
    """The usual number, or what ``AROUSAL_CALIBRATION_REPS`` asks for: 100 shows that all runs."""
    return int(os.environ.get("AROUSAL_CALIBRATION_REPS", usual))
