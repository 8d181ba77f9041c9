"""Synchrony of groups, phase by phase: against chance within sessions, and against other sessions.

Against *chance*: each person's segments change places within the phase. Against the *agenda*: what
people do at the same moment of the same phase in other sessions, pair by pair (pseudo-groups).
Whoever shares an agenda but not a room is as alike as those who share both, unless they answer each
other. Across blocks, a claim needs both; within one session there is only the first, exploratory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis import inference
from arousal.hypothesis.agenda import Room, above_agenda
from arousal.hypothesis.phase_groups import SIGNALS, PhaseGroup
from arousal.hypothesis.phase_pieces import cut, lagged, own_speech_out
from arousal.hypothesis.synchrony import (
    Shuffled,
    shuffle_coupling,
    shuffle_leave_one_out,
    shuffle_windows,
)
from arousal.hypothesis.units import Repeats, too_few_units

__all__ = ["METHODS", "PhaseSynchrony", "SynchronyTest", "phase_synchrony", "synchrony_tests"]

FloatArray = NDArray[np.float64]
Method = Literal["leave-one-out", "windowed", "presenter-group"]

METHODS: tuple[Method, ...] = ("leave-one-out", "windowed", "presenter-group")
DRAWS = 499
LEAST_SEGMENTS = 5
"""Segments that a person needs in a phase; fewer cannot change places often enough."""


@dataclass(frozen=True, slots=True)
class PhaseSynchrony:
    """One phase of one block. Exploratory; pairs are never shown, least of all to a leader.

    Parameters
    ----------
    session, block, phase, signal : str, int, str, str
        Where, and of what.
    method : {"leave-one-out", "windowed", "presenter-group"}
    r : float
        Mean correlation (back from Fisher's z); NaN with a reason.
    expected : float
        What shuffled segments give on average. For the windowed method it is far above 0, because
        the highest of several correlations is taken.
    p : float
        Against shuffled segments.
    persons, segments : int
        People, and segments (windows) of the phase.
    speech : bool
        Whether everybody's own talking was taken out.
    reason : str
        Why there is no number.
    """

    session: str
    block: int
    phase: str
    signal: str
    method: Method
    r: float = np.nan
    expected: float = np.nan
    p: float = np.nan
    persons: int = 0
    segments: int = 0
    speech: bool = False
    reason: str = ""
    exploratory: Literal[True] = field(default=True, init=False)
    audience: Literal["researcher"] = field(default="researcher", init=False)


@dataclass(frozen=True, slots=True)
class SynchronyTest:
    """One phase, signal and method over case blocks.

    Parameters
    ----------
    phase, signal, method : str
        What.
    n : int
        Blocks (or clusters of them) with both comparisons.
    above_chance, above_agenda : float
        Mean difference of Fisher z: to shuffled segments, and of pairs of one room to pairs of
        different sessions.
    low, high : float
        95 % interval of ``above_agenda``.
    p_chance, p_agenda : float
        One-sided t; against other sessions with the standard error that blocks have which are
        each other's strangers (`arousal.hypothesis.agenda`), as its interval.
    p : float
        The larger of the two: a claim needs both.
    p_flip : float
        The same by sign-flip.
    reason : str
        Why nothing was tested.
    """

    phase: str
    signal: str
    method: Method
    n: int = 0
    above_chance: float = np.nan
    above_agenda: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p_chance: float = np.nan
    p_agenda: float = np.nan
    p: float = np.nan
    p_flip: float = np.nan
    reason: str = ""
    status: Literal["exploratory"] = field(default="exploratory", init=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A group whose own talking is taken out, and whose poor rows are left out."""

    group: PhaseGroup
    persons: tuple[str, ...]
    presenter: int | None
    segments: FloatArray
    windows: FloatArray
    speech: bool


def _prepare(group: PhaseGroup) -> _Prepared:
    lengths = SIGNALS[group.signal]
    spoken = bool(np.isfinite(group.speech).all())
    values = own_speech_out(group.values, group.speech, lengths.segment)
    segments = cut(values, lengths.segment)
    enough = np.isfinite(segments).all(axis=-1).sum(axis=-1) >= LEAST_SEGMENTS
    kept = np.flatnonzero(enough)
    row = group.presenter
    return _Prepared(
        group,
        tuple(group.persons[i] for i in kept),
        int(np.flatnonzero(kept == row)[0]) if row is not None and enough[row] else None,
        segments[kept],
        lagged(values[kept], lengths.window, lengths.lag),
        spoken,
    )


def phase_synchrony(
    group: PhaseGroup, *, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[PhaseSynchrony, ...]:
    """Synchrony in one phase of one block, by every method.

    Parameters
    ----------
    group : PhaseGroup
        From `arousal.hypothesis.phase_groups.phase_groups`.
    rng : numpy.random.Generator
        For shuffles.
    draws : int
        How many.

    Returns
    -------
    tuple of PhaseSynchrony
        One per method; what cannot be computed has its reason. Presenter-group only where the
        phase has a presenter.
    """
    ready = _prepare(group)
    methods = [m for m in METHODS if m != "presenter-group" or group.presenter is not None]
    return tuple(_within(ready, m, draws, rng) for m in methods)


def _within(
    ready: _Prepared, method: Method, draws: int, rng: np.random.Generator
) -> PhaseSynchrony:
    group = ready.group
    pieces = ready.windows if method == "windowed" else ready.segments
    blank = PhaseSynchrony(
        group.session,
        group.block,
        group.phase,
        group.signal,
        method,
        persons=len(ready.persons),
        segments=pieces.shape[1],
        speech=ready.speech,
    )
    reason = _missing(ready, method)
    found = None if reason else _shuffled(ready, method, draws, rng)
    if found is None:
        return replace(blank, reason=reason or "nobody's segments lie beside anybody's")
    r, expected = np.tanh([found.value, found.expected])
    return replace(blank, r=float(r), expected=float(expected), p=found.p)


def _missing(ready: _Prepared, method: Method) -> str:
    least = f"{LEAST_SEGMENTS} whole segments of {SIGNALS[ready.group.signal].segment} s"
    if method == "presenter-group" and ready.presenter is None:
        return f"the presenter has fewer than {least}"
    if len(ready.persons) < 2:
        return f"{len(ready.persons)} of {len(ready.group.persons)} people have {least}, needed 2"
    return ""


def _shuffled(
    ready: _Prepared, method: Method, draws: int, rng: np.random.Generator
) -> Shuffled | None:
    if method == "windowed":
        return shuffle_windows(ready.windows, draws, rng)
    if method == "leave-one-out":
        return shuffle_leave_one_out(ready.segments, draws, rng)
    if ready.presenter is None:
        return None
    return shuffle_coupling(ready.segments, ready.presenter, draws, rng)


def synchrony_tests(
    groups: Sequence[PhaseGroup],
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    repeats: Repeats | None = None,
) -> tuple[SynchronyTest, ...]:
    """Test synchrony over case blocks, phase by phase.

    Parameters
    ----------
    groups : sequence of PhaseGroup
        Of all sessions.
    rng : numpy.random.Generator
        For shuffles.
    draws : int
        Per block.
    repeats : Repeats, optional
        Which blocks count as one; default: none.

    Returns
    -------
    tuple of SynchronyTest
        One per phase, signal and method. Fewer than six units are described, not tested.
    """
    ready = [_prepare(g) for g in groups]
    places = dict.fromkeys((r.group.phase, r.group.signal) for r in ready)
    found = []
    for phase, signal in places:
        own = [r for r in ready if (r.group.phase, r.group.signal) == (phase, signal)]
        for method in METHODS:
            if method == "presenter-group" and all(r.group.presenter is None for r in own):
                continue
            found.append(_test(own, method, rng, draws, repeats or Repeats()))
    return tuple(found)


def _test(
    ready: Sequence[_Prepared],
    method: Method,
    rng: np.random.Generator,
    draws: int,
    repeats: Repeats,
) -> SynchronyTest:
    from scipy import stats

    first = ready[0].group
    blank = SynchronyTest(first.phase, first.signal, method)
    usable = [r for r in ready if not _missing(r, method)]
    if len({r.group.session for r in usable}) < 2:
        return replace(blank, reason=f"{len(usable)} blocks, pseudo-groups need other sessions")
    chance = np.array([_above_chance(_shuffled(r, method, draws, rng)) for r in usable])
    agenda = above_agenda(
        [_room(r, method) for r in usable],
        windowed=method == "windowed",
        coupling=method == "presenter-group",
    )
    both = np.isfinite(chance) & np.isfinite(agenda.values)
    coupled = method == "presenter-group"
    names = [repeats.unit(r.group.session, r.group.block, presenter=coupled) for r in usable]
    kept = [n for n, b in zip(names, both, strict=True) if b]
    if not kept:
        return replace(blank, reason="no block has both comparisons")
    units = [inference.cluster_means(x[both], kept) for x in (chance, agenda.values)]
    told = replace(
        blank,
        n=int(units[0].size),
        above_chance=float(units[0].mean()),
        above_agenda=float(units[1].mean()),
    )
    if few := too_few_units(told.n, int(both.sum())):
        return replace(told, reason=few)
    try:
        p_chance = float(inference.student_t(units[0], "greater")[2])
        t, df, _ = inference.student_t(units[1], "greater")
        flips = [float(inference.sign_flip(u, "greater")) for u in units]
        low, high = inference.mean_interval(units[1])
    except NothingUsableError as error:
        return replace(told, reason=error.message)
    shrunk = agenda.shrinkage(kept, both)
    p_agenda = float(stats.t.sf(t / shrunk, df))
    return replace(
        told,
        low=float(told.above_agenda + shrunk * (low - told.above_agenda)),
        high=float(told.above_agenda + shrunk * (high - told.above_agenda)),
        p_chance=p_chance,
        p_agenda=p_agenda,
        p=max(p_chance, p_agenda),
        p_flip=max(flips),
    )


def _room(ready: _Prepared, method: Method) -> Room:
    pieces = ready.windows if method == "windowed" else ready.segments
    return Room(ready.group.session, ready.persons, ready.presenter, pieces)


def _above_chance(found: Shuffled | None) -> float:
    return np.nan if found is None else found.value - found.expected
