"""The end of a recording: close the files, read them back, say what it came to."""

from __future__ import annotations

from collections.abc import Sequence

from arousal.findings import Finding, Severity
from arousal.ingest.raw import StreamInfo
from arousal.ingest.recording_disk import RecordingDisk
from arousal.ingest.recording_summary import RecordingSummary, StreamSummary
from arousal.ingest.stream_book import Segment

__all__ = ["close_recording"]


def close_recording(
    disk: RecordingDisk,
    markers: tuple[int, StreamInfo],
    segments: Sequence[Segment],
    seconds: float,
    stuck: Sequence[str],
) -> RecordingSummary:
    """Close a recording's files, count what is in them, and end the journal.

    Parameters
    ----------
    disk : RecordingDisk
        Where it was written.
    markers : tuple of int and StreamInfo
        Number and announcement of the recorder's own marks.
    segments : sequence of Segment
        The streams.
    seconds : float
        From start to stop.
    stuck : sequence of str
        Threads that did not end.
    """
    findings = [*disk.close()]
    findings += [
        Finding("recorder-stuck", f"the thread {name!r} did not end", Severity.PROBLEM)
        for name in stuck
    ]
    counts, damaged = disk.verify()
    number, info = markers
    own = StreamSummary(number, info, None, disk.tape.accepted[number], counts[number])
    streams = (own, *(_summary(segment, counts[segment.number]) for segment in segments))
    summary = RecordingSummary(
        disk.path, disk.journal.path, seconds, streams, damaged, tuple(findings)
    )
    disk.note(
        "stop",
        sync=True,
        complete=summary.complete,
        damaged=damaged,
        streams=[[s.number, s.received, s.on_disk] for s in streams],
    )
    disk.end()
    return summary


def _summary(segment: Segment, on_disk: int) -> StreamSummary:
    """Return what a stream came to; of who withdrew without name and wearer."""
    info = StreamInfo("withdrawn", "") if segment.dropped else segment.info
    return StreamSummary(
        segment.number, info, segment.person, segment.received, on_disk, segment.continues
    )
