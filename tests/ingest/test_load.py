"""The one door: formats are told apart, sessions are honoured, bad input is one clear error."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arousal
from arousal.errors import DataError, FormatError, SettingsError
from arousal.ingest import load
from arousal.ingest.session_writer import write_session
from arousal.recording import Event, Kind, Person, Recording, Signal
from arousal.session import MarkerSettings, PersonInSession, SessionFile
from tests import small_session
from tests.ingest.made_streams import beats, ecg, eda
from tests.ingest.xdf_files import XdfBytes


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared_data / "EXPECTED.json").read_text())
    return loaded


def codes(recording: Recording) -> set[str]:
    return {f.code for f in recording.findings}


# ---------------------------------------------------------------- real XDF files


def test_clock_resets_gives_all_marks_and_lists_the_eeg(shared_data: Path):
    recording = load(shared_data / "xdf_examples" / "clock_resets.xdf")
    assert len(recording.events) == 175
    assert (recording.events[0].label, recording.events[0].onset) == ("XXX", 0.0)
    onsets = [e.onset for e in recording.events]
    assert onsets == sorted(onsets)
    [unknown] = recording.unknown
    assert (unknown.name, unknown.samples) == ("BioSemi", 27815)
    assert "no-signals" in codes(recording)
    assert not recording.persons


def test_minimal_gives_its_texts_as_marks(shared_data: Path):
    recording = load(shared_data / "xdf_examples" / "minimal.xdf")
    words = [e.label for e in recording.events]
    assert words[1:] == ["Hello", "World", "from", "LSL", "Hello", "World", "from", "LSL"]
    assert recording.events[0].label.startswith("<?xml")
    assert [(u.name, u.type, u.samples) for u in recording.unknown] == [("SendDataC", "EEG", 9)]


def test_empty_streams_are_listed_and_said(shared_data: Path):
    recording = load(shared_data / "xdf_examples" / "empty_streams.xdf")
    empty = [u for u in recording.unknown if u.samples == 0]
    assert len(empty) == 2
    assert sum(f.code == "stream-empty" for f in recording.findings) == 2
    assert [e.label for e in recording.events] == ['{"state": 2}']
    assert len(recording.events) + len(recording.unknown) == 4


def test_muse_without_pulse_samples_says_so_and_keeps_the_movement(shared_data: Path):
    path = shared_data / "xdf_muse" / "sub-P001_ses-S001_task-Default_run-001_eeg.xdf"
    recording = load(path)
    [person] = recording.persons
    assert person.id == "P001"
    assert [s.kind for s in person.signals] == [Kind.ACCELERATION]
    assert "stream-empty" in codes(recording)
    [ppg] = [u for u in recording.unknown if u.type == "PPG"]
    assert (ppg.rate, ppg.samples) == (64.0, 0)


def test_muse_pulse_has_its_324_samples(shared_data: Path):
    path = shared_data / "xdf_muse" / "sub-P031_ses-S001_task-Default_run-001_eeg.xdf"
    recording = load(path)
    ppg = recording.person("P031").signal(Kind.PPG)
    assert ppg is not None
    assert (len(ppg), ppg.rate, ppg.source) == (324, 64.0, "Muse:IR")
    assert ppg.end - ppg.onset == pytest.approx(5.06, abs=0.02)
    assert recording.started == datetime.fromisoformat("2023-10-25T14:57:10+01:00")


def test_each_input_is_named_with_its_sha256(shared_data: Path):
    path = shared_data / "xdf_examples" / "minimal.xdf"
    [source] = load(path).sources
    assert source.path == str(path)
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert source.format == "xdf"


def test_the_package_s_front_door_is_the_same_function():
    assert arousal.load is load


# ---------------------------------------------------------------- session folders


def recorded() -> tuple[Recording, SessionFile]:
    intervals = beats(300)
    times = np.cumsum(intervals)
    skin = eda(seconds=300)
    persons = tuple(
        Person(
            name,
            (
                Signal(Kind.RR, intervals * 1000, times, None, f"strap-{name}"),
                Signal(Kind.EDA, skin, np.arange(skin.size) / 4.0, 4.0, f"gsr-{name}"),
            ),
        )
        for name in ("P01", "P02")
    )
    marks = (
        Event(1.0, "phase/opening id=a", id="a", source="Marks"),
        Event(60.0, "Discussion", source="Marks"),
        Event(61.0, "noise", source="Other"),
    )
    started = datetime(2026, 3, 12, 17, tzinfo=UTC)
    people = {
        name: PersonInSession(
            eda_site=site, streams={"rr": f"strap-{name}", "eda": f"gsr-{name}-id"}
        )
        for name, site in (("P01", "palm"), ("P02", "foot"))
    }
    session = SessionFile(
        id="2026-03-12", people=people, markers=MarkerSettings(stream="Marks"), started=started
    )
    return Recording(persons, marks, "x", "lsl", 5000.0, started), session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recording, session = recorded()
    write_session(tmp_path / "s", recording, session)
    return tmp_path / "s"


def test_a_session_folder_comes_back_as_it_was_written(folder: Path):
    written, _ = recorded()
    recording = load(folder)
    assert recording.id == "2026-03-12"
    assert [p.id for p in recording] == ["P01", "P02"]
    for before, after in zip(written, recording, strict=True):
        for old in before.signals:
            new = after.signal(old.kind)
            assert new is not None
            assert new.rate == old.rate
            np.testing.assert_allclose(new.values, old.values, rtol=1e-6)
            np.testing.assert_allclose(new.times + recording.origin, old.times + 5000.0, atol=2e-6)
    assert [s.site for p in recording for s in p.of(Kind.EDA)] == ["palm", "foot"]
    labels = [(e.label, e.id) for e in recording.events]
    assert labels == [("phase/opening id=a", "a"), ("Discussion", "Marks#1")]
    assert recording.started == written.started


def test_session_toml_itself_may_be_named(folder: Path):
    assert load(folder / "session.toml").id == load(folder).id


def test_a_recording_file_alone_needs_no_session_and_numbers_or_finds_persons(folder: Path):
    recording = load(folder / "recording.xdf")
    assert [p.id for p in recording] == ["P01", "P02"]
    assert {e.label for e in recording.events} >= {"noise", "Discussion"}


def test_a_role_that_the_protocol_does_not_have_is_a_settings_error(folder: Path):
    path = folder / "session.toml"
    text = path.read_text().replace('role = "member"\n', "")
    path.write_text(text.replace("[people.P01]", '[people.P01]\nrole = "pilot"'))
    with pytest.raises(SettingsError, match="'pilot'"):
        load(folder)
    own = folder / "own.toml"
    own.write_text(
        'id = "own"\nname = "Own"\nminutes = 5\ncase_blocks = 0\nleader_roles = []\n'
        'baseline_phases = ["talk"]\nroles = { pilot = "Pilot", member = "Member" }\n'
        '[[phase]]\nid = "talk"\nname = "Talk"\nminutes = [5, 5]\n'
    )
    assert load(folder, protocol=own).id == "2026-03-12"


def test_a_protocol_that_does_not_exist_is_said_before_anything_is_read(folder: Path):
    with pytest.raises(SettingsError, match="no protocol 'waltz'"):
        load(folder / "recording.xdf", protocol="waltz")


def test_a_session_without_its_recording_is_a_data_error(folder: Path):
    (folder / "recording.xdf").unlink()
    with pytest.raises(DataError, match=r"recording\.xdf") as caught:
        load(folder)
    assert caught.value.exit_code == 3


def test_a_truncated_recording_keeps_what_is_readable_and_says_so(folder: Path):
    path = folder / "recording.xdf"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    recording = load(folder)
    assert "xdf-truncated" in codes(recording)
    whole, _ = recorded()
    for person in recording:
        for signal in person.signals:
            full = whole.person(person.id).signal(signal.kind)
            assert full is not None
            assert 0 < len(signal) < len(full)


# ---------------------------------------------------------------- XDF files with trouble


def test_an_interval_stream_declared_one_hertz_keeps_its_own_beat_times(tmp_path: Path):
    intervals = beats(400)
    stamps = 1000.0 + np.cumsum(intervals)
    file = XdfBytes().begin().stream(1, name="EmpaticaA01IBI", kind="IBI", rate=1.0)
    file.offset(1, stamps[0], 0.0).regular(1, intervals[:, None], stamps, every=10)
    rr = load(file.footer(1).write(tmp_path / "a.xdf")).persons[0].signal(Kind.RR)
    assert rr is not None
    np.testing.assert_allclose(rr.times, stamps - stamps[0], atol=1e-3)
    np.testing.assert_allclose(rr.values, intervals * 1000, rtol=1e-6)
    assert len(rr.segments()) == 1


def test_a_wrong_unit_an_all_nan_and_a_flat_channel_are_each_said(tmp_path: Path):
    stamps = 1000.0 + np.arange(240) / 4.0
    file = XdfBytes().begin()
    streams = {
        "EDA P01 (kOhm in truth)": 1000 / eda(),
        "EDA P02": np.full(240, np.nan),
        "EDA P03": np.full(240, 0.02),
    }
    for sid, (name, values) in enumerate(streams.items(), start=1):
        xml = (
            f"<info><name>{name}</name><type>EDA</type><channel_count>1</channel_count>"
            "<nominal_srate>4</nominal_srate><channel_format>float32</channel_format><desc>"
            "<channels><channel><label>EDA</label><unit>uS</unit></channel></channels>"
            "</desc></info>"
        )
        file.formats[sid] = "float32"
        file.raw_header(sid, xml.encode()).offset(sid, 1000.0, 0.0)
        file.regular(sid, values[:, None], stamps, every=40).footer(sid)
    recording = load(file.write(tmp_path / "a.xdf"))
    assert [p.id for p in recording] == ["P02", "P03"]
    assert codes(recording) >= {"unit-contradicted", "signal-all-nan", "signal-flat"}
    assert "say the unit with --map" in recording.unknown[0].reason


def test_an_xdf_without_marks_has_no_events(tmp_path: Path):
    stamps = 1000.0 + np.arange(2600) / 130.0
    file = XdfBytes().begin().stream(1, name="H10 P01", kind="ECG", rate=130.0)
    file.offset(1, 1000.0, 0.0).regular(1, ecg()[:, None], stamps, every=73).footer(1)
    recording = load(file.write(tmp_path / "a.xdf"))
    assert not recording.events
    assert recording.person("P01").signals[0].kind is Kind.ECG


# ---------------------------------------------------------------- what cannot be read


def test_a_missing_file_is_a_data_error_that_names_it(tmp_path: Path):
    with pytest.raises(DataError, match=r"nothing\.xdf: there is no such file") as caught:
        load(tmp_path / "nothing.xdf")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("name", ["a.xdf", "a.csv", "a.zip", "a.foo"])
def test_an_empty_file_is_a_format_error(tmp_path: Path, name: str):
    (tmp_path / name).touch()
    with pytest.raises(FormatError, match="empty"):
        load(tmp_path / name)


@pytest.mark.parametrize("name", ["a.xdf", "a.csv", "a.zip", "a.foo", "a"])
@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_are_a_format_error_of_one_line(tmp_path: Path, name: str, seed: int):
    (tmp_path / name).write_bytes(np.random.default_rng(seed).bytes(5000))
    with pytest.raises(FormatError) as caught:
        load(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_folder_of_something_else_is_told_what_can_be_read(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(FormatError, match="Empatica E4 export") as caught:
        load(tmp_path)
    assert "session.toml" in caught.value.hint


def test_reading_a_recording_loads_neither_pandas_nor_neurokit_nor_pylsl(folder: Path):
    code = (
        "import sys; from arousal.ingest import load; load(sys.argv[1]); "
        "print([m for m in ('pandas', 'neurokit2', 'pylsl', 'scipy.signal') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_recordings_are_frozen(folder: Path):
    signal = load(folder).persons[0].signals[0]
    assert not signal.values.flags.writeable
    assert not signal.times.flags.writeable
    assert replace(signal, source="x").source == "x"


def test_a_folder_that_holds_recordings_names_them(tmp_path: Path):
    for name in ("b.xdf", "a.2026-03-12.xdf"):
        small_session.write(tmp_path / name)
    with pytest.raises(FormatError, match=r"name what is in it: a\.2026-03-12\.xdf, b\.xdf\)$"):
        load(tmp_path)
    assert load(tmp_path / "a.2026-03-12.xdf").id == "a.2026-03-12"


def test_a_study_folder_names_its_sessions(tmp_path: Path):
    (tmp_path / "study.toml").write_text('schema = 1\nname = "Pilot"\n')
    (tmp_path / "sessions" / "s1").mkdir(parents=True)
    (tmp_path / "sessions" / "s1" / "session.toml").write_text('schema = 1\nid = "s1"\n')
    with pytest.raises(FormatError, match=r"sessions/s1\)$"):
        load(tmp_path)


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.xdf")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        load(tmp_path / "pipe.xdf")
    with pytest.raises(FormatError, match="no recording"):
        load(tmp_path)
