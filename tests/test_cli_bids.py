"""The two commands say what they do, who is left out, and end with one line where they cannot."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from arousal.cli_bids import COMMANDS
from arousal.errors import UsageError
from tests.study.shared_study import DAYS, make_study

EXPORT, IMPORT = COMMANDS


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("shared") / "study", DAYS[:1])


def run(command, *words, code=0):
    result = CliRunner().invoke(command, [str(w) for w in words])
    assert result.exit_code == code, result.output
    return result


def test_an_export_names_who_was_left_out_and_why(study, tmp_path):
    result = run(EXPORT, study, "--bids", tmp_path / "out")
    assert "left out: P04 in session 2026-03-12: no consent to share_raw" in result.stderr
    assert "session 2026-03-12 is ses-01 (written nowhere)" in result.stderr
    assert result.stdout == f"{tmp_path / 'out'}\n"


def test_an_import_is_a_dry_run_until_it_is_told_yes(study, tmp_path):
    run(EXPORT, study, "--bids", tmp_path / "out")
    result = run(IMPORT, tmp_path / "out", tmp_path / "again")
    assert "P02 (member): eda, rr" in result.stdout
    assert "1 can be added; nothing was changed (--yes does it)" in result.stderr
    assert not (tmp_path / "again").exists()
    result = run(IMPORT, tmp_path / "out", tmp_path / "again", "--yes")
    assert "1 sessions added, 3 people new" in result.stderr
    assert (tmp_path / "again/sessions/01/session.toml").is_file()


def test_yes_and_dry_run_contradict_each_other(study):
    result = CliRunner().invoke(IMPORT, [str(study), str(study), "--yes", "--dry-run"])
    assert isinstance(result.exception, UsageError)


def test_an_export_needs_a_place(study):
    assert "Missing option '--bids'" in run(EXPORT, study, code=2).output
