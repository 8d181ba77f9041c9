"""NeuroKit2's own functions for every step: the engine ``"neurokit2"``.

Each usable stretch goes through ``ecg_clean`` and ``ecg_findpeaks`` (or ``ppg_clean`` "elgendi" and
``ppg_findpeaks``), ``signal_fixpeaks("Kubios", iterative=True)``, ``eda_phasic("highpass")`` and
``eda_findpeaks``, ``rsp_clean`` and ``rsp_findpeaks``; each window through ``hrv_time`` and
``hrv_frequency("welch")``. All with NeuroKit2's defaults, so that the table is what a careful
NeuroKit2 script would give. It takes about a hundred times as long as the default engine.

Where its numbers differ from ours, and why ours do (a test shows both for each):

- responses: the smallest is a tenth of the *largest of the stretch*, ours is absolute;
- R peaks lie on the sample grid; ours are refined below 250 Hz;
- RMSSD runs over corrected beats and over gaps in a window; ours leaves those differences out;
- pNN50 is a share of the n intervals, ours of the n - 1 differences;
- HF and LF are from intervals interpolated at 100 Hz in two or three Welch segments by parity; ours
  at 4 Hz in three. Units are ms^2 (``normalize=False``) in both.

``hrv_nonlinear`` takes a sixth of a second per window for two numbers that have closed forms: SD1
is ``hrv_time``'s SDSD / sqrt(2), SD2 is ours, whose formula is NeuroKit2's.

NeuroKit2 is imported in the functions, because that takes seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.features.beats import BeatRun, Beats
from arousal.features.correction import FEWEST, run_of
from arousal.features.engines import Engine
from arousal.features.hrv import TimeDomain, time_domain
from arousal.features.scr import Responses
from arousal.features.spectral import FEWEST as FEWEST_FOR_SPECTRUM
from arousal.features.spectral import BandPower
from arousal.features.windows import Grid

__all__ = ["NEUROKIT2"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@contextmanager
def _quietly() -> Iterator[None]:
    """NeuroKit2 divides by zero and warns where it has nothing to say; the table says it itself."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _ecg(values: FloatArray, rate: float) -> tuple[FloatArray, IntArray]:
    import neurokit2 as nk

    with _quietly():
        clean = nk.ecg_clean(values, sampling_rate=rate, method="neurokit")
        if not np.ptp(clean) > 0:
            return clean, np.empty(0, dtype=np.int64)
        found = _or_nothing(nk.ecg_findpeaks, clean, rate, "neurokit")
    return clean, _positions(found.get("ECG_R_Peaks", ()))


def _pulse(values: FloatArray, rate: float) -> tuple[FloatArray, IntArray]:
    import neurokit2 as nk

    with _quietly():
        clean = nk.ppg_clean(values, sampling_rate=rate, method="elgendi")
        found = _or_nothing(nk.ppg_findpeaks, clean, rate, "elgendi")
    return clean, _positions(found.get("PPG_Peaks", ()))


def _correct(times: FloatArray, rate: float) -> BeatRun:
    """Correct beats on the grid of samples on which they were found."""
    import neurokit2 as nk

    if times.size < FEWEST:
        return run_of(times, np.empty(0, dtype=np.int64), rate)
    samples = np.round((times - times[0]) * rate).astype(np.int64)
    with _quietly():
        fixed = nk.signal_fixpeaks(samples, sampling_rate=rate, iterative=True, method="Kubios")[1]
    return run_of(times, np.asarray(fixed, dtype=np.int64), rate)


def _tonic(values: FloatArray, rate: float) -> FloatArray:
    import neurokit2 as nk

    with _quietly():
        split = nk.eda_phasic(values, sampling_rate=rate, method="highpass")
    tonic: FloatArray = split["EDA_Tonic"].to_numpy()
    return tonic


def _responses(
    times: FloatArray, conductance: FloatArray, rate: float, _threshold: float
) -> Responses:
    """NeuroKit2's responses of a stretch; those without an onset are none, as in ``eda_peaks``."""
    import neurokit2 as nk

    with _quietly():
        split = nk.eda_phasic(conductance, sampling_rate=rate, method="highpass")
        phasic = split["EDA_Phasic"].to_numpy()
        found = _or_nothing(nk.eda_findpeaks, phasic, rate, "neurokit")
    peaks = np.asarray(found.get("SCR_Peaks", ()), dtype=np.float64)
    onsets = np.asarray(found.get("SCR_Onsets", ()), dtype=np.float64)
    known = np.isfinite(peaks) & np.isfinite(onsets)
    onset, peak = onsets[known].astype(np.int64), peaks[known].astype(np.int64)
    return Responses(times[onset], times[peak], phasic[peak] - phasic[onset])


def _breaths(values: FloatArray, rate: float) -> IntArray:
    import neurokit2 as nk

    with _quietly():
        clean = nk.rsp_clean(values, sampling_rate=rate, method="khodadad2018")
        found = _or_nothing(nk.rsp_findpeaks, clean, rate, "khodadad2018")
    return _positions(found.get("RSP_Peaks", ()))


def _or_nothing(
    find: Callable[..., dict[str, Any]], clean: FloatArray, rate: float, method: str
) -> dict[str, Any]:
    """NeuroKit2's finders raise these where there is nothing to find."""
    try:
        return find(clean, sampling_rate=rate, method=method)
    except (IndexError, ValueError):
        return {}


def _positions(found: object) -> IntArray:
    peaks = np.asarray(found, dtype=np.float64)
    return peaks[np.isfinite(peaks)].astype(np.int64)


def _time_domain(beats: Beats, grid: Grid, irregular_step: float) -> TimeDomain:
    """``hrv_time`` of every window; counts, coverage and SD2 are those of the default engine."""
    import neurokit2 as nk

    ours = time_domain(beats, grid, irregular_step)
    first, last = grid.inside(beats.starts, beats.times)
    names = ("HRV_MeanNN", "HRV_SDNN", "HRV_RMSSD", "HRV_pNN50", "HRV_SDSD")
    values = np.full((len(names), len(grid)), np.nan)
    with _quietly():
        for window in np.flatnonzero(last - first >= 2).tolist():
            intervals = beats.intervals[first[window] : last[window]]
            row = nk.hrv_time({"RRI": intervals}).iloc[0]
            values[:, window] = [row[name] for name in names]
    mean_nn, sdnn, rmssd, pnn50, sdsd = values
    return replace(
        ours, mean_nn=mean_nn, sdnn=sdnn, rmssd=rmssd, pnn50=pnn50, sd1=sdsd / np.sqrt(2.0)
    )


def _band_power(beats: Beats, grid: Grid, wanted: NDArray[np.bool_]) -> BandPower:
    """``hrv_frequency(psd_method="welch")`` of the windows that are wanted."""
    import neurokit2 as nk

    result = BandPower(np.full(len(grid), np.nan), np.full(len(grid), np.nan))
    first, last = grid.inside(beats.starts, beats.times)
    with _quietly():
        for window in np.flatnonzero(wanted & (last - first >= FEWEST_FOR_SPECTRUM)).tolist():
            found = nk.hrv_frequency(
                {"RRI": beats.intervals[first[window] : last[window]]},
                psd_method="welch",
                normalize=False,
                silent=True,
            ).iloc[0]
            result.lf[window], result.hf[window] = found["HRV_LF"], found["HRV_HF"]
    return result


NEUROKIT2 = Engine(
    name="neurokit2",
    ecg=_ecg,
    pulse=_pulse,
    refines=False,
    correct=_correct,
    tonic=_tonic,
    responses=_responses,
    breaths=_breaths,
    time_domain=_time_domain,
    band_power=_band_power,
)
