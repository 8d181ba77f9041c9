"""What `arousal streams` says about senders with known faults."""

from __future__ import annotations

import json

import pytest

from arousal.ingest.devices import load_catalogue
from arousal.ingest.roster import Roster
from arousal.ingest.survey import Survey, survey
from arousal.ingest.survey_text import survey_json, survey_lines
from arousal.recording import Kind
from arousal.session import PersonInSession, SessionFile
from tests.ingest.recording_rig import Senders

pytestmark = pytest.mark.lsl

STREAMS = [
    {"name": "Polar-04", "type": "ECG", "rate": 130.0},
    {"name": "gsr-04", "type": "EDA", "rate": 4.0},
    {"name": "slow-05", "type": "ECG", "rate": 65.0, "declared": 130.0},
    {"name": "Marks", "type": "Markers", "rate": 1.0, "declared": 0.0, "format": "string"},
]


@pytest.fixture(scope="module")
def found(lsl) -> Survey:
    people = {"P04": PersonInSession(streams={"ecg": "Polar-04", "rr": "Polar-04-rr"})}
    roster = Roster(SessionFile(id="s", people=people), load_catalogue())
    with Senders(lsl, STREAMS):
        return survey(roster, seconds=3.0)


def test_every_stream_is_listed_with_kind_rate_and_wearer(found):
    readings = {reading.info.name: reading for reading in found.readings}
    assert list(readings) == ["Marks", "Polar-04", "gsr-04", "slow-05"]
    assert readings["Polar-04"].person == "P04"
    assert readings["Polar-04"].rate == pytest.approx(130.0, rel=0.1)
    assert found.kinds[readings["Polar-04"].info.uid] == (Kind.ECG,)
    assert found.kinds[readings["gsr-04"].info.uid] == (Kind.EDA,)


def test_what_is_wrong_is_said_below_the_stream_and_at_the_end(found):
    lines = list(survey_lines(found))
    (slow,) = (number for number, line in enumerate(lines) if line.startswith("slow-05"))
    assert "declared 130" in lines[slow + 1]
    assert any(line.startswith("X P04 rr: no stream named 'Polar-04-rr'") for line in lines)
    assert any(
        "gsr-04" in line and "nobody in the session file claims it" in line for line in lines
    )
    assert lines[-1].startswith("4 streams, ")


def test_the_json_holds_the_same(found):
    said = json.loads(survey_json(found))
    assert [stream["name"] for stream in said["streams"]] == [
        reading.info.name for reading in found.readings
    ]
    assert {finding["code"] for finding in said["findings"]} >= {"stream-missing"}
