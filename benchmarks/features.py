"""Features, side by side in one run: arousal against the per-window NeuroKit2 loop.

    python benchmarks/features.py [--minutes 90] [--people 10] [--rounds 5] [--every 1] [--quick]

Four questions, one table each; nothing is asserted on time.

1. Windowed HRV and skin conductance of one person: all windows at once against a lean loop of
   NeuroKit2 calls (`hrv_time` and `hrv_frequency`; `eda_intervalrelated`) over the same beats,
   the same level and the same responses. Interleaved, medians of CPU seconds; agreement printed.
   With `--every k` the loop visits every k-th window only, and its time is scaled by k.
2. Raw signals to the table, one person: arousal, a lean NeuroKit2 script, and the floor (one
   `sosfiltfilt`, one `find_peaks`, one copy).
3. What the steps of that cost.
4. Everybody in one process: CPU seconds after the imports and peak memory, for several sizes.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from arousal.features import Grid, PersonPhysiology, process_person, window_features
from arousal.features.correction import fix_peaks
from arousal.features.peaks import r_peaks
from arousal.features.spectral import band_power
from arousal.recording import Kind, Person, Signal
from arousal.settings import Settings

ECG_RATE, EDA_RATE = 130.0, 4.0
GRIDS = ((60.0, 5.0), (300.0, 30.0))
"""Window length and step in s."""


def made_person(minutes: float, seed: int) -> Person:
    """Make ECG and skin conductance of one person, with a few missed beats and one bump."""
    rng = np.random.default_rng(seed)
    seconds = minutes * 60
    count = int(seconds / 0.6)
    phase = 2 * np.pi * 0.25 * np.arange(count) * 0.82
    intervals = 820 + 30 * np.sin(phase) + rng.normal(0, 18, count)
    beats = np.cumsum(intervals) / 1000
    beats = np.delete(beats[beats < seconds], rng.integers(20, count // 2, count // 300))
    ecg = np.arange(int(seconds * ECG_RATE)) / ECG_RATE
    eda = np.arange(int(seconds * EDA_RATE)) / EDA_RATE
    signals = (
        Signal(Kind.ECG, made_ecg(beats, ecg, rng), ecg, ECG_RATE, "strap", "chest"),
        Signal(Kind.EDA, made_eda(eda, rng), eda, EDA_RATE, "skin", "finger"),
    )
    return Person(f"P{seed:02d}", signals)


def made_ecg(beats: np.ndarray, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw QRS complexes and T waves at the beats, and noise."""
    near = np.arange(-26, 66)
    at = np.rint(beats * ECG_RATE).astype(int)[:, None] + near
    since = np.take(times, at.clip(0, times.size - 1)) - beats[:, None]
    shape = np.zeros_like(since)
    for offset, width, height in ((0, 0.01, 1000), (0.03, 0.012, -180), (0.26, 0.05, 220)):
        shape += height * np.exp(-(((since - offset) / width) ** 2) / 2)
    inside = (at >= 0) & (at < times.size)
    ecg = rng.normal(0, 15, times.size)
    np.add.at(ecg, at[inside], shape[inside])
    return ecg


def made_eda(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a slow level with responses, and one bump of 5 uS."""
    eda = 6 + 0.3 * np.sin(2 * np.pi * times / 900) + rng.normal(0, 0.003, times.size)
    for onset in np.cumsum(4 + rng.exponential(9, times.size // 40)):
        since = times[(low := np.searchsorted(times, onset)) : low + 100] - onset
        eda[low : low + 100] += 0.8 * (np.exp(-since / 2) - np.exp(-since / 0.75))
    return eda + 5 * np.exp(-(((times - times[-1] / 2) / 0.8) ** 2) / 2)


@contextmanager
def cpu(seconds: list[float]) -> Iterator[None]:
    """Append the CPU seconds of the block."""
    began = time.process_time()
    yield
    seconds.append(time.process_time() - began)


# 1 ---------------------------------------------------------------------------------------------


def neurokit_hrv(person: PersonPhysiology, grid: Grid, rows: np.ndarray) -> np.ndarray:
    """HRV of some windows, one NeuroKit2 call each: mean NN, SDNN, RMSSD, HF."""
    import neurokit2 as nk

    beats, values = person.beats, []
    assert beats is not None
    first, last = grid.inside(beats.starts, beats.times)
    for i in rows:
        window = {"RRI": beats.intervals[first[i] : last[i]]}
        of_time = nk.hrv_time(window)
        of_power = nk.hrv_frequency(
            window, psd_method="welch", interpolation_rate=4, normalize=False, silent=True
        )
        names = ("HRV_MeanNN", "HRV_SDNN", "HRV_RMSSD")
        values.append([*(of_time[n][0] for n in names), of_power["HRV_HF"][0]])
    return np.array(values)


def our_hrv(person: PersonPhysiology, grid: Grid, settings: Settings) -> np.ndarray:
    """The same of all windows, by the functions that fill the table."""
    from arousal.features.hrv import time_domain

    assert person.beats is not None
    values = time_domain(person.beats, grid, settings.beats.irregular_step)
    power = band_power(person.beats, grid, np.ones(len(grid), dtype=bool))
    return np.column_stack((values.mean_nn, values.sdnn, values.rmssd, power.hf))


def skin_frame(person: PersonPhysiology) -> pd.DataFrame:
    """Level and responses as NeuroKit2's functions want them: one row per sample."""
    eda = person.eda
    assert eda is not None
    frame = pd.DataFrame({"EDA_Tonic": eda.tonic, "SCR_Peaks": 0.0, "SCR_Amplitude": 0.0})
    at = np.searchsorted(eda.times, eda.responses.onset - 1e-9)
    frame.loc[at, "SCR_Peaks"] = 1.0
    frame.loc[at, "SCR_Amplitude"] = eda.responses.amplitude
    return frame


def neurokit_skin(
    person: PersonPhysiology, frame: pd.DataFrame, grid: Grid, rows: np.ndarray
) -> np.ndarray:
    """Responses and mean level of some windows, one NeuroKit2 call each."""
    import neurokit2 as nk

    eda, values = person.eda, []
    assert eda is not None
    first, last = grid.holding(eda.times)
    for i in rows:
        window = frame.iloc[first[i] : last[i]]
        found = nk.eda_intervalrelated(window, sampling_rate=EDA_RATE)
        values.append(
            [
                window["EDA_Tonic"].mean(),
                found["SCR_Peaks_N"][0],
                found["SCR_Peaks_Amplitude_Mean"][0],
            ]
        )
    return np.array(values, dtype=float)


def our_skin(person: PersonPhysiology, grid: Grid, settings: Settings) -> np.ndarray:
    """The same of all windows, from the table (beats left out)."""
    table = window_features([PersonPhysiology("P", eda=person.eda)], grid, settings)
    return table[["EDA_Tonic_Mean", "SCR_Peaks_N", "SCR_Peaks_Amplitude_Mean"]].to_numpy()


def disagreement(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Largest relative difference, and how often only one of the two is missing."""
    missing = int(np.count_nonzero(np.isnan(ours) != np.isnan(theirs)))
    both = np.isfinite(ours) & np.isfinite(theirs)
    gap = np.abs(ours[both] - theirs[both]) / np.maximum(np.abs(theirs[both]), 1e-12)
    return f"{gap.max(initial=0.0):.0e}, {missing} NaN mismatches"


def three_segments(person: PersonPhysiology, grid: Grid) -> np.ndarray:
    """Windows in which NeuroKit2's Welch has three segments, as ours always has."""
    assert person.beats is not None
    first, last = grid.inside(person.beats.starts, person.beats.times)
    span = person.beats.times[last - 1] - person.beats.times[first]
    samples = np.ceil(np.round((span + 0.25) * 4, 6)).astype(int)
    return samples // 2 % 2 == 0


def compare_windows(minutes: float, rounds: int, every: int) -> None:
    """Print question 1."""
    settings = Settings()
    person = process_person(made_person(minutes, 1), settings)
    frame = skin_frame(person)
    assert person.beats is not None
    clean = not person.beats.corrected.any()
    print(f"\n1. Windows of one person, {minutes:g} min (CPU seconds, median of {rounds})\n")
    print("| windows | what | NeuroKit2 loop | arousal | ratio | largest relative difference |")
    print("|---|---|---|---|---|---|")
    for duration, step in GRIDS:
        grid = Grid.regular(0.0, minutes * 60, duration, step)
        rows = np.arange(0, len(grid), every)
        jobs: dict[str, tuple[Callable[[], np.ndarray], Callable[[], np.ndarray]]] = {
            "HRV (time, Welch)": (
                lambda g=grid, r=rows: neurokit_hrv(person, g, r),
                lambda g=grid: our_hrv(person, g, settings),
            ),
            "skin conductance": (
                lambda g=grid, r=rows: neurokit_skin(person, frame, g, r),
                lambda g=grid: our_skin(person, g, settings),
            ),
        }
        for name, (loop, once) in jobs.items():
            theirs_s: list[float] = []
            ours_s: list[float] = []
            for _ in range(rounds):
                with cpu(theirs_s):
                    theirs = loop()
                with cpu(ours_s):
                    ours = once()
            slow, fast = median(theirs_s) * len(grid) / len(rows), median(ours_s)
            ours = ours[rows]
            label = name
            if name.startswith("HRV"):
                ours, theirs, label = comparable(person, grid, rows, ours, theirs, name, clean)
            print(
                f"| {len(grid)} x {duration:g} s / {step:g} s | {label} | {slow:.2f} | {fast:.4f} "
                f"| {slow / fast:.0f}x | {disagreement(ours, theirs)} |"
            )


def comparable(person, grid, rows, ours, theirs, name, clean):
    """Keep the windows in which both do the same (see the docstrings of hrv and spectral)."""
    first, last = grid.inside(person.beats.starts, person.beats.times)
    doubtful = np.concatenate(([0], np.cumsum(~person.beats.sound)))
    sound = (doubtful[last] - doubtful[first] == 0)[rows]
    three = three_segments(person, grid)[rows]
    ours, theirs = ours.copy(), theirs.copy()
    for values in (ours, theirs):
        values[~sound, 2] = 0.0
        values[~three, 3] = 0.0
    share = f"{name}; RMSSD equal in {sound.mean():.0%}, HF in {three.mean():.0%} of windows"
    return ours, theirs, name if clean and three.all() else share


# 2, 3 ------------------------------------------------------------------------------------------


def floor(person: Person) -> None:
    """One filter, one peak search, one copy: what cannot be saved."""
    from scipy.signal import butter, find_peaks, sosfiltfilt

    ecg = person.signals[0].values
    clean = sosfiltfilt(butter(5, 0.5, "highpass", output="sos", fs=ECG_RATE), ecg)
    find_peaks(clean, height=300, distance=40)
    clean.copy()


def neurokit_script(person: Person, minutes: float, every: int) -> float:
    """A lean NeuroKit2 script from raw signals to a table; returns seconds to add for scaling."""
    import neurokit2 as nk

    ecg, eda = (s.values for s in person.signals)
    clean = nk.ecg_clean(ecg, sampling_rate=ECG_RATE)
    peaks = nk.ecg_findpeaks(clean, sampling_rate=ECG_RATE)["ECG_R_Peaks"]
    peaks = nk.signal_fixpeaks(peaks, sampling_rate=ECG_RATE, iterative=True, method="Kubios")[1]
    phasic = nk.eda_phasic(eda, sampling_rate=EDA_RATE, method="highpass")
    info = nk.eda_findpeaks(phasic["EDA_Phasic"].to_numpy(), sampling_rate=EDA_RATE)
    marks = np.zeros(eda.size)
    marks[info["SCR_Peaks"]] = 1.0
    frame = phasic.assign(SCR_Peaks=marks, SCR_Amplitude=marks)
    intervals, times = np.diff(peaks) / ECG_RATE * 1000, peaks[1:] / ECG_RATE
    began = time.process_time()
    visited = 0
    for duration, step in GRIDS:
        onsets = np.arange(0, minutes * 60 - duration + 1e-9, step)[::every]
        for onset in onsets:
            inside = (times > onset) & (times <= onset + duration)
            window = {"RRI": intervals[inside]}
            nk.hrv_time(window)
            nk.hrv_frequency(
                window, psd_method="welch", interpolation_rate=4, normalize=False, silent=True
            )
            a, b = int(onset * EDA_RATE), int((onset + duration) * EDA_RATE)
            nk.eda_intervalrelated(frame.iloc[a:b], sampling_rate=EDA_RATE)
            visited += 1
    return (time.process_time() - began) * (every - 1)


def compare_scripts(minutes: float, rounds: int, every: int) -> None:
    """Print questions 2 and 3."""
    person, settings = made_person(minutes, 2), Settings()
    grid = Grid.of(
        np.concatenate([Grid.regular(0, minutes * 60, d, s).onset for d, s in GRIDS]),
        np.concatenate([Grid.regular(0, minutes * 60, d, s).duration for d, s in GRIDS]),
    )
    seconds: dict[str, list[float]] = {"NeuroKit2, lean": [], "arousal": [], "floor": []}
    for _ in range(rounds):
        with cpu(seconds["NeuroKit2, lean"]):
            more = neurokit_script(person, minutes, every)
        seconds["NeuroKit2, lean"][-1] += more
        with cpu(seconds["arousal"]):
            found = process_person(person, settings)
            window_features([found], grid, settings)
            assert found.beats is not None
            # The table has HF only with a breathing belt; the script has it always, so we too.
            band_power(found.beats, grid, np.ones(len(grid), dtype=bool))
        with cpu(seconds["floor"]):
            floor(person)
    ours = median(seconds["arousal"])
    print(f"\n2. Raw signals to the table, one person, {len(grid)} windows\n")
    print("| | CPU s | against arousal |\n|---|---|---|")
    for name, each in seconds.items():
        print(f"| {name} | {median(each):.3f} | {median(each) / ours:.2f}x |")
    steps(person, settings, grid, rounds)


def steps(person: Person, settings: Settings, grid: Grid, rounds: int) -> None:
    """Print question 3: NeuroKit2's function and ours for each step."""
    import neurokit2 as nk

    from arousal.features.cardiac import find_beats
    from arousal.features.electrodermal import process_eda

    ecg, eda = person.signals
    clean = nk.ecg_clean(ecg.values, sampling_rate=ECG_RATE)
    peaks = nk.ecg_findpeaks(clean, sampling_rate=ECG_RATE)["ECG_R_Peaks"]
    whole = process_person(person, settings)
    work: dict[str, Callable[[], object]] = {
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
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, job in work.items():
            with cpu(seconds[name]):
                job()
    print("\n3. Steps\n\n| step | CPU s |\n|---|---|")
    for name, each in seconds.items():
        print(f"| {name} | {median(each):.4f} |")


# 4 ---------------------------------------------------------------------------------------------


def everybody(minutes: float, people: int) -> None:
    """Work on everybody in this process; print one JSON line (called in a process of its own)."""
    import neurokit2 as nk

    assert nk.__version__
    settings = Settings()
    persons = [made_person(minutes, seed) for seed in range(people)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grid = Grid.regular(0.0, minutes * 60, settings.windows.durations, settings.windows.step)
    began = time.process_time()
    physiologies = [process_person(p, settings) for p in persons]
    table = window_features(physiologies, grid, settings)
    used = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"cpu": used, "mb": peak / 1024, "before": before / 1024, "rows": len(table)}))


def compare_sizes(minutes: float, people: int) -> None:
    """Print question 4."""
    print("\n4. Everybody in one process (peak memory holds Python, NeuroKit2 and all signals)\n")
    print("| people x minutes | rows | CPU s after imports | peak MB | of it before |")
    print("|---|---|---|---|---|")
    sizes = [(people, minutes), (people, minutes / 2), (max(1, people // 2), minutes)]
    results = []
    for count, length in sizes:
        command = [sys.executable, __file__, "--everybody"]
        command += ["--people", str(count), "--minutes", str(length)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        results.append(found["cpu"])
        print(
            f"| {count} x {length:g} | {found['rows']} | {found['cpu']:.2f} | {found['mb']:.0f} "
            f"| {found['before']:.0f} |"
        )
    whole, half_time, half_people = results
    print(
        f"\nCost grows as minutes^{np.log2(whole / half_time):.2f} "
        f"and people^{np.log(whole / half_people) / np.log(people / max(1, people // 2)):.2f}."
        if people > 1
        else ""
    )


def main() -> None:
    """Read the options and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=90.0)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--every", type=int, default=1, help="the loop visits every k-th window")
    parser.add_argument("--quick", action="store_true", help="20 min, 3 people, 3 rounds, every 8")
    parser.add_argument("--everybody", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick:
        options.minutes, options.people, options.rounds, options.every = 20.0, 3, 3, 8
    if options.everybody:
        everybody(options.minutes, options.people)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NeuroKit2's own, in its loop
        print(f"{Path(__file__).name}: {' '.join(sys.argv[1:]) or 'defaults'}")
        compare_windows(options.minutes, options.rounds, options.every)
        compare_scripts(options.minutes, options.rounds, options.every)
        compare_sizes(options.minutes, options.people)


if __name__ == "__main__":
    main()
