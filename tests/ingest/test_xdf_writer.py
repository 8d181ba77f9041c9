"""XDF files that we write, read back by pyxdf."""

from __future__ import annotations

import resource
import signal
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from arousal.errors import DataError, UsageError
from arousal.ingest import xdf_chunks
from arousal.ingest.info_xml import info_xml
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.xdf_writer import XdfWriter, write_xdf

START = datetime(2026, 3, 12, 18, 0, tzinfo=UTC)


def load(path: Path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyxdf

        return pyxdf.load_xdf(path, **options)


def raw_load(path: Path):
    return load(path, synchronize_clocks=False, dejitter_timestamps=False)


def stream(name: str, channel_format: str, n: int = 40, channels: int = 2, rate: float = 4.0):
    info = StreamInfo(
        name,
        "Test",
        f"id-{name}",
        channels=tuple(f"c{i}" for i in range(channels)),
        units=("uS",) * channels,
        rate=rate,
        format=channel_format,
        manufacturer="Nobody & Sons",
    )
    times = 1000.0 + np.arange(n) / (rate or 1.0)
    if channel_format == "string":
        values = np.array(
            [[f"{i}/{c} ä" * (i * 9) for c in range(channels)] for i in range(n)], dtype=object
        )
    else:
        values = (np.arange(n * channels) % 100).reshape(n, channels)
        values = values.astype(xdf_chunks.NUMBER_TYPES[channel_format])
    return RawStream(info, values, times, times - 0.25)


@pytest.mark.parametrize("channel_format", [*xdf_chunks.NUMBER_TYPES, "string"])
@pytest.mark.parametrize("omit", [False, True])
def test_pyxdf_reads_back_every_format_value_for_value(tmp_path, channel_format, omit):
    written = stream("one", channel_format)
    write_xdf(tmp_path / "a.xdf", [written], started=START, omit_regular_stamps=omit)
    (found,), header = raw_load(tmp_path / "a.xdf")
    assert np.array_equal(np.array(found["time_series"], dtype=object), written.values)
    np.testing.assert_allclose(found["time_stamps"], written.stamps, rtol=0, atol=1e-6 * omit)
    assert header["info"]["datetime"] == ["2026-03-12T18:00:00+0000"]
    assert found["footer"]["info"]["sample_count"] == [str(len(written.stamps))]


def test_the_announcement_survives_with_labels_units_and_maker(tmp_path):
    write_xdf(tmp_path / "a.xdf", [stream("gsr <4>", "float32")])
    (found,), _ = raw_load(tmp_path / "a.xdf")
    info = found["info"]
    channels = info["desc"][0]["channels"][0]["channel"]
    assert info["name"] == ["gsr <4>"]
    assert info["nominal_srate"] == ["4.0"]
    assert info["desc"][0]["manufacturer"] == ["Nobody & Sons"]
    assert [(c["label"], c["unit"]) for c in channels] == [(["c0"], ["uS"]), (["c1"], ["uS"])]


def test_readers_that_apply_the_offsets_get_the_receivers_times(tmp_path):
    written = stream("drifting", "float32", n=4000, rate=100.0)
    stamps = written.times - 5000.0 - 1e-4 * (written.times - 1000.0)
    written = RawStream(written.info, written.values, written.times, stamps)
    write_xdf(tmp_path / "a.xdf", [written])
    (found,), _ = load(tmp_path / "a.xdf", dejitter_timestamps=False)
    np.testing.assert_allclose(found["time_stamps"], written.times, rtol=0, atol=5e-4)


def test_regular_stamps_left_out_on_request_save_more_than_half_the_file(tmp_path):
    written = stream("ecg", "float32", n=60_000, channels=1, rate=130.0)
    write_xdf(tmp_path / "full.xdf", [written])
    write_xdf(tmp_path / "lean.xdf", [written], omit_regular_stamps=True)
    full, lean = ((tmp_path / f"{name}.xdf").stat().st_size for name in ("full", "lean"))
    assert lean < 0.42 * full
    (found,), _ = raw_load(tmp_path / "lean.xdf")
    np.testing.assert_allclose(found["time_stamps"], written.stamps, rtol=0, atol=1e-6)


def test_stamps_of_a_stream_with_jitter_are_all_kept_even_on_request(tmp_path):
    written = stream("bursts", "float32", n=500)
    stamps = written.stamps + np.random.default_rng(4).normal(0, 1e-3, 500)
    written = RawStream(written.info, written.values, written.times, stamps)
    write_xdf(tmp_path / "a.xdf", [written], omit_regular_stamps=True)
    (found,), _ = raw_load(tmp_path / "a.xdf")
    assert np.array_equal(found["time_stamps"], stamps)


@given(
    stamps=hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1e10)),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_stamps_come_back_to_the_bit(tmp_path_factory, stamps, seed):
    path = tmp_path_factory.mktemp("x") / "a.xdf"
    values = np.random.default_rng(seed).normal(size=(len(stamps), 3))
    with XdfWriter(path) as writer:
        three = ("",) * 3
        info = StreamInfo("s", channels=three, units=three, format="double64")
        writer.samples(writer.add(info), values, stamps)
    (found,), _ = raw_load(path)
    assert np.array_equal(found["time_stamps"], stamps)
    assert np.array_equal(found["time_series"], values)


def test_blocks_tile_the_file_and_their_checksums_are_those_of_its_bytes(tmp_path):
    import zlib

    path = tmp_path / "a.xdf"
    writer = XdfWriter(path)
    found = [writer.flush()]
    number = writer.add(StreamInfo("s"))
    for i in range(5):
        writer.samples(number, np.full((3, 1), i, np.float32), np.arange(3.0))
        writer.boundary()
        found.append(writer.flush())
    assert writer.flush() is None
    last = writer.close()
    assert last
    blocks = [block for block in (*found, last) if block]
    data = path.read_bytes()
    assert blocks[0].offset == 0
    assert all(a.offset + a.length == b.offset for a, b in pairwise(blocks))
    assert blocks[-1].offset + blocks[-1].length == len(data)
    assert all(zlib.crc32(data[b.offset :][: b.length]) == b.crc32 for b in blocks)


def test_what_was_flushed_can_be_read_before_the_file_is_closed(tmp_path):
    writer = XdfWriter(tmp_path / "a.xdf")
    number = writer.add(StreamInfo("s", rate=4.0))
    writer.samples(number, np.zeros((7, 1), np.float32), np.arange(7.0))
    writer.flush()
    (found,), _ = raw_load(tmp_path / "a.xdf")
    assert len(found["time_stamps"]) == 7
    writer.close()


@contextmanager
def file_size_limit(size: int):
    """Refuse to let any file of this process grow beyond ``size`` bytes, as a full disk would."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)


def test_what_does_not_fit_on_the_disk_is_taken_back_and_written_later(tmp_path):
    path = tmp_path / "a.xdf"
    writer = XdfWriter(path)
    number = writer.add(StreamInfo("s"))
    stamps = np.arange(5000.0)
    for some in np.split(stamps, 5):
        writer.samples(number, np.zeros((1000, 1), np.float32), some)
    with file_size_limit(20_000):
        assert writer.flush()
        held = writer.length
        assert held == path.stat().st_size
        with pytest.raises(OSError, match="File too large"):
            writer.flush()
        assert path.stat().st_size == held
        (found,), _ = raw_load(path)
        assert np.array_equal(found["time_stamps"], stamps[:1000])
    writer.close()
    assert writer.pending == 0
    (found,), _ = raw_load(path)
    assert np.array_equal(found["time_stamps"], stamps)


def test_a_file_that_exists_is_never_overwritten(tmp_path):
    (tmp_path / "a.xdf").write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists already"):
        XdfWriter(tmp_path / "a.xdf")
    assert (tmp_path / "a.xdf").read_bytes() == b"precious"


def test_a_description_with_a_control_character_is_still_readable(tmp_path):
    xml = info_xml(StreamInfo("Polar")).replace("Polar", "Pol\x01ar")
    with XdfWriter(tmp_path / "a.xdf") as writer:
        writer.add(StreamInfo("Polar"), xml=xml)
    (found,), _ = raw_load(tmp_path / "a.xdf")
    assert found["info"]["name"] == ["Polar"]


@pytest.mark.parametrize(
    ("values", "channel_format", "message"),
    [
        (np.array([[40000]]), "int16", "int16 holds"),
        (np.array([[0.5]]), "int32", "no int32"),
        (np.array([[np.nan]]), "int8", "no int8"),
        (np.array([1.0]), "float32", "do not match"),
        (np.array([[1.0]]), "float16", "no channel format"),
    ],
)
def test_values_that_a_format_cannot_hold_are_refused_not_bent(values, channel_format, message):
    with pytest.raises(DataError, match=message):
        xdf_chunks.samples(1, channel_format, values, np.zeros(1))


def test_a_start_without_time_zone_is_refused():
    with pytest.raises(DataError, match="time zone"):
        xdf_chunks.file_header(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_finished_stream_takes_no_more_samples(tmp_path):
    with XdfWriter(tmp_path / "a.xdf") as writer:
        number = writer.add(StreamInfo("s"))
        assert writer.finish(number) == 0
        with pytest.raises(DataError, match="not open"):
            writer.samples(number, np.zeros((1, 1)), np.zeros(1))
