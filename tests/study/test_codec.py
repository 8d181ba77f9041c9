"""Results as JSON and back: bit by bit, and nothing but data."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from arousal.errors import DataError
from arousal.findings import Finding, Severity
from arousal.study.codec import from_plain, to_plain


def there_and_back(value):
    return from_plain(json.loads(json.dumps(to_plain(value), allow_nan=False)))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        0.1 + 0.2,
        -math.inf,
        "a~b",
        (1, ("x", None)),
        [1, 2],
        {(1, 2): "x", "y": (0.5,)},
        frozenset({"b", "a"}),
        Severity.PROBLEM,
        Finding("code", "message", Severity.WARNING, "where"),
    ],
)
def test_values_come_back_as_what_they_were(value):
    found = there_and_back(value)
    assert found == value
    assert type(found) is type(value)


def test_numbers_that_are_none_stay_so():
    assert math.isnan(there_and_back(math.nan))


def test_arrays_and_tables_come_back_bit_by_bit():
    values = np.array([[0.1, np.nan], [-0.0, 1e-300]])
    found = there_and_back(values)
    assert found.tobytes() == values.tobytes()
    found[0, 0] = 1.0  # and may be written to
    assert there_and_back(np.float32(1.5)).dtype == np.float32
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", ""], "c": [True, False], "d": [1, 2]})
    pd.testing.assert_frame_equal(there_and_back(frame), frame)
    pd.testing.assert_frame_equal(there_and_back(frame.iloc[:0]), frame.iloc[:0])


@dataclass(frozen=True)
class _Foreign:
    x: int = 1


@pytest.mark.parametrize(
    "value", [_Foreign(), object(), pd.DataFrame({"a": [1]}, index=["x"]), pd.Series([1])]
)
def test_what_is_not_ours_is_not_kept(value):
    with pytest.raises(DataError, match=r"cannot be kept"):
        to_plain(value)


@pytest.mark.parametrize(
    "plain",
    [
        {"~": "record", "of": "os:system", "parts": {}},
        {"~": "record", "of": "arousal.forget:forget", "parts": {}},
        {"~": "record", "of": "arousal.nothing:X", "parts": {}},
        {"~": "record", "of": "arousal.findings:Finding", "parts": {"nothing": 1}},
        {"~": "array", "type": "<f8", "shape": [3], "bytes": "AAAA"},
        {"~": "else"},
        {},
    ],
)
def test_what_describes_no_record_of_ours_is_refused(plain):
    with pytest.raises(DataError):
        from_plain(plain)
