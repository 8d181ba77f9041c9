"""A desk records before it loads what computes: every second of loading would be lost data."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from arousal.findings import Finding
from arousal.ingest.alarms import AlarmBoard
from arousal.ingest.journal import Entry
from arousal.monitor.earlier import Earlier, Restart, kept_state
from arousal.monitor.parts import Part, read_part
from arousal.session import load_session
from tests.live_rig import REPOSITORY, Study

SLOW = {"pandas", "scipy", "neurokit2", "matplotlib", "plotly", "sklearn", "edfio", "bioread"}
"""What takes long to load, and no recorder needs."""
WATCHED = """
import importlib, json, os, sys
module, name, method = sys.argv[1:4]
owner = getattr(importlib.import_module(module), name)
real = getattr(owner, method)
def watched(self, *given):
    real(self, *given)
    print(json.dumps(sorted({m.partition(".")[0] for m in sys.modules})), flush=True)
    os._exit(0)
setattr(owner, method, watched)
from arousal.monitor.desk_process import main
main(sys.argv[4:])
"""


def loaded_when(lsl, study: Study, what: tuple[str, str, str], *options: str) -> set[str]:
    """Packages that a desk has loaded once a method of its parts has returned."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *what, str(study.session), *options],
        env={**lsl.environment(), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        timeout=100,
        check=True,
    )
    return set(json.loads(done.stdout))


def begin_journal(study: Study, *more: dict) -> None:
    """A recording that was killed: its file, and a journal without an end."""
    (study.session / "recording.xdf").write_bytes(b"XDF:")
    now = datetime.now(UTC).isoformat()
    lines = [{"type": "start", "file": "recording.xdf"}, *more]
    rows = [{"seq": n, "utc": now, "lsl": float(n), **line} for n, line in enumerate(lines, 1)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (study.session / "journal.jsonl").write_text(text)


@pytest.mark.lsl
def test_a_recorder_that_goes_on_after_a_kill_is_on_before_anything_slow_is_loaded(tmp_path, lsl):
    study = Study(tmp_path / "study", people=2)
    begin_journal(study)
    on = ("arousal.ingest.recorder", "Recorder", "start")
    loaded = loaded_when(lsl, study, on, "--restarted")
    assert "pylsl" in loaded
    assert not loaded & SLOW
    assert (study.session / "recording-2.xdf").is_file()


@pytest.mark.lsl
def test_a_new_desk_looks_out_before_anything_slow_is_loaded(tmp_path, lsl):
    study = Study(tmp_path / "study", people=2)
    out = ("arousal.monitor.lookout", "Lookout", "__init__")
    assert not loaded_when(lsl, study, out) & SLOW


def journal_of(*entries: tuple[str, float, str]) -> tuple[Entry, ...]:
    return tuple(
        Entry(n, kind, 1e9 + lsl, lsl, {"uid": uid} if uid else {})
        for n, (kind, lsl, uid) in enumerate(entries, 1)
    )


def test_what_a_kill_has_cost_counts_until_the_last_stream_is_back_and_stands_in_the_journal(
    tmp_path,
):
    before = Part(
        tmp_path / "recording.xdf",
        journal_of(
            ("start", 0, ""),
            ("stream-found", 1, "a"),
            ("stream-found", 1, "b"),
            ("stream-found", 1, "gone"),
            ("stream-lost", 90, "gone"),
            ("block", 100, ""),
        ),
    )
    file = tmp_path / "recording-2.xdf"
    journal = tmp_path / "recording-2.journal.jsonl"
    rows: list[dict] = []

    def add(kind: str, lsl: float, **fields: str) -> None:
        at = datetime.fromtimestamp(1e9 + lsl, UTC).isoformat()
        rows.append({"seq": len(rows) + 1, "utc": at, "lsl": lsl, "type": kind, **fields})
        journal.write_text("".join(json.dumps(row) + "\n" for row in rows))

    told: list[Finding] = []
    board = AlarmBoard(lambda finding, _: told.append(finding))
    restart = Restart(Earlier(0.0, 100.0, before), file, 103.0)
    add("start", 103.0)
    assert not restart.tell(board, 103.5)
    assert ": 3.5 s are missing" in restart.notes[0].message
    add("stream-found", 104.0, uid="a")
    add("stream-found", 104.2, uid="another")
    assert not restart.tell(board, 104.5)
    assert ": 4.0 s are missing" in restart.notes[0].message
    assert not told
    add("stream-found", 104.6, uid="b")
    assert restart.tell(board, 105.0)
    (said,) = told
    assert said.message.endswith(": 4.6 s are missing; what follows is in recording-2.xdf")
    assert not restart.notes
    assert [f.code for f in board.standing] == ["recorder-restarted"]
    add("stream-found", 150.0, uid="b")
    assert restart.tell(board, 151.0)
    assert len(told) == 1
    assert read_part(file).running == {"a", "b", "another"}


def test_a_strap_that_does_not_come_back_is_not_waited_for_for_ever(tmp_path):
    before = Part(
        tmp_path / "recording.xdf", journal_of(("start", 0, ""), ("stream-found", 1, "a"))
    )
    (tmp_path / "recording-2.journal.jsonl").write_text(
        json.dumps({"seq": 1, "utc": datetime.now(UTC).isoformat(), "lsl": 8.0, "type": "start"})
    )
    board = AlarmBoard(lambda *_: None)
    restart = Restart(Earlier(0.0, 5.0, before), tmp_path / "recording-2.xdf", 8.0)
    assert not restart.tell(board, 20.0)
    assert restart.tell(board, 39.0)
    (said,) = board.standing
    assert ": 3.0 s are missing" in said.message


def test_what_a_killed_recorder_left_of_a_stream_that_had_ended_keeps_its_name(tmp_path):
    study = Study(tmp_path / "study", people=1)
    begin_journal(
        study,
        {"type": "stream-found", "stream": 2, "uid": "a", "name": "strap", "person": "P01"},
        {"type": "stream-lost", "stream": 2, "uid": "a", "samples": 5},
        {"type": "stop", "complete": True, "streams": [[1, 0, 0], [2, 5, 5]]},
    )
    kept = kept_state(study.session, load_session(study.session / "session.toml"))
    assert kept is not None
    assert [(s["name"], s["person"]) for s in kept["streams"]] == [
        ("marks", None),
        ("strap", "P01"),
    ]
