"""tsflex with NeuroKit2's functions, and NeuroKit2's cvxEDA with cvxopt, in their own environment.

python run_tsflex.py SIGNALS.npz OUTPUT.npz STRIDE60 STRIDE300: prints one line of JSON (CPU seconds
after the imports) and writes the tonic level. The windows are tsflex's: every STRIDE s from the
first beat on, so that a run can visit every k-th one.
"""

import json
import sys
import time

import neurokit2 as nk
import numpy as np
import pandas as pd
from tsflex.features import FeatureCollection, FuncWrapper, MultipleFeatureDescriptors


def of_time(intervals):
    found = nk.hrv_time({"RRI": intervals})
    return found["HRV_MeanNN"][0], found["HRV_SDNN"][0], found["HRV_RMSSD"][0]


def of_power(intervals):
    found = nk.hrv_frequency(
        {"RRI": intervals},
        psd_method="welch",
        interpolation_rate=4,
        normalize=False,
        silent=True,
    )
    return found["HRV_LF"][0], found["HRV_HF"][0]


def collection(window, stride):
    functions = [
        FuncWrapper(of_time, output_names=["mean", "sdnn", "rmssd"]),
        FuncWrapper(of_power, output_names=["lf", "hf"]),
    ]
    descriptors = MultipleFeatureDescriptors(functions, ["intervals"], [window], strides=[stride])
    return FeatureCollection([descriptors])


def main():
    signals = np.load(sys.argv[1])
    index = pd.to_datetime(signals["times"], unit="s")
    series = pd.Series(signals["intervals"], index=index, name="intervals")
    found = {}
    for window, stride in ((60, sys.argv[3]), (300, sys.argv[4])):
        features = collection(f"{window}s", f"{stride}s")
        began = time.process_time()
        table = features.calculate(series, return_df=True, n_jobs=1, approve_sparsity=True)
        found[str(window)] = {"cpu": time.process_time() - began, "windows": len(table)}
    began = time.process_time()
    split = nk.eda_phasic(signals["eda"], sampling_rate=4, method="cvxeda")
    found["cvxeda"] = {"cpu": time.process_time() - began}
    np.savez(sys.argv[2], tonic=split["EDA_Tonic"].to_numpy())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
