"""Raters' files and tables made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from arousal.hypothesis.prediction import POLARITIES
from arousal.tables import RATINGS

HEADER = ("onset", "duration", "rater", "person", *POLARITIES, "quality", "mode")


def write(path, *rows, header: Sequence[str] = HEADER):
    """A file with these rows; cells are written as they are."""
    lines = ["\t".join(header), *("\t".join(str(c) for c in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def table(rows) -> pd.DataFrame:
    """Ratings: (onset, duration, rater, person, four numbers or one for all four, quality)."""
    columns: dict[str, list[object]] = {name: [] for name in RATINGS.names}
    for onset, duration, rater, person, poles, *quality in rows:
        four = poles if isinstance(poles, tuple) else (poles,) * 4
        given = dict(zip(POLARITIES, four, strict=True))
        given |= {"onset": onset, "duration": duration, "rater": rater, "person": person}
        given |= {"quality": quality[0] if quality else np.nan, "mode": ""}
        for name in RATINGS.names:
            columns[name].append(given[name])
    return RATINGS.frame(dict(columns))
