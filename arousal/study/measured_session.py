"""A session measured for its study: every table, and what a registered hypothesis sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.phase_align import Timeline
from arousal.pipeline import Measured, SessionInput, SessionResult, measure, open_session
from arousal.study.reading import SessionReading, reading_of
from arousal.tables import CURVES, FEATURES, GROUP, PHASES, QUALITY, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MeasuredSession", "measure_session"]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredSession:
    """What one session gives its study.

    Parameters
    ----------
    id : str
        ``id`` of its ``session.toml``.
    result : SessionResult
        Its tables, of those who agreed to research.
    reading : SessionReading or None
        What the registered hypothesis sees of it; ``None`` if none is registered.
    people : tuple of str
        Everybody whom the session names, agreed or not.
    """

    id: str
    result: SessionResult
    reading: SessionReading | None
    people: tuple[str, ...]

    def tables(self) -> dict[Table, pd.DataFrame]:
        """Return the session's own tables."""
        result = self.result
        return {
            FEATURES: result.features,
            CURVES: result.curves,
            GROUP: result.group,
            PHASES: result.phases,
            QUALITY: result.quality,
        }


def measure_session(study: Path, folder: Path, hypothesis: str = "") -> MeasuredSession:
    """Read and measure a session; everything is kept in memory.

    Parameters
    ----------
    study, folder : Path
        The study's and the session's folder.
    hypothesis : str
        Path of a hypothesis file, relative to the study; empty for none.

    Raises
    ------
    ArousalError
        As `arousal.pipeline.analyse`.
    """
    source = open_session(folder)
    measured = measure(source)
    result = measured.result("research")
    reading = None
    if hypothesis:
        reading = reading_of(folder, measured, result, load_hypothesis(study / hypothesis))
    return MeasuredSession(
        source.session.id if source.session is not None else folder.name,
        result,
        reading,
        tuple(sorted(set(_named(source, measured)))),
    )


def _named(source: SessionInput, measured: Measured) -> Iterator[str]:
    """Everybody whose consent may change what is shown."""
    timeline: Timeline = measured.timeline
    yield from (person.id for person in source.recording.persons)
    yield from source.session.people if source.session is not None else ()
    yield from (interval.person for interval in timeline.roles)
    yield from (name for p in timeline.points for name in (p.actor, p.target) if name)
