"""Compute a session again in memory and say whether the numbers on disk come out.

What is compared are the tables in ``derivatives/`` as they stand, byte by byte, and where they
differ, cell by cell; and what ``provenance.json`` says they were made from.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arousal.derivatives import provenance
from arousal.errors import DataError
from arousal.pipeline import SessionResult, measure, open_session
from arousal.tables import CURVES, FEATURES, GROUP, PHASES, QUALITY, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColumnDifference", "Reproduction", "reproduce"]

TABLES = (FEATURES, CURVES, GROUP, PHASES, QUALITY)
_ABOUT = ("schema_version", "arousal", "code_sha256", "python", "protocol", "protocol_sha256")


@dataclass(frozen=True, slots=True)
class ColumnDifference:
    """One column of one table that does not come out.

    Parameters
    ----------
    table, column : str
        Which; an empty column stands for the table's rows.
    rows : int
        How many of them differ.
    of : int
        Rows of the table.
    largest : float
        Largest absolute difference of numbers; not finite where one is missing, or it is text.
    example : str
        First row that differs: what stands there, and what comes out.
    """

    table: str
    column: str
    rows: int
    of: int
    largest: float
    example: str

    def __str__(self) -> str:
        if not self.column:
            return f"{self.table}: {self.example}"
        most = f", at most by {self.largest:.3g}" if math.isfinite(self.largest) else ""
        return f"{self.table}.{self.column}: {self.rows} of {self.of} rows{most} ({self.example})"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came out.

    Parameters
    ----------
    session : str
        Its folder.
    made_at : str
        When the tables on disk were made.
    changes : tuple of str
        What they were made from that is different now: files, versions, settings.
    differences : tuple of ColumnDifference
        Numbers that do not come out.
    """

    session: str
    made_at: str
    changes: tuple[str, ...]
    differences: tuple[ColumnDifference, ...]

    @property
    def identical(self) -> bool:
        """Whether every table comes out byte by byte."""
        return not self.differences

    def check(self) -> None:
        """Refuse to call it reproduced.

        Raises
        ------
        DataError
            If any number differs.
        """
        if self.differences:
            columns = len(self.differences)
            reason = "what it was made from changed" if self.changes else "nothing it names changed"
            raise DataError(
                f"not identical: {columns} columns differ; {reason}", where=self.session
            )

    def as_json(self) -> dict[str, Any]:
        """Return all of it, ready for JSON; a missing number is null."""
        content = asdict(self) | {"identical": self.identical}
        for row in content["differences"]:
            row["largest"] = row["largest"] if math.isfinite(row["largest"]) else None
        return content


def reproduce(
    folder: Path,
    *,
    protocol: str | Path | None = None,
    mapping: Path | None = None,
    settings: Path | None = None,
) -> Reproduction:
    """Compute a session again and compare with what stands in its ``derivatives/``.

    Parameters
    ----------
    folder : Path
        A session's folder.
    protocol, mapping, settings
        As they were given when the tables were made; see `arousal.pipeline.open_session`.

    Raises
    ------
    DataError
        If there are no tables with their provenance, or they cannot be read.
    ArousalError
        As `arousal.pipeline.analyse`, if the session cannot be analysed any more.
    """
    told = _provenance(folder)
    source = open_session(folder, protocol=protocol, mapping=mapping, settings=settings)
    result = measure(source).result(told["purpose"])
    now: dict[str, Any] = json.loads(json.dumps(asdict(provenance(result, datetime.now(UTC)))))
    differences = [d for table in TABLES for d in _compare(folder, table, _frame(result, table))]
    changes = tuple(_changes(told, now))
    return Reproduction(folder.name, told["made_at"], changes, tuple(differences))


def _provenance(folder: Path) -> dict[str, Any]:
    path = folder / "derivatives" / "provenance.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        _ = [told[k] for k in ("purpose", "made_at", "inputs", "settings", "packages")]
    except FileNotFoundError:
        raise DataError(
            "there is nothing to reproduce: no derivatives/provenance.json",
            where=folder,
            hint="arousal report SESSION or arousal process STUDY makes it",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"is no provenance: {error}", where=path) from None
    return dict(told)


def _frame(result: SessionResult, table: Table) -> pd.DataFrame:
    frame: pd.DataFrame = getattr(result, table.name)
    return frame


def _changes(told: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key in _ABOUT:
        if key in told and told[key] != now[key]:
            yield f"{key}: {_short(told[key])} then, {_short(now[key])} now"
    yield from _changed("package", told["packages"], now["packages"])
    yield from _changed("input", _inputs(told["inputs"]), _inputs(now["inputs"]))
    yield from _changed("setting", _flat(told["settings"]), _flat(now["settings"]))


def _inputs(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Name -> checksum; files of one name (one folder a wristband) are told apart by numbers."""
    found: dict[str, str] = {}
    for row in rows:
        name, number = row["path"], 1
        while name in found:
            number += 1
            name = f"{row['path']} ({number})"
        found[name] = row["sha256"]
    return found


def _changed(what: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*then, *now}):
        if name not in now:
            yield f"{what} {name}: is not used any more"
        elif name not in then:
            yield f"{what} {name}: was not there"
        elif then[name] != now[name]:
            yield f"{what} {name}: {_short(then[name])} then, {_short(now[name])} now"


def _short(value: Any) -> str:
    text = str(value)
    return f"{text[:12]}..." if len(text) == 64 else text


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{above}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat


def _compare(folder: Path, table: Table, frame: pd.DataFrame) -> Iterator[ColumnDifference]:
    path = folder / "derivatives" / f"{table.name}.tsv"
    text = frame.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n").encode()
    try:
        there = path.read_bytes()
    except FileNotFoundError:
        yield ColumnDifference(table.name, "", len(frame), len(frame), math.nan, "is not there")
        return
    if there != text:
        yield from _cell_by_cell(table, _cells(there, path), _cells(text, path))


def _cells(content: bytes, path: Path) -> pd.DataFrame:
    """A table's cells as they are written, so that not even a last digit is read differently."""
    import pandas as pd

    try:
        return pd.read_csv(io.BytesIO(content), sep="\t", dtype=str, na_filter=False)
    except ValueError as error:  # pandas' errors of parsing are ValueErrors
        raise DataError(f"is no table: {error}", where=path) from None


def _cell_by_cell(
    table: Table, then: pd.DataFrame, now: pd.DataFrame
) -> Iterator[ColumnDifference]:
    if list(then.columns) != list(now.columns) or len(then) != len(now):
        told = f"{then.shape[0]} rows and {then.shape[1]} columns stand there, "
        told += f"{now.shape[0]} and {now.shape[1]} come out"
        yield ColumnDifference(table.name, "", len(now), len(now), math.nan, told)
        return
    found = [d for name in table.names if (d := _column(table, name, then, now)) is not None]
    yield from found
    if not found:
        told = "the same cells, written in other bytes"
        yield ColumnDifference(table.name, "", 0, len(now), math.nan, told)


def _column(
    table: Table, name: str, then: pd.DataFrame, now: pd.DataFrame
) -> ColumnDifference | None:
    rows = (then[name] != now[name]).to_numpy().nonzero()[0]
    if not rows.size:
        return None
    pairs = [(then[name].iloc[i], now[name].iloc[i]) for i in rows]
    first = rows[0]
    key = ", ".join(f"{k} {now[k].iloc[first]}" for k in table.key)
    example = (
        f"{key}: {pairs[0][0] or 'nothing'} stands there, {pairs[0][1] or 'nothing'} comes out"
    )
    largest = max((_gap(*pair) for pair in pairs), default=math.nan)
    return ColumnDifference(table.name, name, len(pairs), len(now), largest, example)


def _gap(then: str, now: str) -> float:
    """Distance of two numbers; infinite where one is missing or no number."""
    try:
        return abs(float(then) - float(now))
    except ValueError:
        return math.inf
