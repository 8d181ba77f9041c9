"""Counts of PLUX converters -> units, by the sensors' data sheets.

Formulas: PLUX data sheets of the sensors (biosignalsplux; BITalino (r)evolution), and the
calibration limits of accelerometers as PLUX's own notebooks use them. With ``n`` bits and counts
``c``, ``x = c / 2**n``:

========  ================================  =======================================
sensor    biosignalsplux (3.0 V)            BITalino (3.3 V)
========  ================================  =======================================
ECG       (x - 0.5) * 3.0 / 1.019 mV        (x - 0.5) * 3.3 / 1.1 mV
EDA       x * 3.0 / 0.12 uS                 (r)evolution: x * 3.3 / 0.132 uS;
                                            board of 2013: 1 / (1 - x) uS
ACC, XYZ  2 (c16 - 28000) / 10000 - 1 g     2 (c10 - 400) / 208 - 1 g
========  ================================  =======================================

(``c16``, ``c10``: counts as if of 16 or 10 bits). The accelerometers' limits are nominal; each
device has its own, which its file does not hold. Pulse waves and breathing keep their counts:
only their timing is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.recording import Kind

__all__ = ["AXES", "Scaled", "convert_counts", "physical_unit"]

FloatArray = NDArray[np.float64]
AXES = frozenset({"XYZ", "ACC", "ACCBIT", "ACCBITREV"})
"""Names of the accelerometer, of which three columns are one signal."""
_KINDS = {
    "ECG": Kind.ECG,
    "EDA": Kind.EDA,
    "BVP": Kind.PPG,
    "PPG": Kind.PPG,
    "RESP": Kind.RESPIRATION,
    "RIP": Kind.RESPIRATION,
    "PZT": Kind.RESPIRATION,
    "XYZ": Kind.ACCELERATION,
    "ACC": Kind.ACCELERATION,
}
_UNITS = {Kind.ECG: "mV", Kind.EDA: "uS", Kind.ACCELERATION: "g"}


@dataclass(frozen=True, slots=True, eq=False)
class Scaled:
    """Values in a unit, or the reason why they are no signal (``kind`` is ``None``)."""

    values: FloatArray
    kind: Kind | None
    unit: str = ""
    reason: str = ""


def physical_unit(sensor: str, values: FloatArray) -> Scaled:
    """Name kind and unit of a file that was exported as converted.

    Parameters
    ----------
    sensor : str
        As the header names it (``"ECG"``, ``"EDABITREV"``).
    values : ndarray, shape (n, axes)
        In the sensor's unit.
    """
    kind = _kind(sensor)
    if kind is None:
        return Scaled(values, None, reason=f"sensor {sensor!r} is none that this package reads")
    return Scaled(values, kind, _UNITS.get(kind, ""))


def convert_counts(sensor: str, model: str, firmware: str, bits: int, counts: FloatArray) -> Scaled:
    """Convert counts.

    Parameters
    ----------
    sensor : str
        As the header names it.
    model : str
        Header's ``device`` (``"biosignalsplux"``, ``"bitalino"``, ``"bitalino_rev"``, ...).
    firmware : str
        Header's ``firmware version``; boards of the (r)evolution have 5 or higher.
    bits : int
        Resolution of the channel.
    counts : ndarray, shape (n, axes)
        As stored.

    Returns
    -------
    Scaled
        ECG in mV, skin conductance in uS, movement in g; waves of which only the timing is used
        as they are.
    """
    kind = _kind(sensor)
    if kind is None:
        return Scaled(counts, None, reason=f"sensor {sensor!r} is none that this package reads")
    if not 1 <= bits <= 32:
        return Scaled(counts, None, reason=f"resolution is {bits} bits, allowed 1 to 32")
    share = counts / 2.0**bits
    small = model.startswith("bitalino")
    if kind is Kind.ECG:
        millivolts = (share - 0.5) * (3.3 / 1.1 if small else 3.0 / 1.019)
        return Scaled(millivolts, kind, "mV")
    if kind is Kind.EDA:
        return Scaled(_conductance(share, sensor, model, firmware), kind, "uS")
    if kind is Kind.ACCELERATION:
        low, high, full = (400.0, 608.0, 10) if small else (28_000.0, 38_000.0, 16)
        return Scaled(2.0 * (share * 2.0**full - low) / (high - low) - 1.0, kind, "g")
    return Scaled(counts, kind)


def _kind(sensor: str) -> Kind | None:
    plain = sensor.upper().removesuffix("REV").removesuffix("BIT")
    return _KINDS.get(plain)


def _conductance(share: FloatArray, sensor: str, model: str, firmware: str) -> FloatArray:
    if not model.startswith("bitalino"):
        return share * (3.0 / 0.12)
    try:
        recent = float(".".join(firmware.split(".")[:2])) >= 5
    except ValueError:
        recent = False
    if recent or model != "bitalino" or sensor.endswith("REV"):
        return share * (3.3 / 0.132)
    return np.asarray(1.0 / (1.0 - share), dtype=np.float64)
