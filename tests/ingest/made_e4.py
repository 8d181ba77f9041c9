"""A small Empatica E4 export with known values, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def e4(folder: Path, start: float = 1_700_000_000.0, minutes: float = 4, seed: int = 1) -> Path:
    """Write an export: skin conductance of 1 + seed uS with a slow wave, intervals of 0.8 s."""
    folder.mkdir(parents=True)
    seconds = np.arange(0, 60 * minutes, 0.25)
    eda = 1 + seed + 0.2 * np.sin(seconds / 7)
    lines = {
        "EDA.csv": [f"{start}", "4.0", *(f"{v:.6f}" for v in eda)],
        "TEMP.csv": [f"{start}", "4.0", *(f"{33 + 0.1 * seed:.2f}" for _ in seconds)],
        "BVP.csv": [f"{start}", "64.0", *("0.00" for _ in range(64))],
        "IBI.csv": [f"{start}, IBI", *(f"{0.8 * k:.6f},0.800000" for k in range(1, 250))],
        "tags.csv": [f"{start + 30}"],
        "info.txt": ["the same in every export"],
    }
    for name, rows in lines.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
