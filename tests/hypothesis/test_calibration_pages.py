"""A page says what its rows say, and what is out of bounds stands on it by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from arousal.hypothesis.calibration_pages import (
    Run,
    events_page,
    misses,
    recovery_page,
    synchrony_page,
)
from arousal.hypothesis.calibration_row import CalibrationRow

RUN = Run("events", 1000, 3, 120.0, 60.0, date(2026, 3, 1))


def row(method, rate, scenario="arousal-triggered", blocks=12, family="ar80"):
    return CalibrationRow(method, scenario, family, blocks, rate, 0.007, 1000)


def test_an_event_test_that_errs_too_often_is_named():
    good = [row("event test: calms", 0.05), row("naive, after minus before: calms", 0.9)]
    good += [row("check by pseudo-events: calms", 0.2)]
    assert misses(good) == ()
    assert "Every cell of the event test keeps it." in events_page(good, RUN)
    bad = row("event test: arouses", 0.081, blocks=20)
    assert misses([*good, bad]) == (bad,)
    page = " ".join(events_page([*good, bad], RUN).split())
    assert "**Out of bounds:** event test: arouses (arousal-triggered, ar80, 20: .081)" in page
    assert "calming .050-.050, arousing .081-.081" in page
    assert "`arousal calibrate --what events --reps 1000 --seed 3` on 2026-03-01" in page
    assert misses([row("event test: calms", 0.07)], slack=1) == ()


def test_synchrony_is_held_to_both_limits_where_it_promises_them():
    other = "synchrony, leave-one-out: other sessions"
    windowed = "synchrony, windowed: other sessions"
    agenda = row("synchrony, windowed: shuffled segments", 1.0, "shared agenda")
    good = [row(other, 0.05, "strangers"), row(windowed, 0.03, "strangers", 6), agenda]
    good += [row("synchrony, windowed: both", 0.01, "strangers")]
    good += [row("naive, Pearson p over windows", 0.8, "strangers", 1)]
    assert misses(good) == ()
    bad = [row(other, 0.039, "strangers", 6), row(windowed, 0.071, "strangers")]
    assert misses(bad) == tuple(bad)
    page = synchrony_page([*good, *bad], RUN)
    assert ".030-.039 with 6 blocks" in " ".join(page.split())
    assert "is above chance in 1.000-1.000 of studies" in " ".join(page.split())
    assert max(len(line) for line in page.splitlines() if not line.startswith("|")) <= 100


def test_cells_that_were_counted_again_stand_beside_what_they_were():
    low = row("synchrony, leave-one-out: other sessions", 0.032, "strangers", 6)
    again = (low._replace(rate=0.0432, repetitions=10_000),)
    page = " ".join(synchrony_page([low], replace(RUN, again=again)).split())
    assert "**Out of bounds:** synchrony, leave-one-out: other sessions" in page
    assert "with 10,000 other studies" in page
    assert "none of them is out of bounds: .0432 to .0432" in page
    still = (low._replace(rate=0.0388),)
    assert "1 stay out of bounds" in synchrony_page([low], replace(RUN, again=still))
    assert "Counted again" not in synchrony_page([low], RUN)


def test_recovery_that_errs_too_often_is_named_but_what_was_planted_may_be_found():
    slower = row("recovery, members: t", 0.9, "slower falls in the discussion")
    good = [row("recovery, presenter: t", 0.05, "wandering"), slower]
    good += [row("presenter, blocks without a number", 0.4, "wandering", 1)]
    assert misses(good) == ()
    bad = row("recovery, members: t", 0.061, "wandering, drift")
    assert misses([*good, bad]) == (bad,)
    page = " ".join(recovery_page([*good, bad], RUN).split())
    assert "**Out of bounds:** recovery, members: t (wandering, drift, ar80, 12: .061)" in page
    assert "**Wandering**: .050-.050; with a drift of everyone by 1 SD over the block .061" in page
    assert "for researchers only" in page
    assert ".900-.900 of studies of 12 blocks find the members slower" in page


def test_what_was_not_run_is_said_to_be_so():
    assert "calming .050-.050, arousing not run" in " ".join(
        events_page([row("event test: calms", 0.05)], RUN).split()
    )
