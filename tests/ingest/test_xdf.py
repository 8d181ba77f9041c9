"""XDF files on the recorder's clock: real ones, and simulated ones whose truth is known."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import DataError, FormatError
from arousal.findings import Severity
from arousal.ingest.raw import RawStream
from arousal.ingest.xdf import XdfFile, read_xdf
from tests.ingest.xdf_files import XdfBytes

UNIX = 1_772_000_000.0


def stream_of(file: XdfFile, name: str) -> RawStream:
    return next(stream for stream in file.streams if stream.info.name == name)


def codes(stream: RawStream) -> list[str]:
    return [finding.code for finding in stream.findings]


# Real files


def test_clock_resets_are_placed_as_the_format_authors_say(shared_data: Path):
    file = read_xdf(shared_data / "xdf_examples" / "clock_resets.xdf")
    eeg, marks = stream_of(file, "BioSemi"), stream_of(file, "MyMarkerStream")
    assert (eeg.times.size, marks.times.size) == (27815, 175)
    steps = np.diff(eeg.times)
    assert int(np.argmax(steps)) == 12875
    assert steps.max() == pytest.approx(273.879, abs=0.02)
    assert np.ptp(steps[:12875]) < 1e-9
    assert np.ptp(steps[12876:]) < 1e-9
    assert "clock-reset" in codes(eeg)
    assert "clock-reset" in codes(marks)
    # first and last of the table, on the recorder's clock: stamp + offset of its own segment
    assert marks.times[0] == pytest.approx(653153.212188 - 652340.284, abs=2e-3)
    assert marks.times[-1] == pytest.approx(259.653828 + 1121.166, abs=2e-3)
    np.testing.assert_array_less(0, np.diff(marks.times))


def test_markers_agree_with_pyxdf_where_pyxdf_is_right(shared_data: Path):
    path = shared_data / "xdf_examples" / "clock_resets.xdf"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pyxdf

        theirs = pyxdf.load_xdf(path, dejitter_timestamps=False)[0]
    file = read_xdf(path)
    marks = stream_of(file, "MyMarkerStream")
    other = next(s for s in theirs if s["info"]["name"][0] == "MyMarkerStream")
    assert np.abs(marks.times - other["time_stamps"]).max() < 1e-3


def test_the_minimal_example_has_its_offset_applied(shared_data: Path):
    file = read_xdf(shared_data / "xdf_examples" / "minimal.xdf")
    np.testing.assert_allclose(file.streams[0].times, 5.0 + np.arange(9) / 10)
    assert file.streams[0].values.dtype == np.int16
    assert codes(file.streams[1]) == ["clock-unknown"]


def test_empty_streams_are_kept_and_said(shared_data: Path):
    file = read_xdf(shared_data / "xdf_examples" / "empty_streams.xdf")
    assert [s.times.size for s in file.streams] == [0, 10, 1, 0]
    assert [codes(s) for s in file.streams] == [["stream-empty"], [], [], ["stream-empty"]]
    assert file.started is not None
    assert file.started.isoformat() == "2025-01-31T00:21:17+00:00"


def test_a_muse_keeps_its_rate_and_its_samples(shared_data: Path):
    name = "sub-P031_ses-S001_task-Default_run-001_eeg.xdf"
    ppg, acc, *_ = read_xdf(shared_data / "xdf_muse" / name).streams
    assert ppg.times.size == 324
    assert np.ptp(ppg.times) == pytest.approx(5.05, abs=0.01)
    # packets of three samples arrive unevenly, some before the one in front of them
    assert (np.diff(acc.stamps) < 0).any()
    assert np.ptp(np.diff(acc.times)) < 1e-6


# Simulated sessions


def interleaved(parts: list[tuple[float, XdfBytes]], head: XdfBytes) -> XdfBytes:
    """One file of chunks, in the order in which they were written."""
    for _, part in sorted(parts, key=lambda item: item[0]):
        head.parts += part.parts[1:]
    return head


def streamed(head: XdfBytes, sid: int, truth, stamps, values, flush: float):
    """Chunks of a stream as a recorder writes them: every ``flush`` seconds of true time."""
    parts = []
    for first, last in pairwise([*np.flatnonzero(np.diff(truth // flush, prepend=-1)), truth.size]):
        part = XdfBytes(formats=head.formats)
        part.samples(sid, values[first:last], stamps[first:last])
        parts.append(((truth[first] // flush + 1) * flush, part))
    return parts


def measured(head: XdfBytes, sid: int, begin: float, end: float, shift: float, every=5.0):
    """Clock offsets: the sender's LSL clock runs ``shift`` seconds behind the recorder's."""
    parts = []
    for now in np.arange(begin, end, every):
        part = XdfBytes(formats=head.formats).offset(sid, now - shift, shift)
        parts.append((now + 1e-4 * sid, part))
    return parts


def session_of(head: XdfBytes, *streams, begin: float = 5000.0, seconds: float = 300.0):
    """Interleave streams given as (sid, truth, stamps, values, shift or None)."""
    parts = []
    for sid, truth, stamps, values, shift in streams:
        parts += streamed(head, sid, truth, stamps, values, 0.5)
        if shift is not None:
            parts += measured(head, sid, begin, begin + seconds, shift)
    return interleaved(parts, head)


def ecg_truth(seconds: float = 300.0, begin: float = 5000.0):
    return begin + np.arange(int(130 * seconds)) / 130


def marker_truth(n: int = 12, begin: float = 5000.0):
    return begin + 7.3 + np.arange(n) * 23.7


def names(n: int):
    return [[f"mark {k}"] for k in range(n)]


def test_two_computers_are_put_on_the_recorders_clock(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="ecg").stream(2, "string", name="marks", rate=0.0)
    ecg, marks = ecg_truth(), marker_truth()
    session_of(
        head,
        (1, ecg, ecg - 8000.0, np.zeros((ecg.size, 1)), 8000.0),
        (2, marks, marks + 1234.5, names(12), -1234.5),
    )
    file = read_xdf(head.write(tmp_path / "a.xdf"))
    np.testing.assert_allclose(stream_of(file, "ecg").times, ecg, atol=1e-4)
    np.testing.assert_allclose(stream_of(file, "marks").times, marks, atol=1e-4)


def test_unix_stamps_are_placed_by_the_order_of_the_file(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="ecg").stream(2, name="bvp", rate=64.0, hostname="x")
    head.stream(3, "string", name="tags", rate=0.0, hostname="x")
    ecg, marks = ecg_truth(), marker_truth()
    bvp = 5000.0 + np.arange(64 * 300) / 64
    session_of(
        head,
        (1, ecg, ecg, np.zeros((ecg.size, 1)), 0.0),
        (2, bvp, bvp + UNIX, np.zeros((bvp.size, 1)), 0.0),
        (3, marks, marks + UNIX, names(12), 0.0),
    )
    file = read_xdf(head.write(tmp_path / "a.xdf"))
    for name, truth in (("bvp", bvp), ("tags", marks)):
        stream = stream_of(file, name)
        assert np.abs(stream.times - truth).max() < 0.3
        assert np.ptp(stream.times - truth) < 1e-3
        assert "clock-repaired" in codes(stream)
        np.testing.assert_allclose(stream.stamps, truth + UNIX)
    assert codes(stream_of(file, "ecg")) == []


def test_unix_stamps_alone_are_placed_by_the_clock_offsets_between_them(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="muse", rate=64.0)
    truth = 5000.0 + np.arange(64 * 300) / 64
    session_of(head, (1, truth, truth + UNIX, np.zeros((truth.size, 1)), 0.0))
    stream = read_xdf(head.write(tmp_path / "a.xdf")).streams[0]
    assert np.abs(stream.times - truth).max() < 0.6
    assert codes(stream) == ["clock-repaired"]


def test_the_journal_places_unix_stamps_exactly(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="ecg").stream(2, name="bvp", rate=64.0)
    ecg, bvp = ecg_truth(60.0), 5000.0 + np.arange(64 * 60) / 64
    session_of(
        head,
        (1, ecg, ecg, np.zeros((ecg.size, 1)), 0.0),
        (2, bvp, bvp + UNIX, np.zeros((bvp.size, 1)), 0.0),
        seconds=60.0,
    )
    lines = [
        f'{{"type":"clock","utc":"{datetime.fromtimestamp(UNIX + t, UTC).isoformat()}","lsl":{t}}}'
        for t in (5000.0, 5010.0, 5020.0)
    ]
    (tmp_path / "journal.jsonl").write_text("\n".join(lines))
    stream = stream_of(read_xdf(head.write(tmp_path / "recording.xdf")), "bvp")
    np.testing.assert_allclose(stream.times, bvp, atol=1e-4)
    assert any("the journal" in f.message for f in stream.findings)


def test_a_unix_clock_that_offsets_lead_back_from_needs_no_repair(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="web", rate=130.0)
    truth = ecg_truth(60.0)
    session_of(head, (1, truth, truth + UNIX, np.zeros((truth.size, 1)), -UNIX), seconds=60.0)
    stream = read_xdf(head.write(tmp_path / "a.xdf")).streams[0]
    np.testing.assert_allclose(stream.times, truth, atol=1e-4)
    assert codes(stream) == ["clock-unix"]


def test_a_single_unix_marker_is_placed_if_the_file_brackets_it(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="ecg").stream(2, "string", name="tags", rate=0.0)
    ecg, mark = ecg_truth(60.0), np.array([5031.2])
    session_of(
        head,
        (1, ecg, ecg, np.zeros((ecg.size, 1)), 0.0),
        (2, mark, mark + UNIX, names(1), 0.0),
        seconds=60.0,
    )
    stream = stream_of(read_xdf(head.write(tmp_path / "a.xdf")), "tags")
    assert abs(stream.times[0] - 5031.2) < 0.6


def test_offsets_noted_by_the_recorders_clock_are_understood(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="web", rate=130.0)
    truth = ecg_truth(60.0)
    head.regular(1, np.zeros((truth.size, 1)), truth + UNIX, 65)
    for now in np.arange(5000.0, 5060.0, 5.0):
        head.offset(1, now, -UNIX)
    stream = read_xdf(head.write(tmp_path / "a.xdf")).streams[0]
    np.testing.assert_allclose(stream.times, truth, atol=1e-4)
    assert codes(stream) == ["clock-unix"]


def one_after_the_other(when: str) -> XdfBytes:
    """A file that stores one whole stream, then the other: its order proves nothing."""
    head = XdfBytes().begin(when).stream(1, name="ecg").stream(2, name="bvp", rate=64.0)
    ecg, bvp = ecg_truth(), 5000.0 + np.arange(64 * 300) / 64
    head.regular(1, np.zeros((ecg.size, 1)), ecg, 65).offset(1, 5001.0, 0.0)
    return head.regular(2, np.zeros((bvp.size, 1)), bvp + UNIX, 32).offset(2, 5001.0, 0.0)


def test_the_date_of_the_file_places_unix_stamps_where_its_order_cannot(tmp_path: Path):
    when = datetime.fromtimestamp(UNIX + 4998.0, UTC).isoformat()
    file = read_xdf(one_after_the_other(when).write(tmp_path / "a.xdf"))
    bvp = stream_of(file, "bvp")
    assert abs(bvp.times[0] - 5000.0) < 5.0
    assert "the date in the file header" in bvp.findings[0].message


def test_unix_stamps_of_another_day_than_the_file_are_refused(tmp_path: Path):
    when = datetime.fromtimestamp(UNIX + 90_000.0, UTC).isoformat()
    file = read_xdf(one_after_the_other(when).write(tmp_path / "a.xdf"))
    assert codes(stream_of(file, "bvp")) == ["clock-foreign"]


@pytest.mark.parametrize("offsets", [True, False])
def test_markers_on_a_clock_that_nothing_leads_back_from_are_refused(tmp_path: Path, offsets: bool):
    head = XdfBytes().begin().stream(1, name="ecg").stream(2, "string", name="tags", rate=0.0)
    ecg, marks = ecg_truth(), marker_truth()
    session_of(
        head,
        (1, ecg, ecg, np.zeros((ecg.size, 1)), 0.0 if offsets else None),
        (2, marks, marks * 1000.0, names(12), 0.0 if offsets else None),
    )
    file = read_xdf(head.write(tmp_path / "a.xdf"))
    tags = stream_of(file, "tags")
    assert tags.times.size == 0
    (finding,) = tags.findings
    assert (finding.code, finding.severity) == ("clock-foreign", Severity.PROBLEM)
    assert stream_of(file, "ecg").times.size == ecg.size
    assert finding in file.noticed


def test_a_file_of_unix_stamps_without_offsets_keeps_its_one_clock(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="bvp", rate=64.0).stream(2, "string", name="tags")
    bvp, marks = 5000.0 + np.arange(64 * 300) / 64, marker_truth()
    session_of(
        head,
        (1, bvp, bvp + UNIX, np.zeros((bvp.size, 1)), None),
        (2, marks, marks + UNIX, names(12), None),
    )
    file = read_xdf(head.write(tmp_path / "a.xdf"))
    np.testing.assert_allclose(stream_of(file, "tags").times - UNIX, marks, atol=1e-5)
    np.testing.assert_allclose(stream_of(file, "bvp").times - UNIX, bvp, atol=1e-5)


def test_a_stream_that_never_had_a_stamp_is_placed_by_the_order_of_the_file(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="ecg").stream(2, name="old", rate=64.0)
    ecg, old = ecg_truth(), 5000.0 + np.arange(64 * 300) / 64
    session_of(
        head,
        (1, ecg, ecg, np.zeros((ecg.size, 1)), 0.0),
        (2, old, np.full(old.size, np.nan), np.zeros((old.size, 1)), 0.0),
    )
    stream = stream_of(read_xdf(head.write(tmp_path / "a.xdf")), "old")
    assert np.abs(stream.times - old).max() < 0.6
    assert codes(stream) == ["clock-repaired"]


def test_a_minute_without_eda_stays_where_it_was(tmp_path: Path):
    head = XdfBytes().begin().stream(1, name="eda", kind="EDA", rate=4.0)
    truth = 5000.0 + np.arange(4 * 1200) / 4
    truth = truth[(truth < 5400) | (truth > 5460)]
    rng = np.random.default_rng(1)
    stamps = truth + rng.normal(0, 0.005, truth.size) - 70.0
    session_of(head, (1, truth, stamps, np.zeros((truth.size, 1)), 70.0), seconds=1200.0)
    stream = read_xdf(head.write(tmp_path / "a.xdf")).streams[0]
    assert np.abs(stream.times - truth).max() < 0.02
    assert codes(stream) == ["stream-gaps"]


def test_a_streams_values_and_stamps_stay_together_when_samples_are_dropped(tmp_path: Path):
    head = XdfBytes().begin().stream(1, "int32", name="count", rate=0.0)
    stamps = [5.0, 6.0, 4.0, 7.0, 1e13, 8.0]
    head.samples(1, np.arange(6)[:, None], stamps).footer(1, 5.0, 8.0, 6)
    stream = read_xdf(head.write(tmp_path / "a.xdf")).streams[0]
    assert stream.values[:, 0].tolist() == [2, 0, 1, 3, 5]
    assert stream.stamps.tolist() == [4.0, 5.0, 6.0, 7.0, 8.0]
    np.testing.assert_array_equal(stream.times, stream.stamps)
    assert codes(stream) == ["clock-unknown", "stamps-stray", "stamps-backward"]


def test_a_file_without_streams_is_an_empty_recording(tmp_path: Path):
    file = read_xdf(XdfBytes().begin().write(tmp_path / "a.xdf"))
    assert file.streams == ()
    assert file.truncated


@pytest.mark.parametrize("content", [b"", b"no xdf", bytes(5000), b"XDF:\x01"])
def test_what_is_no_xdf_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.xdf"
    path.write_bytes(content)
    with pytest.raises(FormatError):
        read_xdf(path)
    with pytest.raises(DataError):
        read_xdf(tmp_path)
    with pytest.raises(DataError):
        read_xdf(tmp_path / "absent.xdf")
