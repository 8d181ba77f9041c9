"""Scores per wave: what a table may say, and what is refused with its line."""

from __future__ import annotations

import json

import pytest

from arousal.errors import SettingsError
from arousal.study.phenotype import PHENOTYPE_COLUMNS, load_phenotype

RFQ = {
    "MeasurementToolMetadata": {"Description": "Reflective Functioning Questionnaire"},
    "certainty": {"Description": "mean of six items", "Minimum": 0, "Maximum": 3},
    "uncertainty": {"Description": "mean of six items", "Minimum": 0, "Maximum": 3},
}
HEAD = "participant_id\twave\tcertainty\tuncertainty\n"
ROWS = "P01\t1\t1.83\t0.5\nP01\t2\t2\tn/a\nP02\t1\t0\t3\n"


@pytest.fixture
def study(tmp_path):
    """A study of two people whose scores are written as a test says."""
    (tmp_path / "participants.tsv").write_text("participant_id\tsex\nP01\tF\nP02\tn/a\n")
    (tmp_path / "phenotype").mkdir()

    def write(text, sidecar=RFQ, tool="rfq"):
        (tmp_path / "phenotype" / f"{tool}.tsv").write_text(text, encoding="utf-8")
        if sidecar is not None:
            content = sidecar if isinstance(sidecar, str) else json.dumps(sidecar)
            (tmp_path / "phenotype" / f"{tool}.json").write_text(content)
        return tmp_path

    return write


def test_scores_come_as_one_tidy_table_without_the_missing_ones(study):
    frame = load_phenotype(study(HEAD + ROWS))
    assert tuple(frame.columns) == PHENOTYPE_COLUMNS
    assert [tuple(row) for row in frame.itertuples(index=False)] == [
        ("P01", 1, "rfq_certainty", 1.83),
        ("P01", 1, "rfq_uncertainty", 0.5),
        ("P01", 2, "rfq_certainty", 2.0),
        ("P02", 1, "rfq_certainty", 0.0),
        ("P02", 1, "rfq_uncertainty", 3.0),
    ]
    assert [str(t) for t in frame[["wave", "score"]].dtypes] == ["int64", "float64"]


def test_a_tools_own_name_is_not_repeated_in_the_measure(study):
    sidecar = {"brs": {"Description": "mean of six items", "Minimum": 1, "Maximum": 5}}
    frame = load_phenotype(study("participant_id\twave\tbrs\nP01\t1\t3.5\n", sidecar, "brs"))
    assert frame["measure"].tolist() == ["brs"]


def test_a_study_without_scores_has_an_empty_table_with_the_same_columns(tmp_path):
    frame = load_phenotype(tmp_path)
    assert frame.empty
    assert tuple(frame.columns) == PHENOTYPE_COLUMNS


def test_templates_in_a_folder_below_are_no_scores(study):
    folder = study(HEAD + ROWS)
    (folder / "phenotype" / "templates").mkdir()
    (folder / "phenotype" / "templates" / "brs.tsv").write_text("participant_id\twave\tbrs\n")
    assert set(load_phenotype(folder)["measure"]) == {"rfq_certainty", "rfq_uncertainty"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "P09\t1\t1\t1\n", "line 2: 'P09' is not in participants.tsv"),
        (HEAD + ROWS + "P01\t2\t1\t1\n", "line 5: P01 has wave 2 in line 3 already"),
        (HEAD + "P01\t1\t3.2\t1\n", "line 2: certainty is 3.2, allowed 0 to 3"),
        (HEAD + "P01\t1\t-1\t1\n", "line 2: certainty is -1, allowed 0 to 3"),
        (HEAD + "P01\t1\t1,5\t1\n", "line 2: certainty is '1,5', must be a number"),
        (HEAD + "P01\t1\tnan\t1\n", "line 2: certainty is 'nan', must be a number"),
        (HEAD + "P01\tpre\t1\t1\n", "line 2: wave is 'pre', must be 1, 2, 3"),
        (HEAD + "P01\tn/a\t1\t1\n", "line 2: wave is '', must be 1, 2, 3"),
        (HEAD + "n/a\t1\t1\t1\n", "line 2: '' is not in participants.tsv"),
        (HEAD + "P01\t1\t1\n", "line 2 has another number of cells"),
        ("participant_id\tcertainty\nP01\t1\n", "second column is ['certainty'], must be wave"),
        ("wave\tparticipant_id\n", "first column is ['wave'], must be participant_id"),
        (HEAD.replace("uncertainty", "certainty"), "columns appear twice: certainty"),
        (HEAD.replace("uncertainty", "total"), "column 'total' is not described"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(study, text, told):
    with pytest.raises(SettingsError) as error:
        load_phenotype(study(text))
    assert told in str(error.value)
    assert "rfq." in error.value.where


@pytest.mark.parametrize(
    ("sidecar", "told"),
    [
        (None, "the description is missing"),
        ("{", "not valid JSON"),
        ("[]", "must be one JSON object"),
        ({**RFQ, "certainty": {}}, "Description: Field required"),
        (
            {**RFQ, "certainty": {"Description": "x", "Minimum": 3, "Maximum": 0}},
            "Minimum 3 is not below Maximum 0",
        ),
        ({**RFQ, "certainty": {"Description": "x", "Minimum": "none"}}, "Minimum"),
    ],
)
def test_a_wrong_description_is_refused(study, sidecar, told):
    with pytest.raises(SettingsError, match=r"rfq\.json") as error:
        load_phenotype(study(HEAD + ROWS, sidecar))
    assert told in str(error.value)


def test_one_measure_in_two_files_is_refused(study):
    score = {"Description": "x"}
    study("participant_id\twave\tc_d\nP01\t1\t1\n", {"c_d": score}, "rfq")
    folder = study("participant_id\twave\td\nP01\t1\t1\n", {"d": score}, "rfq_c")
    with pytest.raises(SettingsError, match=r"rfq_c\.tsv: rfq_c_d stands in rfq\.tsv too"):
        load_phenotype(folder)


def test_a_study_with_scores_needs_its_table_of_participants(study):
    folder = study(HEAD + ROWS)
    (folder / "participants.tsv").unlink()
    with pytest.raises(SettingsError, match=r"participants\.tsv: the file does not exist"):
        load_phenotype(folder)
