"""What a recording came to: received, on disk, lost, per stream."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from arousal.findings import Finding
from arousal.ingest.raw import StreamInfo

__all__ = ["RecordingSummary", "StreamSummary"]


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """One stream of a finished recording.

    Parameters
    ----------
    number : int
        Its id in the XDF file.
    info : StreamInfo
        Its announcement.
    person : str or None
        Who wore it, by the session file.
    received : int
        Samples that arrived.
    on_disk : int
        Samples counted in the file after it was closed.
    continues : int or None
        Number of the stream it continues.
    """

    number: int
    info: StreamInfo
    person: str | None
    received: int
    on_disk: int
    continues: int | None = None

    def __str__(self) -> str:
        title = " ".join(part for part in (self.person, self.info.name) if part)
        return f"{title}: {self.on_disk} of {self.received} samples on disk"


@dataclass(frozen=True, slots=True)
class RecordingSummary:
    """A finished recording.

    Parameters
    ----------
    path, journal : Path
        The files.
    seconds : float
        From start to stop.
    streams : tuple of StreamSummary
        In the order of opening.
    damaged_blocks : int
        Blocks of the file whose bytes are not those that were written.
    findings : tuple of Finding
        What went wrong on the way and matters afterwards.
    """

    path: Path
    journal: Path
    seconds: float
    streams: tuple[StreamSummary, ...]
    damaged_blocks: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything that arrived is on the disk, byte for byte."""
        return not self.damaged_blocks and all(s.on_disk == s.received for s in self.streams)
