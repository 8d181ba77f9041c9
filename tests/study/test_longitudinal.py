"""Slopes of block contrasts over a course: their model, their error rates, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from arousal.cli import cli
from arousal.derivatives import write_table
from arousal.errors import NothingUsableError
from arousal.hypothesis.kenward_roger import kenward_roger
from arousal.study.longitudinal import load_longitudinal, longitudinal, run_longitudinal
from arousal.study.overview import read_overview
from arousal.study.phenotype import load_phenotype
from arousal.study.roll import study_roll
from arousal.study.slopes import fit_slope
from arousal.study.tested import load_tested
from arousal.tables import CONTRASTS, LONGITUDINAL, RESULTS
from tests.hypothesis.test_outcome import contrasts

AGREED = "record = 2026-03-01\nresearch = 2026-03-01\n"


def course(rng, groups, meetings, *, slope=0.0, between=0.7, own=0.0, covariate=None):
    """Values, covariate, groups and presenters of a course; one new presenter each time."""
    group = np.repeat(np.arange(groups), meetings)
    x = np.tile(np.arange(1.0, meetings + 1), groups) if covariate is None else covariate(group)
    values = slope * x + between * rng.normal(size=groups)[group]
    values += own * rng.normal(size=groups)[group] * (x - x.mean()) + rng.normal(size=x.size)
    return values, x, [f"G{g}" for g in group], [f"P{i}" for i in range(x.size)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("groups", "meetings", "covariate"),
    [(8, 4, None), (10, 3, lambda group: (group % 2).astype(float)), (1, 14, None)],
    ids=["meetings", "between groups", "one group"],
)
def test_without_any_slope_it_finds_one_in_about_a_twentieth(groups, meetings, covariate):
    rng = np.random.default_rng(3)
    found = [
        fit_slope(*course(rng, groups, meetings, covariate=covariate)).p < 0.05 for _ in range(100)
    ]
    assert 0.0 < np.mean(found) <= 0.10  # 100 at .05: up to .10 holds 98.9 %


def test_a_planted_slope_is_recovered_with_its_interval():
    rng = np.random.default_rng(5)
    fits = [fit_slope(*course(rng, 8, 4, slope=0.4)) for _ in range(40)]
    assert np.mean([f.slope for f in fits]) == pytest.approx(0.4, abs=0.06)
    assert np.mean([f.low <= 0.4 <= f.high for f in fits]) >= 0.87
    assert np.mean([f.p < 0.05 for f in fits]) > 0.5
    assert {f.model for f in fits} == {"mixed, by group"}


def test_groups_whose_own_slopes_differ_are_seen_by_the_test_beside_it():
    rng = np.random.default_rng(8)
    fits = [fit_slope(*course(rng, 8, 6, own=0.6)) for _ in range(40)]
    assert np.mean([f.p < 0.05 for f in fits]) > 0.2
    assert np.mean([f.p < 0.05 and f.p_groups < 0.05 for f in fits]) <= 0.15


def test_few_groups_are_held_fixed_and_repeating_presenters_get_the_intercept():
    rng = np.random.default_rng(1)
    values, x, groups, _ = course(rng, 3, 8)
    presenters = [f"P{i % 4}" for i in range(24)]
    fit = fit_slope(values, x, groups, presenters)
    assert fit.model == "mixed, by presenter, groups held fixed"
    assert fit.clusters == 12
    assert fit_slope(values, x, groups, [f"P{i}" for i in range(24)]).model == (
        "regression, groups held fixed"
    )
    alone = fit_slope(values[:12], np.arange(12.0), ["G1"] * 12, presenters[:12])
    assert alone.model == "regression, presenters held fixed"


def test_least_squares_is_the_textbooks():
    from scipy.stats import linregress

    rng = np.random.default_rng(2)
    x = np.arange(12.0)
    y = rng.normal(size=12) + 0.1 * x
    fit = fit_slope(y, x, [""] * 12, [""] * 12)
    known = linregress(x, y)
    assert (fit.slope, fit.se, fit.p) == pytest.approx((known.slope, known.stderr, known.pvalue))
    assert (fit.model, fit.df) == ("regression", 10)


def test_a_balanced_design_has_the_degrees_of_freedom_of_its_analysis_of_variance():
    clusters = np.repeat(np.arange(6), 5)
    within = np.tile(np.arange(5.0), 6) - 2
    between = np.repeat(np.arange(6.0), 5) - 2.5
    design = np.column_stack([np.ones(30), within, between])
    slope = kenward_roger(design, clusters, 0.5, 1.0, 1)
    assert slope.df == pytest.approx(30 - 6 - 1, abs=0.01)
    assert slope.se == pytest.approx(np.sqrt(1 / (within**2).sum()), rel=1e-6)
    level = kenward_roger(design, clusters, 0.5, 1.0, 2)
    assert level.df == pytest.approx(6 - 2, abs=0.01)


@pytest.mark.parametrize(
    ("n", "x", "why"),
    [
        (9, np.arange(9.0), "9 numbers, 10 are needed"),
        (12, np.ones(12), "it is the same in all of them"),
        (12, np.r_[np.zeros(10), 1, 1], "only 2 on one side, 3 are needed on either"),
    ],
)
def test_too_little_is_refused_with_what_is_there_and_what_is_needed(n, x, why):
    values = np.random.default_rng(0).normal(size=n)
    with pytest.raises(NothingUsableError, match=why):
        fit_slope(values, x, [""] * n, [""] * n)


def test_what_goes_with_the_group_alone_cannot_be_told_from_few_groups():
    rng = np.random.default_rng(1)
    values, x, groups, presenters = course(
        rng, 3, 5, covariate=lambda group: (group == 1).astype(float)
    )
    with pytest.raises(NothingUsableError, match="cannot be told apart"):
        fit_slope(values, x, groups, presenters)


# ---- a study on disk ----


@pytest.fixture
def study(tmp_path):
    """Sixteen tested sessions of four groups; psychoeducation in every other; scores of most."""
    (tmp_path / "study.toml").write_text('schema = 1\nname = "demo"\n')
    rng = np.random.default_rng(6)
    names = [f"s{i:02}" for i in range(16)]
    consents = "".join(f"[consent.P{i:02}]\n{AGREED}" for i in range(16))
    people = "".join(f"[people.P{i:02}]\n" for i in range(16))
    for i, name in enumerate(names):
        folder = tmp_path / "sessions" / name
        folder.mkdir(parents=True)
        meeting = f"meeting = {i // 4 + 1}\n" if i else ""  # the first does not tell
        told = f"psychoeducation = {'true' if i % 2 else 'false'}\n"
        (folder / "session.toml").write_text(
            f'schema = 1\nid = "{name}"\ngroup = "G{i % 4}"\n{meeting}{told}{people}{consents}'
        )
    values = 1.0 * (np.arange(16) // 4) + 0.3 * rng.normal(size=16)
    values[5] = np.nan
    table = contrasts(values, "C2", "heart_rate")
    table = table.assign(session=names, group=[f"G{i % 4}" for i in range(16)])
    other = contrasts(rng.normal(size=16), "C6", "heart_rate")
    other = other.assign(session=names, group=[f"G{i % 4}" for i in range(16)])
    write_test(tmp_path, pd.concat([table, other], ignore_index=True))
    (tmp_path / "participants.tsv").write_text(
        "participant_id\n" + "".join(f"P{i:02}\n" for i in range(16))
    )
    phenotype = tmp_path / "phenotype"
    phenotype.mkdir()
    rows = "".join(f"P{i:02}\t{wave}\t{i % 3 + wave}\n" for i in range(12) for wave in (1, 2))
    (phenotype / "brs.tsv").write_text("participant_id\twave\tbrs\n" + rows)
    (phenotype / "brs.json").write_text('{"brs": {"Description": "mean of six items"}}')
    return tmp_path


BLANK = {
    **{
        c.name: {"str": "", "float": None, "int": 0, "bool": False}[c.dtype]
        for c in RESULTS.columns
    },
    "measure": "heart_rate",
    "unit": "bpm",
    "verdict": "cannot tell",
    "status": "secondary",
}


def write_test(study, table):
    place = study / "derivatives"
    place.mkdir(exist_ok=True)
    write_table(table, CONTRASTS, place / "contrasts.tsv")
    rows = [
        {**BLANK, "contrast": "C2", "who": "presenter-members"},
        {**BLANK, "contrast": "C6", "who": "members"},
    ]
    content = {
        "hypothesis": {"name": "h", "version": "1", "sha256": "0" * 64},
        "counted": "16 of 16 sessions, 16 case blocks",
        "people": {f"s{i:02}": [f"P{i:02}"] for i in range(16)},
        "rows": rows,
        "findings": [],
    }
    (place / "results.json").write_text(json.dumps(content))


def row_of(rows, contrast, covariate):
    return rows[(rows["contrast"] == contrast) & (rows["covariate"] == covariate)].iloc[0]


def test_every_contrast_is_held_against_every_covariate_with_n_and_missingness(study):
    rows = run_longitudinal(study).rows
    meeting = row_of(rows, "C2", "meeting")
    assert (meeting["n_blocks"], meeting["n_excluded"], meeting["n_untold"]) == (14, 1, 1)
    assert (meeting["found"], meeting["unit"]) == ("rises", "bpm per meeting")
    assert meeting["slope"] == pytest.approx(1.0, abs=0.3)
    psycho = row_of(rows, "C2", "psychoeducation")
    assert psycho["unit"] == "bpm with against without"
    assert row_of(rows, "C6", "meeting")["found"] == "cannot tell"


def test_scores_are_the_presenters_first_and_need_a_presenter_in_the_contrast(study):
    rows = run_longitudinal(study).rows
    scores = row_of(rows, "C2", "score:brs")
    assert (scores["n_units"], scores["n_untold"]) == (11, 4)
    assert scores["centre"] == pytest.approx(np.mean([i % 3 + 1 for i in range(12) if i != 5]))
    members = row_of(rows, "C6", "score:brs")
    assert (members["found"], members["why"]) == (
        "refused",
        "no presenter enters this contrast",
    )


def test_the_files_are_written_as_declared_and_read_back(study):
    made = run_longitudinal(study)
    table = pd.read_csv(study / "derivatives" / "longitudinal.tsv", sep="\t")
    assert list(table.columns) == LONGITUDINAL.names
    roll = study_roll(study)
    stored = load_longitudinal(roll, load_tested(roll))
    assert len(stored.rows) == len(made.rows) == 6
    assert stored.counted == "16 case blocks of 16 sessions, 4 groups"


def test_one_test_in_many_is_corrected(study):
    rows = run_longitudinal(study).rows
    tested = rows[rows["p"].notna()]
    assert set(tested["correction"]) == {f"Benjamini-Hochberg over {len(tested)}"}
    assert (tested["p_adjusted"] >= tested["p"]).all()


def test_whoever_withdrew_since_the_test_takes_its_numbers_along(study):
    run_longitudinal(study)
    path = study / "sessions" / "s03" / "session.toml"
    path.write_text(path.read_text().replace(f"[consent.P03]\n{AGREED}", ""))
    with pytest.raises(NothingUsableError, match="1 of the people in it no longer agree"):
        run_longitudinal(study)
    overview = read_overview(study)
    assert overview.tested is None
    assert overview.course is None
    assert "no longer agree" in overview.untested


def test_slopes_of_an_earlier_test_are_not_shown(study):
    run_longitudinal(study)
    roll = study_roll(study)
    table = contrasts(np.arange(16.0), "C2", "heart_rate").assign(
        session=[f"s{i:02}" for i in range(16)]
    )
    write_test(study, table)
    with pytest.raises(NothingUsableError, match="tested again since"):
        load_longitudinal(roll, load_tested(roll))


def test_a_study_that_tells_no_covariate_is_refused(study):
    for path in (study / "sessions").glob("*/session.toml"):
        lines = path.read_text().splitlines()
        kept = [x for x in lines if not x.startswith(("meeting", "psychoeducation"))]
        path.write_text("\n".join(kept))
    (study / "phenotype" / "brs.tsv").unlink()
    with pytest.raises(NothingUsableError, match="no session tells its meeting"):
        run_longitudinal(study)


def test_a_test_without_any_case_block_is_said_to_be_one(study):
    roll = study_roll(study)
    tested = load_tested(roll)
    none = replace(tested, contrasts=tested.contrasts.assign(block=0))
    with pytest.raises(NothingUsableError, match="no case block"):
        longitudinal(none, roll, load_phenotype(study))


def test_the_command_tells_slopes_as_text_and_as_json(study):
    told = CliRunner().invoke(cli, ["longitudinal", str(study)])
    assert told.exit_code == 0
    assert "C2 heart_rate against meeting: RISES" in told.output
    assert "14 case blocks, 1 without a value, 1 without meeting" in told.output
    assert "Exploratory" in told.output
    made = CliRunner().invoke(cli, ["longitudinal", str(study), "--json"])
    assert set(json.loads(made.output)["columns"]) == set(LONGITUDINAL.names)


def test_the_page_shows_them_and_says_what_it_could_not_show(study):
    run_longitudinal(study)
    page = study / "page.html"
    told = CliRunner().invoke(cli, ["dashboard", str(study), "-o", str(page)])
    assert told.exit_code == 0
    assert "0 of 16 sessions are processed" in told.output
    text = page.read_text(encoding="utf-8")
    assert "C2, Heart rate rises (number of the meeting)" in text
    assert "14 case blocks, 1 without a value, 1 without the covariate" in text
    assert "presenter&#39;s brs at first wave" in text


def test_the_page_is_not_written_over_somebodys_notes(study):
    (study / "notes.html").write_text("mine")
    told = CliRunner().invoke(cli, ["dashboard", str(study), "-o", str(study / "notes.html")])
    assert told.exit_code != 0
    assert (study / "notes.html").read_text() == "mine"
