"""Who wore what."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import SettingsError
from arousal.ingest.assemble import Known, assemble
from arousal.ingest.mapping import Mapping, SignalMapping
from arousal.ingest.people import find_pseudonym
from arousal.ingest.raw import RawStream
from arousal.recording import Kind, Recording
from arousal.session import PersonInSession, SessionFile
from tests.ingest.made_streams import beats, ecg, eda, made_stream


def skin(name: str, at: float = 100.0, **about: str) -> RawStream:
    values = eda()
    times = at + np.arange(values.size) / 4.0
    return made_stream(name, values, typed="EDA", rate=4.0, times=times, units=("uS",), **about)  # type: ignore[arg-type]


def strap(name: str, at: float = 100.0, **about: str) -> RawStream:
    intervals = beats()
    times = at + np.cumsum(intervals)
    return made_stream(name, intervals, typed="RR", times=times, units=("s",), **about)  # type: ignore[arg-type]


def session(**people: dict[str, str]) -> SessionFile:
    return SessionFile(id="t", people={p: PersonInSession(streams=s) for p, s in people.items()})


def read(*streams: RawStream, of: SessionFile | None = None, **known: object) -> Recording:
    return assemble(streams, Known("t", session=of, **known))  # type: ignore[arg-type]


def worn(recording: Recording) -> dict[str, list[str]]:
    return {p.id: sorted(s.source for s in p.signals) for p in recording}


def findings(recording: Recording) -> dict[str, str]:
    return {f.code: f.message for f in recording.findings}


@pytest.mark.parametrize(
    ("text", "pseudonym"),
    [
        ("P04", "P04"),
        ("Polar-p04_ecg", "P04"),
        ("S08", "S08"),
        ("sub-07", "sub-07"),
        ("sub-P031_ses-S001_task-x", "P031"),
        ("gsr P12", "P12"),
        ("Polar H10 8C4CA621", None),
        ("PPG_RED", None),
        ("S", None),
        ("EP04", None),
        ("ECG1", None),
    ],
)
def test_pseudonyms_are_found_in_names_and_nothing_else_is_taken_for_one(
    text: str, pseudonym: str | None
):
    assert find_pseudonym(text) == pseudonym


def test_the_roster_names_streams_by_name_or_source_id():
    recording = read(
        skin("gsr-a"),
        skin("gsr-b"),
        strap("Polar", source_id="id-a"),
        strap("Polar", source_id="id-b"),
        of=session(P01={"eda": "gsr-a", "rr": "id-b"}, P02={"eda": "gsr-b", "rr": "id-a"}),
    )
    assert worn(recording) == {"P01": ["Polar", "gsr-a"], "P02": ["Polar", "gsr-b"]}
    first, second = (p.signal(Kind.RR) for p in recording)
    assert first is not None
    assert second is not None
    assert not recording.findings


def test_persons_come_in_the_roster_s_order():
    streams = [skin("gsr-a"), skin("gsr-b"), skin("gsr-c")]
    of = session(P09={"eda": "gsr-c"}, P02={"eda": "gsr-a"}, P05={"eda": "gsr-b"})
    assert [p.id for p in read(*streams, of=of)] == ["P09", "P02", "P05"]


def test_two_straps_under_one_name_are_not_guessed_at():
    recording = read(
        strap("Polar", source_id="id-a"),
        strap("Polar", source_id="id-b"),
        skin("gsr-a"),
        of=session(P01={"rr": "Polar", "eda": "gsr-a"}),
    )
    assert worn(recording) == {"P01": ["gsr-a"]}
    assert "cannot be told from another wearer's" in findings(recording)["stream-ambiguous"]
    assert len(recording.unknown) == 2


def test_a_strap_that_went_and_came_back_is_one_signal_with_its_gap():
    recording = read(
        skin("gsr-a", uid="first"), skin("gsr-a", at=400.0, uid="second"),
        of=session(P01={"eda": "gsr-a"}),
    )  # fmt: skip
    [signal] = recording.person("P01").signals
    [[onset, end]] = signal.gaps()
    assert end - onset == pytest.approx(240.25)
    assert "signal-rejoined" in findings(recording)


def test_two_signals_of_one_kind_at_the_same_time_stay_apart_with_names_of_their_own():
    values = np.stack([ecg(), ecg()], axis=1)
    stream = made_stream("box-P03", values, typed="ECG", rate=130.0, units=("uV", "uV"))
    [person] = read(stream).persons
    assert len({s.source for s in person.of(Kind.ECG)}) == 2


def test_one_channel_of_a_stream_is_claimed_by_its_label():
    values = np.stack([eda(), eda(level=7.0)], axis=1)
    stream = made_stream(
        "Box", values, rate=4.0, labels=("EDA_1", "EDA_2"), units=("uS", "uS")
    )  # fmt: skip
    recording = read(stream, of=session(P01={"eda": "Box:EDA_2"}, P02={"eda": "Box:EDA_1"}))
    signal = recording.person("P01").signal(Kind.EDA)
    assert signal is not None
    assert np.median(signal.values) == pytest.approx(7.0, abs=0.5)


def test_a_stream_that_no_rule_knows_is_what_the_roster_says():
    stream = made_stream("thing-7", ecg() / 1000, rate=130.0)
    recording = read(stream, of=session(P01={"ecg": "thing-7"}))
    signal = recording.person("P01").signal(Kind.ECG)
    assert signal is not None
    assert np.ptp(signal.values) > 500


def test_a_claimed_stream_that_is_not_there_and_a_person_without_signal_are_problems():
    recording = read(skin("gsr-a"), of=session(P01={"eda": "gsr-a"}, P02={"eda": "gsr-x"}))
    said = findings(recording)
    assert said["stream-missing"] == "P02's eda stream 'gsr-x' is not in the recording"
    assert "P02" in said["person-without-signal"]


def test_a_claimed_stream_that_measures_something_else_is_said_to_be_there():
    recording = read(
        skin("gsr-a"), strap("Polar"), of=session(P01={"eda": "gsr-a", "ecg": "Polar"})
    )
    assert (
        findings(recording)["stream-missing"] == "P01's stream 'Polar' is there, but holds no ecg"
    )


def test_a_stream_that_nobody_claims_is_listed():
    recording = read(skin("gsr-a"), skin("gsr-b"), of=session(P01={"eda": "gsr-a"}))
    assert worn(recording) == {"P01": ["gsr-a"]}
    [unknown] = recording.unknown
    assert (unknown.name, unknown.reason) == ("gsr-b", "nobody in session.toml claims it")


def test_a_roster_without_streams_goes_by_pseudonyms_and_strangers_are_listed():
    recording = read(skin("gsr-P01"), skin("gsr-P02"), skin("gsr-P77"), of=session(P01={}, P02={}))
    assert worn(recording) == {"P01": ["gsr-P01"], "P02": ["gsr-P02"]}
    assert "P77 is not among" in recording.unknown[0].reason


def test_pseudonyms_in_names_or_ids_tell_persons_apart_without_any_file():
    recording = read(skin("gsr P04"), strap("Polar", source_id="strap-p04"), skin("gsr P05"))
    assert worn(recording) == {"P04": ["Polar", "gsr P04"], "P05": ["gsr P05"]}
    assert not recording.findings


def test_two_streams_of_one_name_at_the_same_time_are_kept_apart_and_said():
    recording = read(skin("gsr P04", source_id="a"), skin("gsr P04", source_id="b"))
    assert worn(recording) == {"P04": ["gsr P04", "gsr P04#2"]}
    assert "at the same time" in findings(recording)["signal-doubled"]


def test_different_devices_that_measure_different_things_are_one_person():
    recording = read(skin("Shimmer"), strap("Polar"))
    assert worn(recording) == {"P01": ["Polar", "Shimmer"]}
    assert "no file says who wore what" in findings(recording)["persons-numbered"]


def test_streams_are_one_person_per_device_when_kinds_repeat():
    recording = read(
        skin("Blue EDA", source_id="blue"), strap("Blue RR", source_id="blue"),
        skin("Red EDA", source_id="red"), strap("Red RR", source_id="red"),
    )  # fmt: skip
    assert worn(recording) == {"P01": ["Blue EDA", "Blue RR"], "P02": ["Red EDA", "Red RR"]}
    assert "P01 = Blue EDA, Blue RR; P02 = Red EDA" in findings(recording)["persons-numbered"]


def test_a_pseudonym_in_the_file_s_name_is_the_only_person():
    recording = read(skin("Shimmer"), strap("Polar"), person="P31")
    assert worn(recording) == {"P31": ["Polar", "Shimmer"]}
    assert not recording.findings


def test_the_mapping_says_kind_unit_and_person_against_all_rules():
    values = np.stack([np.arange(240.0), 1000 / eda()], axis=1)
    stream = made_stream("BITalino", values, typed="EEG", rate=4.0, labels=("A1", "A2"))
    words = Mapping(
        signals=(SignalMapping(stream="BITalino", channel="A2", kind=Kind.EDA, unit="kOhm",
                              person="P12", site="palm"),)
    )  # fmt: skip
    recording = read(stream, mapping=words)
    signal = recording.person("P12").signal(Kind.EDA)
    assert signal is not None
    np.testing.assert_allclose(signal.values, eda())
    assert (signal.site, signal.source) == ("palm", "BITalino:A2")
    assert [u.channels for u in recording.unknown] == [("A1",)]


@pytest.mark.parametrize(("channel", "message"), [(None, "has 2 channels"), ("A9", "no channel")])
def test_a_mapping_that_does_not_fit_the_stream_is_a_settings_error(
    channel: str | None, message: str
):
    stream = made_stream("Box", np.zeros((9, 2)), rate=4.0, labels=("A1", "A2"))
    words = Mapping(signals=(SignalMapping(stream="Box", channel=channel, kind=Kind.EDA),))
    with pytest.raises(SettingsError, match=message):
        read(stream, mapping=words)


def test_samples_of_another_clock_are_not_mixed_in():
    recording = read(skin("gsr P01"), skin("gsr P02"), skin("gsr P03", at=1.7e9))
    assert sorted(worn(recording)) == ["P01", "P02"]
    assert "clock-foreign" in findings(recording)
