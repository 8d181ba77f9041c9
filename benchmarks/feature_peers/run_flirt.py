"""FLIRT's windows in its own environment: python run_flirt.py SIGNALS.npz WINDOW STEP WHAT N.

Prints one line of JSON: CPU seconds after the imports and a first call (which compile for some
15 s), median of N.
"""

import json
import sys
import time

import flirt
import numpy as np
import pandas as pd


def main() -> None:
    path, window, step, what = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    signals = np.load(path)
    if what == "hrv":
        series = pd.Series(signals["intervals"], index=pd.to_datetime(signals["times"], unit="s"))

        def run(part):
            return flirt.get_hrv_features(
                part, window, step, domains=["td", "fd"], clean_data=False, num_cores=1
            )

    else:
        at = np.arange(signals["eda"].size) / 4.0
        series = pd.Series(signals["eda"], index=pd.to_datetime(at, unit="s"))

        def run(part):
            return flirt.get_eda_features(part, window, step, data_frequency=4, num_cores=1)

    run(series[: pd.to_datetime(window + step, unit="s")])
    used = []
    for _ in range(int(sys.argv[5])):
        began = time.process_time()
        found = run(series)
        used.append(time.process_time() - began)
    told = {"cpu": float(np.median(used)), "windows": len(found)}
    if what == "hrv":
        ends = (found.index - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
        told |= {"ends": list(ends), "rmssd": found["hrv_rmssd"].tolist()}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
