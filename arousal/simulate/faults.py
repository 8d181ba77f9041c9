"""What goes wrong with the sensors, and where: every fault is planned and stands in the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from arousal.recording import Kind
from arousal.simulate.latent import LatentSession
from arousal.simulate.roster import Seat
from arousal.simulate.seeds import Seeds
from arousal.simulate.settings import Level, SimulationSettings

__all__ = ["BEAT_FAULTS", "Fault", "FaultKind", "keep", "plan_faults", "spoil_conductance"]

FloatArray = NDArray[np.float64]

GAP = 60.0
"""Seconds that a drop-out lasts."""
SPARED = 5
"""Members whose sensors work all evening at the usual level: what a group figure needs."""
BEAT_FAULTS = {Level.NONE: (0.0, 0.0), Level.USUAL: (0.002, 0.001), Level.POOR: (0.03, 0.008)}
"""Share of ectopic and of missed beats."""
_BURSTS = {Level.NONE: 0.0, Level.USUAL: 4.0, Level.POOR: 20.0}
"""Movements per hour that shake an ECG."""


class FaultKind(StrEnum):
    """What happened to a sensor."""

    GAP = "gap"
    """Nothing arrived."""
    MOVEMENT = "movement"
    """The ECG was shaken."""
    BUMP = "bump"
    """A push on the electrode: up by 5 uS and slowly back."""
    LOOSE = "loose"
    """An electrode came off little by little: conductance under .05 uS."""
    FLAT = "flat"
    """The amplifier repeated its last value."""
    NO_RESPONSE = "no_response"
    """A person whose skin does not respond; nothing is wrong with the sensor."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one person's sensor in recording time, s."""

    person: str
    kind: Kind
    what: FaultKind
    onset: float
    end: float


def plan_faults(
    latent: LatentSession, settings: SimulationSettings, seeds: Seeds
) -> tuple[Fault, ...]:
    """Plan a session's faults.

    At the usual level the first member who can be spared (beyond five, the presenter not counted)
    loses their strap for a minute of every 20 and for a fifth of the longest phase, and the second
    is a non-responder; one more member's electrode comes loose for 3 minutes, another's signal
    freezes for 2, and one is pushed. At the poor level everyone also loses a minute in every 30.

    Returns
    -------
    tuple of Fault
        By person and onset.
    """
    rng = seeds.of("faults")
    presenting = set(latent.presenters.values())
    members = [s for s in latent.seats if not s.leads and s.person not in presenting]
    members = [members[i] for i in rng.permutation(len(members))]
    spare, others = members[: max(len(members) - SPARED, 0)], members[::-1]
    faults: list[Fault] = []
    if settings.dropouts is not Level.NONE:
        faults += [f for seat in spare[:1] for f in _lost_strap(seat, latent)]
    if settings.dropouts is Level.POOR:
        faults += [
            f
            for seat in latent.seats
            for kind in (Kind.RR, Kind.EDA)
            for f in _gaps(seat, kind, latent, 1800.0, seeds.of("faults", 1 + seat.index))
        ]
    if settings.artefacts is not Level.NONE:
        faults += _skin_faults(spare[1:2], others, latent, rng)
        faults += [
            f
            for seat in latent.seats
            for f in _bursts(seat, latent, _BURSTS[settings.artefacts], seeds)
        ]
    return tuple(sorted(faults, key=lambda f: (f.person, f.onset, f.kind)))


def _lost_strap(seat: Seat, latent: LatentSession) -> list[Fault]:
    longest = latent.timetable.longest
    fifth = (longest.end - longest.onset) / 5
    lost = Fault(
        seat.person,
        Kind.RR,
        FaultKind.GAP,
        round(longest.onset + 2 * fifth, 1),
        round(longest.onset + 3 * fifth, 1),
    )
    starts = np.arange(600.0, latent.timetable.duration - GAP, 1200.0)
    outside = [s for s in starts if s + GAP < lost.onset or s > lost.end]
    gaps = [Fault(seat.person, Kind.RR, FaultKind.GAP, float(s), float(s) + GAP) for s in outside]
    return [lost, *gaps]


def _gaps(
    seat: Seat, kind: Kind, latent: LatentSession, every: float, rng: np.random.Generator
) -> list[Fault]:
    starts = np.arange(0.0, latent.timetable.duration - every / 2, every)
    # The second kind must not lose the same minute as the first.
    jitter = rng.uniform(0.0, every / 2 - GAP, (2, starts.size))
    onsets = starts + (jitter[0] if kind is Kind.RR else every / 2 + jitter[1])
    inside = onsets[onsets + GAP < latent.timetable.duration]
    return [
        Fault(seat.person, kind, FaultKind.GAP, round(float(s), 1), round(float(s), 1) + GAP)
        for s in inside
    ]


def _skin_faults(
    silent: list[Seat], others: list[Seat], latent: LatentSession, rng: np.random.Generator
) -> list[Fault]:
    longest, duration = latent.timetable.longest, latent.timetable.duration
    faults = [Fault(s.person, Kind.EDA, FaultKind.NO_RESPONSE, 0.0, duration) for s in silent]
    lasting = ((FaultKind.LOOSE, 180.0), (FaultKind.FLAT, 120.0), (FaultKind.BUMP, 15.0))
    length = longest.end - longest.onset
    for seat, (what, seconds) in zip(others, lasting, strict=False):
        onset = round(longest.onset + float(rng.uniform(0.2, 0.6)) * length, 1)
        end = min(onset + seconds, longest.end)
        faults.append(Fault(seat.person, Kind.EDA, what, onset, round(end, 1)))
    return faults


def _bursts(seat: Seat, latent: LatentSession, per_hour: float, seeds: Seeds) -> list[Fault]:
    rng = seeds.of("ecg", 100 + seat.index)
    count = int(rng.poisson(per_hour * latent.timetable.duration / 3600.0))
    onsets = np.sort(rng.uniform(0.0, latent.timetable.duration - 10.0, count))
    lengths = rng.uniform(2.0, 8.0, count)
    return [
        Fault(seat.person, Kind.ECG, FaultKind.MOVEMENT, round(a, 1), round(a + b, 1))
        for a, b in zip(onsets.tolist(), lengths.tolist(), strict=True)
    ]


def keep(times: FloatArray, gaps: Iterable[Fault]) -> NDArray[np.bool_]:
    """Return which samples arrive: True outside the gaps, shape (n,)."""
    arrives = np.ones(times.size, dtype=np.bool_)
    for gap in gaps:
        arrives &= (times < gap.onset) | (times >= gap.end)
    return arrives


def spoil_conductance(
    values: FloatArray, times: FloatArray, faults: Iterable[Fault], rng: np.random.Generator
) -> FloatArray:
    """Return the conductance in uS with its bumps, loose electrodes and frozen stretches."""
    spoiled = values.copy()
    for fault in faults:
        inside = slice(*np.searchsorted(times, (fault.onset, fault.end)))
        since = times[inside] - fault.onset
        if fault.what is FaultKind.BUMP:
            shape = (1.0 - np.exp(-since / 0.3)) * np.exp(-since / 3.0)
            spoiled[inside] += 5.0 * shape / shape.max()
        elif fault.what is FaultKind.LOOSE:
            left = np.exp(-since / 4.0)
            off = np.abs(0.01 + 0.003 * rng.standard_normal(since.size))
            spoiled[inside] = left * spoiled[inside] + (1.0 - left) * off
        elif fault.what is FaultKind.FLAT:
            spoiled[inside] = spoiled[inside.start]
    return spoiled
