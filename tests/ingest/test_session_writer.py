"""A session folder holds what it was given, byte for byte the same each time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import UsageError
from arousal.ingest.session_writer import write_session
from arousal.protocol import load_protocol
from arousal.recording import Event, Kind, Person, Recording, Signal
from arousal.session import SessionFile, load_session
from arousal.simulate import SimulatedSession, SimulationSettings, simulate

KINDS = (Kind.ECG, Kind.RR, Kind.EDA, Kind.TEMPERATURE, Kind.SPEECH)


@pytest.fixture(scope="module")
def simulated() -> SimulatedSession:
    settings = SimulationSettings(signals=KINDS, minutes=10, baseline_minutes=1, recovery_minutes=1)
    return simulate("balint-60", 6, 5, settings)


def _write(folder: Path, simulated: SimulatedSession) -> None:
    write_session(
        folder,
        simulated.recording,
        simulated.session,
        truth=simulated.truth.as_dict(),
        protocol=simulated.protocol,
    )


@pytest.fixture(scope="module")
def folder(simulated: SimulatedSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "session"
    _write(folder, simulated)
    return folder


def test_the_same_session_gives_the_same_bytes(
    folder: Path, simulated: SimulatedSession, tmp_path: Path
) -> None:
    _write(tmp_path / "again", simulated)
    names = sorted(p.name for p in folder.iterdir())
    assert names == ["recording.xdf", "session.toml", "truth.json"]
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_session_toml_reads_back_as_it_was(folder: Path, simulated: SimulatedSession) -> None:
    assert load_session(folder / "session.toml") == simulated.session


def test_truth_json_reads_back_as_it_was(folder: Path, simulated: SimulatedSession) -> None:
    assert json.loads((folder / "truth.json").read_text()) == simulated.truth.as_dict()


def test_another_reader_finds_every_sample_and_mark(
    folder: Path, simulated: SimulatedSession
) -> None:
    import pyxdf

    streams, header = pyxdf.load_xdf(folder / "recording.xdf", dejitter_timestamps=False)
    assert header["info"]["datetime"] == ["2026-03-12T17:00:00+0000"]
    found = {stream["info"]["name"][0]: stream for stream in streams}
    for signal in (s for p in simulated.recording for s in p.signals):
        stream = found.pop(signal.source)
        np.testing.assert_allclose(stream["time_stamps"], signal.times, atol=1e-5)
        np.testing.assert_allclose(stream["time_series"][:, 0], signal.values, rtol=1e-6, atol=1e-6)
        channel = stream["info"]["desc"][0]["channels"][0]["channel"][0]
        assert channel["unit"] == [signal.unit]
    (marks,) = found.values()
    assert [row[0] for row in marks["time_series"]] == [e.label for e in simulated.recording.events]
    np.testing.assert_allclose(
        marks["time_stamps"], [e.onset for e in simulated.recording.events], atol=1e-9
    )


def test_whole_microvolts_are_stored_as_such(folder: Path) -> None:
    import pyxdf

    streams, _ = pyxdf.load_xdf(folder / "recording.xdf", select_streams=[{"type": "ECG"}])
    assert {s["time_series"].dtype for s in streams} == {np.dtype("int16")}


def test_a_sample_on_the_last_edge_of_a_chunk_is_kept(tmp_path: Path) -> None:
    import pyxdf

    times = np.array([0.0, 30.0, 60.0, 120.0])
    person = Person("P1", (Signal(Kind.RR, times + 800, times, source="rr"),))
    recording = Recording((person,), (Event(120.0, "end", source="m"),))
    write_session(tmp_path / "s", recording, SessionFile(id="s"))
    streams, _ = pyxdf.load_xdf(tmp_path / "s" / "recording.xdf", dejitter_timestamps=False)
    found = {s["info"]["name"][0]: s["time_stamps"].tolist() for s in streams}
    assert found == {"rr": times.tolist(), "m": [120.0]}


def test_an_own_protocol_is_written_beside_the_session(tmp_path: Path) -> None:
    own = load_protocol("balint-60").model_copy(update={"id": "our-group"})
    simulated = simulate(own, 6, 1, SimulationSettings(signals=(Kind.RR,), minutes=10))
    _write(tmp_path / "s", simulated)
    session = load_session(tmp_path / "s" / "session.toml")
    assert load_protocol(session.protocol, folder=tmp_path / "s") == own


def test_a_recording_is_never_overwritten(folder: Path, simulated: SimulatedSession) -> None:
    before = (folder / "recording.xdf").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        _write(folder, simulated)
    assert (folder / "recording.xdf").read_bytes() == before


def test_a_folder_with_a_readme_alone_is_filled(
    simulated: SimulatedSession, tmp_path: Path
) -> None:
    (tmp_path / "README.md").write_text("about")
    _write(tmp_path, simulated)
    assert (tmp_path / "README.md").read_text() == "about"
    assert (tmp_path / "recording.xdf").stat().st_size > 100_000


def test_two_streams_of_one_name_are_refused_and_nothing_is_left_behind(
    simulated: SimulatedSession, tmp_path: Path
) -> None:
    first = simulated.recording.persons[0]
    twin = replace(first, id="P99")
    recording = replace(simulated.recording, persons=(first, twin))
    with pytest.raises(UsageError, match="unique, not 'skin-P01-eda'"):
        write_session(tmp_path / "s", recording, simulated.session)
    assert list((tmp_path / "s").iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(
    simulated: SimulatedSession, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"file/s: cannot be written"):
        _write(tmp_path / "file" / "s", simulated)
