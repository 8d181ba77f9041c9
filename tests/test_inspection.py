"""What `inspect` says of a file: measured rates, gaps and missing values, each to the number."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from arousal.inspection import inspect_path
from tests import small_session
from tests.small_session import beats, markers, skin


@pytest.fixture
def inspected(tmp_path):
    """Inspect a small session of these streams."""

    def call(*streams):
        return inspect_path(small_session.write(tmp_path / "x.xdf", streams))

    return call


def holed(stream, first, last, seconds):
    """Return the stream with samples taken out and what follows that much later."""
    keep = np.r_[0:first, last : stream.times.size]
    times = stream.times + np.where(np.arange(stream.times.size) >= last, seconds, 0.0)
    return replace(stream, values=stream.values[keep], times=times[keep], stamps=times[keep])


def test_a_gap_is_measured_and_does_not_change_the_rate(inspected):
    facts = inspected(holed(skin(1), 400, 520, 30.0), markers())
    [row] = facts.signals
    assert (row.samples, row.gaps) == (3360 - 120, 1)
    assert row.gap_seconds == pytest.approx(60.25, abs=0.01)  # 120 samples and 30 s
    assert row.rate == pytest.approx(4.0, abs=0.01)
    assert row.minutes == pytest.approx(14.5, abs=0.01)
    assert "1 gaps of 60 s" in facts.as_text()


def test_the_share_of_invalid_samples_counts_nan_and_infinite_ones(inspected):
    values = skin(1).values[:, 0].copy()
    values[100:184], values[300:384] = np.nan, np.inf
    [row] = inspected(skin(1, values=values)).signals
    assert row.missing == pytest.approx(168 / 3360)


def test_facts_marks_and_what_was_not_used_are_one_json_object(inspected):
    stranger = replace(skin(2), info=replace(skin(2).info, name="Box", type="EEG", units=("",)))
    facts = inspected(beats(1), stranger, markers([(10, "phase/baseline"), (20, "3")]))
    told = json.loads(json.dumps(facts.as_json(), allow_nan=False))
    assert [(r["person"], r["kind"], r["declared_rate"]) for r in told["rows"]] == [
        ("P01", "rr", None)
    ]
    assert [m["label"] for m in told["marks"]] == ["phase/baseline", "3"]
    assert [u["name"] for u in told["unknown"]] == ["Box"]
    assert told["unknown"][0]["reason"]


def test_a_file_without_any_signal_says_so(inspected):
    facts = inspected(markers())
    assert facts.signals == ()
    assert "no signal was recognised" in facts.as_text()
