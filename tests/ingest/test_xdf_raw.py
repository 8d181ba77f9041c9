"""What an XDF file holds, sample by sample, against an independent reader."""

from __future__ import annotations

import gzip
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.errors import DataError, FormatError
from arousal.ingest.xdf_raw import RawXdf, read_raw
from tests.ingest.xdf_files import TYPES, XdfBytes

EXAMPLES = ["clock_resets", "empty_streams", "minimal"]
MUSE = ["sub-P001_ses-S001_task-Default_run-001_eeg", "sub-P031_ses-S001_task-Default_run-001_eeg"]


def by_pyxdf(path: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyxdf

        return pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)[0]


def assert_same(path: Path) -> RawXdf:
    """Values, stamps and clock offsets as the other reader finds them, bit by bit."""
    ours, theirs = read_raw(path), by_pyxdf(path)
    assert [s.stream_id for s in ours.streams] == [s["info"]["stream_id"] for s in theirs]
    for mine, other in zip(ours.streams, theirs, strict=True):
        np.testing.assert_array_equal(mine.stamps, other["time_stamps"])
        np.testing.assert_array_equal(mine.offset_times, other["clock_times"])
        np.testing.assert_array_equal(mine.offset_values, other["clock_values"])
        if mine.info.is_text:
            assert mine.values.tolist() == other["time_series"]
        else:
            np.testing.assert_array_equal(mine.values, other["time_series"])
            assert mine.values.shape[1] == len(mine.info.channels)
            if mine.stamps.size:
                assert mine.values.dtype == other["time_series"].dtype
    return ours


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_format_authors_files_are_read_bit_by_bit(shared_data: Path, name: str):
    raw = assert_same(shared_data / "xdf_examples" / f"{name}.xdf")
    assert not raw.truncated
    assert raw.findings == ()


@pytest.mark.parametrize("name", MUSE)
def test_a_muse_recorded_by_labrecorder_is_read_bit_by_bit(shared_data: Path, name: str):
    raw = assert_same(shared_data / "xdf_muse" / f"{name}.xdf")
    assert raw.started is not None
    assert raw.started.tzinfo is not None


def some_values(fmt: str, n: int, channels: int, rng: np.random.Generator):
    if fmt == "string":
        words = ["", "phase/discussion", "ä€\U0001f642", "x" * 300]
        return [[words[k] for k in rng.integers(0, 4, channels)] for _ in range(n)]
    kind = np.dtype(TYPES[fmt])
    raw = rng.integers(0, 256, n * channels * kind.itemsize, dtype=np.uint8)
    values = raw.view(kind).reshape(n, channels)
    return np.nan_to_num(values) if kind.kind == "f" else values


@pytest.mark.parametrize("fmt", [*TYPES, "string"])
@pytest.mark.parametrize("sizes", [(None, None), (4, 1), (4, 4), (8, 8)])
def test_every_format_and_length_of_length_is_read(tmp_path: Path, fmt: str, sizes):
    rng = np.random.default_rng(3)
    file = XdfBytes().begin().stream(7, fmt, channels=3, rate=8.0)
    stamps = 50.0 + np.arange(20) / 8
    file.samples(7, some_values(fmt, 20, 3, rng), stamps, sizes=sizes).footer(7, 50, 52, 20)
    assert_same(file.write(tmp_path / "a.xdf"))


@given(data=st.data())
@settings(max_examples=60)
def test_any_mixture_of_stamped_and_unstamped_samples_is_read(tmp_path_factory, data):
    rate = data.draw(st.sampled_from([0.0, 4.0, 130.0, 1 / 3]))
    fmt = data.draw(st.sampled_from([*TYPES, "string"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    file = XdfBytes().begin().stream(1, fmt, channels=2, rate=rate)
    file.stream(2, "int8", channels=1, rate=1.0)
    time = 100.0
    for count in data.draw(st.lists(st.integers(0, 9), max_size=9)):
        stamped = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
        time += data.draw(st.sampled_from([0.1, -0.05, 70.0]))
        stamps = [time + 0.01 * k if given_ else None for k, given_ in enumerate(stamped)]
        file.samples(1, some_values(fmt, count, 2, rng), stamps)
        if data.draw(st.booleans()):
            file.samples(2, [[count]], [time]).boundary().offset(1, time, 0.25)
    assert_same(file.write(tmp_path_factory.mktemp("mixed") / "a.xdf"))


def test_long_unstamped_runs_are_deduced_to_the_last_bit(tmp_path: Path):
    file = XdfBytes().begin().stream(1, rate=130.0)
    for start in (0, 5_000, 9_000):
        stamps = [50.1 + start, *[None] * 999]
        file.samples(1, np.zeros((1000, 1)), stamps)
        file.samples(1, np.zeros((70, 1)), [None] * 70)
    raw = assert_same(file.write(tmp_path / "a.xdf"))
    assert raw.streams[0].stamps.size == 3 * 1070


def test_each_chunk_is_remembered_with_its_place(tmp_path: Path):
    file = XdfBytes().begin().stream(1)
    file.regular(1, np.arange(10.0)[:, None], np.arange(10.0), 4)
    stream = read_raw(file.write(tmp_path / "a.xdf")).streams[0]
    assert stream.chunk_ends.tolist() == [4, 8, 10]
    assert stream.chunk_places.tolist() == file.places[3:6]


def test_the_footer_is_kept(tmp_path: Path):
    file = XdfBytes().begin().stream(1).samples(1, [[1.0]], [5.0]).footer(1, 5.0, 5.0, 1)
    footer = read_raw(file.write(tmp_path / "a.xdf")).streams[0].footer
    assert footer is not None
    assert (footer.first, footer.last, footer.count) == (5.0, 5.0, 1)


def test_a_packed_file_is_read_like_the_plain_one(tmp_path: Path):
    file = XdfBytes().begin().stream(1)
    file.regular(1, np.random.default_rng(0).normal(size=(3000, 1)), np.arange(3000.0), 50)
    file.footer(1, 0.0, 2999.0, 3000)
    packed = gzip.compress(file.content)
    (tmp_path / "a.xdfz").write_bytes(packed)
    whole = read_raw(tmp_path / "a.xdfz")
    assert whole.streams[0].stamps.size == 3000
    assert whole.findings == ()
    (tmp_path / "b.xdf.gz").write_bytes(packed[: len(packed) // 2])
    half = read_raw(tmp_path / "b.xdf.gz")
    assert 1000 < half.streams[0].stamps.size < 2000
    assert {f.code for f in half.findings} == {"xdf-packed", "xdf-truncated"}


def test_text_that_is_no_utf_8_does_not_stop_the_reader(tmp_path: Path):
    file = XdfBytes().begin().stream(1, "string", rate=0.0)
    file.samples(1, [["abc"]], [1.0])
    file.parts[-1] = file.parts[-1].replace(b"abc", b"\xff\xfec")
    stream = read_raw(file.write(tmp_path / "a.xdf")).streams[0]
    assert stream.values.tolist() == [["��c"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"time,eda\n0,1.5\n0.25,1.6\n" * 50, "not an XDF file"),
        (np.random.default_rng(5).bytes(20_000), "not an XDF file"),
        (b"XDF:", "nothing in this XDF file can be read"),
        (b"XDF:" + np.random.default_rng(6).bytes(20_000), "nothing in this XDF file can be read"),
        (b"\x1f\x8b\x08rest", "nothing in this packed file"),
    ],
    ids=["empty", "csv", "noise", "magic", "magic and noise", "gzip"],
)
def test_a_file_that_is_no_xdf_is_refused_in_one_line(tmp_path: Path, content: bytes, words: str):
    path = tmp_path / "a.xdf"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=words) as caught:
        read_raw(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="no such file"):
        read_raw(tmp_path / "absent.xdf")
    with pytest.raises(DataError, match="a folder"):
        read_raw(tmp_path)


def test_chunk_places_follow_one_another(shared_data: Path):
    raw = read_raw(shared_data / "xdf_examples" / "clock_resets.xdf")
    for stream in raw.streams:
        assert all(a < b for a, b in pairwise(stream.chunk_places.tolist()))
        assert stream.chunk_ends[-1] == stream.stamps.size
