"""From block contrasts to results: tests, corrections, verdicts, each with its n."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.outcome import results_table
from arousal.hypothesis.registration import Status
from arousal.tables import CONTRASTS, MEASURES
from tests.hypothesis.made_sessions import hypothesis

UNITS = {m.id: m.unit for m in MEASURES}


def contrasts(values, contrast="A", measure="heart_rate", presenters=None, sessions=None):
    """Block contrasts, one session each unless told otherwise; NaN = excluded."""
    n = len(values)
    gone = np.isnan(values)
    return CONTRASTS.frame(
        {
            "session": sessions or [f"s{i}" for i in range(n)],
            "group": ["g"] * n,
            "block": [1] * n if sessions is None else list(range(1, n + 1)),
            "presenter": presenters or [f"P{i:02}" for i in range(n)],
            "contrast": [contrast] * n,
            "measure": [measure] * n,
            "value": values,
            "unit": [UNITS[measure]] * n,
            "n_windows": [100] * n,
            "n_members": [6] * n,
            "excluded": gone,
            "reason": np.where(gone, "no valid window", ""),
        }
    )


def result(table, file=None, confirmatory=True):
    h = (file or hypothesis()).hypothesis
    status = {c.id: Status(confirmatory, () if confirmatory else ("why",)) for c in h.contrasts}
    return results_table(table, h, status).iloc[0]


RISES = np.array([2.1, 0.4, 3.0, 1.2, 2.2, 0.9, 1.8, 2.6])


def test_a_clear_fall_is_supported_with_its_numbers():
    row = result(contrasts(RISES))
    theirs = stats.ttest_1samp(RISES, 0, alternative="greater")
    assert (row["t"], row["p_t"], row["df"]) == pytest.approx((theirs.statistic, theirs.pvalue, 7))
    assert row["p_flip"] == pytest.approx(1 / 256)
    assert row["p"] == row["p_adjusted"] == row["p_t"]
    assert (row["verdict"], row["n_blocks"], row["n_units"]) == ("supported", 8, 8)
    assert row["mean"] == pytest.approx(RISES.mean())
    assert row["low"] < row["mean"] < row["high"]
    assert row["g_low"] < row["g"] < row["g_high"]
    assert row["correction"] == "Holm over 1"


def test_the_file_says_which_p_decides():
    row = result(contrasts(RISES), hypothesis(test="sign-flip"))
    assert row["p"] == row["p_flip"]


def test_five_blocks_are_described_and_not_tested():
    row = result(contrasts(RISES[:5]))
    assert row["verdict"] == "cannot tell"
    assert "5 case blocks have a value; 6 are needed" in row["why"]
    assert row["mean"] == pytest.approx(RISES[:5].mean())
    assert np.isnan([row["p"], row["t"], row["low"], row["g"], row["p_adjusted"]]).all()


def test_excluded_blocks_do_not_count():
    row = result(contrasts(np.append(RISES, [np.nan, np.nan])))
    assert row["n_blocks"] == 8


def test_a_presenter_who_presents_three_times_counts_once():
    presenters = ["P01"] * 3 + [f"P{i:02}" for i in range(2, 7)]
    row = result(contrasts(RISES, presenters=presenters))
    means = np.append(RISES[:3].mean(), RISES[3:])
    assert (row["n_blocks"], row["n_units"]) == (8, 6)
    assert row["p_t"] == pytest.approx(stats.ttest_1samp(means, 0, alternative="greater").pvalue)


def test_repeating_presenters_may_leave_too_few_units():
    row = result(contrasts(RISES, presenters=["P01", "P02"] * 4))
    assert "8 case blocks have a value and make 2 independent units" in row["why"]


def test_unnamed_presenters_are_not_taken_for_one_person():
    assert result(contrasts(RISES, presenters=[""] * 8))["n_units"] == 8


def test_members_of_one_evening_are_one_unit():
    file = hypothesis({"who": "members"})
    row = result(contrasts(RISES, sessions=["s1"] * 2 + [f"s{i}" for i in range(2, 8)]), file)
    assert row["n_units"] == 7


def test_a_mixed_model_stands_beside_where_blocks_cluster():
    presenters = [f"P{i // 2:02}" for i in range(16)]
    values = np.repeat(RISES, 2) + np.tile([0.3, -0.3], 8)
    row = result(contrasts(values, presenters=presenters), hypothesis(mixed=True))
    assert row["p_mixed"] == pytest.approx(row["p_t"], rel=0.02)
    assert np.isnan(result(contrasts(RISES), hypothesis(mixed=True))["p_mixed"])


def test_all_equal_values_are_told_and_not_tested():
    row = result(contrasts(np.full(7, 1.5)))
    assert (row["verdict"], row["why"]) == (
        "cannot tell",
        "all 7 case blocks have the same value, 1.5",
    )


def test_nothing_at_all_is_told():
    row = result(contrasts(np.full(7, np.nan)))
    assert row["why"] == "no case block has a value"


def test_an_equivalence_is_tested_against_its_margin():
    near = {"direction": "equivalence", "margin": {"heart_rate": 3.0}}
    row = result(contrasts(RISES), hypothesis(near))
    assert (row["verdict"], row["reference"]) == ("supported", 3.0)
    assert np.isnan(row["p_flip"])
    far = {**near, "margin": {"heart_rate": 0.5}}
    assert result(contrasts(RISES), hypothesis(far))["verdict"] == "not supported"


def test_a_smallest_effect_in_units_decides_what_is_excluded():
    around = RISES - RISES.mean()
    row = result(contrasts(around), hypothesis({"smallest": {"heart_rate": 2.0}}))
    assert (row["verdict"], row["reference"]) == ("not supported", 2.0)
    small = result(contrasts(around), hypothesis({"smallest": {"heart_rate": 0.2}}))
    assert small["verdict"] == "cannot tell"


def test_why_a_result_is_not_confirmatory_stands_beside_it():
    row = result(contrasts(RISES), confirmatory=False)
    assert (row["confirmatory"], row["why_not"]) == (False, "why")


def test_primaries_are_corrected_by_holm_and_the_rest_apart():
    h = load_hypothesis("farkas2024").hypothesis
    rng = np.random.default_rng(3)
    tables = [
        contrasts(1 + rng.normal(0, 1, 12), c.id, m)
        for c in h.contrasts
        for m in c.measures
        if not c.rated
    ]
    status = {c.id: Status(True) for c in h.contrasts}
    rows = results_table(pd.concat(tables), h, status).set_index(["contrast", "measure"])
    primary = rows.loc["C2"]
    assert set(primary["correction"]) == {"Holm over 3"}
    smallest = primary["p"].idxmin()
    assert primary.loc[smallest, "p_adjusted"] == pytest.approx(3 * primary["p"].min())
    rest = rows[rows["p"].notna() & (rows["status"] != "primary")]
    assert rest["correction"].str.startswith("Benjamini-Hochberg over ").all()
    assert rows.loc[("C18-late", "self_other"), "why"] == "no case block has a value"


def test_a_plain_fall_is_never_supported_alone():
    row = result(contrasts(RISES), hypothesis({"who": "presenter"}))
    assert row["p_adjusted"] < 0.01
    assert row["verdict"] == "cannot tell"
