"""One session as a study reads it: contrasts, curves, and what its methods paragraph needs.

`read_session` is pure and its answer can be pickled, so that sessions may be read in other
processes and kept from one run to the next. Only numbers are kept, no windows.

>>> from arousal.study.reading import read_session              # doctest: +SKIP
>>> reading = read_session(Path("study/sessions/s01"), load_hypothesis("farkas2024"))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from arousal.errors import ArousalError
from arousal.findings import Finding, Severity
from arousal.hypothesis.block_curves import BlockCurve, block_curves, shape_phase
from arousal.hypothesis.contrasts import SessionFrames, left_out, session_contrasts
from arousal.hypothesis.hypothesis_file import Hypothesis, HypothesisFile
from arousal.pipeline import Measured, SessionResult, measure, open_session
from arousal.study.summary import SessionTally, tally

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ContrastCurve", "SessionReading", "read_session"]


@dataclass(frozen=True, slots=True, eq=False)
class ContrastCurve:
    """One block's course of one contrast and measure."""

    contrast: str
    measure: str
    curve: BlockCurve


@dataclass(frozen=True, slots=True, eq=False)
class SessionReading:
    """What a study keeps of one session.

    Parameters
    ----------
    session : str
        Its id: the folder's name.
    contrasts : DataFrame
        `arousal.tables.CONTRASTS`; a session that does not enter has its reason there.
    curves : tuple of ContrastCurve
        Of contrasts that lie within one phase.
    tally : SessionTally or None
        What it was made of; ``None`` if it could not be read.
    findings : tuple of Finding
        Why it could not be read.
    """

    session: str
    contrasts: pd.DataFrame
    curves: tuple[ContrastCurve, ...] = ()
    tally: SessionTally | None = None
    findings: tuple[Finding, ...] = ()


def read_session(folder: Path, file: HypothesisFile) -> SessionReading:
    """Read one session for a hypothesis.

    Parameters
    ----------
    folder : Path
        ``sessions/<id>`` of a study.
    file : HypothesisFile
        The hypothesis.

    Returns
    -------
    SessionReading
        A session that cannot be read is told as a finding and in its contrasts, never raised.
    """
    try:
        measured = measure(open_session(folder))
        result = measured.result("research")
    except ArousalError as error:
        return SessionReading(
            folder.name,
            left_out(folder.name, error.message, file.hypothesis),
            findings=(Finding("session-unread", error.message, Severity.PROBLEM, folder.name),),
        )
    frames = frames_of(folder.name, measured, result)
    return SessionReading(
        folder.name,
        session_contrasts(frames, file),
        tuple(_curves(frames, file.hypothesis)),
        tally(measured, result),
    )


def frames_of(name: str, measured: Measured, result: SessionResult) -> SessionFrames:
    """What a hypothesis sees of a session, with those who agreed and nobody else."""
    short = measured.short[measured.short["person"].isin(result.persons)]
    session = result.session
    return SessionFrames(
        name,
        result.features,
        short.reset_index(drop=True),
        result.timeline,
        result.protocol,
        result.settings,
        group=(session.group or "") if session else "",
    )


def _curves(frames: SessionFrames, hypothesis: Hypothesis) -> Iterator[ContrastCurve]:
    for contrast in hypothesis.contrasts:
        if shape_phase(contrast) and contrast.speech in {"quiet", "ignored"}:
            for name in contrast.measures:
                for curve in block_curves(frames, hypothesis, contrast, name):
                    yield ContrastCurve(contrast.id, name, curve)
