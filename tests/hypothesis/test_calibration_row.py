"""A rate is a share of studies, with its own error, and reads as a table."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.hypothesis.calibration_row import rate_row, rates_table


def test_a_rate_counts_what_is_at_most_alpha_and_a_missing_p_is_no_claim():
    row = rate_row("m", "plain", "ar80", 6, [0.01, 0.05, 0.2, np.nan])
    assert (row.rate, row.repetitions) == (0.5, 4)
    assert row.se == pytest.approx(0.25)


def test_families_are_columns_and_cells_that_were_not_run_stay_empty():
    rows = [rate_row("m", "plain", f, 6, [0.01, 0.9, 0.9, 0.9]) for f in ("ar80", "ar92")]
    rows.append(rate_row("m", "plain", "ar80", 12, [0.9] * 4))
    assert rates_table(rows).splitlines() == [
        "| scenario | method | blocks | ar80 | ar92 | studies |",
        "| --- | --- | --- | --- | --- | --- |",
        "| plain | m | 6 | .250 | .250 | 4 |",
        "| plain | m | 12 | .000 |  | 4 |",
    ]
