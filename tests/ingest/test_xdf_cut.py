"""A copy without some streams holds all the others, sample for sample, also of damaged files."""

from __future__ import annotations

import numpy as np
import pytest
import pyxdf

from arousal.errors import DataError
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_cut import check_cut, cut_xdf, stored_streams
from arousal.ingest.xdf_raw import read_raw
from arousal.ingest.xdf_writer import XdfWriter
from tests import small_session


def unchanged(text: str) -> str:
    return text


def by_pyxdf(path):
    streams, _ = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)
    return {s["info"]["stream_id"]: s for s in streams}


@pytest.mark.parametrize("name", ["clock_resets.xdf", "empty_streams.xdf", "minimal.xdf"])
def test_pyxdf_reads_the_same_from_the_copy_of_a_real_file(shared_data, tmp_path, name):
    source, copy = next(shared_data.rglob(name)), tmp_path / "copy.xdf"
    before = by_pyxdf(source)
    gone = min(before)
    cut_xdf(source, copy, frozenset({gone}), unchanged)
    check_cut(source, copy, frozenset({gone}), unchanged)
    after = by_pyxdf(copy)
    assert after.keys() == before.keys() - {gone}
    for number, stream in after.items():
        for key in ("time_series", "time_stamps"):
            old, new = np.asarray(before[number][key]), np.asarray(stream[key])
            assert old.dtype == new.dtype
            assert np.array_equal(old, new)
        assert stream["clock_times"] == before[number]["clock_times"]
        assert stream["clock_values"] == before[number]["clock_values"]


@pytest.mark.parametrize("harm", ["garbage", "cut", "zeros"])
def test_what_can_be_read_of_a_damaged_file_is_kept_and_the_rest_is_not_copied(tmp_path, harm):
    path, copy = small_session.write(tmp_path / "a.xdf"), tmp_path / "copy.xdf"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    if harm == "garbage":
        data[middle : middle + 300] = np.random.default_rng(3).bytes(300)
    elif harm == "cut":
        del data[middle:]
    else:
        data[middle : middle + 4096] = bytes(4096)
    path.write_bytes(data)
    cut_xdf(path, copy, frozenset({1}), unchanged)
    check_cut(path, copy, frozenset({1}), unchanged)
    kept = {s.stream_id for s in read_raw(copy).streams}
    assert kept == {s.stream_id for s in read_raw(path).streams} - {1}
    assert "xdf-damaged" not in {f.code for f in read_raw(copy).findings}


def test_a_copy_that_lost_a_sample_or_kept_a_stream_is_refused(tmp_path):
    path, copy = small_session.write(tmp_path / "a.xdf"), tmp_path / "copy.xdf"
    cut_xdf(path, copy, frozenset({1}), unchanged)
    with pytest.raises(DataError, match="does not hold the streams that stay"):
        check_cut(path, copy, frozenset({2}), unchanged)
    data = bytearray(copy.read_bytes())
    place = data.index(np.float32(read_raw(copy).streams[0].values[40, 0]).tobytes())
    data[place] ^= 1
    copy.write_bytes(data)
    with pytest.raises(DataError, match="the copy differs in stream 2"):
        check_cut(path, copy, frozenset({1}), unchanged)


def test_marks_are_changed_taken_out_and_counted_anew(tmp_path):
    path, copy = small_session.write(tmp_path / "a.xdf"), tmp_path / "copy.xdf"

    def change(text: str) -> str | None:
        return None if text == "end" else text.replace("discussion", "talk")

    cut_xdf(path, copy, frozenset(), change)
    check_cut(path, copy, frozenset(), change)
    (marks,) = (s for s in read_raw(copy).streams if s.info.is_text)
    words = [str(w) for w in marks.values[:, 0]]
    assert "phase/talk" in words
    assert "end" not in words
    assert marks.footer is not None
    assert marks.footer.count == len(words) == len(small_session.MARKS) - 1
    assert marks.footer.last == marks.stamps[-1]


def test_a_text_that_leaves_out_its_stamp_cannot_lose_the_one_before(tmp_path):
    path, copy = tmp_path / "a.xdf", tmp_path / "copy.xdf"
    words = np.array([["a"], ["b"], ["c"]], dtype=object)
    with XdfWriter(path) as writer:
        number = writer.add(StreamInfo("Words", "Markers", format="string", rate=1.0))
        writer.samples(number, words, np.array([1.0, 2.0, 3.0]), omit_period=1.0)
    assert set(stored_streams(path)) == {number}
    with pytest.raises(DataError, match="leaves out stamps"):
        cut_xdf(path, copy, frozenset(), lambda text: None if text == "a" else text)
