"""Bittium Faros recording as a folder of CSV files (as devicely writes it) -> Recording.

``meta.json`` holds the start, the rate of each file and its unit; the files have one sample a
line and no time. The EDF of the device itself is read by `arousal.ingest.edf`.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arousal.errors import FormatError
from arousal.findings import Finding, Severity
from arousal.ingest.export import Channel, Export, assemble, line_events
from arousal.ingest.formats import Format, Request, source_of
from arousal.ingest.number_table import first_lines, read_numbers
from arousal.recording import Event, Kind, Recording

__all__ = ["FORMAT", "beats_of_line", "read_faros_folder"]

FloatArray = NDArray[np.float64]
META = "meta.json"
_KINDS = {"ECG": Kind.ECG, "ACC": Kind.ACCELERATION}
_FILES = ("ECG", "ACC", "HRV", "Marker")


def beats_of_line(values: FloatArray, times: FloatArray, name: str) -> Channel:
    """Intervals from a line that carries one (ms) when the device found a beat, and 0 between.

    Parameters
    ----------
    values : ndarray, shape (n,)
        ms, or 0.
    times : ndarray, shape (n,)
        Seconds since the recording's zero.
    name : str
        Of the channel.
    """
    beats = values > 0
    return Channel(name, values[beats], times[beats], Kind.RR, "ms", site="chest")


def _recognises(path: Path) -> bool:
    return path.is_dir() and (path / META).is_file() and (path / "ECG.csv").is_file()


def read_faros_folder(request: Request) -> Recording:
    """Read a folder with ``meta.json``, ``ECG.csv``, ``ACC.csv``, ``HRV.csv``, ``Marker.csv``.

    Parameters
    ----------
    request : Request
        The folder. A mapping names channels ``ECG``, ``ACC``, ``HRV``.

    Returns
    -------
    Recording
        Clock ``"file"``: the start has no time zone. Changes of the marker line are events.

    Raises
    ------
    FormatError
        If ``meta.json`` is damaged or no file holds a usable signal.
    """
    folder = request.path
    meta = _meta(folder / META)
    findings: list[Finding] = []
    channels: list[Channel] = []
    events: tuple[Event, ...] = ()
    read = [folder / META]
    for name in _FILES:
        path = folder / f"{name}.csv"
        rate = meta["sample_freqs"].get(name)
        if not path.is_file() or rate is None:
            what = "is not in the folder" if rate is not None else "has no rate in meta.json"
            text = f"{what} and is left out"
            findings.append(Finding("faros-file-missing", text, Severity.WARNING, path.name))
            continue
        read.append(path)
        values, times = _values(path, float(rate), findings)
        if name == "Marker":
            events = line_events(np.append(0.0, values[:, 0]), np.append(0.0, times), name)
        elif name == "HRV":
            channels.append(beats_of_line(values[:, 0], times, name))
        else:
            channels.append(
                Channel(
                    name,
                    values if name == "ACC" else values[:, 0],
                    times,
                    _KINDS[name],
                    str(meta["units"].get(name, "")),
                    float(rate),
                    "chest",
                )
            )
    text = f"the start ({meta['start_time']}) has no time zone; times count from the first sample"
    findings.append(Finding("time-zone-unknown", text, Severity.NOTE, META))
    sources = source_of(read, FORMAT.name)
    return assemble(request, Export(tuple(channels), events, sources, findings=tuple(findings)))


def _meta(path: Path) -> dict[str, Any]:
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        rates = {str(k): float(v) for k, v in meta["sample_freqs"].items()}
        if not all(math.isfinite(rate) and rate > 0 for rate in rates.values()):
            raise ValueError("a rate is not above 0")
        units = dict(meta.get("units") or {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"does not hold the rates of the files ({type(error).__name__}: {error})", where=path
        ) from None
    return {"sample_freqs": rates, "units": units, "start_time": meta.get("start_time", "unknown")}


def _values(path: Path, rate: float, findings: list[Finding]) -> tuple[FloatArray, FloatArray]:
    head = first_lines(path, 1)
    names = [name.strip() for name in head[0].split(",")] if head else []
    if not names or len(set(names)) != len(names):
        raise FormatError("its first line does not name its columns", where=path)
    table = read_numbers(path, names, separator=",", skip=1)
    findings += table.findings
    values = np.column_stack(list(table.columns.values()))
    return values, np.arange(len(values)) / rate


FORMAT = Format(
    "faros-csv", "Faros folder (meta.json with ECG.csv, ACC.csv, ...)", _recognises,
    read_faros_folder,
)  # fmt: skip
