"""A study's overview made by hand, with known phase means, for tests of its page alone.

Heart rate of members and presenter lies at `HEIGHTS` over the mean of all sessions; session k of n
lies ``(k - (n - 1) / 2) * SPREAD`` beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from arousal.protocol import load_protocol
from arousal.study.condensed import BINS, MeasureQuality
from arousal.study.longitudinal import StoredCourse, longitudinal
from arousal.study.overview import SessionOverview, StudyOverview
from arousal.study.roll import RollEntry, StudyRoll
from arousal.study.tested import Tested
from arousal.tables import INDEX_ID, MEASURES
from tests.dashboards.test_results_page import study_test

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
OUTSIDE = {"baseline": 0.0, "opening": 1.0, "closing": 0.5, "recovery": -1.0}
CASE = {"presentation": (2.0, 9.0), "questions": (3.0, 4.0), "discussion": (4.0, 2.0)}
SPREAD = 0.2
UNITS = {"heart_rate": 1.0, "scr_rate": 0.3, "ln_scl": 0.05, "ln_rmssd": -0.05, INDEX_ID: 0.2}
PROTOCOLS = ("balint-60", "balint-90-two-cases")


def overview(sessions=14, *, tested=True, groups=3, seed=4):
    """A study: every seventh session not processed, one with nobody's consent."""
    rng = np.random.default_rng(seed)
    listed = tuple(_session(k, groups) for k in range(sessions))
    done = [s for s in listed if s.state == "processed"]
    test = _tested(listed) if tested else None
    course = _course(test, listed) if test else None
    return StudyOverview(
        "Demo <course>",
        listed,
        tuple(load_protocol(p) for p in PROTOCOLS) if done else (),
        pd.concat(_curves(s, k, len(done), rng) for k, s in enumerate(done))
        if done
        else pd.DataFrame(columns=["session"]),
        pd.concat(_phases(s, k, len(done)) for k, s in enumerate(done))
        if done
        else pd.DataFrame(columns=["session"]),
        test,
        "" if test else "there is no results.json yet; run arousal test",
        course,
        "" if course else "there is no longitudinal.json yet; run arousal longitudinal",
    )


def _session(k, groups):
    protocol = PROTOCOLS[k % 3 == 2]
    place = (f"s{k}", protocol, f"G{k % groups + 1}", k // groups + 1)
    if k == 3:
        reason = "nobody agreed to research"
        return SessionOverview(*place, "no consent", reason, (), 8, (), (), {})
    if k % 7 == 6:
        reason = "run arousal process"
        return SessionOverview(*place, "not processed", reason, (), 0, (), (), {})
    blocks = (1, 2) if k % 3 == 2 else (1,)
    people = tuple(f"P{k % groups}{i}" for i in range(8))
    sensors = {"no-contact": (people[2],)} if k % 4 == 1 else {}
    quality = tuple(
        MeasureQuality(m.id, 0.95 - 0.5 * (k % 4 == 1), 8 - 5 * (k % 4 == 1), 8, sensors, 3, 60, "")
        for m in MEASURES
    )
    references = {"baseline": 30, "recovery": 2}
    return SessionOverview(*place, "processed", "", people, k % 2, blocks, quality, references)


def _places(session):
    for phase, height in OUTSIDE.items():
        yield 0, phase, {"members": height, "leaders": 0.0}
    for block in session.blocks:
        for phase, (members, presenter) in CASE.items():
            yield block, phase, {"members": members, "presenter": presenter, "leaders": 0.0}


def _curves(session, k, n, rng):
    own = (k - (n - 1) / 2) * SPREAD
    rows = []
    for block, phase, heights in _places(session):
        for group, height in heights.items():
            for measure, unit in UNITS.items():
                values = unit * (height + own + 0.5 * rng.normal(size=BINS))
                place = (session.id, block, phase, measure, group)
                rows += [(*place, b, v, 5) for b, v in enumerate(values)]
    names = ["session", "block", "phase", "measure", "group", "bin", "change", "people"]
    return pd.DataFrame(rows, columns=names)


def _phases(session, k, n):
    own = (k - (n - 1) / 2) * SPREAD
    rows = [
        (session.id, block, phase, measure, group, unit * (height + own), 5)
        for block, phase, heights in _places(session)
        for group, height in heights.items()
        for measure, unit in UNITS.items()
    ]
    names = ["session", "block", "phase", "measure", "group", "value", "people"]
    return pd.DataFrame(rows, columns=names)


def _tested(listed):
    """The bundled hypothesis over twelve of its sessions (or as many as there are)."""
    result = study_test(min(12, len(listed)))
    content = result.as_json()
    groups = {s.id: s.group for s in listed}
    contrasts = result.contrasts.assign(group=result.contrasts["session"].map(groups))
    return Tested(
        result.name,
        result.version,
        result.sha256,
        result.counted,
        tuple(content["rows"]),
        contrasts,
        "0" * 64,
        {},
        tuple(content["findings"]),
    )


class _File:
    """As much of a session file as the longitudinal models ask for."""

    def __init__(self, meeting):
        self.meeting, self.psychoeducation = meeting, None


def _course(tested, listed):
    entries = {
        s.id: RollEntry(s.id, None, _File(s.meeting), None, None)  # type: ignore[arg-type]
        for s in listed
    }
    roll = StudyRoll(None, None, entries)  # type: ignore[arg-type]
    scores = pd.DataFrame({"participant_id": [], "wave": [], "measure": [], "score": []})
    made = longitudinal(tested, roll, scores)
    content = made.as_json()
    return StoredCourse(tuple(content["rows"]), made.counted, tuple(content["findings"]))
