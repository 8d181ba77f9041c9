"""Texts lose dates, devices and paths, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.study.stripping import FIRST_DAY, MovedDates, Stripping, identifiers

FIRST = datetime(2026, 3, 12, 18, tzinfo=UTC)
STRIP = Stripping(MovedDates(FIRST), frozenset({"LAB-PC7", "Polar H10 A0123456"}))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Balint 2026", "Balint removed"),
        ("since 12.03.2026 or 3/12/26", "since removed or removed"),
        ("20260312 and 20260312T1800", "removed and removed"),
        ("in 2026-03", "in removed"),
        ("at 2026-03-14T18:00:00+01:00", "at 1900-01-03"),
        ("1773334800.5", "removed"),
        ("1773334800123", "removed"),
        ("A0:9E:1A:3C:55:01", "removed"),
        ("a0-9e-1a-3c-55-01", "removed"),
        ("A09E1A3C5501", "removed"),
        ("5f0c8a7e-0b1d-4c55-9b3e-1234567890ab", "removed"),
        ("from 192.168.1.20", "from removed"),
        ("/home/anna/evening.xdf", "removed"),
        ("C:\\data\\evening", "removed"),
        ("evening-raw.xdf", "removed"),
        ("polar h10 a0123456 slipped", "removed slipped"),
        ("lab-pc7#3", "removed#3"),
    ],
)
def test_it_takes_out(text, left):
    assert STRIP.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "speech/P04/start",
        "phase/discussion id=m12 ago=20",
        "30-39",
        "2026",  # a number by itself is a measurement
        "0.05",
        "12.5",
        "123456789",
        "beta-blocker",
        "balint-90",
        "LAB-PC70",
        "7.10.24",
    ],
)
def test_it_leaves(text):
    if text == "7.10.24":
        assert STRIP.text(text) == "removed", "it may be a date"
    else:
        assert STRIP.text(text) == text


FORMS = ("%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%Y/%m/%d", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y", "%Y-%m")


@given(
    st.dates(date(1970, 1, 1), date(2060, 1, 1)),
    st.sampled_from(FORMS),
    st.text("ab _:", max_size=4),
)
def test_no_form_of_a_date_is_left(day, form, around):
    written = datetime(day.year, day.month, day.day, tzinfo=UTC).strftime(form)
    left = STRIP.text(f"{around} {written} {around}")
    assert written not in left


@given(st.timedeltas(timedelta(days=-3000), timedelta(days=3000)))
def test_moved_times_keep_their_distances(since):
    at = FIRST + since
    moved = MovedDates(FIRST).moment(at)
    assert moved is not None
    assert moved - FIRST_DAY == since
    day = MovedDates(FIRST).day(at.date())
    assert day is not None
    assert day - FIRST_DAY.date() == at.date() - FIRST.date()


def test_without_a_first_session_no_date_can_be_told():
    assert MovedDates().moment(FIRST) is None
    assert MovedDates().day(FIRST.date()) is None
    assert Stripping(MovedDates()).text("on 2026-03-12") == "on removed"


def test_absolute_dates_stay_and_devices_go():
    strip = Stripping(MovedDates(absolute=True), frozenset({"LAB-PC7"}))
    assert strip.text("LAB-PC7 on 2026-03-12 in 2026") == "removed on 2026-03-12 in 2026"
    assert strip.dates.moment(FIRST + timedelta(hours=1)) == FIRST + timedelta(hours=1)


def test_a_tree_of_json_is_gone_through_to_its_leaves():
    content = {"a": ["2026-03-13", {"b": "LAB-PC7", "n": 3, "none": None}]}
    assert STRIP.tree(content) == {"a": ["1900-01-02", {"b": "removed", "n": 3, "none": None}]}


def test_common_words_and_pseudonyms_are_no_identifiers():
    found = identifiers(["Markers", "EDA", "P04", "gsr-04"], ["x", "", "room-host", "P04"], ["P04"])
    assert found == {"gsr-04", "room-host"}
