"""Tests over case blocks agree with scipy, with worked examples and with their own definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from arousal.errors import NothingUsableError, UsageError
from arousal.hypothesis.inference import (
    cluster_means,
    equivalence,
    hedges_g,
    hedges_g_interval,
    mean_interval,
    sign_flip,
    student_t,
    summarise,
)
from arousal.hypothesis.mixed_model import mixed_mean
from arousal.hypothesis.several_tests import adjust, families

VALUES = np.array([1.2, -0.4, 2.2, 0.9, 1.7, 0.3, -0.8, 1.1])
numbers = st.lists(st.floats(-50, 50).map(lambda v: round(v, 3)), min_size=3, max_size=9)


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
def test_t_is_scipys(alternative):
    t, df, p = student_t(VALUES, alternative, against=0.2)
    theirs = stats.ttest_1samp(VALUES, 0.2, alternative=alternative)
    assert (float(t), float(p)) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert df == 7


def test_missing_units_are_left_out_row_by_row():
    rows = np.array([[1.0, 2.0, np.nan, 4.0], [1.0, 2.0, 3.0, 4.0]])
    t, df, _ = student_t(rows)
    assert df.tolist() == [2, 3]
    assert t[0] == pytest.approx(stats.ttest_1samp([1, 2, 4], 0).statistic)


def test_sign_flip_counts_every_flip():
    sums = [np.dot(s, VALUES) for s in itertools.product([1, -1], repeat=len(VALUES))]
    expected = np.mean(np.array(sums) >= VALUES.sum() - 1e-9)
    assert float(sign_flip(VALUES)) == pytest.approx(expected)


def test_sign_flip_is_scipys_permutation_test():
    theirs = stats.permutation_test(
        (VALUES,), np.mean, permutation_type="samples", alternative="two-sided", n_resamples=1 << 20
    )
    assert float(sign_flip(VALUES, "two-sided")) == pytest.approx(theirs.pvalue)


def test_random_flips_agree_with_all_of_them():
    rng = np.random.default_rng(3)
    values = rng.normal(0.4, 1, (40, 14))
    padded = np.concatenate([values, np.full((40, 6), np.nan)], axis=1)  # more than 14 columns
    difference = sign_flip(values) - sign_flip(padded, flips=20_000)
    assert np.abs(difference).max() < 0.015


def test_sign_flip_with_a_missing_unit_is_the_test_without_it():
    gap = np.append(VALUES, np.nan)
    assert float(sign_flip(gap)) == pytest.approx(float(sign_flip(VALUES)))


@given(numbers)
def test_the_smallest_possible_p_of_a_sign_flip_is_one_in_two_to_the_n(values):
    x = np.abs(np.array(values)) + 1 + np.arange(len(values)) / 7
    assert float(sign_flip(x)) == pytest.approx(0.5 ** len(values))


@given(numbers.filter(lambda v: np.std(v) > 0.01), st.floats(0.1, 100))
def test_units_of_measurement_do_not_matter(values, factor):
    x = np.array(values)
    assert float(student_t(x * factor)[2]) == pytest.approx(float(student_t(x)[2]), abs=1e-9)
    assert float(sign_flip(x * factor)) == pytest.approx(float(sign_flip(x)))
    assert float(hedges_g(x * factor)) == pytest.approx(float(hedges_g(x)), abs=1e-9)


@given(numbers.filter(lambda v: np.std(v) > 0.01))
def test_turning_the_sign_turns_the_direction(values):
    x = np.array(values)
    assert float(student_t(x, "greater")[2]) == pytest.approx(float(student_t(-x, "less")[2]))
    assert float(sign_flip(x, "greater")) == pytest.approx(float(sign_flip(-x, "less")))


def test_g_has_the_exact_small_sample_factor():
    # Hedges (1981), table: J(4) = .7979, J(10) = .9228
    for df, factor in ((4, 0.7979), (10, 0.9228)):
        x = np.arange(df + 1.0)
        d = x.mean() / x.std(ddof=1)
        assert float(hedges_g(x)) == pytest.approx(factor * d, rel=2e-3)


def test_the_interval_of_g_is_where_the_seen_t_would_be_extreme():
    x = np.arange(10.0)
    x = (x - x.mean()) / x.std(ddof=1) + 2.5 / np.sqrt(10)
    low, high = hedges_g_interval(x)
    factor = float(hedges_g(x)) / x.mean()
    nc = [float(b) / factor * np.sqrt(10) for b in (low, high)]
    assert stats.nct.sf(2.5, 9, nc[0]) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(2.5, 9, nc[1]) == pytest.approx(0.025, abs=1e-6)


@pytest.mark.parametrize("shift", [-40.0, 5.0, 40.0])
def test_the_interval_of_g_exists_far_from_zero(shift):
    low, high = hedges_g_interval(VALUES + shift)
    assert float(low) < float(hedges_g(VALUES + shift)) < float(high)


def test_the_interval_of_g_covers_the_truth():
    rng = np.random.default_rng(11)
    low, high = hedges_g_interval(rng.normal(0.5, 1, (400, 8)))
    covered = np.mean((low < 0.5) & (high > 0.5))
    assert 0.92 < covered < 0.985


def test_the_interval_of_the_mean_is_scipys():
    theirs = stats.ttest_1samp(VALUES, 0).confidence_interval(0.9)
    low, high = mean_interval(VALUES, 0.9)
    assert (float(low), float(high)) == pytest.approx((theirs.low, theirs.high))


def test_equivalence_is_two_one_sided_tests():
    t, df, p = equivalence(VALUES, 2.0)
    above = stats.ttest_1samp(VALUES, -2.0, alternative="greater").pvalue
    below = stats.ttest_1samp(VALUES, 2.0, alternative="less").pvalue
    assert float(p) == pytest.approx(max(above, below))
    assert df == 7
    assert abs(float(t)) == pytest.approx(abs(stats.ttest_1samp(VALUES, 2.0).statistic))


def test_equivalence_errs_at_its_margin_as_often_as_stated():
    rng = np.random.default_rng(5)
    p = equivalence(rng.normal(1.0, 1.0, (20_000, 12)), 1.0)[2]
    assert 0.045 < np.mean(p < 0.05) < 0.055


def test_equivalence_needs_a_margin():
    with pytest.raises(UsageError, match="margin is 0"):
        equivalence(VALUES, 0.0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "no case block has a value"),
        ([np.nan, np.nan], "no case block has a value"),
        ([1.0, np.nan], "one case block has a value"),
        ([2.5] * 6, "all 6 case blocks have the same value, 2.5"),
    ],
)
def test_what_allows_no_test_is_told(values, said):
    for test in (summarise, student_t, sign_flip, hedges_g, mean_interval):
        with pytest.raises(NothingUsableError, match=said):
            test(values)


def test_a_cluster_counts_once():
    values = [1.0, 3.0, 10.0, np.nan, 4.0]
    clusters = ["a", "a", "b", "b", "c"]
    assert cluster_means(values, clusters).tolist() == [2.0, 10.0, 4.0]


def test_repeating_persons_inflate_a_plain_test_and_not_the_cluster_test():
    rng = np.random.default_rng(8)
    persons = np.repeat(np.arange(8), 3)
    values = rng.normal(0, 1, (4000, 8))[:, persons] + rng.normal(0, 0.5, (4000, 24))
    plain = np.mean(student_t(values)[2] < 0.05)
    means = cluster_means(values, persons)
    clustered = np.mean(student_t(means)[2] < 0.05)
    flipped = np.mean(sign_flip(means) < 0.05)
    assert plain > 0.1
    assert 0.04 < clustered < 0.06
    assert 0.035 < flipped < 0.06


def test_a_balanced_mixed_model_is_the_t_test_of_cluster_means():
    rng = np.random.default_rng(2)
    clusters = np.repeat(np.arange(10), 2)
    values = 0.5 + rng.normal(0, 1, 10)[clusters] + rng.normal(0, 0.5, 20)
    fit = mixed_mean(values, clusters)
    t, df, p = student_t(cluster_means(values, clusters))
    assert (fit.t, fit.df, fit.p) == pytest.approx((float(t), float(df), float(p)), rel=1e-3)
    assert fit.estimate == pytest.approx(values.mean(), rel=1e-6)
    assert fit.note == ""


def test_a_mixed_model_finds_the_slope_over_meetings():
    rng = np.random.default_rng(4)
    clusters = np.repeat(np.arange(8), 6)
    meeting = np.tile(np.arange(6.0), 8)
    values = 2 - 0.4 * meeting + rng.normal(0, 1, 8)[clusters] + rng.normal(0, 0.3, 48)
    fit = mixed_mean(values, clusters, "less", covariate=meeting)
    assert fit.estimate == pytest.approx(-0.4, abs=0.1)
    assert fit.p < 0.001


def test_a_mixed_model_says_when_clusters_do_not_differ():
    values = np.tile([1.0, -1.0, 0.5, -0.5], 5)
    fit = mixed_mean(values, np.repeat(np.arange(5), 4), "two-sided")
    assert fit.note == "no variance between clusters was found"
    assert fit.p > 0.9


def test_a_mixed_model_without_clusters_is_refused():
    with pytest.raises(NothingUsableError, match="2 clusters"):
        mixed_mean([1, 2, 3], ["a", "a", "b"])
    with pytest.raises(NothingUsableError, match="no cluster has two blocks"):
        mixed_mean([1, 2, 3], ["a", "b", "c"])


def test_holm_and_benjamini_hochberg_by_hand():
    keys = [families("primary", "")] * 3 + [families("secondary", ""), families("exploratory", "")]
    p, told = adjust([0.01, 0.04, 0.03, 0.04, 0.02], keys)
    assert p.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.04, 0.04])
    assert told[0] == "Holm over 3"
    assert told[4] == "Benjamini-Hochberg over 2"


def test_a_test_that_was_not_made_does_not_count_among_several():
    keys = [families("primary", "")] * 3
    p, told = adjust([0.01, np.nan, 0.03], keys)
    assert p[0] == pytest.approx(0.02)
    assert np.isnan(p[1])
    assert told == ["Holm over 2", "", "Holm over 2"]


def test_a_named_family_is_corrected_by_itself():
    p, _ = adjust([0.01, 0.02, 0.04], [families("secondary", "C18")] * 2 + [("rest", "fdr_bh")])
    assert p.tolist() == pytest.approx([0.02, 0.02, 0.04])
