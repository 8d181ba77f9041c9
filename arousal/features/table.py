"""The feature table: one row per person and window, every refusal with its reason.

Rules (settings name the numbers): heart rate needs beats over 80 % of the window, every other
cardiac measure 90 %, at most 10 % corrected and at most 10 % irregular beats; RMSSD, its
logarithm, pNN50, SD1 and HF are refused where more than 20 % of the window is the person's own
speech. Heart rate and skin conductance from 30 s, pNN50, SD1, SD2 and HF from 60 s, RMSSD and SDNN
from 120 s on. A measure that a window is too short for is missing without a code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arousal.features.breathing import breathing_rate
from arousal.features.electrodermal import Electrodermal
from arousal.features.engines import engine_named
from arousal.features.hrv import TimeDomain
from arousal.features.person import SHARE_MOVING, PersonPhysiology
from arousal.features.quality import Quality, join_codes
from arousal.features.spans import as_spans
from arousal.features.spectral import HF_BAND
from arousal.features.windows import ROUNDING, Grid, range_sum
from arousal.settings import Settings
from arousal.tables import FEATURES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["window_features"]

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]
Flags = dict[Quality, Mask]

HR_FROM, POINCARE_FROM, LF_FROM = 30.0, 60.0, 250.0
"""Shortest windows in s for heart rate and skin conductance, for pNN50, SD1 and SD2, for LF."""
RECOMMENDED_RMSSD = 120.0
HEART_COLUMNS = (
    "heart_rate",
    "HRV_MeanNN",
    "HRV_SDNN",
    "HRV_RMSSD",
    "ln_rmssd",
    "HRV_pNN50",
    "HRV_SD1",
    "HRV_SD2",
    "HRV_HF",
    "HRV_LF",
    "HRV_LFHF",
    "cardiac_coverage",
    "corrected_fraction",
)
SKIN_COLUMNS = (
    "EDA_Tonic_Mean",
    "ln_scl",
    "SCR_Peaks_N",
    "scr_rate",
    "SCR_Peaks_Amplitude_Mean",
    "eda_coverage",
)


def window_features(
    physiologies: Sequence[PersonPhysiology],
    grid: Grid,
    settings: Settings,
    speech: Mapping[str, FloatArray] | None = None,
) -> pd.DataFrame:
    """Reduce every person over every window.

    Parameters
    ----------
    physiologies : sequence of PersonPhysiology
    grid : Grid
        Windows, the same for everyone.
    settings : Settings
    speech : mapping of str to ndarray, shape (k, 2), optional
        Own speech of each person whose speech is known, as onset and end in seconds. A person
        who is not in it has an unknown speech fraction (NaN), which refuses nothing.

    Returns
    -------
    pandas.DataFrame
        `arousal.tables.FEATURES`: persons in the order given, windows in the grid's order.
    """
    parts = [_person(p, grid, settings, (speech or {}).get(p.id)) for p in physiologies]
    columns: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) if parts else []
        for name in FEATURES.names
    }
    return FEATURES.frame(columns)


def _person(
    person: PersonPhysiology, grid: Grid, settings: Settings, speech: FloatArray | None
) -> dict[str, Any]:
    rows = len(grid)
    nothing = np.full(rows, np.nan)
    spoken = nothing if speech is None else grid.share(as_spans(speech))
    breathing = nothing if person.breaths is None else breathing_rate(person.breaths, grid)
    heart, heart_flags = _heart(person, grid, settings, spoken, breathing)
    skin, skin_flags = _skin(person.eda, grid, settings)
    if person.moving is not None:
        moves = grid.share(person.moving) > SHARE_MOVING
        heart_flags[Quality.MOTION] = skin_flags[Quality.MOTION] = moves
    return {
        "person": np.full(rows, person.id, dtype=object),
        "onset": grid.onset,
        "duration": grid.duration,
        **heart,
        **skin,
        "respiration_rate": np.where((breathing >= 0) & (breathing <= 60), breathing, np.nan),
        "speech_fraction": spoken,
        "cardiac_reasons": join_codes(heart_flags, rows),
        "eda_reasons": join_codes(skin_flags, rows),
    }


def _heart(
    person: PersonPhysiology,
    grid: Grid,
    settings: Settings,
    spoken: FloatArray,
    breathing: FloatArray,
) -> tuple[dict[str, FloatArray], Flags]:
    rows = len(grid)
    if person.beats is None:
        empty = {name: np.full(rows, np.nan) for name in HEART_COLUMNS}
        empty["cardiac_coverage"] = np.zeros(rows)
        return empty, {Quality.NO_SIGNAL: np.ones(rows, dtype=bool)}
    beats, windows = person.beats, settings.windows
    engine = engine_named(settings.engine)
    values = engine.time_domain(beats, grid, settings.beats.irregular_step)
    flags = _touched(beats.reasons, grid)
    if Quality.NOISY in flags:
        flags[Quality.NOISY] = grid.share(beats.reasons[Quality.NOISY]) > settings.beats.noisy_flag
    long = _at_least(grid, HR_FROM)
    level = long & (values.coverage >= windows.hr_coverage) & (values.intervals > 0)
    steady = (
        long
        & beats.hrv
        & (values.coverage >= windows.hrv_coverage)
        & ~(values.corrected > settings.beats.corrected_refuse)
        & ~(values.irregular > settings.beats.irregular_refuse)
    )
    quiet = ~(spoken > windows.speech_max)
    flags[Quality.NO_SIGNAL] = values.coverage == 0
    flags[Quality.COVERAGE] = (values.coverage < windows.hr_coverage) & (values.coverage > 0)
    flags[Quality.COVERAGE_HRV] = ~flags[Quality.COVERAGE] & (
        (values.coverage < windows.hrv_coverage) & (values.coverage > 0)
    )
    flags[Quality.CORRECTED_TOO_MUCH] = values.corrected > settings.beats.corrected_refuse
    flags[Quality.CORRECTED] = ~flags[Quality.CORRECTED_TOO_MUCH] & (
        values.corrected > settings.beats.corrected_flag
    )
    flags[Quality.IRREGULAR] = values.irregular > settings.beats.irregular_refuse
    flags[Quality.SPEECH] = ~quiet
    columns = _variability(values, grid, settings, level, steady, quiet)
    short = grid.duration < RECOMMENDED_RMSSD - ROUNDING
    flags[Quality.SHORT_WINDOW] = short & np.isfinite(columns["HRV_RMSSD"])
    spectral, spectral_flags = _spectrum(person, grid, settings, steady, quiet, breathing)
    return {**columns, **spectral}, {**flags, **spectral_flags}


def _variability(
    values: TimeDomain, grid: Grid, settings: Settings, level: Mask, steady: Mask, quiet: Mask
) -> dict[str, FloatArray]:
    windows = settings.windows
    poincare = steady & _at_least(grid, POINCARE_FROM)
    rmssd = _where(steady & quiet & _at_least(grid, windows.rmssd_from), values.rmssd)
    mean_nn = _where(level, values.mean_nn)
    return {
        "heart_rate": 60_000.0 / mean_nn,
        "HRV_MeanNN": mean_nn,
        "HRV_SDNN": _where(steady & _at_least(grid, windows.sdnn_from), values.sdnn),
        "HRV_RMSSD": rmssd,
        "ln_rmssd": _log(rmssd),
        "HRV_pNN50": _where(poincare & quiet, values.pnn50),
        "HRV_SD1": _where(poincare & quiet, values.sd1),
        "HRV_SD2": _where(poincare, values.sd2),
        "cardiac_coverage": values.coverage,
        "corrected_fraction": np.clip(values.corrected, 0.0, 1.0),
    }


def _spectrum(
    person: PersonPhysiology,
    grid: Grid,
    settings: Settings,
    steady: Mask,
    quiet: Mask,
    breathing: FloatArray,
) -> tuple[dict[str, FloatArray], Flags]:
    """HF where the breathing rate lies in its band; LF on request; neither across a gap."""
    windows = settings.windows
    flags: Flags = {}
    hertz = breathing / 60.0
    inside = (hertz >= HF_BAND[0]) & (hertz <= HF_BAND[1])
    wants_hf = steady & quiet & _at_least(grid, windows.hf_from)
    if person.breaths is not None:
        flags[Quality.BREATHING_UNKNOWN] = wants_hf & np.isnan(breathing)
        flags[Quality.BREATHING_OUTSIDE] = wants_hf & np.isfinite(breathing) & ~inside
    allow_hf = wants_hf & inside
    allow_lf = steady & _at_least(grid, LF_FROM) & windows.lf
    beats = person.beats
    if beats is None:
        raise AssertionError  # the caller has beats
    power = engine_named(settings.engine).band_power(beats, grid, allow_hf | allow_lf)
    hf, lf = _where(allow_hf, power.hf), _where(allow_lf, power.lf)
    return {"HRV_HF": hf, "HRV_LF": lf, "HRV_LFHF": lf / hf}, flags


def _skin(
    eda: Electrodermal | None, grid: Grid, settings: Settings
) -> tuple[dict[str, FloatArray], Flags]:
    rows = len(grid)
    if eda is None:
        empty = {name: np.full(rows, np.nan) for name in SKIN_COLUMNS}
        empty["eda_coverage"] = np.zeros(rows)
        return empty, {Quality.NO_SIGNAL: np.ones(rows, dtype=bool)}
    coverage = grid.share(eda.spans)
    wanted = settings.windows.eda_coverage
    valid = (coverage >= wanted) & _at_least(grid, HR_FROM)
    tonic = _where(valid, _mean(eda.tonic, eda.times, grid))
    tonic = _where(tonic >= 0, tonic)
    first, last = grid.holding(eda.responses.onset)
    counted = valid & eda.counts_responses
    number = _where(counted, (last - first).astype(np.float64))
    amplitude = _mean(eda.responses.amplitude, eda.responses.onset, grid)
    flags = _touched(eda.reasons, grid)
    flags[Quality.NO_SIGNAL] = (coverage == 0) & ~np.logical_or.reduce(
        [np.zeros(rows, dtype=bool), *flags.values()]
    )
    flags[Quality.COVERAGE] = (coverage < wanted) & (coverage > 0)
    flags[Quality.NON_RESPONDER] = np.full(rows, eda.non_responder)
    # Who never responds says nothing about arousal by not responding: the count of 0 is a fact,
    # a rate would pull the group's median down (science: left out of EDA tests).
    minutes = np.where(valid & (not eda.non_responder), coverage * grid.duration / 60.0, np.nan)
    return {
        "EDA_Tonic_Mean": tonic,
        "ln_scl": _log(tonic),
        "SCR_Peaks_N": number,
        "scr_rate": number / minutes,
        "SCR_Peaks_Amplitude_Mean": _where(counted, amplitude),
        "eda_coverage": coverage,
    }, flags


def _mean(values: FloatArray, times: FloatArray, grid: Grid) -> FloatArray:
    """Mean of the values whose time lies in each window; NaN where there are none."""
    first, last = grid.holding(times)
    centre = float(values.mean()) if values.size else 0.0
    mean = np.full(len(grid), np.nan)
    count = last - first
    np.divide(range_sum(values - centre, first, last), count, out=mean, where=count > 0)
    return mean + centre


def _touched(reasons: Mapping[Quality, FloatArray], grid: Grid) -> Flags:
    """Windows that a reason's spans touch."""
    return {code: grid.share(spans) > 0 for code, spans in reasons.items()}


def _at_least(grid: Grid, seconds: float) -> Mask:
    result: Mask = grid.duration >= seconds - ROUNDING
    return result


def _where(mask: Mask, values: FloatArray) -> FloatArray:
    return np.where(mask, values, np.nan)


def _log(values: FloatArray) -> FloatArray:
    return np.log(values, out=np.full(values.shape, np.nan), where=values > 0)
