"""Units as devices write them -> the unit in which a `Signal` carries its values.

A unit that is not declared, or that the values contradict, is only ever replaced where exactly
one unit remains possible for a living person; otherwise the caller is told and refuses the
signal. The ranges are wide on purpose: they tell units apart, they do not judge quality.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.errors import DataError
from arousal.recording import Kind

__all__ = [
    "ARBITRARY",
    "SCALE_FREE",
    "Unit",
    "UnitVerdict",
    "check_unit",
    "find_unit",
    "infer_unit",
    "is_whole",
    "to_kind",
    "unit_names",
]

FloatArray = NDArray[np.float64]

SCALE_FREE = frozenset({Kind.ECG, Kind.PPG, Kind.RESPIRATION})
"""Kinds of which only the timing of the wave is used: an unknown amplitude does no harm, but a
person has to confirm it (session file or mapping)."""

ARBITRARY = "a.u."
"""Unit of a wave of which only the timing is used."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of one kind: ``value * scale + offset``, or ``scale / value`` if reciprocal."""

    name: str
    scale: float
    spellings: tuple[str, ...]
    offset: float = 0.0
    reciprocal: bool = False


# Resistance becomes conductance: uS = 1000 / kOhm. Spellings are compared after `_plain`.
_UNITS: dict[Kind, tuple[Unit, ...]] = {
    Kind.EDA: (
        Unit("uS", 1.0, ("us", "usiemens", "umho", "umhos")),
        Unit("S", 1e6, ("s", "siemens")),
        Unit("nS", 1e-3, ("ns", "nsiemens")),
        Unit("kOhm", 1e3, ("kohm", "kohms"), reciprocal=True),
        Unit("Ohm", 1e6, ("ohm", "ohms"), reciprocal=True),
        Unit("MOhm", 1.0, ("megohm", "megaohm"), reciprocal=True),
    ),
    Kind.RR: (
        Unit("ms", 1.0, ("ms", "msec", "msecs", "mseconds")),
        Unit("s", 1e3, ("s", "sec", "secs", "second", "seconds")),
        Unit("1/1024 s", 1e3 / 1024.0, ("1/1024s", "1/1024sec")),
    ),
    Kind.ECG: (
        Unit("uV", 1.0, ("uv", "uvolt", "uvolts")),
        Unit("mV", 1e3, ("mv", "mvolt", "mvolts")),
        Unit("V", 1e6, ("v", "volt", "volts")),
    ),
    Kind.HR: (
        Unit("bpm", 1.0, ("bpm", "1/min", "/min", "beats/min", "beatsperminute", "min-1")),
        Unit("Hz", 60.0, ("hz", "1/s")),
    ),
    Kind.TEMPERATURE: (
        Unit("degC", 1.0, ("degc", "c", "°c", "celsius", "degcelsius", "degreescelsius", "℃")),
        Unit("degF", 5 / 9, ("degf", "f", "°f", "fahrenheit"), offset=-160 / 9),
        Unit("K", 1.0, ("k", "kelvin"), offset=-273.15),
    ),
    Kind.ACCELERATION: (
        Unit("g", 1.0, ("g", "gs")),
        Unit("mg", 1e-3, ("mg",)),
        Unit("m/s2", 1 / 9.80665, ("m/s2", "m/s^2", "m/s²", "ms-2", "m/sec2")),
        Unit("1/64 g", 1 / 64, ("1/64g",)),
    ),
    Kind.SPEECH: (
        Unit("fraction", 1.0, ("fraction", "", "1", "probability", "bool")),
        Unit("%", 0.01, ("%", "percent")),
    ),
    Kind.BATTERY: (
        Unit("%", 1.0, ("%", "percent")),
        Unit("fraction", 100.0, ("fraction",)),
    ),
    Kind.PPG: (Unit(ARBITRARY, 1.0, ("a.u.", "au")),),
    Kind.RESPIRATION: (Unit(ARBITRARY, 1.0, ("a.u.", "au")),),
}

_NAMES = {
    "microsiemens": "us",
    "micromho": "umho",
    "nanosiemens": "ns",
    "microvolt": "uv",
    "microvolts": "uv",
    "millivolt": "mv",
    "millivolts": "mv",
    "kiloohm": "kohm",
    "kiloohms": "kohm",
    "milliseconds": "ms",
    "millisecond": "ms",
}


def _plain(text: str) -> str:
    bare = text.strip().strip("[]()").replace(" ", "")
    for sign, word in (("μ", "u"), ("µ", "u"), ("Ω", "ohm"), ("\u03a9", "ohm")):
        bare = bare.replace(sign, word)
    bare = bare.lower()
    return _NAMES.get(bare, bare)


def find_unit(kind: Kind, text: str) -> str | None:
    """Return the name of a unit as a device writes it, or ``None`` if it is none of this kind.

    >>> find_unit(Kind.EDA, "microsiemens"), find_unit(Kind.EDA, "kΩ"), find_unit(Kind.EDA, "mmHg")
    ('uS', 'kOhm', None)
    """
    if kind in {Kind.PPG, Kind.RESPIRATION}:
        return ARBITRARY  # whatever is declared: only the wave's shape is used
    plain = _plain(text)
    if kind is Kind.ECG and plain in {"a.u.", "au"}:
        return ARBITRARY
    for unit in _UNITS[kind]:
        if plain and (plain in unit.spellings or plain == _plain(unit.name)):
            return unit.name
    return None


def unit_names(kind: Kind) -> tuple[str, ...]:
    """Units that are understood for a kind, the kind's own first."""
    return tuple(unit.name for unit in _UNITS[kind])


def to_kind(kind: Kind, unit: str, values: FloatArray) -> FloatArray:
    """Convert values to the unit of their kind.

    Parameters
    ----------
    kind : Kind
        What is measured.
    unit : str
        A name that `find_unit` returned.
    values : ndarray
        Any shape.

    Returns
    -------
    ndarray
        Same shape, in ``kind.unit``. A resistance <= 0 has no conductance: NaN.

    Raises
    ------
    DataError
        If the unit is none of this kind.
    """
    if unit == ARBITRARY:
        return values
    for candidate in _UNITS[kind]:
        if candidate.name == unit:
            return _apply(candidate, values)
    raise DataError(f"{unit!r} is no unit of {kind}; known: {', '.join(unit_names(kind))}")


def _apply(unit: Unit, values: FloatArray) -> FloatArray:
    if unit.reciprocal:
        result = np.full(values.shape, np.nan)
        np.divide(unit.scale, values, out=result, where=values > 0)
        return result
    if unit.scale == 1.0 and not unit.offset:
        return values
    return values * unit.scale + unit.offset


# What a statistic of a living person's signal can be, in the kind's unit.
_RANGES: dict[Kind, tuple[float, float]] = {
    Kind.EDA: (0.02, 60.0),
    Kind.RR: (250.0, 2500.0),
    Kind.HR: (25.0, 230.0),
    Kind.ECG: (50.0, 20_000.0),
    Kind.TEMPERATURE: (5.0, 45.0),
    Kind.ACCELERATION: (0.5, 2.0),
    Kind.SPEECH: (0.0, 1.0),
    Kind.BATTERY: (0.0, 100.0),
}
EDA_CEILING = 100.0
"""A declared uS is believed up to this median; open electrodes are below, never above."""
EDA_FLOOR = -1.0
"""... and down to this one: offsets of amplifiers are small, derivatives are not."""


def _spread(values: FloatArray) -> float:
    low, high = np.percentile(values, [0.5, 99.5])
    return float(high - low)


def _gravity(values: FloatArray) -> float:
    return float(np.median(np.linalg.norm(values, axis=1))) if values.ndim == 2 else float("nan")


def _median(values: FloatArray) -> float:
    return float(np.median(values))


_STATISTIC: dict[Kind, Callable[[FloatArray], float]] = {
    Kind.ECG: _spread,  # the swing, because a wave's median says nothing
    Kind.ACCELERATION: _gravity,  # at rest its length is 1 g
}
_WHAT = {Kind.ECG: "swing", Kind.ACCELERATION: "median length"}


ENOUGH = 50_000
"""Samples from which on every k-th is enough to tell units apart."""


def _statistic(kind: Kind, values: FloatArray) -> float:
    values = values[:: max(1, len(values) // ENOUGH)]
    finite = (
        values[np.isfinite(values).all(axis=1)] if values.ndim == 2 else values[np.isfinite(values)]
    )
    if kind in {Kind.EDA, Kind.RR, Kind.HR}:
        finite = finite[finite != 0]  # 0 is how devices write "nothing"
    if not finite.size:
        return float("nan")
    return _STATISTIC.get(kind, _median)(finite)


def _fits(kind: Kind, unit: str, values: FloatArray) -> bool:
    low, high = _RANGES[kind]
    if kind in {Kind.SPEECH, Kind.BATTERY}:
        finite = to_kind(kind, unit, values[np.isfinite(values)])
        return bool(finite.size) and bool((finite >= low).all() and (finite <= high).all())
    statistic = _statistic(kind, to_kind(kind, unit, values))
    return bool(low <= statistic <= high)


def is_whole(values: FloatArray) -> bool:
    """Whether all values are whole numbers, as counts of a converter are."""
    finite = values[np.isfinite(values)]
    return bool(finite.size) and bool((finite == np.round(finite)).all())


@dataclass(frozen=True, slots=True)
class UnitVerdict:
    """What the values say about a unit.

    Parameters
    ----------
    unit : str or None
        Unit to convert from; ``None`` = refused.
    reason : str
        Empty where the declared unit was taken as it is; else what was found, in words.
    """

    unit: str | None
    reason: str = ""


def check_unit(kind: Kind, unit: str, values: FloatArray) -> UnitVerdict:
    """Hold a declared unit against the values.

    Parameters
    ----------
    kind : Kind
        What is measured.
    unit : str
        The declared unit (a name of `find_unit`).
    values : ndarray, shape (n,) or (n, channels)
        In the declared unit.

    Returns
    -------
    UnitVerdict
        The declared unit where the values allow it or say nothing (empty, all NaN, flat); the
        only other unit that they allow; or a refusal. Skin conductance is never re-labelled: a
        median of 250 can be a resistance in kOhm or a converter's count.
    """
    if kind not in _RANGES or unit == ARBITRARY or kind in {Kind.SPEECH, Kind.BATTERY}:
        return UnitVerdict(unit)
    statistic = _statistic(kind, to_kind(kind, unit, values))
    silent = not np.isfinite(statistic) or (kind is Kind.ECG and statistic == 0)
    if silent or _believable(kind, statistic):
        return UnitVerdict(unit)
    what = f"{_WHAT.get(kind, 'median')} {statistic:.4g} {kind.unit} if it were {unit}"
    if kind is Kind.EDA:
        return UnitVerdict(None, f"{what}, and no person has that; several units are possible")
    others = [u.name for u in _UNITS[kind] if u.name != unit and _fits(kind, u.name, values)]
    if kind is Kind.RR:
        others = [name for name in others if name in {"ms", "s"}]
    if len(others) == 1:
        return UnitVerdict(others[0], f"{what}; only {others[0]} is possible, and was taken")
    return UnitVerdict(None, f"{what}, and no person has that")


def _believable(kind: Kind, statistic: float) -> bool:
    if kind is Kind.EDA:
        # low values are open electrodes: quality, not units
        return EDA_FLOOR <= statistic <= EDA_CEILING
    low, high = _RANGES[kind]
    if kind is Kind.ECG:
        return low / 2.5 <= statistic <= high * 2.5
    if kind is Kind.ACCELERATION:
        return low / 5 <= statistic <= high * 5
    return low <= statistic <= high


def infer_unit(kind: Kind, values: FloatArray) -> UnitVerdict:
    """Find the unit of values that declare none, where only one is possible.

    Parameters
    ----------
    kind : Kind
        What is measured.
    values : ndarray, shape (n,) or (n, channels)
        As they arrived.

    Returns
    -------
    UnitVerdict
        With the reason always given; refused where several units or none fit, and where skin
        conductance or an ECG are whole numbers (a converter's counts of unknown scale).
    """
    if kind not in _RANGES:
        return UnitVerdict(ARBITRARY)
    if kind in {Kind.EDA, Kind.ECG} and is_whole(values) and np.nanmin(values) < np.nanmax(values):
        return UnitVerdict(None, "whole numbers without a unit: converter counts of unknown scale")
    names = [u.name for u in _UNITS[kind] if u.name not in {"MOhm", "nS", "1/1024 s", "Hz"}]
    fitting = [name for name in names if _fits(kind, name, values)]
    if len(fitting) == 1:
        return UnitVerdict(fitting[0], f"no unit declared; the values allow only {fitting[0]}")
    if fitting:
        return UnitVerdict(None, f"no unit declared; the values allow {' and '.join(fitting)}")
    return UnitVerdict(None, f"no unit declared, and the values fit none of {', '.join(names)}")
