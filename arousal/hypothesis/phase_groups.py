"""Second by second, who sat together in a phase: what synchrony is computed from.

Heart rate is the mean over each second of the rate that its beat intervals say (a step function,
not an interpolated curve); responses of the skin are counted over the ten seconds around. A second
without usable data is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.features import PersonPhysiology
from arousal.features.beats import Beats
from arousal.features.electrodermal import Electrodermal
from arousal.phase_align.align import edge_of, group_of
from arousal.phase_align.timeline import PhaseInterval, Timeline
from arousal.protocol import Protocol
from arousal.settings import AlignSettings

__all__ = ["SIGNALS", "Lengths", "PhaseGroup", "heart_rate_seconds", "phase_groups", "scr_seconds"]

FloatArray = NDArray[np.float64]

COVERED = 0.99
"""Share of a second that intervals must cover."""
AROUND = 10
"""Seconds over which responses of the skin are counted."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How synchrony of a signal is looked at, s.

    Parameters
    ----------
    segment : int
        For leave-one-out and presenter-group correlation.
    window, lag : int
        For windowed cross-correlation.
    """

    segment: int
    window: int
    lag: int


SIGNALS: Mapping[str, Lengths] = {
    "heart_rate": Lengths(60, 30, 5),
    "scr_rate": Lengths(120, 60, 7),
}
"""Science, section 4; segments are twice the windows."""


@dataclass(frozen=True, slots=True, eq=False)
class PhaseGroup:
    """Those who sat together in one phase of one block, second by second from its beginning.

    Parameters
    ----------
    session : str
        Session id.
    block : int
        Case block; 0 outside.
    phase : str
        Phase id.
    signal : str
        One of `SIGNALS`.
    persons : tuple of str
        Pseudonyms; leaders are not among them.
    presenter : int or None
        Row of the presenter.
    values : ndarray, shape (persons, seconds)
        Beats per minute, or responses per minute; column 0 = the phase begins (its edge dropped).
    speech : ndarray, shape (persons, seconds)
        Share of each second that the person spoke; NaN = not known.
    """

    session: str
    block: int
    phase: str
    signal: str
    persons: tuple[str, ...]
    presenter: int | None
    values: FloatArray
    speech: FloatArray


def heart_rate_seconds(beats: Beats, onset: float, seconds: int) -> FloatArray:
    """Mean heart rate in each second.

    Parameters
    ----------
    beats : Beats
        Corrected intervals.
    onset : float
        Where the first second begins.
    seconds : int
        How many.

    Returns
    -------
    ndarray, shape (seconds,)
        bpm, weighted by time; NaN where intervals cover less than 99 % of a second.
    """
    if not len(beats):
        return np.full(seconds, np.nan)
    edges = np.ravel(np.column_stack([beats.starts, beats.times]))
    length = beats.times - beats.starts
    rate = 60000.0 / beats.intervals
    covered = np.ravel(np.column_stack([np.cumsum(length) - length, np.cumsum(length)]))
    weighted = np.cumsum(rate * length)
    total = np.ravel(np.column_stack([weighted - rate * length, weighted]))
    at = onset + np.arange(seconds + 1.0)
    share = np.diff(np.interp(at, edges, covered))
    summed = np.diff(np.interp(at, edges, total))
    known = share >= COVERED
    return np.where(known, summed / np.where(known, share, 1.0), np.nan)


def scr_seconds(skin: Electrodermal, onset: float, seconds: int) -> FloatArray:
    """Responses per minute in the ten seconds around the middle of each second.

    Parameters
    ----------
    skin : Electrodermal
        Analysed conductance.
    onset, seconds
        As `heart_rate_seconds`.

    Returns
    -------
    ndarray, shape (seconds,)
        1/min; NaN where the ten seconds are not wholly usable, or responses cannot be counted.
    """
    if not skin.counts_responses or skin.non_responder:
        return np.full(seconds, np.nan)
    middle = onset + np.arange(seconds) + 0.5
    low, high = middle - AROUND / 2, middle + AROUND / 2
    begins = np.sort(skin.responses.onset)
    count = np.searchsorted(begins, high) - np.searchsorted(begins, low)
    inside = np.zeros(seconds, dtype=bool)
    for first, last in skin.spans:
        inside |= (low >= first) & (high <= last)
    return np.where(inside, count * 60.0 / AROUND, np.nan)


def phase_groups(
    session: str,
    physiologies: Sequence[PersonPhysiology],
    timeline: Timeline,
    protocol: Protocol,
    *,
    speech: Mapping[str, FloatArray] | None = None,
    align: AlignSettings | None = None,
) -> tuple[PhaseGroup, ...]:
    """Cut a session into phases, second by second.

    Parameters
    ----------
    session : str
        Session id.
    physiologies : sequence of PersonPhysiology
        Of those who agreed.
    timeline : Timeline
        Only phases with known bounds are used.
    protocol : Protocol
        Says who leads.
    speech : mapping, optional
        Pseudonym -> turns, shape (k, 2), s; who is missing was silent. ``None``: not known.
    align : AlignSettings, optional
        Edges.

    Returns
    -------
    tuple of PhaseGroup
        One per phase and signal; phases that nobody has data in are left out.
    """
    rules = align or AlignSettings()
    found = []
    for phase in timeline.phases:
        onset = phase.onset + edge_of(phase, rules)
        seconds = int(phase.end - onset)
        if not phase.certain or not phase.phase or seconds < 1:
            continue
        middle = (phase.onset + phase.end) / 2
        there = [
            p
            for p in physiologies
            if group_of(timeline.role_of(p.id, middle), protocol) in {"members", "presenter"}
        ]
        talk = [_speech(speech, p.id, onset, seconds) for p in there]
        for signal in SIGNALS:
            values = [_series(p, signal, onset, seconds) for p in there]
            group = _group(session, phase, signal, there, values, talk, timeline)
            if group is not None:
                found.append(group)
    return tuple(found)


def _series(person: PersonPhysiology, signal: str, onset: float, seconds: int) -> FloatArray:
    if signal == "heart_rate" and person.beats is not None:
        return heart_rate_seconds(person.beats, onset, seconds)
    if signal == "scr_rate" and person.eda is not None:
        return scr_seconds(person.eda, onset, seconds)
    return np.full(seconds, np.nan)


def _speech(
    speech: Mapping[str, FloatArray] | None, person: str, onset: float, seconds: int
) -> FloatArray:
    if speech is None:
        return np.full(seconds, np.nan)
    turns = np.asarray(speech.get(person, np.empty((0, 2))), dtype=np.float64)
    if not len(turns):
        return np.zeros(seconds)
    turns = turns[np.argsort(turns[:, 0])]
    talked = np.cumsum(turns[:, 1] - turns[:, 0])
    until = np.ravel(np.column_stack([talked - (turns[:, 1] - turns[:, 0]), talked]))
    at = onset + np.arange(seconds + 1.0)
    return np.clip(np.diff(np.interp(at, turns.ravel(), until)), 0.0, 1.0)


def _group(
    session: str,
    phase: PhaseInterval,
    signal: str,
    people: Sequence[PersonPhysiology],
    values: Sequence[FloatArray],
    talk: Sequence[FloatArray],
    timeline: Timeline,
) -> PhaseGroup | None:
    known = [i for i, v in enumerate(values) if np.isfinite(v).any()]
    if not known:
        return None
    persons = tuple(people[i].id for i in known)
    presenter = timeline.presenter(phase.block)
    return PhaseGroup(
        session,
        phase.block,
        phase.phase,
        signal,
        persons,
        persons.index(presenter) if presenter in persons else None,
        np.array([values[i] for i in known]),
        np.array([talk[i] for i in known]),
    )
