"""Two recordings on one clock, by a signal that both saw.

Devices that were started one by one, or whose computers' clocks disagree, are put together by
what both measured: a jump, three claps, the same pulse. Header clocks are never used for it: two
hubs of one maker, started together, disagreed by 4.4 s. What a header claims can be given, and is
compared and said.

Method: masked normalised cross-correlation (Padfield 2012, doi 10.1109/TIP.2011.2173394) of both
signals on one grid, so that gaps carry no weight and each lag is judged on the stretch that both
cover; the lag of the highest correlation among those with enough overlap, refined to a fraction
of a sample by a parabola. Departures: a slow drift is taken out first (running mean), and the
answer is refused where a second place correlates nearly as well, as in a signal that repeats
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError, NothingUsableError, UsageError
from arousal.findings import Finding, Severity
from arousal.recording import Event, Kind, Person, Recording, Signal

__all__ = ["Alignment", "find_offset", "join_recordings"]

FloatArray = NDArray[np.float64]
FASTEST = 1000.0
"""Samples per second of the finest grid."""
SHORTEST = 10.0
"""Seconds that both must cover, at least; and at least a quarter of the shorter signal."""
WEAKEST = 0.5
"""A lower correlation is no alignment."""
RIVAL = 0.9
"""Another place that correlates this much of the best makes the answer ambiguous."""
SLOW = 5.0
"""Seconds of the running mean that is taken out."""
CLAIM_SLACK = 0.1
"""Seconds by which a header clock may be off without a word."""
DRIFT_SLACK = 0.05
"""Seconds by which the two halves may differ without a word."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where one recording lies on another's clock.

    Parameters
    ----------
    offset : float
        Seconds; time on the reference = time in the other + ``offset``.
    correlation : float
        At that offset, 0-1.
    rival : float
        Highest correlation at another place, 0-1.
    overlap : float
        Seconds that both cover.
    drift : float
        Seconds by which the offset grew from the first half of the overlap to the second; NaN
        where the halves are too short to tell.
    findings : tuple of Finding
        ``clock-contradicted``, ``clocks-drift``.
    """

    offset: float
    correlation: float
    rival: float
    overlap: float
    drift: float = float("nan")
    findings: tuple[Finding, ...] = ()


def find_offset(
    reference: Signal,
    other: Signal,
    *,
    claimed: float | None = None,
    within: float | None = None,
) -> Alignment:
    """Find where a signal lies on another's clock.

    Parameters
    ----------
    reference, other : Signal
        The same quantity, measured by both. Of movement the length of the vector is compared, so
        the devices need not be turned alike.
    claimed : float, optional
        Offset in seconds that the files' clocks claim; it is compared, never used.
    within : float, optional
        Search only offsets of at most this many seconds to either side.

    Returns
    -------
    Alignment
        With a finding where the claim is off by more than 0.1 s, or where the clocks run apart.

    Raises
    ------
    NothingUsableError
        If the signals never agree (correlation below 0.5), share less than 10 s, or agree equally
        well in several places.
    UsageError
        If the signals are of different kinds or have no sampling rate.

    Examples
    --------
    >>> from arousal.ingest import load
    >>> one, two = load("sync_acc_1.txt"), load("sync_acc_2.txt")          # doctest: +SKIP
    >>> find_offset(one.person("P01").signals[0],
    ...             two.person("P01").signals[0], claimed=22.037).offset   # doctest: +SKIP
    17.604
    """
    _check_alike(reference, other)
    rate = min(max(reference.rate or 1.0, other.rate or 1.0), FASTEST)
    one, two = _on_grid(reference, rate), _on_grid(other, rate)
    shortest = round(max(SHORTEST, 0.25 * min(one.size, two.size) / rate) * rate)
    lags, correlation, overlap = _correlate(one, two, shortest)
    lead = reference.onset - other.onset
    if within is not None:
        outside = np.abs(lags / rate + lead) > within
        correlation = np.where(outside, np.nan, correlation)
    if not np.isfinite(correlation).any():
        raise NothingUsableError(
            f"{reference.source!r} and {other.source!r} share no stretch of "
            f"{shortest / rate:g} s without gaps",
            hint="align by another signal, or search a wider range",
        )
    best = int(np.nanargmax(correlation))
    peak, rival = float(correlation[best]), _rival(correlation, best, rate)
    _check_clear(peak, rival, reference, other)
    offset = float((lags[best] + _fraction(correlation, best)) / rate + lead)
    drift = _drift(one, two, int(lags[best]), rate)
    findings = _said(offset, claimed, drift, reference, other)
    seconds = float(overlap[best] / rate)
    return Alignment(offset, peak, max(rival, 0.0), seconds, drift, findings)


def _check_alike(reference: Signal, other: Signal) -> None:
    if reference.kind is not other.kind:
        raise UsageError(f"{reference.kind} and {other.kind} cannot be compared")
    if reference.kind is Kind.RR or reference.rate is None or other.rate is None:
        raise UsageError(f"{reference.kind} without a sampling rate cannot be aligned")
    if len(reference) < 2 or len(other) < 2:
        raise NothingUsableError("one of the signals is empty")


def _on_grid(signal: Signal, rate: float) -> FloatArray:
    """Sample on an even grid from the first sample on; NaN in gaps; drift taken out."""
    values = np.linalg.norm(signal.values, axis=1) if signal.values.ndim == 2 else signal.values
    grid = np.arange(round((signal.times[-1] - signal.onset) * rate) + 1) / rate + signal.onset
    finite = np.isfinite(values)
    result = np.full(grid.shape, np.nan)
    if finite.sum() < 2:
        return result
    result = np.interp(grid, signal.times[finite], values[finite])
    steps = np.diff(signal.times[finite])
    longest = 3.0 / (signal.rate or rate)
    for start in np.flatnonzero(steps > longest):
        first, last = signal.times[finite][start], signal.times[finite][start + 1]
        result[(grid > first) & (grid < last)] = np.nan
    return result - _running_mean(result, round(SLOW * rate))


def _running_mean(values: FloatArray, width: int) -> FloatArray:
    weight = np.isfinite(values).astype(np.float64)
    kernel_ends = np.arange(values.size)
    low = np.maximum(kernel_ends - width // 2, 0)
    high = np.minimum(kernel_ends + width // 2 + 1, values.size)
    total = np.concatenate([[0.0], np.cumsum(np.where(weight > 0, values, 0.0))])
    count = np.concatenate([[0.0], np.cumsum(weight)])
    return np.asarray((total[high] - total[low]) / np.maximum(count[high] - count[low], 1.0))


def _correlate(
    one: FloatArray, two: FloatArray, shortest: int
) -> tuple[NDArray[np.int64], FloatArray, FloatArray]:
    """Masked normalised cross-correlation at every lag; NaN where the overlap is too short."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(one.size + two.size - 1, real=True)

    def both(a: FloatArray, b: FloatArray) -> FloatArray:
        product = irfft(rfft(a, size) * np.conj(rfft(b, size)), size)
        return np.concatenate([product[size - two.size + 1 :], product[: one.size]])

    mask_one, mask_two = np.isfinite(one).astype(float), np.isfinite(two).astype(float)
    a, b = (np.where(m > 0, v, 0.0) for m, v in ((mask_one, one), (mask_two, two)))
    count = np.round(both(mask_one, mask_two))
    safe = np.maximum(count, 1.0)
    sum_a, sum_b = both(a, mask_two), both(mask_one, b)
    above = both(a, b) - sum_a * sum_b / safe
    spread_a = both(a * a, mask_two) - sum_a**2 / safe
    spread_b = both(mask_one, b * b) - sum_b**2 / safe
    floor = 1e-9 * max(float(spread_a.max()), 1e-300) * max(float(spread_b.max()), 1e-300)
    below = spread_a * spread_b
    good = (count >= shortest) & (below > floor)
    result = np.full(count.shape, np.nan)
    result[good] = above[good] / np.sqrt(below[good])
    return np.arange(-two.size + 1, one.size), result, count


def _rival(correlation: FloatArray, best: int, rate: float) -> float:
    """Highest correlation outside of the best peak's own hill."""
    finite = np.nan_to_num(correlation, nan=-1.0)
    left, right = best, best
    while left > 0 and 0 < finite[left - 1] <= finite[left]:
        left -= 1
    while right < finite.size - 1 and 0 < finite[right + 1] <= finite[right]:
        right += 1
    near = round(0.25 * rate)
    left, right = min(left, best - near), max(right, best + near)
    rest = np.concatenate([finite[: max(left, 0)], finite[right + 1 :]])
    return float(rest.max()) if rest.size else 0.0


def _check_clear(peak: float, rival: float, reference: Signal, other: Signal) -> None:
    names = f"{reference.source!r} and {other.source!r}"
    if peak < WEAKEST:
        raise NothingUsableError(
            f"{names} agree nowhere: the highest correlation is {peak:.2f}, needed {WEAKEST}",
            hint="align by an event that both devices felt, such as three claps or jumps",
        )
    if rival > RIVAL * peak:
        raise NothingUsableError(
            f"{names} agree in more than one place (correlation {peak:.2f} and {rival:.2f})",
            hint="give within=... seconds, or align by an event that happened once",
        )


def _fraction(correlation: FloatArray, best: int) -> float:
    if not 0 < best < correlation.size - 1:
        return 0.0
    left, middle, right = correlation[best - 1 : best + 2]
    bend = left - 2 * middle + right
    if not np.isfinite(bend) or bend >= 0:
        return 0.0
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))


def _drift(one: FloatArray, two: FloatArray, lag: int, rate: float) -> float:
    """How much the offset grows from the overlap's first half to its second."""
    first, last = max(0, lag), min(one.size, two.size + lag)
    half = (last - first) // 2
    if half < SHORTEST * rate:
        return float("nan")
    found: list[float] = []
    for start in (first, last - half):
        a, b = one[start : start + half], two[start - lag : start - lag + half]
        lags, correlation, _ = _correlate(a, b, half // 2)
        correlation = np.where(np.abs(lags) > rate, np.nan, correlation)
        if not np.isfinite(correlation).any() or np.nanmax(correlation) < WEAKEST:
            return float("nan")
        best = int(np.nanargmax(correlation))
        found.append(float(lags[best] + _fraction(correlation, best)) / rate)
    return found[1] - found[0]


def _said(
    offset: float, claimed: float | None, drift: float, reference: Signal, other: Signal
) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    names = f"{reference.source} and {other.source}"
    if claimed is not None and abs(claimed - offset) > CLAIM_SLACK:
        text = (
            f"the files' clocks claim {claimed:.3f} s, the signals say {offset:.3f} s: "
            f"the clocks are wrong by {abs(claimed - offset):.1f} s and are not used"
        )
        findings.append(Finding("clock-contradicted", text, Severity.WARNING, names))
    if np.isfinite(drift) and abs(drift) > DRIFT_SLACK:
        text = (
            f"the offset changes by {drift:+.3f} s from the first half to the second: the devices' "
            "clocks do not run alike, and one offset does not fit all"
        )
        findings.append(Finding("clocks-drift", text, Severity.WARNING, names))
    return tuple(findings)


def join_recordings(
    reference: Recording,
    other: Recording,
    alignment: Alignment,
    *,
    persons: Mapping[str, str] | None = None,
) -> Recording:
    """Put another recording on the reference's clock.

    Parameters
    ----------
    reference, other : Recording
        Zero, clock and wall-clock time are the reference's.
    alignment : Alignment
        From `find_offset`.
    persons : mapping of str to str, optional
        New names of the other's persons (``{"P01": "P02"}``). A person in both gets the signals
        of both.

    Raises
    ------
    DataError
        If a person of the same name is in both only because neither file says whose it is.
    UsageError
        If ``persons`` names somebody who is not in the other recording.
    """
    renamed = dict(persons or {})
    strangers = set(renamed) - {p.id for p in other}
    if strangers:
        raise UsageError(f"persons names {', '.join(sorted(strangers))}, who is not in the other")
    _check_named(reference, other, renamed)
    signals: dict[str, tuple[Signal, ...]] = {p.id: p.signals for p in reference}
    for person in other:
        name = renamed.get(person.id, person.id)
        moved = tuple(replace(s, times=s.times + alignment.offset) for s in person.signals)
        signals[name] = (*signals.get(name, ()), *moved)
    return replace(
        reference,
        persons=tuple(Person(name, found) for name, found in signals.items()),
        events=(*reference.events, *_moved(reference.events, other.events, alignment.offset)),
        sources=(*reference.sources, *other.sources),
        findings=(*reference.findings, *other.findings, *alignment.findings, _joined(alignment)),
        unknown=(*reference.unknown, *other.unknown),
    )


def _moved(taken: tuple[Event, ...], events: tuple[Event, ...], offset: float) -> tuple[Event, ...]:
    """Events on the reference's clock; an id that the reference has too gets a 2."""
    ids = {event.id for event in taken}
    return tuple(
        replace(e, onset=e.onset + offset, id=f"{e.id}/2" if e.id in ids else e.id) for e in events
    )


def _joined(alignment: Alignment) -> Finding:
    text = (
        f"two recordings were joined: the second lies {alignment.offset:+.3f} s on the clock of "
        f"the first (correlation {alignment.correlation:.2f} over {alignment.overlap:.0f} s)"
    )
    return Finding("recordings-joined", text, Severity.NOTE)


def _check_named(reference: Recording, other: Recording, renamed: Mapping[str, str]) -> None:
    unnamed = all(
        any(f.code == "persons-numbered" for f in recording.findings)
        for recording in (reference, other)
    )
    both = {p.id for p in reference} & {renamed.get(p.id, p.id) for p in other}
    if unnamed and both - set(renamed.values()):
        raise DataError(
            f"{', '.join(sorted(both))} is in both recordings, but no file says whose data it is",
            hint='say who is who with persons={"P01": "P02"}, or by mappings when loading',
        )
