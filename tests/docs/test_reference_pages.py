"""The pages of the documentation that are made from the code hold all of it."""

from __future__ import annotations

import pytest

from arousal.cli import cli
from arousal.tables import TABLES, Column
from docs import reference_pages


def test_every_column_of_every_table_is_in_the_data_dictionary():
    page = reference_pages.columns_page()
    for table in TABLES:
        section = page.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert all(f"| `{name}` |" in section for name in table.names)
        assert table.meaning in section


def test_every_command_is_on_the_page_of_commands():
    page = reference_pages.commands_page()
    assert all(f"\n## arousal {name}\n" in page for name in cli.commands)
    assert "Usage: arousal report [OPTIONS] PATH" in page


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (Column("a", "float", low=0, high=1, meaning="A share."), "A share. From 0 to 1."),
        (Column("a", "float", low=0, meaning="A count"), "A count. 0 or more."),
        (Column("a", "str", levels=("", "x"), meaning="A|b"), r"A\|b. One of: (empty), x."),
    ],
)
def test_a_column_s_range_and_levels_are_told_in_words(column, told):
    assert told in reference_pages._row(column)


def test_modules_are_found_by_their_rooms():
    pages = dict(reference_pages.module_pages())
    assert "automodule:: arousal.features.hrv" in pages["arousal.features"]
    assert "automodule:: dashboards.report" in pages["dashboards.report"]
    assert not any(name.startswith("arousal.cli") for name in pages)
