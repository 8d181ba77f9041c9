"""A session is computed again: identical, or what changed and what differs by how much."""

from __future__ import annotations

import json
import shutil

import pytest

from arousal.errors import DataError
from arousal.study.reproduce import reproduce
from tests.study.small_study import in_this_process, make_study, run


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        in_this_process(patch)
        study = make_study(tmp_path_factory.mktemp("again") / "study", ("s1",))
        run(study)
    return study


@pytest.fixture
def session(processed, tmp_path):
    shutil.copytree(processed, tmp_path / "study")
    return tmp_path / "study" / "sessions" / "s1"


def changes(found):
    """What changed but the code, which may be edited while tests run."""
    return [c for c in found.changes if not c.startswith("code_sha256")]


def test_what_stands_there_comes_out(session):
    found = reproduce(session)
    assert (found.identical, changes(found)) == (True, [])
    found.check()


def test_a_number_that_somebody_changed_is_found_with_its_row(session):
    path = session / "derivatives" / "features.tsv"
    head, row, *rest = path.read_text().splitlines()
    cells = row.split("\t")
    place = head.split("\t").index("heart_rate")
    cells[place] = repr(float(cells[place]) + 0.5)
    path.write_text("\n".join([head, "\t".join(cells), *rest]) + "\n")
    (difference,) = reproduce(session).differences
    assert (difference.table, difference.column, difference.rows) == ("features", "heart_rate", 1)
    assert difference.largest == pytest.approx(0.5)
    assert difference.example.startswith("person P01, onset 0.0, duration 60.0: ")


def test_changed_settings_versions_and_inputs_are_named(session):
    path = session / "derivatives" / "provenance.json"
    told = json.loads(path.read_text())
    told["packages"]["numpy"] = "1.0"
    told["inputs"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(told))
    (session / "arousal.toml").write_text("[align]\nedge_short = 10\n")
    found = reproduce(session)
    assert any(c.startswith("package numpy: 1.0 then, ") for c in found.changes)
    assert "input recording.xdf: 000000000000... then, " in " ".join(found.changes)
    assert "input arousal.toml: was not there" in found.changes
    assert "setting align.edge_short: 30.0 then, 10.0 now" in found.changes
    assert {d.table for d in found.differences} >= {"curves", "phases"}
    with pytest.raises(DataError, match="what it was made from changed"):
        found.check()


def test_inputs_of_one_name_are_told_apart(session):
    path = session / "derivatives" / "provenance.json"
    told = json.loads(path.read_text())
    told["inputs"] = [{**row, "path": "HR.csv"} for row in told["inputs"][:2]]
    path.write_text(json.dumps(told))
    found = " ".join(reproduce(session).changes)
    assert "input HR.csv: is not used any more" in found
    assert "input HR.csv (2): is not used any more" in found


def test_rows_and_files_that_are_missing_are_told(session):
    path = session / "derivatives" / "group.tsv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    (session / "derivatives" / "quality.tsv").unlink()
    found = {d.table: str(d) for d in reproduce(session).differences}
    assert "columns stand there" in found["group"]
    assert found["quality"] == "quality: is not there"


def test_without_provenance_there_is_nothing_to_reproduce(session):
    shutil.rmtree(session / "derivatives")
    with pytest.raises(DataError, match="there is nothing to reproduce"):
        reproduce(session)
    (session / "derivatives").mkdir()
    (session / "derivatives" / "provenance.json").write_text("[]")
    with pytest.raises(DataError, match="is no provenance"):
        reproduce(session)
