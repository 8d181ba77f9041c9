"""Skin conductance -> tonic level and responses, with quality rules that name their reasons.

Quality after Kleckner et al. (2018), doi:10.1109/TBME.2017.2758643: outside 0.05-60 uS, faster
than 10 uS/s, skin cooler than 30 degC or hotter than 40 degC, and 5 s around each. Departures:
cool skin alone is flagged, not refused (cool fingers are normal; flat or tiny conductance is
refused by its own rule); a stretch of 30 s without any change is "no contact"; above 8 Hz a slope
is that of the means of eighths of a second.

Tonic level is ``nk.eda_phasic(method="highpass")``'s: a 0.05 Hz low-pass per usable stretch, never
detrended; or cvxEDA's (`cvxeda`), with either engine. Responses are found on the conductance itself
at an absolute threshold (`scr`), whichever split the level comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arousal.features.engines import AROUSAL, Engine
from arousal.features.quality import Quality
from arousal.features.scr import Responses
from arousal.features.segments import Stretch, finite_part, flat_spans, working_rate
from arousal.features.spans import as_spans, merge, runs, widen
from arousal.recording import Signal
from arousal.settings import EdaSettings

__all__ = ["Electrodermal", "known_site", "process_eda"]

FloatArray = NDArray[np.float64]

SLOWEST_FOR_RESPONSES = 3.0
"""Hz; slower devices give the level only."""
FASTEST_AS_IT_IS = 8.0
"""Hz; faster signals are low-passed at 1 Hz and thinned to this rate."""
LOW_PASS = 1.0
"""Hz: a response has no content above."""
SHORTEST = 10.0
"""Seconds; shorter usable stretches hold neither a level nor a response."""
RESPONDER_SECONDS = 300.0
"""Usable seconds without any response after which a person counts as a non-responder."""


@dataclass(frozen=True, slots=True, eq=False)
class Electrodermal:
    """Skin conductance of one person.

    Parameters
    ----------
    source : str
        Stream or file.
    site : str
        Where the sensor sat, as assumed for the threshold.
    threshold : float
        Smallest response in uS.
    times, tonic : ndarray, shape (n,)
        Tonic level (uS) at the working rate, usable stretches only.
    spans : ndarray, shape (k, 2)
        Usable time.
    responses : Responses
    counts_responses : bool
        False where the signal is too slow to show responses.
    non_responder : bool
        No response in at least 5 usable minutes.
    reasons : mapping of Quality to ndarray, shape (k, 2)
        Spans in seconds where something is wrong.
    """

    source: str
    site: str
    threshold: float
    times: FloatArray
    tonic: FloatArray
    spans: FloatArray
    responses: Responses
    counts_responses: bool = True
    non_responder: bool = False
    reasons: Mapping[Quality, FloatArray] = field(default_factory=dict)

    @property
    def usable_seconds(self) -> float:
        """Usable time in seconds."""
        return float((self.spans[:, 1] - self.spans[:, 0]).sum())


def process_eda(
    signal: Signal,
    temperature: Signal | None,
    settings: EdaSettings,
    engine: Engine = AROUSAL,
) -> Electrodermal:
    """Judge and analyse one skin-conductance signal.

    Parameters
    ----------
    signal : Signal
        EDA in uS with a rate.
    temperature : Signal or None
        Skin temperature of the same sensor, in degC.
    settings : EdaSettings
        Limits and thresholds.
    engine : Engine
        Who splits off the tonic level and finds responses.

    Returns
    -------
    Electrodermal
        Empty, with reasons, where nothing is usable; never raises on poor data.

    Raises
    ------
    SettingsError
        If cvxEDA is wanted and its solver is not installed.
    """
    site = known_site(signal, settings) or settings.default_site
    threshold = settings.scr_threshold[site]
    part = finite_part(signal)
    rate, mismatch = working_rate(part) if len(part) else (0.0, False)
    reasons, usable = _judge(part, temperature, settings)
    if mismatch:
        reasons[Quality.RATE_MISMATCH] = as_spans([(part.onset, part.end)])
    counts = rate >= SLOWEST_FOR_RESPONSES
    if len(part) and not counts:
        reasons[Quality.RATE_LOW] = as_spans([(part.onset, part.end)])
    stretches, spans, short = _usable_stretches(part, usable, rate)
    if len(short):
        reasons[Quality.SHORT_STRETCH] = short
    level = _convex_level if settings.phasic == "cvxeda" else engine.tonic
    tonic = [level(s.values, s.rate) for s in stretches]
    responses = _joined(
        [engine.responses(s.times, s.values, s.rate, threshold) for s in stretches if counts]
    )
    seconds = float((spans[:, 1] - spans[:, 0]).sum())
    return Electrodermal(
        signal.source,
        site,
        threshold,
        np.concatenate([np.empty(0), *(s.times for s in stretches)]),
        np.concatenate([np.empty(0), *tonic]),
        spans,
        responses,
        counts,
        bool(counts and seconds >= RESPONDER_SECONDS and not len(responses)),
        {code: found for code, found in reasons.items() if len(found)},
    )


def known_site(signal: Signal, settings: EdaSettings) -> str | None:
    """Return the sensor's site if there is a threshold for it."""
    return (
        signal.site if signal.site is not None and signal.site in settings.scr_threshold else None
    )


def _judge(
    part: Signal, temperature: Signal | None, settings: EdaSettings
) -> tuple[dict[Quality, FloatArray], NDArray[np.bool_]]:
    """Reasons as spans, and which samples are usable."""
    values, times = part.values, part.times
    reasons: dict[Quality, FloatArray] = {Quality.GAP: part.gaps()}
    if not len(part):
        return {}, np.zeros(0, dtype=bool)
    period = 1.0 / part.rate if part.rate else 0.25
    outside = (values < settings.low) | (values > settings.high)
    jump = _steep(part, settings.max_slope)
    skin = _temperature_at(times, temperature)
    with np.errstate(invalid="ignore"):
        hot, cool = skin > settings.temperature_high, skin < settings.temperature_low
    wrong = as_spans([])
    for code, mask in (
        (Quality.OUT_OF_RANGE, outside),
        (Quality.JUMP, jump),
        (Quality.TEMPERATURE_HIGH, hot),
    ):
        first, last = runs(mask)
        found = np.column_stack((times[first], times[last - 1] + period))
        reasons[code] = widen(found, settings.surround)
        wrong = np.concatenate((wrong, reasons[code]))
    first, last = runs(cool)
    reasons[Quality.TEMPERATURE_LOW] = merge(
        np.column_stack((times[first], times[last - 1] + period))
    )
    flat = [flat_spans(times[s], values[s], settings.flat_seconds) for s in part.segments()]
    reasons[Quality.NO_CONTACT] = merge(np.concatenate(flat))
    wrong = merge(np.concatenate((wrong, reasons[Quality.NO_CONTACT])))
    return reasons, ~_within(times, wrong)


def _steep(part: Signal, limit: float) -> NDArray[np.bool_]:
    """All samples of every step that is too steep; never across a gap.

    A step lasts an eighth of a second or from one sample to the next, whichever is longer: between
    neighbours at 2000 Hz, 0.005 uS of a converter's noise would already be 10 uS/s.
    """
    from scipy.ndimage import uniform_filter1d

    steep = np.zeros(len(part), dtype=bool)
    for piece in part.segments():
        values, times = part.values[piece], part.times[piece]
        seconds = float(times[-1] - times[0])
        reach = max(1, round((times.size - 1) / (seconds * FASTEST_AS_IT_IS))) if seconds else 1
        if reach > 1:
            values = uniform_filter1d(values, reach, mode="nearest")
        slope = np.abs(values[reach:] - values[:-reach]) / (times[reach:] - times[:-reach])
        first, last = runs(slope > limit)
        change = np.zeros(times.size + 1, dtype=np.intp)
        change[first] += 1
        np.add.at(change, last + reach, -1)
        steep[piece] = np.cumsum(change[:-1]) > 0
    return steep


def _temperature_at(times: FloatArray, temperature: Signal | None) -> FloatArray:
    """Skin temperature at each time; NaN further than 5 s from a reading."""
    if temperature is None:
        return np.full(times.size, np.nan)
    skin = finite_part(temperature)
    if not len(skin):
        return np.full(times.size, np.nan)
    after = np.searchsorted(skin.times, times).clip(0, len(skin) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(skin.times[before] - times) <= np.abs(skin.times[after] - times)
    index = np.where(nearer, before, after)
    far = np.abs(skin.times[index] - times) > 5.0
    return np.where(far, np.nan, skin.values[index])


def _within(times: FloatArray, spans: FloatArray) -> NDArray[np.bool_]:
    """Whether each time lies in one of some disjoint sorted spans (k, 2)."""
    inside: NDArray[np.bool_] = np.searchsorted(spans.ravel(), times, side="right") % 2 == 1
    return inside


def _usable_stretches(
    part: Signal, usable: NDArray[np.bool_], rate: float
) -> tuple[list[Stretch], FloatArray, FloatArray]:
    """Stretches at the working rate, the time they cover, and what was too short."""
    stretches, spans, short = [], [], []
    for piece in part.segments():
        for a, b in zip(*runs(usable[piece]), strict=True):
            times, values = part.times[piece][a:b], part.values[piece][a:b]
            span = (float(times[0]), float(times[-1]) + 1.0 / rate)
            if span[1] - span[0] < SHORTEST:
                short.append(span)
                continue
            stretches.append(_at_working_rate(times, values, rate))
            spans.append(span)
    return stretches, as_spans(spans), as_spans(short)


def _at_working_rate(times: FloatArray, values: FloatArray, rate: float) -> Stretch:
    """Low-pass and thin what is faster than 8 Hz; put the rest on an even grid where it is not."""
    if rate > FASTEST_AS_IT_IS:
        values = _low_pass(values, rate)
        grid = np.arange(times[0], times[-1], 1.0 / FASTEST_AS_IT_IS)
        return Stretch(np.interp(grid, times, values), grid, FASTEST_AS_IT_IS)
    if np.abs(np.diff(times) * rate - 1.0).max() <= 0.5:
        return Stretch(values, times, rate)
    grid = np.arange(times[0], times[-1] + 0.25 / rate, 1.0 / rate)
    return Stretch(np.interp(grid, times, values), grid, rate)


def _low_pass(values: FloatArray, rate: float) -> FloatArray:
    from scipy.signal import butter, sosfiltfilt

    sos = butter(4, LOW_PASS, btype="lowpass", output="sos", fs=rate)
    padding = min(int(3 * rate / LOW_PASS), values.size - 1)
    filtered: FloatArray = sosfiltfilt(sos, values, padlen=padding)
    return filtered


def _convex_level(values: FloatArray, rate: float) -> FloatArray:
    from arousal.features.cvxeda import split_conductance

    return split_conductance(values, rate).tonic


def _joined(parts: list[Responses]) -> Responses:
    empty = np.empty(0)
    return Responses(
        np.concatenate([empty, *(p.onset for p in parts)]),
        np.concatenate([empty, *(p.peak for p in parts)]),
        np.concatenate([empty, *(p.amplitude for p in parts)]),
    )
