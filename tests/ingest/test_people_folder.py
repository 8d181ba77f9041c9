"""Several wristbands of one session: joined by their own clocks, and said."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import DataError, FormatError
from arousal.ingest import load
from arousal.recording import Kind
from tests.ingest.made_e4 import e4

START = 1_700_000_000.0


def session(folder, *people, recording="recording"):
    """Write a session.toml in which these people are members."""
    folder.mkdir(exist_ok=True)
    tables = "".join(f"[people.{p}]\n" for p in people)
    text = f'schema = 1\nid = "evening"\nrecording = "{recording}"\n{tables}'
    (folder / "session.toml").write_text(text)
    return folder


def test_two_wristbands_become_one_session_on_one_clock(tmp_path):
    folder = session(tmp_path / "evening", "P01", "P02")
    e4(folder / "recording" / "P01", START)
    e4(folder / "recording" / "P02", START + 90, seed=2)
    recording = load(folder)
    assert [p.id for p in recording] == ["P01", "P02"]
    assert (recording.id, recording.clock, recording.origin) == ("evening", "unix", START)
    first, second = (p.signal(Kind.EDA) for p in recording)
    assert (first.onset, second.onset) == (0.0, 90.0)
    assert np.median(second.values) - np.median(first.values) == pytest.approx(1, abs=0.01)
    assert [(e.onset, e.label, e.source) for e in recording.events] == [
        (30.0, "tag1", "P01/tags.csv"),
        (120.0, "tag1", "P02/tags.csv"),
    ]
    assert len({e.id for e in recording.events}) == 2
    said = next(f for f in recording.findings if f.code == "clocks-side-by-side")
    assert "starts differ by 90 s" in said.message
    assert len(recording.sources) == 10


def test_one_person_alone_needs_no_clock(tmp_path):
    folder = session(tmp_path / "evening", "P01", "P02")
    (folder / "recording" / "P01").mkdir(parents=True)
    intervals = "\n".join(["800"] * 60)
    (folder / "recording" / "P01" / "rr.txt").write_text(intervals)
    recording = load(folder)
    assert [p.id for p in recording] == ["P01"]
    assert not any(f.code == "clocks-side-by-side" for f in recording.findings)


def test_recordings_without_a_common_clock_are_not_joined(tmp_path):
    folder = session(tmp_path / "evening", "P01", "P02")
    e4(folder / "recording" / "P01")
    (folder / "recording" / "P02").mkdir()
    (folder / "recording" / "P02" / "rr.txt").write_text("\n".join(["800"] * 60))
    with pytest.raises(DataError, match="P02's recording does not tell its time zone"):
        load(folder)


def test_a_persons_folder_with_two_recordings_or_none_is_refused(tmp_path):
    folder = session(tmp_path / "evening", "P01")
    own = folder / "recording" / "P01"
    own.mkdir(parents=True)
    with pytest.raises(FormatError, match="nothing in it can be read"):
        load(folder)
    for name in ("rr.txt", "ibi.txt"):
        (own / name).write_text("\n".join(["800"] * 60))
    with pytest.raises(FormatError, match="it holds 2 recordings"):
        load(folder)


def test_a_sessions_own_mapping_is_used_unless_another_is_given(tmp_path):
    folder = session(tmp_path / "evening", "P04", recording="table.csv")
    rows = "\n".join(f"{k / 4},{2 + (k % 7) / 100}" for k in range(400))
    (folder / "table.csv").write_text(f"t,skin\n{rows}\n")
    words = 'person = "P04"\n[table]\ntime = "t"\n[[signal]]\ncolumn = "skin"\nkind = "eda"\n'
    (folder / "mapping.toml").write_text(words + 'unit = "uS"\n')
    for path in (folder, folder / "session.toml"):
        [signal] = load(path).person("P04").signals
        assert (signal.kind, len(signal), signal.values[1]) == (Kind.EDA, 400, 2.01)
    other = tmp_path / "other.toml"
    other.write_text(words + 'unit = "uS"\nscale = 2.0\n')
    [signal] = load(folder, mapping=other).person("P04").signals
    assert signal.values[1] == 4.02
