"""Whatever recorder and desk can find is said in the page's language, its numbers filled in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import arousal
from arousal.ingest.raw import StreamInfo
from arousal.ingest.stream_rules import State, StreamHealth, judge
from arousal.recording import Kind
from dashboards.live.told import sentences, tell
from dashboards.messages import LANGUAGES
from tests.dashboards.test_languages import BANNED

OTHERS = [name for name in LANGUAGES if name != "en"]
READING = {"people", "load", "assemble"}
"""Modules that speak while a finished file is read, never of a running session."""
# Put together from parts, so not to be read off the source.
TOGETHER = [
    ("file-gone", "it was cut short: what is recorded may be lost when the recorder ends"),
    ("rate-of-beats", "declared 1.2 samples/s, but beats come when they come"),
    ("disk-full", "the data file cannot be written; data waits in memory (No space left)"),
    ("journal-stopped", "the journal cannot be written; marks wait in memory (No space left)"),
    ("disk-sync", "the disk does not confirm what was written (Input/output error)"),
    ("stream-refused", "P04 has not agreed to be recorded"),
    ("stream-refused", "strap: the stream was seen but does not open: timed out"),
    ("withdrawal-stuck", "somebody withdraws and is still recorded: it carries others"),
    ("withdrawal-stuck", "the session file cannot be read: line 3"),
    ("no-consent", "P04 has not agreed to be recorded: this stream is not written"),
]


@cache
def speaking() -> tuple[Path, ...]:
    """Modules of recorder and desk that make findings: their own, and what they import."""
    root = Path(arousal.__file__).parent
    core = {*(root / "monitor").glob("*.py"), *(root / "ingest").glob("record*.py")}
    core.add(root / "ingest" / "stream_health.py")
    names = {
        name
        for path in core
        for name in re.findall(
            r"^ *from arousal\.ingest\.(\w+) import", path.read_text(), re.MULTILINE
        )
    }
    beside = {root / "ingest" / f"{name}.py" for name in names - READING}
    return tuple(path for path in sorted(core | beside) if "Finding(" in path.read_text("utf-8"))


def texts(expression: ast.expr | None, function: ast.AST) -> list[str]:
    """What an expression may say; a 7 for each value; nothing if the source does not show it."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return [expression.value]
    if isinstance(expression, ast.Name):
        before = [v for v in assigned(expression.id, function) if v.lineno <= expression.lineno]
        nearest = max(before, key=lambda value: value.lineno, default=None)
        return texts(nearest, function)
    if isinstance(expression, ast.JoinedStr):
        told = [""]
        for part in expression.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            choices = texts(inner, function) if isinstance(inner, ast.Name | ast.Constant) else []
            told = [text + choice for text in told for choice in choices or ["7"]]
        return told
    return []


def assigned(name: str, function: ast.AST) -> Iterator[ast.expr]:
    """Values that a function gives to a name."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        (target,) = node.targets
        if isinstance(target, ast.Name) and target.id == name:
            yield node.value
        elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=True)
            yield from (v for t, v in pairs if isinstance(t, ast.Name) and t.id == name)


def said() -> Iterator[tuple[str, str]]:
    """Code and sentence of every finding that the source shows."""
    for path in speaking():
        functions = [n for n in ast.walk(ast.parse(path.read_text("utf-8")))
                     if isinstance(n, ast.FunctionDef)]  # fmt: skip
        for function in functions:
            for call in ast.walk(function):
                name = getattr(call, "func", None)
                if not isinstance(call, ast.Call) or not isinstance(name, ast.Name):
                    continue
                if name.id not in {"Finding", "_finding"}:
                    continue
                parts = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "hint")]
                for code in texts(call.args[0], function):
                    yield code, ""
                    for part in parts:
                        for text in texts(part, function):
                            yield code, text


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_in_the_source_has_its_own_in_every_language(language: str) -> None:
    found = {*said(), *TOGETHER}
    assert len({code for code, _ in found}) > 25
    assert {code for code, _ in found} <= sentences(language).keys()
    # A stream's or a person's name, and where something is, are the same in every language.
    places = {"live display", "LSL configuration"}
    spoken = {(c, t) for c, t in found if re.search("[a-z] [a-z]", t) and t not in places}
    spoken = {(c, t) for c, t in spoken if not t.startswith("7: ")}  # see TOGETHER
    assert len(spoken) > 50
    assert {(c, t) for c, t in spoken if tell(c, t, language) == t} == set()


def test_no_sentence_stands_there_that_nobody_says() -> None:
    said_codes = {code for code, _ in said()} | {code for code, _ in TOGETHER}
    assert sentences("en").keys() - said_codes == {"where"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_is_in_every_language_and_no_word_names_a_feeling(language: str) -> None:
    for code, rows in sentences(language).items():
        for _, names, own in rows:
            assert sorted(names) == sorted(set(names)), code
            assert all(f"{{{name}}}" in own for name in names), (code, own)
            assert own.count("{") == len(names), (code, own)
    if language != "en":
        everything = " ".join(own for rows in sentences(language).values() for *_, own in rows)
        assert not set(BANNED[language]) & set(everything.lower().split())


def test_a_readings_finding_is_said_with_its_numbers() -> None:
    info = StreamInfo("strap-P04", "ECG", "s4", rate=130.0, channels=("ecg",), format="float32")
    silent = StreamHealth(1, info, "P04", (Kind.ECG,), State.SILENT, 100, 130.0, age=12.4)
    (finding,) = judge(silent)
    assert tell(finding.code, finding.message, "de") == "seit 12 s keine Daten"
    lossy = StreamHealth(1, info, "P04", (Kind.ECG,), State.LIVE, 100, rate=97.5)
    (finding,) = judge(lossy)
    assert tell(finding.code, finding.message, "hu") == "97.5 érték/s érkezik, 130 van megadva"
    assert tell(finding.code, finding.message, "en") == finding.message


def test_what_nobody_translated_is_shown_as_it_was_said() -> None:
    assert tell("stream-silent", "quite another sentence", "de") == "quite another sentence"
    assert tell("no-such-code", "no data for 3 s", "hu") == "no data for 3 s"
