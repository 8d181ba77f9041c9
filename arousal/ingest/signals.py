"""Samples of a stream -> a `Signal`: unit, strict times, true rate, and what was noticed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.findings import Finding, Severity
from arousal.ingest.intervals import beats_from_packets
from arousal.ingest.units import (
    ARBITRARY,
    SCALE_FREE,
    check_unit,
    find_unit,
    infer_unit,
    is_whole,
    to_kind,
)
from arousal.recording import GAP_PERIODS, GAP_SECONDS, Kind, Signal

__all__ = ["Refused", "Samples", "make_signal", "strictly_increasing"]

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
EVENT_LIKE = frozenset({Kind.RR, Kind.HR})
RATE_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What arrived of one quantity, and what is known about it.

    Parameters
    ----------
    kind : Kind
        What it measures.
    values : ndarray, shape (n,) or (n, channels)
        As sent.
    times : ndarray, shape (n,)
        Seconds since the recording's zero.
    source : str
        Stream or column, for people.
    unit : str
        Unit as declared; empty if none.
    assumed_unit : str
        Unit that the device rule knows; taken if none is declared or the declared is not to be
        trusted.
    trust_unit : bool
        Whether the declared unit is to be trusted.
    scale, offset : float
        Applied first.
    rate : float or None
        Declared samples per second.
    site : str or None
        Where the sensor sat.
    confirmed : bool
        Whether a person said what this is (session file, mapping): then an unknown amplitude of
        a wave is accepted.
    at_beats : bool
        Whether intervals are stamped at their beats for certain (exports), and not by packets.
    """

    kind: Kind
    values: FloatArray
    times: FloatArray
    source: str
    unit: str = ""
    assumed_unit: str = ""
    trust_unit: bool = True
    scale: float = 1.0
    offset: float = 0.0
    rate: float | None = None
    site: str | None = None
    confirmed: bool = False
    at_beats: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why no signal was made."""

    reason: str


def make_signal(samples: Samples) -> tuple[Signal | Refused, tuple[Finding, ...]]:
    """Make a signal, or say why not.

    Parameters
    ----------
    samples : Samples
        One quantity.

    Returns
    -------
    signal : Signal or Refused
        In the unit of its kind, times strictly increasing.
    findings : tuple of Finding
        ``unit-guessed``, ``unit-contradicted``, ``stamps-dropped``, ``signal-all-nan``,
        ``signal-flat``, ``signal-unusable``, ``rate-differs`` and those of `beats_from_packets`.
    """
    raw = samples.values * samples.scale + samples.offset
    unit, findings, reason = _settle_unit(samples, raw)
    if unit is None:
        return Refused(reason), tuple(findings)
    values, times = to_kind(samples.kind, unit, raw), samples.times
    values = np.where(np.isfinite(values), values, np.nan)  # NaN is how a signal says "invalid"
    if samples.kind is Kind.RR and not samples.at_beats:
        beats = beats_from_packets(times, values, samples.source)
        times, values = beats.times, beats.intervals
        findings += beats.findings
    elif samples.kind is Kind.HR:
        values = np.where(values > 0, values, np.nan)  # 0 is how devices write "no pulse"
    keep = strictly_increasing(times)
    if not keep.all():
        findings.append(_dropped(times, keep, samples.source))
        times, values = times[keep], values[keep]
    if not times.size:
        return _refused("no usable samples", samples, findings)
    rate = _true_rate(samples, times, findings)
    if rate is None and samples.kind not in EVENT_LIKE:
        return _refused(f"{times.size} samples are too few to tell their rate", samples, findings)
    findings += _content(samples, values)
    original = "" if unit in {samples.kind.unit, ARBITRARY} else unit
    signal = Signal(samples.kind, values, times, rate, samples.source, samples.site, original)
    return signal, tuple(findings)


def _refused(
    reason: str, samples: Samples, findings: list[Finding]
) -> tuple[Refused, tuple[Finding, ...]]:
    text = f"{samples.kind.label} is not used: {reason}"
    said = Finding("signal-unusable", text, Severity.PROBLEM, samples.source)
    return Refused(reason), (*findings, said)


def _settle_unit(samples: Samples, raw: FloatArray) -> tuple[str | None, list[Finding], str]:
    """Declared unit, else the rule's, else what the values allow; each held against the values."""
    kind = samples.kind
    declared = find_unit(kind, samples.unit) if samples.unit and samples.trust_unit else None
    unit = declared or (find_unit(kind, samples.assumed_unit) if samples.assumed_unit else None)
    if unit is not None:
        verdict = check_unit(kind, unit, raw)
        if verdict.unit is None and samples.confirmed and kind in SCALE_FREE:
            return ARBITRARY, [_uncalibrated(samples, verdict.reason)], ""
        if verdict.unit is None:
            finding = Finding(
                "unit-contradicted",
                f"{kind.label} is not used: {verdict.reason}",
                Severity.PROBLEM,
                samples.source,
                "say the true unit in a mapping file (--map)",
            )
            return None, [finding], verdict.reason
        found = (
            []
            if not verdict.reason
            else [Finding("unit-contradicted", verdict.reason, Severity.WARNING, samples.source)]
        )
        return verdict.unit, found, ""
    verdict = infer_unit(kind, raw)
    foreign = f" (declared as {samples.unit!r})" if samples.unit else ""
    if verdict.unit == ARBITRARY:
        return ARBITRARY, [], ""
    if verdict.unit is not None and not (samples.unit and is_whole(raw)):
        text = f"{kind.label}: {verdict.reason}{foreign}"
        return verdict.unit, [Finding("unit-guessed", text, Severity.WARNING, samples.source)], ""
    if samples.confirmed and kind in SCALE_FREE:
        return ARBITRARY, [_uncalibrated(samples, verdict.reason + foreign)], ""
    if not raw.size or not np.isfinite(raw).any():
        return kind.unit, [], ""
    return None, [], f"{kind.label}: {verdict.reason or 'unit not known'}{foreign}"


def _uncalibrated(samples: Samples, reason: str) -> Finding:
    return Finding(
        "amplitude-unknown",
        f"{samples.kind.label} is used for its timing only: {reason}",
        Severity.NOTE,
        samples.source,
    )


def strictly_increasing(times: FloatArray) -> BoolArray:
    """Mark the samples to keep so that times increase strictly.

    One wild stamp, too early or too late, costs one sample and not all that follow: of the
    samples above all before them and those below all after them, the larger set is kept.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Seconds; NaN is never kept.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    finite = np.isfinite(times)
    if times.size < 2 or (np.diff(times) > 0).all():
        return finite
    highest = np.maximum.accumulate(np.where(finite, times, -np.inf))
    rising = finite & (times > np.concatenate([[-np.inf], highest[:-1]]))
    lowest = np.minimum.accumulate(np.where(finite, times, np.inf)[::-1])[::-1]
    falling = finite & (times < np.concatenate([lowest[1:], [np.inf]]))
    return rising if rising.sum() >= falling.sum() else falling


def _dropped(times: FloatArray, keep: BoolArray, source: str) -> Finding:
    finite = np.isfinite(times)
    steps = np.diff(times[finite])
    twice, back = int((steps == 0).sum()), int((steps < 0).sum())
    none = f"{(~finite).sum()} had no time, " if not finite.all() else ""
    return Finding(
        "stamps-dropped",
        f"{(~keep).sum()} of {keep.size} samples left out: "
        f"{none}{twice} stamps were repeated, {back} went backwards",
        Severity.WARNING,
        source,
    )


def _content(samples: Samples, values: FloatArray) -> list[Finding]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        text = f"{samples.kind.label}: all {len(values)} samples are invalid (NaN)"
        return [Finding("signal-all-nan", text, Severity.PROBLEM, samples.source)]
    if finite.size > 10 and samples.kind not in {Kind.BATTERY, Kind.SPEECH}:
        flat = finite.min() == finite.max()
        if flat:
            text = (
                f"{samples.kind.label} never changes (always {finite[0]:.4g} {samples.kind.unit})"
            )
            return [Finding("signal-flat", text, Severity.PROBLEM, samples.source)]
    return []


def _true_rate(samples: Samples, times: FloatArray, findings: list[Finding]) -> float | None:
    """Declared rate, unless the samples themselves say otherwise."""
    if samples.kind is Kind.RR:
        return None
    if times.size < 10:
        return samples.rate
    usual, mean = _rates(times)
    if samples.rate is None:
        return None if samples.kind in EVENT_LIKE else _round_rate(mean)
    near = [abs(rate / samples.rate - 1) <= RATE_TOLERANCE for rate in (usual, mean)]
    if samples.kind in EVENT_LIKE:
        return samples.rate if all(near) else None
    if any(near):
        return samples.rate
    measured = usual if abs(usual / mean - 1) <= 2 * RATE_TOLERANCE else mean
    findings.append(
        Finding(
            "rate-differs",
            f"declared {samples.rate:g} samples per second, but {measured:.4g} arrive; "
            "the measured rate is used",
            Severity.WARNING,
            samples.source,
        )
    )
    return _round_rate(measured)


def _rates(times: FloatArray) -> tuple[float, float]:
    """Samples per second by the usual step, and by all time outside of gaps."""
    steps = np.diff(times)
    usual = float(np.median(steps))
    inside = steps[steps <= max(GAP_PERIODS * usual, GAP_SECONDS)]
    return 1.0 / usual, 1.0 / float(inside.mean() if inside.size else usual)


def _round_rate(rate: float) -> float:
    """Whole rates are what devices mean when they measure within 1 % of them."""
    whole = round(rate)
    return float(whole) if whole and abs(rate / whole - 1) < 0.01 else float(rate)
