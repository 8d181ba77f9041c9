"""arousal study new, add, show: what they print, when they change anything, how they end."""

from __future__ import annotations

import json

import pytest

from tests import small_session
from tests.ingest.made_e4 import e4
from tests.small_session import beats, markers


@pytest.fixture
def study(run, tmp_path):
    root = tmp_path / "north"
    assert run("study", "new", root, "--consent", "held elsewhere") == (0, f"{root}\n", "")
    return root


@pytest.fixture
def recordings(tmp_path):
    """A folder with two recordings, one that is broken, and a note."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in (1, 2):
        streams = [beats(n, 2 + number) for n in (1, 2)]
        small_session.write(folder / f"m{number}.xdf", [*streams, markers()])
    (folder / "m1b.xdf").write_bytes(b"XDF:" + b"\0" * 40)
    (folder / "notes.md").write_text("mine")
    return folder


def sessions(root):
    return sorted(p.name for p in (root / "sessions").iterdir())


def test_the_steps_of_a_study_are_told_in_their_order(run):
    code, out, _ = run("study", "--help")
    assert code == 0
    listed = [line.split()[0] for line in out.partition("Commands:")[2].strip().splitlines()]
    assert listed == ["new", "add", "show"]


def test_a_study_is_never_made_twice(run, study):
    code, out, err = run("study", "new", study)
    assert (code, out) == (2, "")
    assert "is a study already; nothing was changed" in err


def test_adding_says_what_it_would_do_and_does_nothing(run, study, recordings):
    code, out, err = run("study", "add", study, recordings / "m1.xdf", "--group", "north")
    assert code == 0
    assert "m1 <- m1.xdf" in out
    assert "P01 (member): rr (" in out
    assert "sha256" in out
    assert "5 marks" not in out
    assert "6 marks" in out
    assert "1 of 1 can be added; nothing was changed (--yes does it)" in err
    assert sessions(study) == []


def test_one_that_fails_does_not_stop_the_others_and_is_told_at_the_end(run, study, recordings):
    code, out, err = run("study", "add", study, recordings, "--meeting", "4", "--yes")
    assert code == 3
    assert sessions(study) == ["m1", "m2"]
    assert f"passed over, no recording: {recordings / 'notes.md'}" in err
    assert "not added: " in err
    assert "m1b.xdf" in err
    assert "2 of 3 added" in err
    assert "1 of 3 cannot be added" in err
    assert "new in participants.tsv, to be filled in: P01, P02" in out
    assert "meeting = 4" in (study / "sessions" / "m1" / "session.toml").read_text()


def test_adding_the_same_folder_again_refuses_each_and_says_where_it_is(run, study, recordings):
    (recordings / "m1b.xdf").unlink()
    assert run("study", "add", study, recordings, "--yes")[0] == 0
    code, _, err = run("study", "add", study, recordings, "--yes")
    assert code == 3
    assert "in the study already, as session m1" in err
    assert "in the study already, as session m2" in err


def test_the_only_file_ends_with_its_own_error(run, study, tmp_path):
    code, out, err = run("study", "add", study, tmp_path / "missing.xdf", "--yes")
    assert (code, out) == (3, "")
    assert "there is no such file" in err.strip().splitlines()[-1]
    assert "not added" not in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--yes", "--dry-run"), "contradict"),
        ((), "nothing to add"),
        (("--person", "P 1"), "no pseudonym"),
        (("--person", "P01=nowhere.xdf"), "existing file or a pseudonym"),
        (("--person", "P01", "--person", "P01"), "names P01 twice"),
        (("--meeting", "0"), "meeting"),
    ],
)
def test_a_wrong_call_is_one_line_with_code_2(run, study, words, told):
    code, out, err = run("study", "add", study, *words)
    assert (code, out) == (2, "")
    assert told in err
    assert len(err.strip().splitlines()) == 1


def test_one_id_for_several_recordings_is_refused_with_the_way_to_say_it(run, study, recordings):
    code, _, err = run("study", "add", study, recordings, "--session", "m9", "--yes")
    assert code == 2
    assert "--person P01=FILE --person P02=FILE" in err


def test_wristbands_of_one_session_are_added_by_person(run, study, tmp_path):
    left, right = e4(tmp_path / "left"), e4(tmp_path / "right", seed=2)
    words = ("--session", "m3", "--person", f"P01={left}", "--person", f"P02={right}")
    code, out, err = run("study", "add", study, *words, "--yes")
    assert (code, sessions(study)) == (0, ["m3"])
    assert "m3 <- P01=left, P02=right" in out
    assert "clocks differ by up to seconds" in out
    assert "1 of 1 added" in err


def test_who_did_not_agree_is_told_beforehand(run, tmp_path, recordings):
    root = tmp_path / "asked"
    run("study", "new", root)
    _, out, _ = run("study", "add", root, recordings / "m1.xdf")
    assert "no consent to research is known of P01, P02: outputs leave them out" in out


def test_show_lists_a_study_and_ends_with_3_where_something_is_wrong(run, study, recordings):
    run("study", "add", study, recordings / "m1.xdf", "--yes")
    code, out, _ = run("study", "show", study)
    assert code == 0
    assert out.splitlines()[0].startswith("north: 1 session, 2 people, 0 groups")
    (study / "sessions" / "m1" / "recording.xdf").write_bytes(b"XDF:")
    assert run("study", "show", study)[0] == 0
    code, out, err = run("study", "show", study, "--verify", "--json")
    assert code == 3
    assert json.loads(out)["problems"] == [
        "sessions/m1: changed or gone since it was added: recording.xdf"
    ]
    assert "to be put right: 1, as listed" in err
