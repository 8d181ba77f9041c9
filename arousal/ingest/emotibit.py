"""EmotiBit CSV, as its DataParser writes it -> Recording.

One file for each kind of data (``<start>_EA.csv``), all with ``LocalTimestamp`` (Unix seconds) and,
last, a column named like the data. The SD card's raw file has the device's own clock only and is
parsed by EmotiBit's DataParser first. Units are those of EmotiBit's documentation.
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
from arousal.ingest.export import Channel, Export, assemble, mark_events
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import first_lines, read_cells
from arousal.ingest.table_time import UNIX_FROM, UNIX_TO
from arousal.recording import Event, Kind, Recording

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMAT", "read_emotibit"]

FloatArray = NDArray[np.float64]
HEAD = "LocalTimestamp,EmotiBitTimestamp,PacketNumber,DataLength,TypeTag"
NOTES = "UN"
_RAW = re.compile(r"\d+(\.\d+)?,\d+,\d+,[A-Z0-9%]{2},\d+,\d+(,.*)?")


@dataclass(frozen=True, slots=True)
class _Tag:
    kind: Kind | None
    unit: str = ""
    rate: float | None = None
    reason: str = ""


_TAGS = {
    "EA": _Tag(Kind.EDA, "uS", 15.0),
    "BI": _Tag(Kind.RR, "ms"),
    "HR": _Tag(Kind.HR, "bpm"),
    "PI": _Tag(Kind.PPG, "a.u.", 25.0),
    "PG": _Tag(Kind.PPG, "a.u.", 25.0),
    "PR": _Tag(Kind.PPG, "a.u.", 25.0),
    "TH": _Tag(Kind.TEMPERATURE, "degC", 7.5),
    "T1": _Tag(Kind.TEMPERATURE, "degC", 7.5),
    "T0": _Tag(None, "degC", 7.5, "the temperature of the optical chip, not the skin's"),
    "EL": _Tag(None, reason="a part of EA"),
    "ER": _Tag(None, reason="a part of EA"),
    "SA": _Tag(None, reason="responses as the device computed them; computed here from EA"),
    "SF": _Tag(None, reason="responses as the device computed them; computed here from EA"),
    "SR": _Tag(None, reason="responses as the device computed them; computed here from EA"),
    "B%": _Tag(Kind.BATTERY, "%"),
}
"""In the order in which they are to be used (infrared before green and red)."""
_AXES = ("AX", "AY", "AZ")


def _recognises(path: Path) -> bool:
    if path.is_dir():
        return any(_tag_of(p) for p in path.glob("*.csv"))
    return path.is_file() and (_tag_of(path) is not None or _is_raw(path))


def _tag_of(path: Path) -> str | None:
    head = first_lines(path, 1, 512)
    return head[0].split(",")[-1].strip() if head and head[0].startswith(HEAD) else None


def _is_raw(path: Path) -> bool:
    lines = first_lines(path, 4, 2048)[:3]
    return len(lines) == 3 and all(_RAW.fullmatch(line.strip()) for line in lines)


def read_emotibit(request: Request) -> Recording:
    """Read a folder of parsed EmotiBit files, or one of them.

    Parameters
    ----------
    request : Request
        Folder or file. A mapping names data by type tag (``EA``); the accelerometer is ``ACC``.

    Returns
    -------
    Recording
        Clock ``"unix"``. User notes (``UN``) are events.

    Raises
    ------
    FormatError
        If it is a raw file, its times are no Unix times, or nothing in it is a usable signal.
    """
    path = request.path
    if path.is_file() and _is_raw(path):
        raise FormatError(
            "it is EmotiBit's raw file, whose times are the device's own",
            where=path,
            hint="run EmotiBit's DataParser on it and give the folder with the parsed files",
        )
    files = _files(path)
    findings: list[Finding] = []
    tables = {tag: _table(file, tag, findings) for tag, file in files.items()}
    starts = [float(t["time"].min()) for t in tables.values() if len(t)]
    if not starts:
        raise FormatError("no file in it holds a line of data", where=path)
    zero = min(starts)
    if not UNIX_FROM <= zero <= UNIX_TO:
        raise FormatError(
            f"LocalTimestamp begins at {zero:.10g}, which is no Unix time of 1990 to 2100",
            where=path,
            hint="parse the raw file again, with its time-syncs",
        )
    exported = Export(
        tuple(_channels(tables, zero)),
        _notes(tables.get(NOTES), zero),
        source_of(files.values(), FORMAT.name),
        "unix",
        zero,
        datetime.fromtimestamp(zero, UTC),
        tuple(findings),
    )
    return assemble(request, exported)


def _files(path: Path) -> dict[str, Path]:
    paths = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    found: dict[str, Path] = {}
    for file in paths:
        tag = _tag_of(file)
        if tag is None:
            continue
        if tag in found:
            raise FormatError(
                f"{found[tag].name} and {file.name} both hold {tag}: there is more than one "
                "recording in the folder",
                where=path,
                hint="give each recording a folder of its own",
            )
        found[tag] = file
    return found


def _table(path: Path, tag: str, findings: list[Finding]) -> pd.DataFrame:
    import pandas as pd

    names = [name.strip() for name in first_lines(path, 1)[0].split(",")]
    if len(set(names)) < len(names):
        raise FormatError("its columns do not have names of their own", where=path)
    cells = read_cells(path, names, separator=",", skip=1, as_text=True)
    times = pd.to_numeric(cells["LocalTimestamp"], errors="coerce")
    values = cells[tag] if tag == NOTES else pd.to_numeric(cells[tag], errors="coerce")
    table = pd.DataFrame({"time": times, "value": values}).dropna()
    broken = len(cells) - len(table)
    if broken:
        text = f"{broken} of {len(cells)} lines are broken and are left out"
        findings.append(Finding("lines-broken", text, Severity.WARNING, tag))
    return table


def _channels(tables: dict[str, pd.DataFrame], zero: float) -> list[Channel]:
    found: list[Channel] = []
    order = [*_TAGS, *(tag for tag in tables if tag not in _TAGS)]
    for tag in order:
        if tag not in tables or tag in {NOTES, *_AXES}:
            continue
        words = _TAGS.get(tag, _Tag(None, reason="not a signal this package reads"))
        times = tables[tag]["time"].to_numpy(dtype=np.float64) - zero
        values = tables[tag]["value"].to_numpy(dtype=np.float64)
        found.append(Channel(tag, values, times, words.kind, words.unit, words.rate,
                             reason=words.reason))  # fmt: skip
    if all(tag in tables for tag in _AXES):
        found.append(_movement(tables, zero))
    return found


def _movement(tables: dict[str, pd.DataFrame], zero: float) -> Channel:
    """Join the axes by their lines; packets may be missing from one of them."""
    import pandas as pd

    axes = [t.drop_duplicates("time").set_index("time")["value"] for t in map(tables.get, _AXES)
            if t is not None]  # fmt: skip
    joined = pd.concat(axes, axis=1, join="inner").sort_index()
    times = joined.index.to_numpy(dtype=np.float64) - zero
    return Channel("ACC", joined.to_numpy(dtype=np.float64), times, Kind.ACCELERATION, "g", 25.0)


def _notes(table: pd.DataFrame | None, zero: float) -> tuple[Event, ...]:
    if table is None:
        return ()
    rows = zip(table["time"], table["value"], strict=True)
    return mark_events(((float(t) - zero, str(v).strip()) for t, v in rows), "UN")


FORMAT = Format("emotibit", "EmotiBit CSV (parsed)", _recognises, read_emotibit)
