"""Everything about one person that is computed once, before any window.

Which cardiac signal is used: the one whose usable beats cover most of the time; where the best
ones differ by less than 5 percentage points, ECG comes before a device's own intervals, and these
before a pulse wave. One source serves the whole session, so that a curve never changes its kind
of heartbeat half-way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import Beats
from arousal.features.breathing import find_breaths
from arousal.features.cardiac import find_beats
from arousal.features.edr import breaths_from_beats
from arousal.features.electrodermal import Electrodermal, known_site, process_eda
from arousal.features.engines import engine_named
from arousal.features.segments import finite_part
from arousal.features.spans import as_spans, merge, runs, total
from arousal.findings import Finding, Severity
from arousal.recording import Kind, Person, Signal
from arousal.settings import Settings

__all__ = ["PersonPhysiology", "process_person"]

FloatArray = NDArray[np.float64]

CARDIAC = (Kind.ECG, Kind.RR, Kind.PPG)
"""In order of preference where coverage is nearly the same."""
NEARLY = 0.05
"""Coverages closer than this count as the same."""
MOVING = 0.1
"""Standard deviation of acceleration (g) within a second above which a person moves."""
SHARE_MOVING = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class PersonPhysiology:
    """What was found in one person's signals.

    Parameters
    ----------
    id : str
        Pseudonym.
    beats : Beats or None
        From the cardiac signal that is used; ``None`` without any.
    eda : Electrodermal or None
    breaths : ndarray, shape (k, 2) or None
        Whole breaths in seconds; ``None`` without a breathing signal, unless the settings ask for
        an estimate from the heart.
    moving : ndarray, shape (k, 2)
        Seconds in which the person moved, from acceleration.
    device_hr : Signal or None
        Heart rate as the device computed it: passed on for description, never a feature.
    judged : tuple of (Signal, Beats or Electrodermal)
        Every cardiac and skin-conductance signal that was worked on, used or not.
    used : tuple of Signal
        Signals that features come from.
    findings : tuple of Finding
    """

    id: str
    beats: Beats | None = None
    eda: Electrodermal | None = None
    breaths: FloatArray | None = None
    moving: FloatArray | None = None
    device_hr: Signal | None = None
    judged: tuple[tuple[Signal, Beats | Electrodermal], ...] = ()
    used: tuple[Signal, ...] = ()
    findings: tuple[Finding, ...] = ()


def process_person(person: Person, settings: Settings) -> PersonPhysiology:
    """Clean, find, correct and judge everything of one person, once.

    Parameters
    ----------
    person : Person
    settings : Settings

    Returns
    -------
    PersonPhysiology
        With findings instead of errors where signals are poor.
    """
    cardiac = _cardiac(person, settings)
    skin = _skin(person, settings)
    beats = _choose_beats(cardiac)
    eda = max(skin, key=lambda pair: pair[1].usable_seconds, default=None)
    breathing = person.signal(Kind.RESPIRATION)
    acceleration = person.signal(Kind.ACCELERATION)
    chosen = [pair for pair in (beats, eda) if pair is not None]
    return PersonPhysiology(
        person.id,
        beats[1] if beats else None,
        eda[1] if eda else None,
        _breaths(breathing, beats, settings),
        _moving(acceleration) if acceleration is not None else None,
        person.signal(Kind.HR),
        (*cardiac, *skin),
        (*(pair[0] for pair in chosen), *([breathing] if breathing is not None else [])),
        tuple(_findings(person, beats, eda, settings)),
    )


def _breaths(
    belt: Signal | None, beats: tuple[Signal, Beats] | None, settings: Settings
) -> FloatArray | None:
    """From the belt; without one from the heart, where the settings allow that."""
    if belt is not None:
        return find_breaths(belt, engine_named(settings.engine))
    if beats is not None and settings.windows.breathing == "heart":
        return breaths_from_beats(beats[1])
    return None


def _cardiac(person: Person, settings: Settings) -> list[tuple[Signal, Beats]]:
    """Work on the cardiac signals in order of preference, until none can be better."""
    engine = engine_named(settings.engine)
    signals = [s for kind in CARDIAC for s in person.of(kind)]
    seconds = _common_seconds(signals)
    worked = []
    for signal in signals:
        beats = find_beats(signal, settings.beats, engine)
        worked.append((signal, beats))
        if total(beats.spans) >= (1.0 - NEARLY) * seconds:
            break
    return worked


def _choose_beats(worked: list[tuple[Signal, Beats]]) -> tuple[Signal, Beats] | None:
    if not worked:
        return None
    seconds = _common_seconds([signal for signal, _ in worked])
    coverage = [total(beats.spans) for _, beats in worked]
    best = max(coverage)
    near = [c >= best - NEARLY * seconds for c in coverage]
    return worked[near.index(True)]


def _common_seconds(signals: list[Signal]) -> float:
    filled = [s for s in signals if len(s)]
    return max((s.end for s in filled), default=0.0) - min((s.onset for s in filled), default=0.0)


def _skin(person: Person, settings: Settings) -> list[tuple[Signal, Electrodermal]]:
    worked = []
    for signal in person.of(Kind.EDA):
        temperature = _companion(signal, person.of(Kind.TEMPERATURE))
        engine = engine_named(settings.engine)
        worked.append((signal, process_eda(signal, temperature, settings.eda, engine)))
    return worked


def _companion(signal: Signal, others: tuple[Signal, ...]) -> Signal | None:
    """Temperature from the same sensor site if told, else any."""
    same = [o for o in others if o.site == signal.site]
    return same[0] if same else (others[0] if others else None)


def _moving(acceleration: Signal) -> FloatArray:
    """Seconds in which the length of the acceleration vector varies by more than 0.1 g."""
    values = acceleration.values
    length = np.linalg.norm(values, axis=1) if values.ndim == 2 else np.abs(values)
    part = finite_part(Signal(acceleration.kind, length, acceleration.times, acceleration.rate))
    if not len(part):
        return as_spans([])
    second = np.floor(part.times).astype(np.int64)
    first = np.flatnonzero(np.diff(second, prepend=second[0] - 1))
    count = np.diff(np.append(first, len(part)))
    mean = np.add.reduceat(part.values, first) / count
    spread = np.add.reduceat((part.values - np.repeat(mean, count)) ** 2, first) / count
    begin, end = runs(spread > MOVING**2)
    at = second[first].astype(np.float64)
    return merge(np.column_stack((at[begin], at[end - 1] + 1.0)))


def _findings(
    person: Person,
    beats: tuple[Signal, Beats] | None,
    eda: tuple[Signal, Electrodermal] | None,
    settings: Settings,
) -> list[Finding]:
    found = []
    if beats is not None and not len(beats[1]):
        found.append(_finding("no-beats", person, "no heartbeats could be used", Severity.PROBLEM))
    elif beats is not None and not beats[1].hrv:
        text = f"{beats[0].source or 'pulse wave'} is too slow for variability: heart rate only"
        found.append(_finding("heart-rate-only", person, text, Severity.NOTE))
    estimated = settings.windows.breathing == "heart" and person.signal(Kind.RESPIRATION) is None
    if beats is not None and estimated:
        text = "breathing was estimated from the heart rate; HF power rests on that"
        found.append(_finding("breathing-estimated", person, text, Severity.NOTE))
    if eda is None:
        return found
    signal, skin = eda
    if known_site(signal, settings.eda) is None:
        told = f"site {signal.site!r} has no threshold" if signal.site else "its site is not told"
        text = f"skin conductance: {told}; {skin.site} assumed ({skin.threshold:g} uS)"
        found.append(_finding("site-assumed", person, text, Severity.WARNING))
    if not skin.usable_seconds:
        text = "no skin conductance could be used"
        found.append(_finding("no-eda", person, text, Severity.PROBLEM))
    elif skin.non_responder:
        text = f"no skin conductance response of {skin.threshold:g} uS in the whole session"
        found.append(_finding("non-responder", person, text, Severity.WARNING))
    return found


def _finding(code: str, person: Person, message: str, severity: Severity) -> Finding:
    return Finding(code, message, severity, where=person.id)
