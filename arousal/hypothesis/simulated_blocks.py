"""Case blocks without bodies: windows of many simulated evenings at once, with known truth.

Levels are those of `arousal.simulate` (noise families, who talks when, what talking does), taken
straight to windows: a person's level is straight between values 30 s apart, so a window's mean is
exact. What follows (parts, coverage, own slope, members, tests) are the functions that real
sessions go through. Windows begin every 30 s, not every 5 s as in sessions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from arousal.errors import UsageError
from arousal.hypothesis.block_value import (
    BlockValues,
    PersonValues,
    block_values,
    need_of,
    person_values,
)
from arousal.hypothesis.hypothesis_file import Hypothesis
from arousal.hypothesis.layout import Layout, term_parts
from arousal.hypothesis.own_speech import LAG, OwnSpeech
from arousal.hypothesis.prediction import Contrast
from arousal.phase_align.align import align_windows
from arousal.phase_align.timeline import PhaseInterval, Timeline
from arousal.protocol import Protocol
from arousal.settings import Settings
from arousal.simulate.latent import SPEECH_RISE
from arousal.simulate.noise import NOISE_STEP, noise
from arousal.simulate.roster import choose_presenters, seat_people
from arousal.simulate.seeds import Seeds
from arousal.simulate.settings import SimulationSettings
from arousal.simulate.talk import speech_fraction, take_turns
from arousal.simulate.timetable import lay_out

__all__ = [
    "Conditions",
    "Drawn",
    "Evening",
    "contrast_of",
    "draw",
    "draw_noise",
    "make_evening",
    "persons_of",
    "vary",
]

Floats = NDArray[np.float32]
LEADERS = 2
TALKS = 24
"""Different courses of talk per evening, drawn from at random."""
PRESENTER = 0
_ROWS = {"presenter": slice(PRESENTER, PRESENTER + 1), "members": slice(1, None)}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is true beside noise, in SD of a person's own 30 s fluctuation.

    Parameters
    ----------
    noise : str
        One of ``arousal.simulate.NOISE_FAMILIES``.
    drift : float
        SD over the evening of a straight fall that is common to everyone, the same each evening.
    settling : float
        The same for a fall that slows down (time constant: a fifth of the evening).
    room : float
        SD of a fluctuation that everyone in the room shares, another one each evening.
    speech : float
        Rise while talking.
    presenter_slope : float
        The presenter's is this many times larger.
    """

    noise: str = "white+1/f"
    drift: float = 0.0
    settling: float = 0.0
    room: float = 0.0
    speech: float = 0.0
    presenter_slope: float = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Evening:
    """One timetable, with many courses of talk.

    Parameters
    ----------
    layout : Layout
        Its windows.
    timeline : Timeline
        Its phases.
    settings : Settings
        Edges as the hypothesis wants them.
    steps : ndarray of int, shape (windows,)
        Which noise value each window begins at.
    speech : OwnSpeech
        Arrays of shape (talks, persons, windows). The presenter stands first, leaders are left out.
    rise : ndarray, shape (talks, persons, windows)
        The same as the body follows it, with a time constant of 5 s.
    progress : ndarray, shape (windows,)
        Share of the evening at the middle of each window.
    """

    layout: Layout
    timeline: Timeline
    settings: Settings
    steps: NDArray[np.int64]
    speech: OwnSpeech
    rise: Floats
    progress: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Repetitions of one evening: values and own speech, shape (repetitions, persons, windows)."""

    values: Floats
    speech: OwnSpeech


def make_evening(protocol: Protocol, members: int, hypothesis: Hypothesis, seed: int) -> Evening:
    """Lay out an evening and who talks in it.

    Parameters
    ----------
    protocol : Protocol
        With at least one case; the first is used.
    members : int
        Members beside the presenter, 3-9.
    hypothesis : Hypothesis
        Its edges.
    seed : int
        Same seed, same evening.

    Raises
    ------
    UsageError
        If the protocol has no case, or the number of members is out of range.
    """
    if not protocol.case_blocks:
        raise UsageError(f"{protocol.id} has no case, so there is no case block to simulate")
    if not 3 <= members <= 9:
        raise UsageError(f"members is {members}, allowed 3 to 9")
    seeds = Seeds(seed)
    timetable = lay_out(protocol, SimulationSettings(), seeds.of("layout"))
    timeline = Timeline(
        0.0,
        timetable.duration,
        tuple(PhaseInterval(p.phase, p.block, p.onset, p.end) for p in timetable.phases),
    )
    edges = hypothesis.edges
    align = Settings().align.model_copy(
        update={
            "edge": edges.usual,
            "edge_short": edges.short,
            "edge_discussion": edges.discussion,
        }
    )
    settings = Settings().model_copy(update={"align": align})
    layout = _layout(timeline, protocol, settings)
    seats = seat_people(protocol, members + 1 + LEADERS, LEADERS)
    presenters = choose_presenters(protocol, seats, seeds)
    others = [s.person for s in seats if not s.leads and s.person != presenters[1]]
    rng = seeds.of("talk")
    talk = np.empty((TALKS, members + 1, timetable.seconds))
    for k in range(TALKS):
        turns = take_turns(protocol, seats, presenters, timetable, rng)
        for row, person in enumerate([presenters[1], *others]):
            talk[k, row] = speech_fraction(turns, person, timetable.seconds)
    return Evening(
        layout,
        timeline,
        settings,
        np.round(layout.onset / NOISE_STEP).astype(np.int64),
        OwnSpeech(_window_means(talk, layout), _window_means(talk, layout, LAG)),
        _window_means(_follow(talk), layout),
        layout.time / timetable.duration,
    )


def _layout(timeline: Timeline, protocol: Protocol, settings: Settings) -> Layout:
    """Windows of a minute, of 30 s in short phases, as `phase_windows` chooses them."""
    usual, short = settings.windows.durations[0], settings.windows.short
    grid = np.arange(0.0, timeline.end - usual, NOISE_STEP)
    length = np.repeat([usual, short], grid.size)
    frame = pd.DataFrame({"person": "P", "onset": np.tile(grid, 2), "duration": length})
    place = align_windows(frame, timeline, protocol, settings.align)
    right = np.where(place["short"], short, usual) == length
    # Case 1 and the meeting around it; other cases of the evening are none of this block.
    here = place["inside"] & place["block"].isin([0, 1]) & (place["phase"] != "")
    keep = (right & here).to_numpy()
    order = np.flatnonzero(keep)[np.argsort(place["time"].to_numpy()[keep], kind="stable")]
    return Layout(
        frame["onset"].to_numpy(dtype=np.float64)[order],
        length[order],
        place["interval"].to_numpy(dtype=np.int64)[order],
    )


def _follow(talk: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    kept = np.exp(-1.0 / SPEECH_RISE)
    return np.asarray(lfilter([1 - kept], [1.0, -kept], talk, axis=-1))


def _window_means(curves: NDArray[np.float64], layout: Layout, lag: float = 0.0) -> Floats:
    total = np.concatenate([np.zeros((*curves.shape[:-1], 1)), np.cumsum(curves, axis=-1)], -1)
    first = np.maximum(layout.onset - lag, 0).astype(np.int64)
    last = (layout.onset - lag + layout.duration).astype(np.int64)
    means: Floats = ((total[..., last] - total[..., first]) / layout.duration).astype(np.float32)
    return means


def draw(evening: Evening, conditions: Conditions, reps: int, rng: np.random.Generator) -> Drawn:
    """Draw repetitions of an evening in which no phase has any effect.

    Parameters
    ----------
    evening : Evening
        From `make_evening`.
    conditions : Conditions
        What is true beside noise.
    reps : int
        Repetitions.
    rng : numpy.random.Generator
        Where the randomness comes from.

    Returns
    -------
    Drawn
        In SD; every person and repetition has noise of its own.
    """
    return vary(evening, conditions, draw_noise(evening, conditions.noise, reps, rng), rng)


def vary(evening: Evening, conditions: Conditions, base: Floats, rng: np.random.Generator) -> Drawn:
    """Add drift, room and talking to noise that was drawn already."""
    reps, persons = base.shape[:2]
    pick = rng.integers(0, len(evening.rise), reps)
    values = base + _common(evening, conditions)
    if conditions.room:
        shared = _windowed(evening, noise(conditions.noise, _knots(evening), rng, reps))
        values += np.float32(conditions.room) * shared[:, None, :]
    if conditions.speech:
        slope = np.full((persons, 1), conditions.speech, dtype=np.float32)
        slope[PRESENTER] *= conditions.presenter_slope
        values += slope * evening.rise[pick]
    return Drawn(values, OwnSpeech(evening.speech.now[pick], evening.speech.before[pick]))


def _common(evening: Evening, conditions: Conditions) -> Floats:
    """What falls in everyone, shape (windows,); SD 1 over the evening before its factor."""
    x = np.linspace(0.0, 1.0, 1001)
    common = np.zeros(evening.progress.shape)
    for size, curve in ((conditions.drift, -x), (conditions.settling, np.exp(-5 * x))):
        scaled = (curve - curve.mean()) / curve.std()
        common += size * np.interp(evening.progress, x, scaled)
    return common.astype(np.float32)


def draw_noise(evening: Evening, family: str, reps: int, rng: np.random.Generator) -> Floats:
    """Draw what everybody does by themselves, shape (repetitions, persons, windows), SD 1."""
    persons = evening.rise.shape[1]
    values = _windowed(evening, noise(family, _knots(evening), rng, reps * persons))
    return values.reshape(reps, persons, -1)


def _knots(evening: Evening) -> int:
    return int(evening.steps.max()) + 3


def _windowed(evening: Evening, knots: NDArray[np.float64]) -> Floats:
    """Mean of each window over a level that is straight between knots, shape (n, windows)."""
    k = knots.astype(np.float32)
    minute = (k[:, :-2] + 2 * k[:, 1:-1] + k[:, 2:]) / 4
    half = (k[:, :-2] + k[:, 1:-1]) / 2
    long = evening.layout.duration > NOISE_STEP
    return np.asarray(np.where(long, minute[:, evening.steps], half[:, evening.steps]))


def persons_of(
    evening: Evening, drawn: Drawn, contrast: Contrast, hypothesis: Hypothesis
) -> PersonValues:
    """Compute a contrast within those whom it looks at, in every repetition.

    Returns
    -------
    PersonValues
        Persons as in `Drawn`; without the members or the presenter where they do not enter.
    """
    rows = _ROWS.get(contrast.who, slice(None))
    align = evening.settings.align
    return person_values(
        drawn.values[:, rows],
        OwnSpeech(drawn.speech.now[:, rows], drawn.speech.before[:, rows]),
        evening.layout,
        term_parts(evening.layout, contrast.terms, evening.timeline, 1, align),
        contrast,
        need_of("heart_rate", hypothesis.exclusions),
        hypothesis.speech,
    )


def contrast_of(
    evening: Evening, drawn: Drawn, contrast: Contrast, hypothesis: Hypothesis
) -> BlockValues:
    """Compute a contrast in every repetition, as in a real session of one case block.

    Returns
    -------
    BlockValues
        Shape (repetitions,).
    """
    value = persons_of(evening, drawn, contrast, hypothesis).value
    alone = contrast.who == "members"
    members = range(0 if alone else 1, value.shape[-1])
    return block_values(
        value,
        contrast.who,
        None if alone else PRESENTER,
        members,
        hypothesis.exclusions.min_members,
    )
