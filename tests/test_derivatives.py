"""What an analysis leaves on disk: complete, explained, traceable and the same each time."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from arousal.derivatives import phase_rows, provenance, write_derivatives
from arousal.pipeline import analyse, open_session
from arousal.tables import TABLES
from tests import small_session

NOW = datetime(2026, 3, 12, 21, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 13, 9, 0, tzinfo=UTC)
SESSION = """
schema = 1
id = "s1"
protocol = "balint-60"
[people.P01]
[people.P02]
"""
TIMELINE = "row\tmark\taction\tonset\tlabel\tmade_at\n1\tMarkers#1\tmove\t190\tn/a\tn/a\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s") / "s1"
    folder.mkdir()
    small_session.write(folder / "recording.xdf")
    (folder / "session.toml").write_text(SESSION)
    (folder / "timeline.tsv").write_text(TIMELINE)
    (folder / "arousal.toml").write_text("[windows]\nstep = 10\n")
    return folder


@pytest.fixture(scope="module")
def result(folder):
    return analyse(open_session(folder))


def test_two_runs_give_the_same_bytes_but_for_the_time_of_the_run(folder, result, tmp_path):
    again = analyse(open_session(folder))
    write_derivatives(result, tmp_path / "a", NOW)
    write_derivatives(again, tmp_path / "b", LATER)
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "b").iterdir())
    different = [
        n for n in names if (tmp_path / "a" / n).read_bytes() != (tmp_path / "b" / n).read_bytes()
    ]
    assert different == ["provenance.json"]
    one, other = (json.loads((tmp_path / x / "provenance.json").read_text()) for x in "ab")
    assert {k for k in one if one[k] != other[k]} == {"made_at"}


def test_every_table_is_what_was_computed_with_a_word_on_each_column(result, tmp_path):
    write_derivatives(result, tmp_path, NOW)
    for table in TABLES:
        if not (tmp_path / f"{table.name}.tsv").exists():
            continue
        read = pd.read_csv(
            tmp_path / f"{table.name}.tsv", sep="\t", na_values="n/a", keep_default_na=False
        )
        assert list(read) == table.names
        pd.testing.assert_frame_equal(
            read, getattr(result, table.name).reset_index(drop=True), check_dtype=False
        )
        sidecar = json.loads((tmp_path / f"{table.name}.json").read_text())
        assert list(sidecar) == table.names
        assert all(column["Description"] for column in sidecar.values())


def test_a_missing_number_is_written_na_as_in_bids(result, tmp_path):
    write_derivatives(result, tmp_path, NOW)
    rows = [line.split("\t") for line in (tmp_path / "features.tsv").read_text().splitlines()]
    column = rows[0].index("HRV_HF")
    assert {row[column] for row in rows[1:]} == {"n/a"}


def test_provenance_names_every_file_that_shaped_the_numbers(folder, result):
    told = provenance(result, NOW)
    names = ["recording.xdf", "session.toml", "timeline.tsv", "arousal.toml"]
    assert [i["path"] for i in told.inputs] == names
    for entry in told.inputs:
        whole = (folder / entry["path"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(whole).hexdigest()
    assert told.settings["windows"]["step"] == 10
    assert (told.protocol, told.purpose) == ("balint-60", "research")
    assert str(folder.parent) not in json.dumps(told.inputs)


def test_the_phase_table_as_json_has_null_for_what_is_missing(result):
    rows = phase_rows(result)["rows"]
    json.dumps(rows, allow_nan=False)
    refused = [r for r in rows if r["value"] is None]
    assert refused
    assert all(r["reason"] for r in refused)
    assert all(r["reason"] == "" for r in rows if r["value"] is not None)
