"""Raw signals to the table: two NeuroKit2 scripts, arousal and the floor; and single steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from arousal.features import process_person, window_features
from arousal.features.cardiac import find_beats
from arousal.features.correction import fix_peaks
from arousal.features.electrodermal import process_eda
from arousal.features.peaks import r_peaks
from arousal.features.spectral import band_power
from arousal.settings import Settings
from feature_peers.clock import interleaved
from feature_peers.made import ECG_RATE, Made, both_grids, made
from feature_peers.neurokit import lean_script, ordinary_script

__all__ = ["compare", "steps"]


def floor(one: Made) -> None:
    """One filter, one peak search, one copy: what cannot be saved."""
    from scipy.signal import butter, find_peaks, sosfiltfilt

    clean = sosfiltfilt(butter(5, 0.5, "highpass", output="sos", fs=ECG_RATE), one.ecg)
    find_peaks(clean, height=300, distance=40)
    clean.copy()


def arousal_script(one: Made, seconds: float, settings: Settings) -> None:
    """What the pipeline does for one person."""
    grid = both_grids(seconds)
    found = process_person(one.person, settings)
    window_features([found], grid, settings)
    assert found.beats is not None
    # The table has HF only with a breathing belt; the scripts have it always, so we too.
    band_power(found.beats, grid, np.ones(len(grid), dtype=bool))


def compare(minutes: float, rounds: int, every: int, ordinary: bool) -> None:
    one, settings, seconds = made(minutes, 2), Settings(), minutes * 60
    jobs: dict[str, Callable[[], object]] = {
        "NeuroKit2, lean": lambda: lean_script(one, every),
        "arousal": lambda: arousal_script(one, seconds, settings),
        "floor": lambda: floor(one),
    }
    if ordinary:
        # `nk.hrv` takes a tenth of a second a window: fewer of them are visited.
        jobs = {"NeuroKit2, ordinary": lambda: ordinary_script(one, 4 * every), **jobs}
    found = interleaved(jobs, rounds)
    print(f"\n2. Raw signals to the table, one person, {len(both_grids(seconds))} windows\n")
    print("| | CPU s | against arousal |\n|---|---|---|")
    for name, each in found.items():
        print(f"| {name} | {each:.3f} | {each / found['arousal']:.2f}x |")
    print(f"\narousal takes {found['arousal'] / found['floor']:.1f} times the floor.")


def steps(minutes: float, rounds: int) -> None:
    """NeuroKit2's function and ours for each step."""
    import neurokit2 as nk

    one, settings, seconds = made(minutes, 2), Settings(), minutes * 60
    ecg, eda = one.person.signals
    clean = nk.ecg_clean(ecg.values, sampling_rate=ECG_RATE)
    peaks = nk.ecg_findpeaks(clean, sampling_rate=ECG_RATE)["ECG_R_Peaks"]
    whole = process_person(one.person, settings)
    grid = both_grids(seconds)
    assert np.array_equal(peaks, r_peaks(clean, ECG_RATE))
    fixed = nk.signal_fixpeaks(peaks, sampling_rate=ECG_RATE, iterative=True, method="Kubios")[1]
    assert np.array_equal(fixed, fix_peaks(peaks, ECG_RATE))
    jobs: dict[str, Callable[[], object]] = {
        "ecg_clean (NeuroKit2)": lambda: nk.ecg_clean(ecg.values, sampling_rate=ECG_RATE),
        "ecg_findpeaks (NeuroKit2)": lambda: nk.ecg_findpeaks(clean, sampling_rate=ECG_RATE),
        "r_peaks (arousal, the same peaks)": lambda: r_peaks(clean, ECG_RATE),
        "signal_fixpeaks Kubios (NeuroKit2)": lambda: nk.signal_fixpeaks(
            peaks, sampling_rate=ECG_RATE, iterative=True, method="Kubios"
        ),
        "fix_peaks (arousal, the same beats)": lambda: fix_peaks(peaks, ECG_RATE),
        "find_beats (arousal: clean, peaks, correction)": lambda: find_beats(ecg, settings.beats),
        "process_eda (arousal)": lambda: process_eda(eda, None, settings.eda),
        "window_features (arousal)": lambda: window_features([whole], grid, settings),
    }
    print("\n3. Steps\n\n| step | CPU s |\n|---|---|")
    for name, each in interleaved(jobs, rounds).items():
        print(f"| {name} | {each:.4f} |")
