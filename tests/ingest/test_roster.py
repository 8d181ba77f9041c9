"""The session's roster held against the streams that are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from arousal.consent import Consents
from arousal.errors import SettingsError
from arousal.ingest.devices import load_catalogue
from arousal.ingest.raw import StreamInfo
from arousal.ingest.roster import Roster, load_roster
from arousal.recording import Kind
from arousal.session import ConsentDates, PersonInSession, SessionFile

POLAR = StreamInfo("Polar-04", "ECG", "myuid2424", "u1", units=("uV",), rate=130.0)
GSR = StreamInfo("gsr-04", "EDA", "shimmer", "u2", units=("uS",), rate=4.0)
MARKS = StreamInfo("Marks", "Markers", "m", "u3", format="string")


def roster(people: dict[str, dict[str, str]], **session: object) -> Roster:
    persons = {name: PersonInSession(streams=streams) for name, streams in people.items()}
    file = SessionFile(id="s1", people=persons, **session)  # type: ignore[arg-type]
    return Roster(file, load_catalogue(), Consents(file))


def codes(found: Roster, *streams: StreamInfo) -> list[tuple[str, str]]:
    return [(finding.code, finding.where.split(" (")[0]) for finding in found.check(streams)]


def test_a_roster_whose_streams_are_all_there_has_no_findings():
    found = roster({"P04": {"ecg": "Polar-04", "eda": "gsr-04"}})
    assert codes(found, POLAR, GSR, MARKS) == []
    assert (found.person(POLAR), found.person(GSR), found.person(MARKS)) == ("P04", "P04", None)


def test_who_is_missing_is_told_with_person_and_kind():
    found = roster({"P04": {"ecg": "Polar-04", "eda": "gsr-04"}})
    assert codes(found, POLAR) == [("stream-missing", "P04 eda")]


def test_a_stream_of_the_right_name_and_another_kind_does_not_count():
    found = roster({"P04": {"rr": "Polar-04"}})
    assert ("stream-missing", "P04 rr") in codes(found, POLAR)


def test_two_straps_with_one_name_and_id_are_ambiguous():
    found = roster({"P04": {"ecg": "Polar-04"}})
    assert codes(found, POLAR, replace(POLAR, uid="u9")) == [("id-ambiguous", "Polar-04")]


def test_a_source_id_that_every_strap_shares_names_nobody_but_a_name_does():
    other = replace(POLAR, name="Polar-05", uid="u9")
    by_id = roster({"P04": {"ecg": "myuid2424"}})
    assert codes(by_id, POLAR, other) == [("claim-ambiguous", "P04 ecg")]
    by_name = roster({"P04": {"ecg": "Polar-04"}, "P05": {"ecg": "Polar-05"}})
    assert codes(by_name, POLAR, other) == []


def test_streams_that_nobody_claims_are_listed():
    found = roster({"P04": {"ecg": "Polar-04"}})
    assert codes(found, POLAR, GSR) == [("stream-unclaimed", "gsr-04")]


def test_without_a_roster_nobody_is_missing_and_everything_is_recorded():
    found = load_roster(None, load_catalogue())
    assert codes(found, POLAR, GSR) == []
    assert found.refusal(POLAR) == ""


def test_who_has_not_agreed_is_not_recorded_and_that_is_told():
    signed = {"P04": ConsentDates(record=date(2026, 3, 1)), "P05": ConsentDates()}
    people = {"P04": {"ecg": "Polar-04"}, "P05": {"eda": "gsr-04"}}
    found = roster(people, consent=signed)
    assert found.refusal(POLAR) == ""
    assert found.refusal(GSR) == "P05 has not agreed to be recorded"
    assert codes(found, POLAR, GSR) == [("no-consent", "gsr-04")]


def test_a_wrong_claim_is_told_when_the_roster_is_read(tmp_path: Path):
    (tmp_path / "session.toml").write_text(
        'schema = 1\nid = "s"\n[people.P04]\nstreams = { pulse = "x" }\n', encoding="utf-8"
    )
    with pytest.raises(SettingsError, match="pulse"):
        load_roster(tmp_path, load_catalogue())


def test_the_consents_of_the_study_count_for_its_sessions(tmp_path: Path):
    folder = tmp_path / "sessions" / "s1"
    folder.mkdir(parents=True)
    (tmp_path / "study.toml").write_text('schema = 1\nname = "study"\n', encoding="utf-8")
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tconsent_record\nP04\t2026-03-01\n", encoding="utf-8"
    )
    (folder / "session.toml").write_text(
        'schema = 1\nid = "s1"\n[people.P04]\nstreams = { ecg = "Polar-04" }\n'
        '[people.P05]\nstreams = { eda = "gsr-04" }\n',
        encoding="utf-8",
    )
    found = load_roster(folder, load_catalogue())
    assert found.refusal(POLAR) == ""
    assert found.refusal(GSR).startswith("P05")
    assert found.claims[0].kind is Kind.ECG
