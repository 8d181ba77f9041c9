"""What a session shows beside the registered hypothesis: events, recovery, reports, synchrony.

Everything here is exploratory and for researchers. Curves second by second are kept for synchrony,
because it is held against other sessions.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np

from arousal.errors import NothingUsableError
from arousal.hypothesis.dissociation import BandTime, ProbePair, probe_pairs, time_in_band
from arousal.hypothesis.interventions import SessionEvents, session_events
from arousal.hypothesis.phase_groups import PhaseGroup, phase_groups
from arousal.hypothesis.recovery import session_recoveries
from arousal.hypothesis.recovery_tests import BlockRecovery
from arousal.hypothesis.session_windows import SessionFrames
from arousal.pipeline import Measured, SessionResult

__all__ = ["SessionExplored", "explore"]

ANSWERING = ("heart_rate", "scr_rate", "ln_scl")
"""Measures of 30-s windows, in which an answer to an event is looked for."""
RECOVERING = ("heart_rate", "scr_rate")
"""Measures whose peaks come and go within minutes."""
DRAWS = 99
"""Surrogates per curve: a study tests their mean over blocks and no p of a single curve."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionExplored:
    """One session's exploratory numbers.

    Parameters
    ----------
    events : tuple of SessionEvents
        One per type of event and measure.
    recoveries : tuple of BlockRecovery
        One per person, block and measure.
    probes : tuple of ProbePair
        Self-reports beside the skin.
    bands : tuple of BandTime
        Time inside everybody's band.
    groups : tuple of PhaseGroup
        Who sat together, second by second, per phase and signal.
    """

    events: tuple[SessionEvents, ...] = ()
    recoveries: tuple[BlockRecovery, ...] = ()
    probes: tuple[ProbePair, ...] = ()
    bands: tuple[BandTime, ...] = ()
    groups: tuple[PhaseGroup, ...] = ()


def explore(
    frames: SessionFrames, measured: Measured, result: SessionResult, left_out: Collection[str]
) -> SessionExplored:
    """Compute everything that is exploratory in one session.

    Parameters
    ----------
    frames : SessionFrames
        What the hypothesis sees of it.
    measured : Measured
        The session.
    result : SessionResult
        The same, with those who agreed to research.
    left_out : collection of str
        Persons whom the hypothesis file leaves out; they stay out here too.
    """
    seen = replace(
        frames,
        features=frames.features[~frames.features["person"].isin(left_out)],
        short=frames.short[~frames.short["person"].isin(left_out)],
    )
    curves = result.curves[~result.curves["person"].isin(left_out)]
    people = [p for p in measured.physiologies if p.id in result.persons and p.id not in left_out]
    return SessionExplored(
        events=tuple(_events(seen)),
        recoveries=tuple(_recoveries(seen)),
        probes=tuple(p for p in probe_pairs(seen, curves) if p.person not in left_out),
        bands=time_in_band(curves),
        groups=phase_groups(
            frames.id,
            people,
            result.timeline,
            result.protocol,
            speech=measured.speech,
            align=result.settings.align,
        ),
    )


def _events(frames: SessionFrames) -> Iterator[SessionEvents]:
    if not (frames.timeline.interventions or frames.timeline.silences):
        return
    for measure in ANSWERING:
        try:
            yield from session_events(frames, measure)
        except NothingUsableError:
            continue


def _recoveries(frames: SessionFrames) -> Iterator[BlockRecovery]:
    # The same session has the same surrogates in every run.
    rng = np.random.default_rng(zlib.crc32(frames.id.encode()))
    presenters = {b.index: b.presenter for b in frames.timeline.blocks}
    for measure in RECOVERING:
        try:
            found = session_recoveries(frames, measure, rng=rng, draws=DRAWS)
        except NothingUsableError:
            continue
        for one in found:
            presents = one.person == presenters.get(one.block)
            yield BlockRecovery(frames.id, measure, "presenter" if presents else "members", one)
