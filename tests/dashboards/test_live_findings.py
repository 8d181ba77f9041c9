"""Whatever recorder, desk and server can say is said in the page's language, with its numbers."""

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
from arousal.recording import PSEUDONYM_RULE, Kind
from dashboards.live.told import sentences, tell
from dashboards.messages import LANGUAGES
from tests.dashboards.test_languages import BANNED

OTHERS = [name for name in LANGUAGES if name != "en"]
READING = {"people", "assemble"}
"""Modules that speak while a finished file is read, never of a running session."""
MARKS = ("build", "phases", "points", "roles", "standing")
"""Modules of `phase_align` whose remarks the page shows after a session."""
NAMES = {"Finding", "_finding"}
REMARKS = NAMES | {"report", "note", "_pairing"}
REFUSING = (
    "marks.py",
    "phase_align/corrections.py",
    "ingest/leaving.py",
    "ingest/marker_outlet.py",
    "ingest/recorder.py",
    "monitor/channel.py",
    "monitor/desk.py",
    "monitor/desk_process.py",
    "monitor/mark_book.py",
    "monitor/study_folder.py",
    "../dashboards/live/after.py",
    "../dashboards/live/app.py",
)
"""Modules whose errors the page shows."""
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
    ("refusal", "this session was recorded already"),
    ("refusal", "who wears what is set before the recording"),
    ("refusal", "nothing is being recorded: `arousal forget` removes a person"),
    ("refusal", "there is no recording to stop"),
    (
        "refusal",
        f"people.A B: is not a pseudonym: {PSEUDONYM_RULE} (is 'A B')",
    ),
    (
        "refusal",
        "people.group: is a word for several people and cannot be a pseudonym (is 'group')",
    ),
    ("refusal", "P01 and P02 both claim ecg of stream 'strap'"),
    ("refusal", "people.P01.role is 'x'; roles of balint-90: leader, member"),
    ("refusal", "a fault of ours: ValueError('x')"),
    ("refusal", "the recorder's process is not there"),
    ("refusal", "no mark 'm3' to undo"),
    ("refusal", "nothing to move"),
    (
        "phase-missing",
        "x of case 2 has no mark; where y ended is not known, so its numbers are refused",
    ),
    ("phase-missing", "discussion of case 2 has no mark"),
    ("no-markers", "there are no marks; the session is one unlabelled stretch"),
    ("mark-outside-recording", "a mark lies 0:05 before the recording; it was not used"),
    ("mark-outside-recording", "a mark lies 0:05 after the recording; it was not used"),
    (
        "mark-unknown",
        "a mark at 1:10 and later, 3 times names no phase of balint-90; it was not used",
    ),
    (
        "mark-unknown",
        "closest: silence; map it in session.toml [markers] codes, or relabel it in timeline.tsv",
    ),
    ("mark-unknown", "map it in session.toml [markers] codes, or relabel it in timeline.tsv"),
    (
        "role-unknown",
        "the role mark at 1:10 names a role that balint-90 does not have; it was not used",
    ),
    ("person-unknown", "the role mark at 1:10 names P9, who is not in the roster; it was not used"),
    ("turn-repeated", "at 1:10 silence had begun already; the first counts"),
    ("turn-repeated", "at 1:10 speech had begun already; the first counts"),
    ("turn-unopened", "at 1:10 silence ends and had not begun; not used"),
    ("turn-unopened", "at 1:10 speech ends and had not begun; not used"),
    ("speech-unclosed", "at 1:10 the speech turn has no end; not used"),
    ("silence-unclosed", "at 1:10 the silence has no end; its length is unknown"),
    ("intervention-unknown", "the intervention at 1:10 has an unknown type; it was not used"),
    ("incident-unknown", "the incident at 1:10 has an unknown type; it was not used"),
    ("presenter-unknown", "relabel it in timeline.tsv; closest: P04"),
    ("correction-impossible", "mark m3 is an undo; it can only be deleted"),
    ("correction-impossible", "mark m3 is an move; it can only be deleted"),
    *[
        (c, "add the missing mark in timeline.tsv")
        for c in ("turn-repeated", "turn-unopened", "speech-unclosed", "silence-unclosed")
    ],
    *[
        (c, "closest: P04")
        for c in ("role-unknown", "person-unknown", "intervention-unknown", "incident-unknown")
    ],
    ("intervention-unknown", "known: probing, clarifying"),
]
OPEN = {
    "no mark 7 to 7",
    "nothing to 7",
    "mark 7 is an 7; it can only be deleted",
    "at 7 7 ends and had not begun; not used",
    "at 7 7 had begun already; the first counts",
    "a mark at 77 names no phase of 7; it was not used",
    "the role mark at 7 names 7; it was not used",
}
"""What the source shows of sentences with a word that is chosen: those are in TOGETHER."""


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
    if isinstance(expression, ast.IfExp):
        return [*texts(expression.body, function), *texts(expression.orelse, function)]
    if isinstance(expression, ast.JoinedStr):
        told = [""]
        for part in expression.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            shown = isinstance(inner, ast.Name | ast.Constant | ast.IfExp)
            choices = texts(inner, function) if shown else []
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


def functions_of(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def called(call: ast.Call) -> str:
    function = call.func
    return getattr(function, "id", "") or getattr(function, "attr", "")


def is_note(call: ast.Call) -> bool:
    """Whether it is a remark that the page does not show."""
    values = [*call.args, *(k.value for k in call.keywords)]
    return any(isinstance(v, ast.Attribute) and v.attr == "NOTE" for v in values)


def said() -> Iterator[tuple[str, str]]:
    """Code and sentence of every finding that the source shows."""
    root = Path(arousal.__file__).parent
    remarking = [root / "phase_align" / f"{name}.py" for name in MARKS]
    for path in (*speaking(), *remarking):
        names = REMARKS if path in remarking else NAMES
        for function in functions_of(path):
            for call in ast.walk(function):
                if not isinstance(call, ast.Call) or called(call) not in names:
                    continue
                if path in remarking and is_note(call):
                    continue
                parts = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "hint")]
                pairing = (
                    call.args[1] if called(call) == "_pairing" else None
                )  # puts the time first
                codes = texts(call.args[0], function) if call.args else []
                for code in (c for c in codes if not c.startswith("7")):  # else see TOGETHER
                    yield code, ""
                    for part in parts:
                        for text in texts(part, function):
                            yield code, f"at 7 {text}" if part is pairing else text


def refused() -> Iterator[tuple[str, str]]:
    """Every sentence with which something that the page asked for is refused."""
    root = Path(arousal.__file__).parent
    for name in REFUSING:
        for function in functions_of(root / name):
            for statement in ast.walk(function):
                call = statement.exc if isinstance(statement, ast.Raise) else None
                if isinstance(call, ast.Call) and called(call).endswith("Error") and call.args:
                    hints = [k.value for k in call.keywords if k.arg == "hint"]
                    for part in (call.args[0], *hints):
                        for text in texts(part, function):
                            yield "refusal", text


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_in_the_source_has_its_own_in_every_language(language: str) -> None:
    found = {*said(), *refused(), *TOGETHER}
    assert len({code for code, _ in found}) > 25
    assert {code for code, _ in found} <= sentences(language).keys()
    # A stream's or a person's name, and where something is, are the same in every language.
    places = {"live display", "LSL configuration"}
    spoken = {(c, t) for c, t in found if re.search("[a-z] [a-z]", t) and t not in places}
    spoken = {(c, t) for c, t in spoken if not t.startswith("7: ") and t not in OPEN}
    assert len(spoken) > 150
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
