from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.errors import UsageError
from arousal.phase_align import group_curves, normalised_curves, person_curves
from arousal.protocol import load_protocol
from arousal.settings import AlignSettings, Settings, WindowSettings
from arousal.tables import CURVES, GROUP
from tests.phase_align.made import BALINT_90, constant, features, steps, timeline

BALINT = load_protocol("balint-90")
DEFAULT = Settings()
PEOPLE = {"P1": "member", "P2": "member", "P3": "member", "P4": "member", "L1": "leader"}
LINE = timeline(*BALINT_90, (900, "presenter/P1"), (5520, "end"), people=PEOPLE)
END = 5520.0


def ripple(usual: float, by: float, **levels: float):
    return steps(LINE, levels, usual, by)


def person(rate: float = 70.0, **levels: float):
    """Four measures that go their own ways."""
    return {
        "heart_rate": ripple(rate, 1.0, **levels),
        "scr_rate": ripple(4.0, 1.0),
        "ln_scl": ripple(1.0, 0.1),
        "ln_rmssd": ripple(3.5, 0.2),
    }


def drop(course, *spans: tuple[float, float]):
    """The same course, missing in some stretches."""

    def holed(t):
        missing = np.zeros(t.shape, dtype=bool)
        for a, b in spans:
            missing |= (t >= a) & (t < b)
        return np.where(missing, np.nan, course(t))

    return holed


def test_the_change_is_counted_from_the_mean_of_the_trimmed_baseline():
    def falling(t):
        return 200 - t / 60

    table = features({"P1": {"heart_rate": falling}}, END)
    found = person_curves(table, LINE, BALINT, DEFAULT)
    # Windows of 60 s inside 60-420 s have middles 90, 95, ..., 390: their mean is at 240 s.
    own = found.baselines.set_index("measure").loc["heart_rate"]
    assert own["baseline"] == "baseline"
    assert own["value"] == pytest.approx(196.0)
    assert own["n"] == 61
    rate = found.table[found.table["measure"] == "heart_rate"].set_index("time")
    assert rate.loc[840, "change"] == pytest.approx(186.0 - 196.0)


@pytest.mark.parametrize(
    ("holes", "chosen"),
    [
        ((), "baseline"),
        (((0, 420),), "recovery"),
        (((0, 420), (5220, 5520)), "opening"),
        (((0, 960), (5220, 5520)), "session"),
        (((0, 6000),), "none"),
        (((60, 260),), "recovery"),
    ],
)
def test_without_a_baseline_the_next_best_serves_and_is_named(holes, chosen):
    course = drop(constant(70), *holes)
    found = person_curves(features({"P1": {"heart_rate": course}}, END), LINE, BALINT, DEFAULT)
    own = found.baselines.set_index("measure").loc["heart_rate"]
    assert own["baseline"] == chosen
    assert np.isnan(own["value"]) == (chosen == "none")
    said = [f.message for f in found.findings if f.code == "baseline-replaced"]
    assert len(said) == (chosen not in {"baseline", "none"})
    assert all(chosen in text and "Heart rate" in text for text in said)


def test_a_baseline_whose_bounds_are_not_certain_does_not_serve():
    line = timeline((0, "baseline"), (420, "discussion"), (4560, "return"), (5520, "end"))
    table = features({"P1": {"heart_rate": constant(70)}}, END)
    assert set(person_curves(table, line, BALINT, DEFAULT).baselines["baseline"]) == {
        "session",
        "none",
    }


def test_z_is_the_change_over_the_spread_of_the_session_and_points_to_arousal():
    table = features({"P1": person()}, END)
    found = person_curves(table, LINE, BALINT, DEFAULT).table
    rmssd = found[found["measure"] == "ln_rmssd"]
    own = rmssd["value"]
    mad = (own - own.median()).abs().median() * 1.4826
    np.testing.assert_allclose(rmssd["z"], -rmssd["change"] / mad)


def test_the_response_rate_is_compared_on_its_square_root():
    table = features({"P1": person()}, END)
    curves = person_curves(table, LINE, BALINT, DEFAULT)
    rate = curves.table[curves.table["measure"] == "scr_rate"]
    root = np.sqrt(rate["value"])
    inside = rate["time"].between(90, 390)
    mad = (root - root.median()).abs().median() * 1.4826
    np.testing.assert_allclose(rate["z"], (root - root[inside].mean()) / mad)


def index_of(curves, name: str) -> pd.DataFrame:
    table = curves.table
    return table[(table["measure"] == "arousal_index") & (table["person"] == name)]


def test_the_index_is_the_mean_of_its_parts_at_the_same_middle():
    curves = person_curves(features({"P1": person()}, END), LINE, BALINT, DEFAULT)
    parts = curves.table[curves.table["measure"] != "arousal_index"]
    wide = parts.pivot_table(index="time", columns="measure", values="z", dropna=False)
    index = index_of(curves, "P1").set_index("time")["value"]
    expected = wide.mean(axis=1, skipna=False).reindex(index.index)
    np.testing.assert_allclose(index, expected)
    # lnRMSSD needs 120 s, so the line begins and ends 30 s later than the other parts'.
    assert index[index.notna()].index[[0, -1]].tolist() == [60.0, 5460.0]


def test_a_missing_part_breaks_the_line_instead_of_changing_its_make_up():
    whole = person()
    holed = whole | {"ln_scl": drop(whole["ln_scl"], (3000, 3300))}
    curves = person_curves(features({"P1": holed}, END), LINE, BALINT, DEFAULT)
    assert "ln_scl" in curves.index_parts["P1"]
    index = index_of(curves, "P1").set_index("time")["value"]
    assert index.loc[3000:3295].isna().all()
    assert index.loc[[2995, 3300]].notna().all()


def test_a_part_that_fails_in_one_phase_is_left_out_of_the_whole_session():
    whole = person()
    silent = whole | {"ln_rmssd": drop(whole["ln_rmssd"], (960, 1500))}
    curves = person_curves(features({"P1": silent}, END), LINE, BALINT, DEFAULT)
    assert curves.index_parts["P1"] == ("heart_rate", "scr_rate", "ln_scl")
    assert index_of(curves, "P1")["value"].notna().all()
    assert [f.code for f in curves.findings] == ["index-parts"]
    assert "lnRMSSD" in curves.findings[0].message


def test_a_part_without_any_spread_is_dropped_and_named():
    flat = person() | {"scr_rate": constant(0.0)}
    curves = person_curves(features({"P1": flat}, END), LINE, BALINT, DEFAULT)
    assert "scr_rate" not in curves.index_parts["P1"]
    assert "without any spread: Skin conductance responses" in curves.findings[0].message


def test_one_part_is_enough_and_none_gives_no_index():
    table = features({"P1": {"heart_rate": ripple(70, 1)}, "P2": {}}, END)
    curves = person_curves(table, LINE, BALINT, DEFAULT)
    assert curves.index_parts == {"P1": ("heart_rate",), "P2": ()}
    assert index_of(curves, "P2").empty
    assert "index-none" in [f.code for f in curves.findings]


def test_curves_keep_every_window_and_say_where_it_lies():
    table = features({"P1": person(), "L1": person()}, END)
    found = person_curves(table, LINE, BALINT, DEFAULT).table
    CURVES.check(found)
    rate = found[(found["measure"] == "heart_rate") & (found["person"] == "P1")]
    assert len(rate) == (table["person"].eq("P1") & table["duration"].eq(60)).sum()
    assert rate.loc[rate["time"] == 2000, ["phase", "block", "role"]].to_numpy().tolist() == [
        ["questions", 1, "presenter"]
    ]


def test_a_session_without_marks_still_has_curves():
    line = timeline(end=END)
    curves = person_curves(features({"P1": person()}, END), line, BALINT, DEFAULT)
    assert len(curves.index_parts["P1"]) == 4
    assert set(curves.baselines["baseline"]) == {"session"}
    assert set(curves.table["phase"]) == {""}


def test_the_members_are_summarised_without_the_presenter_of_the_case():
    rates = {"P1": 100.0, "P2": 4.0, "P3": 8.0, "P4": 20.0, "L1": 50.0}
    people = {
        p: {"heart_rate": steps(LINE, {"discussion": 60 + up}, 60, 0.0)} for p, up in rates.items()
    }
    table = person_curves(features(people, END), LINE, BALINT, DEFAULT).table
    group = group_curves(table, BALINT)
    GROUP.check(group)
    at = group[(group["time"] == 3000) & (group["measure"] == "heart_rate")].set_index("group")
    assert at["median"].to_dict() == {"members": 8.0, "presenter": 100.0, "leaders": 50.0}
    assert at["n"].to_dict() == {"members": 3, "presenter": 1, "leaders": 1}
    assert at.loc["members", ["low", "high"]].tolist() == [6.0, 14.0]
    early = group[(group["time"] == 300) & (group["measure"] == "heart_rate")].set_index("group")
    assert early["n"].to_dict() == {"members": 4, "leaders": 1}


def test_only_people_who_agreed_are_summarised():
    people = {p: {"heart_rate": ripple(70, 1)} for p in PEOPLE}
    table = person_curves(features(people, END), LINE, BALINT, DEFAULT).table
    group = group_curves(table, BALINT, persons=["P2", "P3"])
    assert group["n"].max() == 2
    assert set(group["group"]) == {"members"}
    assert group_curves(table, BALINT, persons=[]).empty


def test_a_window_that_nobody_has_is_an_empty_cell_and_not_a_guess():
    people = {p: {"heart_rate": drop(ripple(70, 1), (3000, 3100))} for p in ("P2", "P3")}
    group = group_curves(person_curves(features(people, END), LINE, BALINT, DEFAULT).table, BALINT)
    hole = group[(group["measure"] == "heart_rate") & group["time"].between(3000, 3095)]
    assert (hole["n"] == 0).all()
    assert hole[["median", "low", "high"]].isna().all(axis=None)


def test_normalised_curves_average_equal_shares_of_each_phase():
    table = person_curves(features({"P1": {"heart_rate": lambda t: 60 + t / 100}}, END), LINE,
                          BALINT, DEFAULT).table  # fmt: skip
    found = normalised_curves(table, bins=4)
    rate = found[(found["measure"] == "heart_rate") & (found["phase"] == "discussion")]
    assert rate["progress"].tolist() == [0.125, 0.375, 0.625, 0.875]
    # 2160-4560 s: quarters of 600 s hold the middles 2160..2755, ...; their means by hand.
    np.testing.assert_allclose(
        rate["value"], [60 + (2157.5 + 600 * q + 300) / 100 for q in range(4)]
    )
    assert rate["windows"].tolist() == [120] * 4
    group = normalised_curves(group_curves(table, BALINT), bins=4)
    assert set(group.columns) >= {"group", "median", "low", "high", "windows"}


def test_normalised_curves_need_a_bin():
    with pytest.raises(UsageError, match="bins is 0"):
        normalised_curves(CURVES.empty(), bins=0)
    assert normalised_curves(CURVES.empty(), bins=5).empty


@settings(max_examples=8, deadline=None)
@given(
    shift=st.floats(-40, 40),
    scale=st.floats(0.5, 4),
    seed=st.integers(0, 2**16),
)
def test_the_index_does_not_depend_on_a_persons_level_or_range(shift, scale, seed):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, 20_000)

    def course(t):
        return 70 + noise[(t * 2).astype(int)]

    def other(t):
        return 90 + shift + scale * (course(t) - 70)

    table = features({"P1": {"heart_rate": course}, "P2": {"heart_rate": other}}, 2000.0, step=10.0)
    line = timeline((0, "baseline"), (420, "opening"), (840, "presentation"), end=2000.0)
    curves = person_curves(table, line, BALINT, DEFAULT)
    one, two = (index_of(curves, p)["value"].to_numpy() for p in ("P1", "P2"))
    np.testing.assert_allclose(one, two, atol=1e-9)


@settings(max_examples=8, deadline=None)
@given(least=st.floats(0, 1), seed=st.integers(0, 999))
def test_a_stricter_share_never_lets_more_parts_into_the_index(least, seed):
    rng = np.random.default_rng(seed)
    gone = rng.random(12_000) < rng.random()

    def patchy(t):
        return np.where(gone[(t * 2).astype(int)], np.nan, 70 + np.sin(t / 7))

    table = features({"P1": person() | {"heart_rate": patchy}}, END, step=30.0)
    grid = WindowSettings(step=30.0)
    strict = Settings(align=AlignSettings(part_valid=min(1.0, least + 0.2)), windows=grid)
    loose = Settings(align=AlignSettings(part_valid=least), windows=grid)
    parts = [set(person_curves(table, LINE, BALINT, s).index_parts["P1"]) for s in (strict, loose)]
    assert parts[0] <= parts[1]


def test_a_part_valid_in_exactly_half_of_a_phase_is_in_the_index():
    # The questions hold 84 middles: 1740, 1745, ..., 2155; the first 42 are missing.
    half = person() | {"ln_scl": drop(person()["ln_scl"], (1740, 1950))}
    curves = person_curves(features({"P1": half}, END), LINE, BALINT, DEFAULT)
    assert "ln_scl" in curves.index_parts["P1"]
    less = person() | {"ln_scl": drop(person()["ln_scl"], (1740, 1955))}
    curves = person_curves(features({"P1": less}, END), LINE, BALINT, DEFAULT)
    assert "ln_scl" not in curves.index_parts["P1"]
