"""Hypotheses: what theory lets one expect, kept apart from what was measured.

The file (`hypothesis_file`, `prediction`) is fixed before data (`registration`); sessions become
one number per case block (`contrasts`), and only those are tested (`outcome`). `calibration` and
`power` run on the same functions with simulated evenings. Light names stand here, the rest in its
module, because tests and tables cost seconds to import.
"""

from arousal.hypothesis.course import Course, Expectation, Stretch, load_course
from arousal.hypothesis.hypothesis_file import (
    Hypothesis,
    HypothesisFile,
    load_hypothesis,
    new_hypothesis,
)
from arousal.hypothesis.prediction import Contrast, Term
from arousal.hypothesis.registration import load_ledger, register, registered, status_of

__all__ = [
    "Contrast",
    "Course",
    "Expectation",
    "Hypothesis",
    "HypothesisFile",
    "Stretch",
    "Term",
    "load_course",
    "load_hypothesis",
    "load_ledger",
    "new_hypothesis",
    "register",
    "registered",
    "status_of",
]
