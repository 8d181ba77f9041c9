"""Biofourmis / Biovotion Everion export -> Recording.

A folder of ``CsvData_<what>_<serial>.csv``, each with ``count,streamType,tag,time,values``: a tag
says what a line is, the time is whole Unix seconds, a second value after ``;`` is a quality.
Tags are read as the makers of devicely found them out (doi 10.21105/joss.03679). Intervals come
one or two a second, so their beats are rebuilt from the intervals themselves. What has no
documented unit (skin conductance ``gsr_electrode``, light and movement in counts) is listed and
waits for a mapping.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.export import Channel, Export, assemble
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import first_lines, read_cells
from arousal.recording import Kind, Recording

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMAT", "read_everion"]

FloatArray = NDArray[np.float64]
HEADER = "count,streamType,tag,time,values"
_FILE = re.compile(r"CsvData_(?P<what>[a-z_]+?)_EV-.*\.csv", re.IGNORECASE)
LONG_ENOUGH = 10.0
"""Seconds from which on the count of samples tells their rate (within a hundredth)."""
_NO_UNIT = "its unit is not documented"


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    kind: Kind | None
    unit: str = ""
    rate: float | None = None
    reason: str = "computed by the device; not a signal this package reads"


_TAGS: dict[str, dict[int, _Tag]] = {
    "features": {14: _Tag("inter_pulse_interval", Kind.RR, "ms")},
    "signals": {
        6: _Tag("heart_rate", Kind.HR, "bpm"),
        19: _Tag("temperature_local", Kind.TEMPERATURE, "degC", 1.0),
        21: _Tag("gsr_electrode", None, reason=_NO_UNIT),
        12: _Tag("respiration_rate", None, reason="a rate, not the wave of breathing"),
        15: _Tag("core_temperature", None, reason="an estimate of the body's core, not the skin"),
        118: _Tag("temperature_object", None, reason="a second thermometer; local is used"),
        119: _Tag("temperature_barometer", None, reason="the barometer's own temperature"),
    },
    "sensor_data": {
        **{80 + n: _Tag(f"led{n + 1}", None, reason="light in counts of unknown scale")
           for n in range(4)},
        **{84 + n: _Tag(f"acc_{axis}", None, reason="movement in counts of unknown scale")
           for n, axis in enumerate("xyz")},
    },
}  # fmt: skip


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return any(_FILE.fullmatch(p.name) for p in path.iterdir())
    return path.is_file() and _FILE.fullmatch(path.name) is not None


def read_everion(request: Request) -> Recording:
    """Read an Everion export.

    Parameters
    ----------
    request : Request
        The folder, or one file of it. A mapping names quantities as above
        (``gsr_electrode``).

    Returns
    -------
    Recording
        Clock ``"unix"``. Event files hold codes of the device, no marks, and are left out.

    Raises
    ------
    FormatError
        If no file holds a usable signal.
    """
    paths = sorted(request.path.iterdir()) if request.path.is_dir() else [request.path]
    files = {m["what"].lower(): p for p in paths if (m := _FILE.fullmatch(p.name))}
    findings: list[Finding] = []
    tables: dict[str, pd.DataFrame] = {}
    for what in _TAGS:
        if what not in files:
            text = "is not in the export"
            findings.append(Finding("everion-file-missing", text, Severity.WARNING, what))
            continue
        tables[what] = _table(files[what], what, findings)
    wanted = [t for t in tables.values() if len(t)]
    if not wanted:
        raise FormatError("no file of the export holds a line of data", where=request.path)
    zero = min(float(t["time"].min()) for t in wanted)
    channels = [c for what, t in tables.items() for c in _channels(t, what, zero)]
    exported = Export(
        tuple(channels),
        (),
        source_of([files[what] for what in tables], FORMAT.name),
        "unix",
        zero,
        datetime.fromtimestamp(zero, UTC),
        tuple(findings),
    )
    return assemble(request, exported)


def _table(path: Path, what: str, findings: list[Finding]) -> pd.DataFrame:
    """Lines in order of time and count, each once, with the value before any ``;``."""
    import pandas as pd

    head = first_lines(path, 1)
    if not head or head[0].strip() != HEADER:
        raise FormatError(f"its first line is not {HEADER!r}", where=path)
    raw = read_cells(path, HEADER.split(","), separator=",", skip=1, as_text=True)
    once = raw.drop_duplicates()
    table = pd.DataFrame(
        {
            "count": pd.to_numeric(once["count"], errors="coerce"),
            "tag": pd.to_numeric(once["tag"], errors="coerce"),
            "time": pd.to_numeric(once["time"], errors="coerce"),
            "value": pd.to_numeric(once["values"].str.split(";").str[0], errors="coerce"),
        }
    ).dropna()
    table = table[np.isfinite(table.to_numpy()).all(axis=1)]
    broken = len(once) - len(table)
    if broken:
        text = f"{broken} of {len(once)} lines are not numbers and are left out"
        findings.append(Finding("lines-broken", text, Severity.WARNING, what))
    ordered: pd.DataFrame = table.sort_values(["time", "count"], kind="stable")
    return ordered


def _channels(table: pd.DataFrame, what: str, zero: float) -> list[Channel]:
    found: list[Channel] = []
    for number, lines in table.groupby("tag", sort=True):
        code = int(str(number).split(".", maxsplit=1)[0])
        tag = _TAGS[what].get(code, _Tag(f"{what} tag {code}", None))
        times = lines["time"].to_numpy(dtype=np.float64) - zero
        values = lines["value"].to_numpy(dtype=np.float64)
        if what == "sensor_data":
            times = _spread(times, lines["count"].to_numpy(dtype=np.float64))
        found.append(Channel(tag.name, values, times, tag.kind, tag.unit, tag.rate, "upper arm",
                             reason=tag.reason))  # fmt: skip
    return found


def _spread(seconds: FloatArray, counts: FloatArray) -> FloatArray:
    """Samples that share whole seconds -> their times, by the device's count of them.

    The stamp is the whole second in which a sample fell, half a second early on average. Too few
    seconds tell no rate; then the stamps stay.
    """
    if np.ptp(seconds) < LONG_ENOUGH or np.unique(counts).size < seconds.size:
        return seconds
    slope, level = np.polyfit(counts - counts[0], seconds + 0.5, 1)
    return np.asarray(level + slope * (counts - counts[0]), dtype=np.float64)


FORMAT = Format("everion", "Everion export (CsvData_*.csv)", _recognises, read_everion)
