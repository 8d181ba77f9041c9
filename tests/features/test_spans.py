"""Stretches of time and how much of each window they cover."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arousal.features.spans import as_spans, complement, covered, merge, runs, total, widen

SPANS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 80)).map(lambda p: (p[0] / 4, (p[0] + p[1]) / 4)),
    max_size=12,
).map(as_spans)


def test_runs_of_true_are_found_at_both_ends():
    first, last = runs(np.array([True, True, False, True, False, True]))
    assert first.tolist() == [0, 3, 5]
    assert last.tolist() == [2, 4, 6]


def test_overlapping_and_touching_spans_become_one():
    joined = merge(as_spans([(4, 5), (0, 2), (1, 3), (3, 4), (7, 7), (8, 9)]))
    assert joined.tolist() == [[0, 5], [8, 9]]


def test_widening_joins_what_then_touches():
    assert widen(as_spans([(10, 11), (19, 20)]), 5.0).tolist() == [[5, 25]]


def test_nothing_covers_nothing():
    assert covered(as_spans([]), np.array([0.0]), np.array([10.0])).tolist() == [0.0]
    assert total(as_spans([])) == 0.0


@given(SPANS, st.integers(0, 120), st.integers(0, 60))
def test_coverage_agrees_with_counting_quarter_seconds(spans, onset, length):
    ticks = onset + np.arange(length * 4) / 4 + 0.125
    inside = [bool(((spans[:, 0] < t) & (t < spans[:, 1])).any()) for t in ticks]
    found = covered(spans, np.array([float(onset)]), np.array([float(onset + length)]))
    assert found[0] == sum(inside) / 4


@given(SPANS)
def test_spans_and_their_complement_fill_the_stretch(spans):
    rest = complement(spans, 0.0, 200.0)
    assert abs(total(np.clip(spans, 0, 200)) + total(rest) - 200.0) < 1e-9
