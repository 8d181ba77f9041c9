"""docs/analysts.md does what it says: every block is run in order, every command named exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from arousal.cli import cli, main
from arousal.phase_align.corrections import read_corrections

PAGE = Path(__file__).resolve().parents[1] / "docs" / "analysts.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(arousal [^`]+)`")


def blocks():
    """Kind, file name and text of every fenced block, in order."""
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def words_of(text):
    """Words of each command of a shell block; a quoted text may go over several lines."""
    found, begun = [], ""
    for line in text.splitlines():
        begun += line + "\n"
        if begun.count('"') % 2 == 0:
            found.append(shlex.split(begun))
            begun = ""
    assert not begun
    return [words for words in found if words]


def commands():
    """Words of every command of the page, in order, without the ones inside sentences."""
    return [words for kind, _, text in blocks() if kind == "sh" for words in words_of(text)]


def named():
    """Words of every command that a sentence or a table names."""
    found = dict.fromkeys(INLINE.findall(PAGE.read_text(encoding="utf-8")))
    return [text.split() for text in found]


def resolve(words):
    """The click command that these words name, and what follows."""
    command: click.Command = cli
    rest = list(words[1:])
    while isinstance(command, click.Group) and rest:
        found = command.commands.get(rest[0])
        assert found is not None, f"no command {' '.join(words)}"
        command, rest = found, rest[1:]
    return command, rest


def test_every_line_of_a_shell_block_is_a_command_of_ours():
    assert len(commands()) > 20
    assert {words[0] for words in commands()} == {"arousal"}
    assert {kind for kind, _, _ in blocks()} == {"sh", "text", "python"}


@pytest.mark.parametrize("words", named(), ids=" ".join)
def test_a_command_named_in_a_sentence_exists_with_its_options(words):
    command, rest = resolve(words)
    known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
    assert {word for word in rest if word.startswith("-")} <= known


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_whole_tutorial_runs_and_finds_what_it_promises(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    told, last = {}, ""
    for kind, name, text in blocks():
        if kind == "text" and name:
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
        elif kind == "text":
            missing = set(text.splitlines()) - set(last.splitlines())
            assert not missing, f"the page shows what is not printed: {missing}"
        elif kind == "python":
            exec(compile(text, str(PAGE), "exec"), {})  # noqa: S102 (our own page)
        elif kind == "sh":
            for words in words_of(text):
                with pytest.raises(SystemExit) as stop:
                    main(words[1:])
                out, err = capsys.readouterr()
                assert stop.value.code == 0, f"{' '.join(words)}\n{err}"
                last = out
                told[" ".join(words[1:3] if words[1] == "study" else words[1:2])] = out
    page = PAGE.read_text(encoding="utf-8")
    promised = re.search(r"fell by (\S+) bpm\s+more.*\(p = (\.\d+) over", page)
    assert promised is not None
    assert f"p = {promised[2]}, mean {promised[1]} bpm over 7" in told["test"]
    assert "7 sessions, 9 people, 1 group" in told["study show"]
    assert "brs: 2, 4" in told["study show"]
    assert "identical" in told["reproduce"]
    assert len(read_corrections(Path("example/timeline.tsv"))) == 7
    for made in (
        "balint/derivatives/results.html",
        "balint/derivatives/study.html",
        "balint/derivatives/longitudinal.tsv",
        "tables/columns.json",
        "balint-bids/dataset_description.json",
        "calms.pdf",
        "calms.png",
    ):
        assert Path(made).stat().st_size > 100, made
