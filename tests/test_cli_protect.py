"""`arousal key`, `lock` and `unlock`, and what every other command says of a locked study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from arousal.cli import cli
from arousal.cli_protect import PASSPHRASE_VARIABLE

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    session = folder / "sessions" / "one"
    session.mkdir(parents=True)
    (folder / "study.toml").write_text('schema = 1\nname = "s"\n', encoding="utf-8")
    (session / "session.toml").write_text('schema = 1\nid = "one"\n', encoding="utf-8")
    (session / "recording.xdf").write_bytes(b"XDF:")
    return folder


@pytest.fixture
def locked(study: Path, tmp_path: Path, run: Run) -> Path:
    assert run("key", tmp_path / "key.txt")[0] == 0
    assert run("lock", study, "-i", tmp_path / "key.txt")[0] == 0
    return study


def test_key_prints_the_public_half_alone(tmp_path: Path, run: Run) -> None:
    code, out, err = run("key", tmp_path / "key.txt")
    assert code == 0
    assert out.startswith("age1")
    assert len(out.splitlines()) == 1
    assert "SECRET" not in out + err


def test_lock_warns_of_a_single_key_and_unlock_opens(study: Path, tmp_path: Path, run: Run) -> None:
    run("key", tmp_path / "key.txt")
    _, spare, _ = run("key", tmp_path / "spare.txt")
    code, out, err = run("lock", study, "-i", tmp_path / "key.txt")
    assert (code, "1 key opens" in out) == (0, True)
    assert "lost key, lost study" in err
    assert run("unlock", study, "-i", tmp_path / "key.txt")[0] == 0
    code, out, err = run("lock", study, "-i", tmp_path / "key.txt", "-r", spare.strip())
    assert (code, "2 keys open" in out) == (0, True)
    assert "lost" not in err
    code, out, _ = run("unlock", study, "-i", tmp_path / "spare.txt")
    assert (code, out) == (0, "3 files unlocked\n")


def test_a_passphrase_comes_from_a_file_or_the_environment_and_never_from_an_argument(
    study: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words.txt"
    words.write_text("four words and a half\n", encoding="utf-8")
    code, out, _ = run("lock", study, "--passphrase-file", words)  # scrypt itself, once
    assert (code, "1 key opens" in out) == (0, True)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "four words and a half")
    assert run("unlock", study, "--passphrase")[0] == 0
    assert (study / "sessions/one/recording.xdf").read_bytes() == b"XDF:"
    code, _, err = run("lock", study, "--passphrase", "four words and a half")
    assert code == 2  # an argument too many
    assert "--help" in err


# What each command needs after its path, to come as far as looking at it.
ARGUMENTS = {"forget": ["P01", "--yes"]}
OPENERS = {"key", "lock", "unlock"}


@pytest.mark.parametrize("name", sorted(set(cli.commands) - OPENERS))
def test_every_command_says_the_same_line_of_a_locked_study(
    name: str, locked: Path, run: Run
) -> None:
    for place in (locked, locked / "sessions/one/recording.xdf", locked / "sessions/new"):
        code, out, err = run(name, place, *ARGUMENTS.get(name, []))
        assert code == 2
        assert out == ""
        assert f"arousal unlock {locked}" in err
        assert len(err.splitlines()) == 1


def test_help_is_given_beside_a_locked_study(locked: Path, run: Run) -> None:
    assert run("report", locked, "--help")[0] == 0


def test_a_page_of_somebody_elses_locks_nothing(study: Path, run: Run) -> None:
    (study.parent / "LOCKED.txt").write_text("The door is locked.\n", encoding="utf-8")
    _, _, err = run("inspect", study / "sessions/one")
    assert "unlock" not in err
