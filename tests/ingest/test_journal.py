"""The journal beside a recording."""

from __future__ import annotations

import json
import threading
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import DataError, UsageError
from arousal.ingest.journal import Journal, journal_path, read_journal

NOON = 1773316800.25


def new(folder: Path) -> Journal:
    ticks = count(100)
    return Journal(folder / "journal.jsonl", lsl=lambda: float(next(ticks)), utc=lambda: NOON)


def test_every_line_carries_both_clocks_its_number_and_what_was_said(tmp_path):
    journal = new(tmp_path)
    journal.write("mark", {"text": "phase/discussion id=m1", "ago": 2.5})
    journal.write("block", {"offset": 0, "length": 10, "crc32": 7}, sync=False)
    journal.close()
    entries, damaged = read_journal(tmp_path / "journal.jsonl")
    assert damaged == 0
    assert [(e.seq, e.type, e.utc, e.lsl) for e in entries] == [
        (1, "mark", NOON, 100.0),
        (2, "block", NOON, 101.0),
    ]
    assert entries[1].fields == {"offset": 0, "length": 10, "crc32": 7}


def test_a_line_is_in_the_file_as_soon_as_write_returns(tmp_path):
    journal = new(tmp_path)
    journal.write("mark", {"text": "3"})
    assert json.loads((tmp_path / "journal.jsonl").read_bytes())["text"] == "3"
    journal.close()


def test_lines_of_many_threads_never_mix_and_are_numbered_without_holes(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", lsl=lambda: 0.0)

    def write() -> None:
        for i in range(200):
            journal.write("block", {"text": "x" * i}, sync=False)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    entries, damaged = read_journal(tmp_path / "journal.jsonl")
    assert damaged == 0
    assert [entry.seq for entry in entries] == list(range(1, 1601))


@given(
    cut=st.integers(0, 400),
    text=st.text(st.characters(exclude_characters="}", codec="utf-8"), max_size=30),
)
def test_whatever_is_cut_off_the_lines_before_the_cut_are_read(tmp_path_factory, cut, text):
    folder = tmp_path_factory.mktemp("j")
    journal = new(folder)
    for number in range(4):
        journal.write("mark", {"text": text, "number": number}, sync=False)
    journal.close()
    path = folder / "journal.jsonl"
    data = path.read_bytes()[:cut]
    path.write_bytes(data)
    entries, damaged = read_journal(path)
    whole = data.count(b"\n") + (data[-1:] == b"}")
    assert len(entries) == whole
    assert damaged == (1 if data and data[-1:] not in {b"\n", b"}"} else 0)
    assert [entry.fields["number"] for entry in entries] == list(range(len(entries)))


def test_a_zeroed_block_costs_only_the_lines_it_hits(tmp_path):
    journal = new(tmp_path)
    for number in range(100):
        journal.write("mark", {"number": number}, sync=False)
    journal.close()
    path = tmp_path / "journal.jsonl"
    data = bytearray(path.read_bytes())
    data[2000:3000] = bytes(1000)
    path.write_bytes(data)
    entries, damaged = read_journal(path)
    assert damaged == 1
    assert len(entries) > 80
    assert all(entry.fields["number"] == entry.seq - 1 for entry in entries)


def test_numbers_that_are_not_finite_become_null(tmp_path):
    journal = new(tmp_path)
    journal.write("disk", {"free": float("inf"), "age": float("nan")})
    journal.close()
    ((entry,), _) = read_journal(tmp_path / "journal.jsonl")
    assert entry.fields == {"free": None, "age": None}


def test_a_journal_is_never_overwritten(tmp_path):
    (tmp_path / "journal.jsonl").write_text("precious")
    with pytest.raises(UsageError, match="exists already"):
        new(tmp_path)


def test_a_missing_journal_is_an_error_with_its_name(tmp_path):
    with pytest.raises(DataError, match=r"journal.jsonl: the file does not exist"):
        read_journal(tmp_path / "journal.jsonl")


def test_the_journal_lies_beside_its_recording_under_a_name_of_its_own():
    assert journal_path(Path("a/recording.xdf")) == Path("a/journal.jsonl")
    assert journal_path(Path("a/recording-2.xdf")) == Path("a/recording-2.journal.jsonl")
