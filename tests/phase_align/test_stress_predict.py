"""Phase bounds and the device's own heart rate on a real study, against its authors' figures.

EXPECTED.json holds the authors' labels and their per-phase means of the same HR.csv. Read here
without the package's own E4 reader, so that only the timeline is under test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arousal.phase_align import Timeline, build_timeline, phase_table
from arousal.protocol import load_protocol
from arousal.recording import Event, Kind, Signal
from arousal.settings import Settings
from arousal.tables import FEATURES

PROTOCOL = load_protocol(Path(__file__).with_name("stress_predict.toml"))
SUBJECTS = ("S08", "S09", "S18", "S24", "S25")
UNMARKED = {"S18": {"pre_stroop", "stroop"}}
"""S18's first press carries a time 12 h before the recording."""


@dataclass(frozen=True)
class Subject:
    name: str
    timeline: Timeline
    phases: pd.DataFrame
    expected: dict[str, dict[str, float]]
    zero: float


@pytest.fixture(scope="module", params=SUBJECTS)
def subject(request: pytest.FixtureRequest, shared_data: Path) -> Subject:
    name = request.param
    folder = shared_data / "e4_stress_predict" / name
    figures = json.loads((shared_data / "EXPECTED.json").read_text())[f"e4_stress_predict/{name}"]
    zero = figures["session_start_unix"]
    first, rate, *values = np.loadtxt(folder / "HR.csv")
    times = first - zero + np.arange(len(values)) / rate
    hr = Signal(Kind.HR, np.array(values), times, rate)
    presses = np.loadtxt(folder / f"tags_{name}.csv")
    marks = [Event(t - zero, f"tag{i}", id=f"tags.csv#{i}") for i, t in enumerate(presses, 1)]
    line = build_timeline(marks, PROTOCOL, None, start=0.0, end=hr.end)
    none = FEATURES.empty()
    table = phase_table(none, none, line, PROTOCOL, Settings(), device_hr={name: hr})
    table = table[table["person"] == name].set_index("phase")
    return Subject(name, line, table, figures["phases"], zero)


def test_bounds_that_were_marked_are_the_authors_to_a_second(subject: Subject):
    found = {p.phase: p for p in subject.timeline.phases}
    for phase in subject.expected.keys() - UNMARKED.get(subject.name, set()) - {"pre_stroop"}:
        onset = found[phase].onset + subject.zero
        assert abs(onset - subject.expected[phase]["start_unix"]) <= 1.0


def test_the_devices_mean_heart_rate_is_the_authors_to_half_a_beat(subject: Subject):
    for phase in subject.expected.keys() - UNMARKED.get(subject.name, set()):
        theirs = subject.expected[phase]["mean_hr_author"]
        assert subject.phases.loc[phase, "value"] == pytest.approx(theirs, abs=0.5)


def test_every_phase_has_a_value_or_a_reason(subject: Subject):
    assert set(subject.phases.index) == set(subject.expected)
    refused = subject.phases[subject.phases["value"].isna()]
    assert set(refused.index) == UNMARKED.get(subject.name, set())
    assert (refused["reason"] != "").all()


def test_the_seventh_press_is_reported_because_no_phase_is_called_so(subject: Subject):
    unknown = [f for f in subject.timeline.findings if f.code == "mark-unknown"]
    assert [f.where for f in unknown] == ["mark 'tag7' (tags.csv#7)"]
    assert subject.timeline.phases[-1].certain


def test_the_press_of_another_day_is_reported_and_not_used(subject: Subject):
    codes = [f.code for f in subject.timeline.findings]
    assert codes.count("mark-outside-recording") == (subject.name == "S18")
    missing = [f.where for f in subject.timeline.findings if f.code == "phase-missing"]
    assert missing == (["stroop"] if subject.name == "S18" else [])
