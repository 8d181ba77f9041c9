"""Tables of a study read back as they were declared.

>>> from arousal.study.stored import read_table                 # doctest: +SKIP
>>> read_table(study / "derivatives/contrasts.tsv", CONTRASTS)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arousal.errors import DataError
from arousal.tables import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_table"]

TYPES = {"str": "object", "float": "float64", "int": "int64", "bool": "bool"}


def read_table(path: Path, table: Table, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a TSV that `arousal.derivatives.write_table` wrote.

    Parameters
    ----------
    path : Path
        Ends in ``.tsv``.
    table : Table
        Its declaration; checked, except where only some columns are read.
    columns : sequence of str, optional
        Read only these; text among them comes as categories, which is quick and small.

    Raises
    ------
    DataError
        If it is missing, damaged, cut off, or has other columns than declared.
    """
    import pandas as pd

    kinds: dict[Any, Any] = {c.name: TYPES[c.dtype] for c in table.columns}
    if columns is not None:
        kinds = {n: "category" if kinds[n] == "object" else kinds[n] for n in columns}
    try:
        frame = pd.read_csv(
            path,
            sep="\t",
            usecols=None if columns is None else list(columns),
            dtype=kinds,
            na_values={name: ["n/a"] for name, kind in kinds.items() if kind == "float64"},
            keep_default_na=False,
            float_precision="round_trip",
        )
    except FileNotFoundError:
        raise DataError("the table is missing", where=path) from None
    except (OSError, ValueError) as error:  # pandas' errors of parsing are ValueErrors
        raise DataError(f"not a table as declared: {_first_line(error)}", where=path) from None
    if columns is None:
        if list(frame.columns) != table.names:
            raise DataError("its columns are those of another version", where=path)
        table.check(frame)
    return frame


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
