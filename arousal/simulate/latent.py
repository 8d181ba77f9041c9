"""The level of arousal behind everything that is measured: planted course, noise, drift, speech.

This is the whole truth of a session in a few milliseconds; studies of error rates and power that
need no heart beats start here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.protocol import Protocol
from arousal.simulate.course import course, followed
from arousal.simulate.noise import NOISE_STEP, noise
from arousal.simulate.roster import Seat, choose_presenters, seat_people
from arousal.simulate.seeds import Seeds
from arousal.simulate.settings import SimulationSettings
from arousal.simulate.talk import Turn, speech_fraction, take_turns
from arousal.simulate.timetable import Timetable, lay_out

__all__ = ["LatentSession", "simulate_latent"]

SLOW = 60
"""Seconds of the running means through which the conductance level follows."""
SPEECH_RISE = 5.0
"""Time constant in s with which the level follows speech, up and down."""


@dataclass(frozen=True, slots=True, eq=False)
class LatentSession:
    """One meeting's levels, taken apart. All curves are at 1 Hz from recording time 0, in SD.

    Parameters
    ----------
    protocol : Protocol
        What kind of session it is.
    seats : tuple of Seat
        The people; row ``i`` of each array belongs to ``seats[i]``.
    presenters : mapping of int to str
        Block from 1 -> presenter.
    timetable : Timetable
        When each phase began and ended.
    turns : tuple of Turn
        Who talked when.
    speaking : ndarray, shape (people, seconds)
        Share of each second that the person talked.
    course : ndarray, shape (people, seconds)
        Planted phase effects, times the person's own factor.
    noise : ndarray, shape (people, seconds)
        The person's own fluctuation.
    drift : ndarray, shape (seconds,)
        Common to everyone.
    speech : ndarray, shape (people, seconds)
        Rise by the person's own talking.
    """

    protocol: Protocol
    seats: tuple[Seat, ...]
    presenters: Mapping[int, str]
    timetable: Timetable
    turns: tuple[Turn, ...]
    speaking: NDArray[np.float64]
    course: NDArray[np.float64]
    noise: NDArray[np.float64]
    drift: NDArray[np.float64]
    speech: NDArray[np.float64]

    @property
    def level(self) -> NDArray[np.float64]:
        """Everything together, shape (people, seconds), SD."""
        return self.course + self.noise + self.drift + self.speech

    def parts(self, row: int, measure: str) -> dict[str, NDArray[np.float64]]:
        """Take one person's level apart, as a measure follows it.

        The conductance level (``"ln_scl"``) follows a person's fluctuations and talking only
        slowly, as skin does: through two running means of a minute. Everything else follows at
        once.

        Returns
        -------
        dict
            ``planted``, ``speech``, ``drift`` and ``noise``, each of shape (seconds,), SD.
        """
        follow = _slowly if measure == "ln_scl" else np.asarray
        return {
            "planted": self.course[row],
            "speech": follow(self.speech[row]),
            "drift": self.drift,
            "noise": follow(self.noise[row]),
        }


def _slowly(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    for _ in range(2):
        # The ends are repeated, so that a curve that stands still stays where it is.
        padded = np.pad(curve, (SLOW // 2, SLOW - SLOW // 2 - 1), mode="edge")
        total = np.concatenate([[0.0], np.cumsum(padded)])
        curve = (total[SLOW:] - total[:-SLOW]) / SLOW
    return curve


def simulate_latent(
    protocol: Protocol, people: int, seed: int, settings: SimulationSettings
) -> LatentSession:
    """Simulate the levels of one meeting, without any signal.

    Parameters
    ----------
    protocol : Protocol
        What kind of session.
    people : int
        Leaders included: 6-12 in a group, 2 in an individual therapy.
    seed : int
        Same seed, same session. A person's noise does not depend on how many others there are.
    settings : SimulationSettings
        Noise, drift, speech and effect.

    Raises
    ------
    UsageError
        If ``people`` or ``seed`` is out of range.

    Examples
    --------
    >>> from arousal.protocol import load_protocol
    >>> session = simulate_latent(load_protocol("balint-90"), 10, 7, SimulationSettings())
    >>> session.level.shape[0]
    10
    """
    seeds = Seeds(seed)
    seats = seat_people(protocol, people, settings.leaders)
    presenters = choose_presenters(protocol, seats, seeds)
    timetable = lay_out(protocol, settings, seeds.of("layout"))
    turns = take_turns(protocol, seats, presenters, timetable, seeds.of("talk"))
    seconds = timetable.seconds
    speaking = np.array([speech_fraction(turns, s.person, seconds) for s in seats])
    own = [_own(seat, seeds, seconds, settings) for seat in seats]
    factors = np.array([factor for factor, _ in own])
    keys = [followed(seat, presenters, timetable) for seat in seats]
    # Most people follow the same course.
    courses = {key: course(key, timetable) for key in set(keys)}
    return LatentSession(
        protocol=protocol,
        seats=seats,
        presenters=presenters,
        timetable=timetable,
        turns=turns,
        speaking=speaking,
        course=settings.effect * factors[:, None] * np.array([courses[key] for key in keys]),
        noise=np.array([fluctuation for _, fluctuation in own]),
        drift=settings.drift * _drift(seconds, seeds.of("drift")),
        speech=_speech(speaking, seats, presenters, settings),
    )


def _own(
    seat: Seat, seeds: Seeds, seconds: int, settings: SimulationSettings
) -> tuple[float, NDArray[np.float64]]:
    """Return a person's factor on planted effects, and their fluctuation at 1 Hz."""
    rng = seeds.of("noise", seat.index)
    factor = 1.0 + settings.effect_spread * rng.standard_normal()
    steps = int(np.ceil(seconds / NOISE_STEP)) + 1
    values = settings.noise_sd * noise(settings.noise, steps, rng)[0]
    # Straight lines between the 30 s values: nothing faster than the family says is added.
    curve = np.interp(np.arange(seconds), NOISE_STEP * np.arange(steps), values)
    return factor, curve


def _drift(seconds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A slope and a bend of random sign and size, mean 0 and SD 1 over the session."""
    time = np.linspace(-1.0, 1.0, seconds)
    slope, bend = rng.standard_normal(2)
    curve = slope * time + bend * (time**2 - 1 / 3)
    curve -= curve.mean()
    return np.asarray(curve / curve.std())


def _speech(
    speaking: NDArray[np.float64],
    seats: tuple[Seat, ...],
    presenters: Mapping[int, str],
    settings: SimulationSettings,
) -> NDArray[np.float64]:
    from scipy.signal import lfilter

    kept = np.exp(-1.0 / SPEECH_RISE)
    slow = lfilter([1 - kept], [1.0, -kept], speaking)
    presents = np.array([s.person in presenters.values() for s in seats])
    slope = settings.speech_effect * np.where(presents, settings.presenter_slope, 1.0)
    return np.asarray(slope[:, None] * slow)
