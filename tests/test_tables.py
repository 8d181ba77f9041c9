"""Tables are what they declare to be, or they do not leave the room."""

import numpy as np
import pytest

from arousal.errors import DataError
from arousal.tables import FEATURES, MEASURES, TABLES, Column, Table, measure

SMALL = Table(
    "small",
    (
        Column("who", "str", levels=("P01", "P02")),
        Column("share", "float", "", "a share", 0.0, 1.0),
        Column("n", "int", low=0),
    ),
    key=("who",),
)


def test_a_frame_gets_the_declared_order_and_types():
    frame = SMALL.frame({"n": [1, 2], "share": [0, 1], "who": ["P01", "P02"]})
    assert list(frame.columns) == ["who", "share", "n"]
    assert [d.kind for d in frame.dtypes] == ["O", "f", "i"]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"who": ["P01"], "share": [0.5]}, "missing"),
        ({"who": ["P01"], "share": [0.5], "n": [1], "x": [1]}, "unknown"),
        ({"who": ["P03"], "share": [0.5], "n": [1]}, "P03"),
        ({"who": ["P01"], "share": [1.5], "n": [1]}, "allowed <= 1"),
        ({"who": ["P01"], "share": [-0.5], "n": [1]}, "allowed >= 0"),
        ({"who": ["P01", "P01"], "share": [0.5, 0.5], "n": [1, 1]}, "two rows"),
    ],
)
def test_a_frame_that_breaks_its_declaration_is_refused(columns, word):
    with pytest.raises(DataError, match=word):
        SMALL.frame(columns)


def test_missing_numbers_pass_the_bounds():
    frame = SMALL.frame({"who": ["P01"], "share": [np.nan], "n": [0]})
    assert frame["share"].isna().all()


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_column_says_what_it_means(table):
    assert all(column.meaning for column in table.columns)
    assert set(table.key) <= set(table.names)
    assert list(table.empty().columns) == table.names
    assert set(table.sidecar()) == set(table.names)


def test_every_measure_is_a_column_of_the_features():
    assert {m.column for m in MEASURES} <= set(FEATURES.names)
    assert measure("ln_rmssd").sign == -1
    with pytest.raises(DataError, match="known: heart_rate"):
        measure("stress")
