"""Results as JSON and back: dataclasses of this package, tables, arrays, numbers, words.

Unlike a pickle, what is read back can only be data: no name outside of this package is looked up,
and nothing but frozen records and enumerations is made. Floats and arrays come back bit by bit.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["from_plain", "to_plain"]

OWN = "arousal."
MARK = "~"
"""Key that tells what an object of JSON stands for."""


def to_plain(value: Any) -> Any:
    """Return what JSON can say of a value.

    Raises
    ------
    DataError
        If the value is of a kind that is not kept.
    """
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return {MARK: "enum", "of": _name(type(value)), "value": value.value}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {MARK: "float", "value": str(float(value))}
    if isinstance(value, np.ndarray | np.generic):
        return _array(np.asarray(value), isinstance(value, np.generic))
    if isinstance(value, tuple | list | set | frozenset):
        return _row(value)
    if isinstance(value, Mapping):
        return {MARK: "dict", "items": [[to_plain(k), to_plain(v)] for k, v in value.items()]}
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    if type(value).__module__.startswith("pandas."):
        return _frame(value)
    raise DataError(f"{type(value).__name__} cannot be kept")


def _row(value: Any) -> dict[str, Any]:
    kind = next(k.__name__ for k in (tuple, list, set, frozenset) if isinstance(value, k))
    items = sorted(value) if kind in {"set", "frozenset"} else value
    return {MARK: kind, "items": [to_plain(item) for item in items]}


def _record(value: Any) -> dict[str, Any]:
    parts = {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.init}
    return {MARK: "record", "of": _name(type(value)), "parts": parts}


def _name(kind: type) -> str:
    if not kind.__module__.startswith(OWN):
        raise DataError(f"{kind.__name__} is not of this package and cannot be kept")
    return f"{kind.__module__}:{kind.__qualname__}"


def _array(value: np.ndarray[Any, Any], alone: bool) -> dict[str, Any]:
    plain: dict[str, Any] = {MARK: "array", "type": value.dtype.str, "shape": list(value.shape)}
    if value.dtype.kind == "O":
        plain["items"] = [to_plain(item) for item in value.ravel().tolist()]
    else:
        plain["bytes"] = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return plain | ({"alone": True} if alone else {})


def _frame(value: Any) -> dict[str, Any]:
    import pandas as pd

    if not (isinstance(value, pd.DataFrame) and isinstance(value.index, pd.RangeIndex)):
        raise DataError(f"a {type(value).__name__} with this index cannot be kept")
    columns = [[str(name), _array(value[name].to_numpy(), False)] for name in value.columns]
    return {MARK: "frame", "rows": len(value), "columns": columns}


def from_plain(plain: Any) -> Any:
    """Return the value that `to_plain` described.

    Raises
    ------
    DataError
        If it describes nothing that this package keeps.
    """
    if not isinstance(plain, dict):
        return plain
    try:
        return _MAKERS[plain[MARK]](plain)
    except (KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise DataError(f"cannot be read back: {type(error).__name__} {error}") from None


def _class(name: str) -> Any:
    module, _, path = name.partition(":")
    if not module.startswith(OWN):
        raise DataError(f"{module} is not of this package")
    found = getattr(import_module(module), path)
    if not isinstance(found, type) or not (is_dataclass(found) or issubclass(found, Enum)):
        raise DataError(f"{name} is no record")
    return found


def _to_record(plain: dict[str, Any]) -> Any:
    return _class(plain["of"])(**{name: from_plain(v) for name, v in plain["parts"].items()})


def _to_array(plain: dict[str, Any]) -> Any:
    kind = np.dtype(plain["type"])
    if "items" in plain:
        value = np.empty(len(plain["items"]), dtype=object)
        value[:] = [from_plain(item) for item in plain["items"]]
    else:
        value = np.frombuffer(base64.b64decode(plain["bytes"]), dtype=kind).copy()
    shaped = value.reshape(plain["shape"])
    return shaped[()] if plain.get("alone") else shaped


def _to_frame(plain: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    columns = {name: from_plain(column) for name, column in plain["columns"]}
    return pd.DataFrame(columns, index=pd.RangeIndex(plain["rows"]))


_MAKERS: dict[str, Any] = {
    "enum": lambda plain: _class(plain["of"])(plain["value"]),
    "float": lambda plain: float(plain["value"]),
    "array": _to_array,
    "frame": _to_frame,
    "record": _to_record,
    "dict": lambda plain: {from_plain(k): from_plain(v) for k, v in plain["items"]},
    **{
        kind.__name__: lambda plain, kind=kind: kind(from_plain(item) for item in plain["items"])
        for kind in (tuple, list, set, frozenset)
    },
}
