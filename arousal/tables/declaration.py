"""What a table is: declared columns, with types, units, bounds and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from arousal.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["SCHEMA_VERSION", "Column", "Table", "fraction"]

SCHEMA_VERSION = 1
"""Raised when a column changes its name or meaning."""
_TYPES = {"str": "object", "float": "float64", "int": "int64", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Column name.
    dtype : {"str", "float", "int", "bool"}
        Type; floats may be NaN (missing), the others may not be missing.
    unit : str
        Unit; empty for none.
    meaning : str
        One sentence for the data dictionary.
    low, high : float, optional
        Allowed range, bounds included.
    levels : tuple of str
        Allowed values of a text column, if they are few.
    source : str
        Formula's source: NeuroKit2 function or DOI.
    """

    name: str
    dtype: Literal["str", "float", "int", "bool"]
    unit: str = ""
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: name, columns in order, the columns that make a row unique."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    meaning: str = ""

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def empty(self) -> pd.DataFrame:
        """Return a frame with this table's columns and types and no rows."""
        return self.frame({name: [] for name in self.names})

    def frame(self, columns: dict[str, Any]) -> pd.DataFrame:
        """Build a frame with this table's columns and types, in its order, and check it.

        Parameters
        ----------
        columns : dict
            Column name -> values; every column must be there and no other.

        Raises
        ------
        DataError
            As `check`.
        """
        import pandas as pd

        missing = [n for n in self.names if n not in columns]
        if missing or len(columns) != len(self.columns):
            other = sorted(set(columns) - set(self.names))
            raise DataError(f"columns missing: {missing}, unknown: {other}", where=self.name)
        frame = pd.DataFrame({n: columns[n] for n in self.names})
        # Only what has another type: pandas takes longer over a conversion to the same one than
        # thousands of windows take to compute.
        found = dict(zip(self.names, frame.dtypes, strict=True))
        wanted = {c.name: _TYPES[c.dtype] for c in self.columns}
        unlike: dict[str, Any] = {n: t for n, t in wanted.items() if str(found[n]) != t}
        frame = frame.astype(unlike) if unlike else frame
        self.check(frame)
        return frame

    def check(self, frame: pd.DataFrame) -> None:
        """Check names, types, ranges, levels and uniqueness of the key.

        Raises
        ------
        DataError
            On the first column that breaks its declaration; names column, value and rule.
        """
        if list(frame.columns) != self.names:
            raise DataError(f"columns {list(frame.columns)} are not {self.names}", where=self.name)
        for column in self.columns:
            self._check_column(column, frame[column.name].to_numpy())
        if self.key and frame.duplicated(list(self.key)).any():
            row = frame[frame.duplicated(list(self.key))].iloc[0]
            key = ", ".join(f"{k}={row[k]}" for k in self.key)
            raise DataError(f"two rows with {key}", where=self.name)

    def _check_column(self, column: Column, values: NDArray[Any]) -> None:
        kinds = {"str": "O", "float": "f", "int": "i", "bool": "b"}
        if values.dtype.kind != kinds[column.dtype]:
            raise DataError(f"{column.name} is {values.dtype}, not {column.dtype}", where=self.name)
        if column.levels:
            wrong = [
                found for found in dict.fromkeys(values.tolist()) if found not in column.levels
            ]
            if wrong:
                raise DataError(
                    f"{column.name} is {wrong[0]!r}, allowed {', '.join(column.levels)}",
                    where=self.name,
                )
        if column.low is not None and (low := values[values < column.low]).size:
            raise DataError(
                f"{column.name} is {low.min()}, allowed >= {column.low}", where=self.name
            )
        if column.high is not None and (high := values[values > column.high]).size:
            raise DataError(
                f"{column.name} is {high.max()}, allowed <= {column.high}", where=self.name
            )

    def sidecar(self) -> dict[str, dict[str, Any]]:
        """Column descriptions as BIDS-style JSON: LongName/Description, Units, Levels, Source."""
        return {c.name: _describe(c) for c in self.columns}


def _describe(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {"Description": column.meaning, "Type": column.dtype}
    if column.unit:
        entry["Units"] = column.unit
    if column.levels:
        entry["Levels"] = list(column.levels)
    if column.low is not None:
        entry["Minimum"] = column.low
    if column.high is not None:
        entry["Maximum"] = column.high
    if column.source:
        entry["Source"] = column.source
    return entry


def fraction(name: str, meaning: str) -> Column:
    """Return a column of shares between 0 and 1."""
    return Column(name, "float", "", meaning, 0.0, 1.0)
