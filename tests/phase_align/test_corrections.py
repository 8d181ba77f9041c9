from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import DataError
from arousal.phase_align import Correction, append_correction, read_corrections
from arousal.protocol import load_protocol

NOW = datetime(2026, 3, 12, 20, 41, tzinfo=UTC)


def test_a_file_that_does_not_exist_holds_no_corrections(tmp_path: Path):
    assert read_corrections(tmp_path / "timeline.tsv") == ()


def test_what_is_appended_is_read_back_in_order(tmp_path: Path):
    path = tmp_path / "timeline.tsv"
    first = append_correction(path, "m12", "move", onset=1834.56789, made_at=NOW)
    second = append_correction(path, "c1", "add", onset=0.1, label="phase/return", made_at=NOW)
    third = append_correction(path, "m3", "relabel", label='say "hm"', made_at=NOW)
    assert read_corrections(path) == (first, second, third)
    assert [c.row for c in (first, second, third)] == [1, 2, 3]
    assert first == Correction(1, "m12", "move", 1834.56789, "", "2026-03-12T20:41:00+00:00")


def test_the_file_opens_as_a_table_with_na_for_missing_cells(tmp_path: Path):
    path = tmp_path / "timeline.tsv"
    append_correction(path, "m1", "delete", made_at=NOW)
    assert path.read_text().splitlines() == [
        "row\tmark\taction\tonset\tlabel\tmade_at",
        "1\tm1\tdelete\tn/a\tn/a\t2026-03-12T20:41:00+00:00",
    ]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch):
    path = tmp_path / "timeline.tsv"
    append_correction(path, "m1", "delete", made_at=NOW)
    before = path.read_bytes()

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(Exception, match="No space left"):
        append_correction(path, "m2", "delete", made_at=NOW)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["timeline.tsv"]


@pytest.mark.parametrize(
    ("action", "onset", "label", "said"),
    [
        ("shift", 1.0, "", "action is 'shift'"),
        ("move", None, "", "needs an onset"),
        ("move", float("nan"), "", "needs an onset"),
        ("move", 1.7e9, "", "needs an onset in recording seconds"),
        ("move", 1.0, "questions", "takes no label"),
        ("delete", 1.0, "", "takes no onset"),
        ("relabel", None, "", "needs a label"),
        ("relabel", None, "a\tb", "needs a label"),
        ("relabel", None, "questions ago=4", "plain mark"),
        ("add", 1.0, "undo", "plain mark"),
        ("add", 1.0, "probe/P1/11", "probe is 1-9"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(tmp_path: Path, action, onset, label, said):
    path = tmp_path / "timeline.tsv"
    with pytest.raises(DataError, match=said):
        append_correction(path, "m1", action, onset=onset, label=label, made_at=NOW)
    assert not path.exists()


def test_a_label_must_name_a_phase_of_the_protocol_if_it_is_given(tmp_path: Path):
    path, balint = tmp_path / "timeline.tsv", load_protocol("balint-60")
    with pytest.raises(DataError, match=r"names no phase.*closest: discussion"):
        append_correction(path, "m1", "relabel", label="diskusion", made_at=NOW, protocol=balint)
    row = append_correction(path, "m1", "relabel", label="Push-Back", made_at=NOW, protocol=balint)
    assert row.label == "Push-Back"


def test_known_marks_say_what_may_be_corrected_and_which_ids_are_taken(tmp_path: Path):
    path, known = tmp_path / "timeline.tsv", {"m1"}
    with pytest.raises(DataError, match="no mark has the id 'm2'"):
        append_correction(path, "m2", "delete", made_at=NOW, known_marks=known)
    with pytest.raises(DataError, match="needs a new id"):
        append_correction(path, "m1", "add", onset=3, label="end", made_at=NOW, known_marks=known)
    append_correction(path, "c1", "add", onset=3, label="end", made_at=NOW, known_marks=known)
    assert append_correction(path, "c1", "move", onset=4, made_at=NOW, known_marks=known).row == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("row\tmark\n1\tm1\n", "columns are"),
        ("row\tmark\taction\tonset\tlabel\tmade_at\n1\tm1\tdelete\n", "line 2: 3 cells"),
        (
            "row\tmark\taction\tonset\tlabel\tmade_at\n1\tm1\tmove\t12,5\tn/a\tn/a\n",
            "line 2: .*not a number.*decimal point",
        ),
        (
            "row\tmark\taction\tonset\tlabel\tmade_at\n1\tm1\tdelete\tn/a\tn/a\tyesterday\n",
            "line 2: .*ISO 8601",
        ),
        (
            "row\tmark\taction\tonset\tlabel\tmade_at\n1\tm1\tdelete\tn/a\tn/a\t2026-03-12T10:00\n",
            "without a time zone",
        ),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str):
    path = tmp_path / "timeline.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        read_corrections(path)


def test_random_bytes_are_refused(tmp_path: Path):
    path = tmp_path / "timeline.tsv"
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DataError, match="not UTF-8"):
        read_corrections(path)


@given(onset=st.floats(-6e5, 6e5), mark=st.from_regex(r"[A-Za-z0-9#._@-]{1,20}", fullmatch=True))
def test_any_onset_survives_the_file_exactly(tmp_path_factory, onset: float, mark: str):
    path = tmp_path_factory.mktemp("t") / "timeline.tsv"
    row = append_correction(path, mark, "move", onset=onset, made_at=NOW)
    assert read_corrections(path) == (row,)


def test_what_cannot_be_read_is_said_in_words(tmp_path: Path):
    (tmp_path / "timeline.tsv").mkdir()
    with pytest.raises(DataError, match=r"cannot be read: Is a directory$"):
        read_corrections(tmp_path / "timeline.tsv")
    (tmp_path / "latin.tsv").write_bytes(b"row\tmark\n1\tgr\xfc\n")
    with pytest.raises(DataError, match="not UTF-8"):
        read_corrections(tmp_path / "latin.tsv")
