"""The JSON beside or above a BIDS table: rate, start, columns, and what each column is.

Keys of our own, which BIDS allows beside its own, say what a plain reader need not know:
``ArousalKind`` (what a column measures), ``NominalSamplingFrequency`` (the rate that the device
declared; ``"n/a"`` for one without), ``OriginalUnits``, ``NumberFormat`` (``"float32"``: the
text is that of a 32-bit float), and ``Placement`` of the sensor, as the BIDS proposal for
peripheral physiology calls it. A column ``timestamp`` in seconds holds the time
of each line; lines without one are gaps.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from arousal.errors import FormatError
from arousal.ingest.bids_names import name_parts, suffix_of
from arousal.recording import Kind

__all__ = [
    "DESCRIPTION",
    "FORMAT",
    "KIND",
    "NOMINAL",
    "ORIGINAL",
    "PLACEMENT",
    "SINGLE",
    "TIMESTAMP",
    "Column",
    "Sidecar",
    "inherited_sidecar",
    "parse_sidecar",
    "read_object",
]

DESCRIPTION = "dataset_description.json"
DEEPEST = 4
"""Folders between a dataset and a table: subject, session, kind of data."""
KIND = "ArousalKind"
NOMINAL = "NominalSamplingFrequency"
ORIGINAL = "OriginalUnits"
PLACEMENT = "Placement"
FORMAT, SINGLE = "NumberFormat", "float32"
TIMESTAMP = "timestamp"


def inherited_sidecar(path: Path) -> tuple[dict[str, Any], tuple[Path, ...]]:
    """Read the JSON that applies to a table.

    Parameters
    ----------
    path : Path
        ``*_physio.tsv.gz`` (or any ``<parts>_<suffix>.<extension>``).

    Returns
    -------
    sidecar : dict
        Keys of all JSON files that apply, the nearest and most specific last.
    files : tuple of Path
        Which these were.

    Raises
    ------
    FormatError
        If one of them is no JSON object.
    """
    suffix, parts = suffix_of(path.name), set(name_parts(path.name))
    folders = [path.parent]
    while len(folders) <= DEEPEST and not (folders[-1] / DESCRIPTION).is_file():
        folders.append(folders[-1].parent)
    merged: dict[str, Any] = {}
    used: list[Path] = []
    for folder in reversed(folders):
        fitting = [f for f in folder.glob(f"*{suffix}.json")
                   if suffix_of(f.name) == suffix and set(name_parts(f.name)) <= parts]  # fmt: skip
        for file in sorted(fitting, key=lambda f: len(name_parts(f.name))):
            merged |= read_object(file)
            used.append(file)
    return merged, tuple(used)


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    FormatError
        If the file is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise FormatError(f"is no JSON ({error})", where=path) from None
    if not isinstance(content, dict):
        raise FormatError("is no JSON object", where=path)
    return content


@dataclass(frozen=True, slots=True)
class Column:
    """What the JSON says of one column.

    Parameters
    ----------
    units : str
        As written; empty if not.
    kind : Kind or None
        What it measures, where a file of ours says so.
    site, original_unit : str
        As in `arousal.recording.Signal`.
    single : bool
        Whether the texts are those of 32-bit floats.
    """

    units: str = ""
    kind: Kind | None = None
    site: str = ""
    original_unit: str = ""
    single: bool = False


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the JSON says of a table.

    Parameters
    ----------
    rate : float
        Lines per second.
    start : float
        Seconds; time of the first line.
    names : tuple of str
        Columns in order.
    nominal : float or None
        Samples per second as the device declared them; ``None`` if it declares none.
    columns : dict of str to Column
        By name.
    """

    rate: float
    start: float
    names: tuple[str, ...]
    nominal: float | None
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def stamped(self) -> bool:
        """Whether a column holds the time of each line, in seconds."""
        return TIMESTAMP in self.names and self.columns[TIMESTAMP].units == "s"


def parse_sidecar(raw: dict[str, Any], path: Path) -> Sidecar:
    """Check the JSON of a table of samples.

    Parameters
    ----------
    raw : dict
        From `inherited_sidecar`.
    path : Path
        The table, for messages.

    Raises
    ------
    FormatError
        If a key that BIDS wants is missing or cannot be right.
    """
    missing = [key for key in ("SamplingFrequency", "Columns") if key not in raw]
    if missing:
        raise FormatError(
            f"no JSON beside or above it says {' or '.join(missing)}",
            where=path,
            hint="BIDS wants SamplingFrequency, StartTime and Columns",
        )
    try:
        rate, start = float(raw["SamplingFrequency"]), float(raw.get("StartTime", 0.0))
        names = tuple(str(column) for column in raw["Columns"])
        given = raw.get(NOMINAL, rate)
        nominal = None if given == "n/a" else float(given)
    except (TypeError, ValueError):
        rate, start, names, nominal = 0.0, 0.0, (), None
    good = np.isfinite([rate, start, nominal or 1.0]).all() and rate > 0 and (nominal or 1.0) > 0
    if not good or not names or len(set(names)) < len(names):
        raise FormatError(
            "SamplingFrequency must be above 0, StartTime a number, Columns a list of names",
            where=path,
        )
    columns = {name: _column(raw.get(name)) for name in names}
    return Sidecar(rate, start, names, nominal, columns)


def _column(raw: Any) -> Column:
    if not isinstance(raw, dict):
        return Column()
    word = raw.get(KIND)
    kind = Kind(word) if word in set(Kind) else None
    return Column(
        str(raw.get("Units", "")),
        kind,
        str(raw.get(PLACEMENT, "")),
        str(raw.get(ORIGINAL, "")),
        raw.get(FORMAT) == SINGLE,
    )
