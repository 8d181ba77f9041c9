"""Ratings are read, the line named where one is wrong, and laid on phases without guessing."""

from __future__ import annotations

import numpy as np
import pytest

from arousal.errors import DataError, FormatError, NothingUsableError, UsageError
from arousal.hypothesis.contrasts import session_contrasts
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.polarities import (
    phase_ratings,
    rating_quality,
    rating_windows,
    read_ratings,
)
from arousal.hypothesis.prediction import POLARITIES
from arousal.hypothesis.session_windows import SessionFrames
from tests.hypothesis.rated import HEADER, table, write
from tests.hypothesis.walks import walking

GOOD = (960, 300, "R1", "P01", -0.6, "-0,5", "", -1, 2, "pseudo")


def test_a_file_is_read_with_blanks_commas_and_modes(tmp_path):
    found = read_ratings(
        write(tmp_path / "r.tsv", GOOD, (0, 60, "R1", "Group", 0, 0, 0, 0, "", ""))
    )
    second = found.iloc[0]  # by person: P01 before group
    assert second["person"] == "P01"
    assert second["self_other"] == -0.5
    assert np.isnan(second["external_internal"])
    assert second["mode"] == "pretend"
    assert found.iloc[1]["person"] == "group"
    assert np.isnan(found.iloc[1]["quality"])


def test_columns_may_stand_in_any_order_without_quality_and_mode_and_group_names_the_person(
    tmp_path,
):
    header = [*reversed(POLARITIES), "rater", "group", "duration", "onset"]
    path = write(tmp_path / "r.tsv", (1, 0.5, 0, -1, "R1", "P02", 60, 0), header=header)
    path.write_text("\ufeff" + path.read_text("utf-8"), "utf-8")
    (row,) = read_ratings(path).to_dict("records")
    assert (row["affective_cognitive"], row["automatic_controlled"]) == (1.0, -1.0)
    assert (row["person"], row["mode"]) == ("P02", "")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("automatic_controlled", "1.2", "automatic_controlled is 1.2, allowed -1 to 1"),
        ("self_other", "much", "self_other is 'much', not a number"),
        ("quality", "5", "quality is 5, allowed 0 to 4"),
        ("quality", "inf", "quality is inf, allowed 0 to 4"),
        ("onset", "", "onset is '', needed a number of seconds"),
        ("duration", "0", "duration is '0', needed a number of seconds"),
        ("duration", "-3", "duration is -3, allowed 0 and above"),
        ("rater", " ", "rater is empty"),
        ("mode", "angry", "mode is unknown; known: pretend, pseudo"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path, column, value, message):
    row = list(GOOD)
    row[HEADER.index(column)] = value
    path = write(tmp_path / "r.tsv", (0, 60, "R1", "P02", 0, 0, 0, 0, "", ""), row)
    with pytest.raises(DataError) as error:
        read_ratings(path)
    assert message in str(error.value)
    assert "r.tsv, line 3:" in str(error.value)


def test_an_unknown_mode_is_not_repeated_since_somebody_may_have_typed_free_text(tmp_path):
    row = (*GOOD[:-1], "she talks of her mother")
    with pytest.raises(DataError) as error:
        read_ratings(write(tmp_path / "r.tsv", row))
    assert "mother" not in str(error.value)


def test_a_rater_says_one_thing_at_a_time_about_one_person(tmp_path):
    other = (1200, 100, *GOOD[2:])
    with pytest.raises(DataError, match="line 3 rates a time that line 2 has rated already"):
        read_ratings(write(tmp_path / "r.tsv", GOOD, other))
    after = (1260, 100, *GOOD[2:])
    assert len(read_ratings(write(tmp_path / "ok.tsv", GOOD, after))) == 2


def test_times_that_somebody_rounded_to_seconds_do_not_overlap(tmp_path):
    rounded = (1258.5, 100, *GOOD[2:])
    assert len(read_ratings(write(tmp_path / "ok.tsv", GOOD, rounded))) == 2
    with pytest.raises(DataError, match="rates a time"):
        read_ratings(write(tmp_path / "r.tsv", GOOD, (1258.4, 100, *GOOD[2:])))


def test_missing_unknown_and_repeated_columns_are_errors(tmp_path):
    path = tmp_path / "r.tsv"
    with pytest.raises(FormatError, match="no column rater"):
        read_ratings(write(path, header=[h for h in HEADER if h != "rater"]))
    with pytest.raises(FormatError, match="unknown column 'comment'"):
        read_ratings(write(path, header=[*HEADER, "comment"]))
    with pytest.raises(FormatError, match="named twice"):
        read_ratings(write(path, header=[*HEADER, "mode"]))
    with pytest.raises(DataError, match="line 2: 3 cells, the header has 10"):
        read_ratings(write(path, (1, 2, 3)))


def test_files_that_are_none_are_errors(tmp_path):
    with pytest.raises(FormatError, match="does not exist"):
        read_ratings(tmp_path / "no.tsv")
    (tmp_path / "b.tsv").write_bytes(b"\xff\xfe\x00onset")
    with pytest.raises(FormatError, match="not a text file"):
        read_ratings(tmp_path / "b.tsv")
    with pytest.raises(NothingUsableError, match="holds no rating"):
        read_ratings(write(tmp_path / "e.tsv"))
    (tmp_path / "z.tsv").write_text("", "utf-8")
    with pytest.raises(FormatError, match="no column onset"):
        read_ratings(tmp_path / "z.tsv")


def test_windows_hold_the_mean_over_raters_and_only_what_lies_wholly_inside():
    rows = [(5, 40, "R1", "P01", -0.6), (10, 20, "R2", "P01", -0.2)]
    found = rating_windows(table(rows))
    own = found[(found["person"] == "P01") & (found["measure"] == "self_other")]
    assert own["onset"].tolist() == [10.0, 20.0, 30.0]
    assert own["value"].tolist() == pytest.approx([-0.4, -0.4, -0.6])
    assert set(found["duration"]) == {10.0}
    with pytest.raises(UsageError, match="step is 0"):
        rating_windows(table(rows), 0.0)


def test_the_group_is_what_was_rated_as_such_and_else_the_mean_over_people():
    rows = [
        (0, 20, "R1", "P01", -0.6),
        (0, 20, "R1", "P02", 0.2),
        (10, 10, "R1", "group", 0.9),
    ]
    found = rating_windows(table(rows))
    group = found[(found["person"] == "group") & (found["measure"] == "self_other")]
    assert group["value"].tolist() == pytest.approx([-0.2, 0.9])


def test_blank_polarities_stay_blank():
    rows = [(0, 10, "R1", "P01", (-0.6, np.nan, 0.0, 0.0))]
    found = rating_windows(table(rows))
    assert set(found["measure"]) == set(POLARITIES) - {"self_other"}


def test_a_rating_across_a_border_counts_in_each_phase_by_its_seconds():
    line = walking(1).timeline  # presentation 960-1740, questions 1740-2160
    rows = [
        (960, 700, "R1", "P01", -0.5),
        (1660, 120, "R1", "P01", 0.5),
        (1780, 300, "R1", "P01", 0.0),
    ]
    found = phase_ratings(table(rows), line)
    own = found[found["measure"] == "self_other"].set_index("phase")
    assert own.loc["presentation", "value"] == pytest.approx((700 * -0.5 + 80 * 0.5) / 780)
    assert own.loc["questions", "value"] == pytest.approx(40 * 0.5 / 340)
    assert own.loc["questions", "seconds"] == 340
    assert (own["block"] == 1).all()


def test_quality_is_the_rated_one_or_the_distance_from_one_sidedness_but_never_both():
    rows = [(0, 10, "R1", "P01", (-1.0, -0.5, np.nan, 0.0)), (10, 10, "R1", "P01", 0.0)]
    assert rating_quality(table(rows)).tolist() == pytest.approx([0.5, 1.0])
    rated = [(*rows[0], 3.0), rows[1]]
    found = rating_quality(table(rated))
    assert found[0] == 0.75
    assert np.isnan(found[1])


def test_the_course_of_the_polarities_reaches_the_contrasts_of_the_hypothesis():
    session = walking(1)
    heights = {
        "presentation": -0.6,
        "questions": -0.2,
        "return": 0.05,
    }
    rows = [
        (p.onset, p.duration, r, "group", heights[p.phase] + shift)
        for p in session.timeline.phases
        if p.phase in heights
        for r, shift in (("R1", -0.1), ("R2", 0.1))
    ]
    rows += [(t, 240, "R1", "group", (t - 2160) / 2400 - 0.5) for t in range(2160, 4560, 240)]
    rated = SessionFrames(
        "s1",
        session.features,
        session.short,
        session.timeline,
        session.protocol,
        session.settings,
        ratings=rating_windows(table(rows)),
    )
    found = session_contrasts(rated, load_hypothesis("farkas2024"))
    values = found[found["measure"] == "self_other"].set_index("contrast")["value"]
    # The last third of the discussion without its edge begins at 3800 s.
    late = np.mean([(t // 240 * 240 - 0) / 2400 - 0.5 for t in range(1640, 2400, 10)])
    assert values["C18-late"] == pytest.approx(late + 0.6, abs=0.02)
    assert values["C18-questions"] == pytest.approx(0.4)
    assert values["C18-return"] == pytest.approx(0.05)
