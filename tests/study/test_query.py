"""Questions to a study's tables: what they may see, and that they can do nothing else."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from arousal.errors import NothingUsableError, SettingsError, UsageError
from arousal.forget import forget
from arousal.study.dataset import KINDS, part_path, part_sessions, quoted, write_part, writer
from arousal.study.dictionary import columns_with_session, dictionary
from arousal.study.export_table import as_json, as_lines, export_tables
from arousal.study.query import Answer, ask, read_kind, shown_sessions
from arousal.study.stored import read_table
from arousal.tables import PHASES, QUALITY
from tests.study.small_study import in_this_process, make_study, run


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A processed study of one session, whose folder has a name that needs care."""
    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        study = make_study(tmp_path_factory.mktemp("query") / "it's a study", ("s1",))
        (study / "sessions/s1").rename(study / "sessions/2026-03-12 a=b%")
        assert run(study).failures == ()
    return study


NAME = "2026-03-12 a=b%"


def test_every_kind_of_table_is_there_as_it_is_declared(study):
    for table in KINDS:
        names = [c.name for c in columns_with_session(table)]
        answer = ask(study, f"from {quoted(table.name)} limit 1")
        assert list(answer.columns) == names
    assert ask(study, "select distinct session from quality").rows == ((NAME,),)


def test_a_table_comes_back_as_it_was_written(study):
    own = read_table(study / "sessions" / NAME / "derivatives" / "phases.tsv", PHASES)
    found = read_kind(study, "phases")
    assert (found.pop("session") == NAME).all()
    pd.testing.assert_frame_equal(found, own, check_dtype=False, rtol=1e-15)
    with pytest.raises(UsageError, match="no table 'nothing'"):
        read_kind(study, "nothing")


@pytest.mark.parametrize(
    "question",
    [
        "select 1; select 2",
        "copy (select 1) to '/tmp/never.csv'",
        "create table t as select 1",
        "attach '/tmp/never.db'",
        "set threads = 2",
        "pragma version",
        "",
    ],
)
def test_only_one_select_is_a_question(study, question):
    with pytest.raises(UsageError, match="must be one SELECT"):
        ask(study, question)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("select * from read_text('/etc/hostname')", "Permission Error"),
        ("select * from 'http://127.0.0.1:1/x.parquet'", "Permission Error"),
        ("select * from glob('/*')", "Permission Error"),
        ("select * from nothing", "nothing does not exist"),
        ("select nothing from phases", "not found in FROM"),
        ("selec", "Parser Error"),
    ],
)
def test_a_question_sees_these_tables_and_nothing_else(study, question, why):
    with pytest.raises(UsageError, match=why):
        ask(study, question)


def test_a_variable_of_python_is_no_table(study):
    secret = pd.DataFrame({"x": [1]})
    with pytest.raises(UsageError, match="secret does not exist"):
        ask(study, "from secret")
    assert len(secret) == 1


def test_tables_of_another_session_in_the_folder_are_not_read(study, tmp_path):
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    stray = part_path(copy, "phases", "stray")
    with writer() as connection:
        write_part(connection, PHASES.empty(), PHASES, stray)
    assert ask(copy, "select distinct session from phases").rows == ((NAME,),)
    with pytest.raises(UsageError, match="Permission Error"):
        ask(copy, f"from read_parquet({quoted(str(stray), chr(39))})")


def test_before_anything_was_processed_there_is_nothing_to_ask(tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        ask(tmp_path, "select 1")
    (tmp_path / "study.toml").write_text('schema = 1\nname = "s"\n')
    with pytest.raises(NothingUsableError, match="there are no tables yet"):
        ask(tmp_path, "select 1")
    with pytest.raises(NothingUsableError, match="there are no tables yet"):
        export_tables(tmp_path, tmp_path / "out", "csv")
    assert not (tmp_path / "out").exists()


def test_missing_numbers_are_null_and_numbers_keep_their_last_digit(tmp_path):
    plain = {"str": "x", "float": np.nan, "int": 3, "bool": True}
    row = {c.name: c.levels[0] if c.levels else plain[c.dtype] for c in QUALITY.columns}
    row["usable_fraction"] = 0.1 + 0.2
    frame = QUALITY.frame({name: [value] for name, value in row.items()})
    path = part_path(tmp_path, "quality", "s")
    with writer() as connection:
        write_part(connection, frame, QUALITY, path)
        first = path.read_bytes()
        write_part(connection, frame, QUALITY, path)
        found = connection.read_parquet(str(path)).project("usable_fraction, rate").fetchall()
        assert found == [(0.1 + 0.2, None)]
    assert path.read_bytes() == first
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("form", ["csv", "tsv", "parquet"])
def test_exported_tables_hold_the_same_numbers(study, tmp_path, form):
    files, left_out = export_tables(study, tmp_path / "out", form, ["phases"])
    assert [f.name for f in files] == [f"phases.{form}", "columns.json"]
    assert left_out == ()
    with writer() as connection:
        if form == "parquet":
            written = connection.read_parquet(str(files[0]))
        else:
            written = connection.read_csv(str(files[0]), na_values=["n/a", ""])
        (found,) = written.aggregate("count(*), sum(value)").fetchall()
    rows = ask(study, "select count(*), sum(value) from phases").rows[0]
    assert found[0] == rows[0]
    assert found[1] == pytest.approx(rows[1], rel=1e-12)
    with pytest.raises(UsageError, match="no table 'x'"):
        export_tables(study, tmp_path / "out", form, ["x"])


def test_an_answer_is_laid_out_for_a_terminal():
    answer = Answer(("a", "long"), ("BIGINT", "VARCHAR"), ((1, "x" * 99), (None, "y\nz")), ("s2",))
    lines = as_lines(answer).splitlines()
    assert lines[0] == "a  long"
    assert lines[1].endswith("...")
    assert lines[2] == "-  y z"
    assert as_lines(answer, most=1).splitlines()[-1].startswith("(1 more rows")
    assert '"left_out": ["s2"]' in as_json(answer)
    dates = Answer(("d",), ("DATE",), ((datetime(2026, 3, 1, tzinfo=UTC),),))
    assert '"2026-03-01T00:00:00+00:00"' in as_json(dates)


def test_every_column_has_a_definition_and_a_source():
    for name, table in dictionary()["tables"].items():
        assert table["columns"][0]["name"] == "session"
        assert set(table["key"]) <= {c["name"] for c in table["columns"]}
        for column in table["columns"]:
            assert column["definition"], (name, column["name"])
            assert column["source"], (name, column["name"])


def test_after_a_withdrawal_nothing_of_the_person_is_in_any_table(study, tmp_path, monkeypatch):
    in_this_process(monkeypatch)
    copy = tmp_path / "study"
    shutil.copytree(study, copy)
    assert run(copy).kept == 1
    assert ask(copy, "select count(*) from features where person = 'P02'").rows[0][0] > 0
    done = forget(copy, "P02", today=datetime(2026, 4, 1, tzinfo=UTC).date())
    assert done.leftovers == ()
    for kind in ("features", "phases", "quality"):
        assert part_sessions(copy, kind) == []
    assert shown_sessions(copy) == ((), ())
    assert not [p for p in copy.rglob("*") if p.is_file() and b"P02" in p.read_bytes()]
    assert run(copy).computed == 1
    people = ask(copy, "select distinct person from features").rows
    assert people == (("P01",),)
