"""Commands over a study: what they print, write and refuse, and with which code they end."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from arousal.cli_study import COMMANDS
from arousal.errors import DataError, NothingUsableError, UsageError
from tests.study.small_study import in_this_process, make_study, run

BY_NAME = {command.name: command for command in COMMANDS}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A processed study of one session."""
    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        study = make_study(tmp_path_factory.mktemp("cli") / "study", ("s1",))
        run(study)
    return study


def invoke(name, *words):
    result = CliRunner().invoke(BY_NAME[name], [str(w) for w in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_the_commands_are_those_that_are_promised():
    assert list(BY_NAME) == ["process", "query", "tables", "columns", "reproduce"]
    assert all(command.help for command in COMMANDS)


def test_process_says_what_it_did_and_ends_with_the_code_of_what_failed(study):
    told = invoke("process", study)
    assert told.stdout.startswith("0 computed, 1 as before, 0 failed (")
    report = json.loads(invoke("process", study, "--json").stdout)
    assert (report["sessions"], report["kept"], report["failures"]) == (1, 1, [])


def test_process_names_each_failure_and_its_reason(tmp_path):
    study = make_study(tmp_path / "study", ("s1",))
    (study / "sessions/odd").mkdir()
    (study / "sessions/s1/session.toml").write_text("schema = ")
    runner = CliRunner()
    result = runner.invoke(BY_NAME["process"], [str(study), "--jobs", "1"])
    assert isinstance(result.exception, NothingUsableError)
    assert "failed: odd: there is no session.toml in this folder" in result.stderr
    assert "failed: s1: sessions/s1/session.toml: not valid TOML" in result.stderr
    assert "0 computed, 0 as before, 2 failed" in result.stdout


def test_a_question_is_answered_on_the_terminal_and_in_three_forms(study, tmp_path):
    sql = "select person, n, value from phases where measure = 'heart_rate' order by all limit 2"
    lines = invoke("query", study, sql).stdout.splitlines()
    assert lines[0].split() == ["person", "n", "value"]
    assert len(lines) == 3
    rows = list(csv.reader(io.StringIO(invoke("query", study, sql, "--csv", "-").stdout)))
    assert rows[0] == ["person", "n", "value"]
    file = tmp_path / "answer.json"
    assert invoke("query", study, sql, "--json", file).stdout.strip() == str(file)
    answer = json.loads(file.read_text())
    assert [str(row["n"]) for row in answer["rows"]] == [row[1] for row in rows[1:]]
    with pytest.raises(UsageError, match="exists, and is not overwritten"):
        invoke("query", study, sql, "--json", file)
    missing = "select value from phases where value is null limit 1"
    assert invoke("query", study, missing, "--tsv", "-").stdout == "value\nn/a\n"
    assert invoke("query", study, missing, "--csv", "-").stdout == 'value\n""\n'


def test_tables_are_written_with_their_dictionary(study, tmp_path):
    out = tmp_path / "out"
    names = [line.rsplit("/", 1)[1] for line in invoke("tables", study, out).stdout.splitlines()]
    kinds = ["features", "curves", "group", "phases", "quality"]
    assert names == [*(f"{kind}.csv" for kind in kinds), "columns.json"]
    assert (out / "phases.csv").read_text().startswith("session,person,role,block,phase")
    with pytest.raises(UsageError, match="choose an empty folder"):
        invoke("tables", study, out)


def test_columns_are_explained():
    told = json.loads(invoke("columns", "features", "--json").stdout)
    columns = {c["name"]: c for c in told["tables"]["features"]["columns"]}
    assert columns["HRV_RMSSD"]["unit"] == "ms"
    assert columns["heart_rate"]["source"].startswith("doi:")
    assert "Key: session, person, onset, duration" in invoke("columns").stdout
    with pytest.raises(UsageError, match="no table 'nothing'; known: features"):
        invoke("columns", "nothing")


def test_reproduce_says_identical_or_what_differs(study):
    session = study / "sessions/s1"
    assert invoke("reproduce", session).stdout.startswith(("identical", "code_sha256"))
    table = session / "derivatives/phases.tsv"
    before = table.read_text()
    table.write_text(before.replace("\tquestions\t", "\tanswers\t", 1))
    result = CliRunner().invoke(BY_NAME["reproduce"], [str(session), "--json"])
    table.write_text(before)
    assert isinstance(result.exception, DataError)
    told = json.loads(result.stdout)
    assert told["identical"] is False
    assert [(d["table"], d["rows"]) for d in told["differences"]] == [("phases", 1)]
