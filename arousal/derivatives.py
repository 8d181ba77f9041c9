"""What a session's analysis leaves on disk: tables as TSV with JSON sidecars, and provenance.

Everything here can be deleted and made again. Numbers are written with the shortest text that
reads back to the same float, so two runs on the same input give the same bytes (the provenance's
own time aside).
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arousal import __version__
from arousal.atomic import replacing_all, write_text
from arousal.code_version import code_version
from arousal.pipeline import SessionResult
from arousal.tables import CURVES, FEATURES, GROUP, PHASES, QUALITY, SCHEMA_VERSION, Table
from arousal.withheld import without_device

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Provenance", "phase_rows", "provenance", "write_derivatives", "write_table"]

_PACKAGES = ("neurokit2", "numpy", "pandas", "scipy")


@dataclass(frozen=True, slots=True)
class Provenance:
    """From what, with what and how a result was made; no host, no path outside the session.

    Parameters
    ----------
    schema_version : int
        Version of the table declarations.
    arousal, python : str
        Versions.
    code_sha256 : str
        Of the sources that shape the numbers and the packages below them.
    packages : mapping
        Name -> version of what the numbers depend on.
    inputs : tuple of mapping
        ``path`` (name only), ``sha256`` and ``format`` of each input file, settings and
        corrections included.
    protocol : str
        Protocol id.
    protocol_sha256 : str
        Of its canonical JSON, so that a changed protocol shows.
    settings : mapping
        Every setting used.
    purpose : str
        The consent that everyone in the result gave.
    made_at : str
        ISO time with zone.
    """

    schema_version: int
    arousal: str
    code_sha256: str
    python: str
    packages: Mapping[str, str]
    inputs: tuple[Mapping[str, str], ...]
    protocol: str
    protocol_sha256: str
    settings: Mapping[str, Any]
    purpose: str
    made_at: str


def provenance(result: SessionResult, now: datetime) -> Provenance:
    """Describe how a result was made.

    Parameters
    ----------
    result : SessionResult
        What was computed.
    now : datetime
        Timezone-aware.
    """
    protocol = result.protocol.model_dump_json(by_alias=True)
    return Provenance(
        schema_version=SCHEMA_VERSION,
        arousal=__version__,
        code_sha256=code_version(),
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        inputs=tuple(
            {"path": without_device(Path(s.path).name), "sha256": s.sha256, "format": s.format}
            for s in (*result.recording.sources, *result.source.files)
        ),
        protocol=result.protocol.id,
        protocol_sha256=hashlib.sha256(protocol.encode()).hexdigest(),
        settings=result.settings.model_dump(mode="json"),
        purpose=result.purpose,
        made_at=now.isoformat(timespec="seconds"),
    )


def write_table(frame: pd.DataFrame, table: Table, path: Path) -> None:
    """Write a table as TSV and its sidecar as ``<stem>.json``.

    Parameters
    ----------
    frame : DataFrame
        As declared by ``table``; checked.
    table : Table
        Its declaration.
    path : Path
        Ends in ``.tsv``. Missing values are written ``n/a`` as in BIDS.

    Raises
    ------
    DataError
        If the frame breaks the declaration.
    UsageError
        If the place cannot be written to.
    """
    table.check(frame)
    text = frame.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
    write_text(path, text)
    write_text(path.with_suffix(".json"), _json(table.sidecar()))


def write_derivatives(result: SessionResult, folder: Path, now: datetime) -> None:
    """Write every table of a session and ``provenance.json``: all of them, or none.

    Parameters
    ----------
    result : SessionResult
        What was computed.
    folder : Path
        ``<session>/derivatives``; made if missing.
    now : datetime
        Timezone-aware.

    Raises
    ------
    UsageError
        If the folder cannot be written to, or the disk is full.
    """
    tables = {
        FEATURES: result.features,
        CURVES: result.curves,
        GROUP: result.group,
        PHASES: result.phases,
        QUALITY: result.quality,
    }
    with replacing_all(folder) as new:
        for table, frame in tables.items():
            write_table(frame, table, new / f"{table.name}.tsv")
        write_text(new / "provenance.json", _json(asdict(provenance(result, now))))


def phase_rows(result: SessionResult) -> dict[str, Any]:
    """Return the per-phase table as one JSON-ready object.

    Returns
    -------
    dict
        ``{"schema_version": 1, "rows": [{person, role, block, phase, measure, value, unit, n,
        coverage, low, high, baseline, reason}]}``; a missing number is ``null``.
    """
    import numpy as np

    first = ["person", "role", "block", "phase", "measure", "value", "unit", "n", "coverage"]
    frame = result.phases[[*first, *(n for n in PHASES.names if n not in first)]]
    rows = [
        {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()}
        for row in frame.to_dict(orient="records")
    ]
    return {"schema_version": SCHEMA_VERSION, "rows": rows}


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
