"""Whoever did not agree is named in no output."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arousal.derivatives import phase_rows, write_derivatives
from arousal.errors import NothingUsableError
from arousal.findings import Finding
from arousal.inspection import inspect_path
from arousal.pipeline import Measured, measure, open_session
from arousal.session import PURPOSES, SessionFile
from arousal.withheld import Withheld
from tests import small_session
from tests.dashboards.synthetic import NOW

PEOPLE = ("P01", "P02", "P03")
SIGNED = "2026-03-01"
MARKS = (
    *small_session.MARKS[:2],
    (200.0, "presenter/P02"),
    (210.0, "speech/P01/start"),
    (230.0, "speech/P01/end"),
    (250.0, "intervention/empathy/P03/P01"),
    (260.0, "probe/P03/7"),
    (270.0, "incident/movement/P02"),
    *small_session.MARKS[2:],
)
TABLES = st.fixed_dictionaries({p: st.sets(st.sampled_from(PURPOSES)) for p in PEOPLE})


def session_file(table) -> SessionFile:
    return SessionFile.model_validate(
        {
            "id": "s1",
            "people": {key: {} for key in PEOPLE},
            "consent": {p: dict.fromkeys(purposes, SIGNED) for p, purposes in table.items()},
        }
    )


def write_folder(folder, table) -> None:
    folder.mkdir(exist_ok=True)
    streams = [small_session.skin(k) for k in (1, 2, 3)]
    path = folder / "recording.xdf"
    if not path.exists():
        small_session.write(path, [*streams, small_session.markers(MARKS)])
    lines = ["schema = 1", 'id = "s1"', *(f"[people.{p}]" for p in PEOPLE)]
    for person, purposes in table.items():
        lines += [f"[consent.{person}]", *(f"{p} = {SIGNED}" for p in sorted(purposes))]
    (folder / "session.toml").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Measured:
    folder = tmp_path_factory.mktemp("withheld") / "s1"
    write_folder(folder, {key: set(PURPOSES) for key in PEOPLE})
    every = measure(open_session(folder))
    about = tuple(Finding("x", "too weak", where=f"EDA {p}") for p in PEOPLE)
    return replace(every, findings=(*every.findings, *about))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(table=TABLES, purpose=st.sampled_from(PURPOSES))
def test_nobody_without_consent_stands_in_any_output_byte(
    measured, tmp_path_factory, table, purpose
):
    given_to = replace(measured, source=replace(measured.source, session=session_file(table)))
    asked = {"record", purpose}
    if not any(asked <= purposes for purposes in table.values()):
        with pytest.raises(NothingUsableError, match="nobody agreed"):
            given_to.result(purpose)
        return
    result = given_to.result(purpose)
    folder = tmp_path_factory.mktemp("tables")
    write_derivatives(result, folder, NOW)
    line = result.timeline
    told = [
        *(p.read_text() for p in folder.iterdir()),
        json.dumps(phase_rows(result)),
        repr((line.roles, line.points, line.blocks, line.applied, line.findings)),
        repr((result.findings, result.persons, dict(result.index_parts))),
    ]
    for person, purposes in table.items():
        shown = any(Withheld(frozenset({person})).named_in(text) for text in told)
        assert shown is (asked <= purposes)


@pytest.mark.parametrize("hidden", PEOPLE)
def test_inspect_lists_nobody_who_did_not_agree_to_be_recorded(tmp_path, hidden):
    table = {p: set() if p == hidden else {"record"} for p in PEOPLE}
    write_folder(tmp_path / "s1", table)
    seen = inspect_path(tmp_path / "s1")
    for text in (seen.as_text(), json.dumps(seen.as_json())):
        for person in PEOPLE:
            assert Withheld(frozenset({person})).named_in(text) is (person != hidden)
    assert "1 of 3 are not listed: no consent to 'record'" in seen.as_text()


def test_a_file_alone_is_its_researchers_and_hides_nobody(tmp_path):
    path = small_session.write(tmp_path / "evening.xdf")
    assert {s.person for s in inspect_path(path).signals} == {"P01", "P02"}


@given(st.from_regex(r"[A-Z]\d{2,4}", fullmatch=True), st.text(max_size=20))
def test_a_name_is_found_as_a_word_and_replaced(name, around):
    hidden = Withheld(frozenset({name}))
    text = f"{around}/{name}/{around}"
    assert hidden.named_in(text)
    assert not hidden.named_in(hidden.without(text))
    assert not hidden.named_in(f"{name}0", f"x{name}")


def test_a_pseudonym_that_looks_like_a_name_is_warned_of_without_repeating_it(tmp_path):
    table = {p: {"record", "research"} for p in PEOPLE}
    write_folder(tmp_path / "s1", table)
    toml = tmp_path / "s1" / "session.toml"
    assert "pseudonym-like-name" not in {f.code for f in open_session(tmp_path / "s1").findings}
    toml.write_text(toml.read_text() + '[people.Jane]\n[people."mary_k"]\n')
    (found,) = (
        f for f in open_session(tmp_path / "s1").findings if f.code == "pseudonym-like-name"
    )
    assert str(found).startswith("session.toml: 2 pseudonyms look like names of people")
    assert "Jane" not in str(found)
