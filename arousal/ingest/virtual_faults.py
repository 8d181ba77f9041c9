"""Faults that a replay can inject, written ``KIND[:STREAM]@SECONDS[+LENGTH][=VALUE]``.

=============================  ===================================================================
``dies:Polar-04@30``           the sender goes; with ``+20`` it returns 20 s later (a new outlet)
``late:Polar-04@30``           the sender appears only then
``silent:Polar-04@30+10``      the sender stays and sends nothing
``twin:Polar-04@0``            a second strap under the same name, type and source id
``rate:Polar-04@0=0.8``        samples come at 0.8 times their rate
``nan:gsr-04@30+5``            values are not numbers
``flat:gsr-04@30+60``          the value stays as it was
``step:Polar-04@60=3.5``       its stamps jump by 3.5 s and stay there
``freeze@60+5``                the whole computer stands still, then sends what it held in one go,
                               stamped then
=============================  ===================================================================

Seconds are the session's own; a fault without ``+LENGTH`` lasts to the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arousal.errors import UsageError

__all__ = ["Fault", "FaultPlan", "parse_fault"]

KINDS = ("dies", "late", "silent", "twin", "rate", "nan", "flat", "step", "freeze")
_DEFAULTS = {"rate": 0.8, "step": 3.5}
_FORM = re.compile(
    r"(?P<kind>[a-z]+)(?::(?P<stream>.+?))?@(?P<at>[\d.]+)(?:\+(?P<length>[\d.]+))?"
    r"(?:=(?P<value>-?[\d.]+))?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Parameters
    ----------
    kind : str
        See the table above.
    stream : str
        Name of the stream; empty for ``freeze``.
    at, length : float
        When it begins and how long it lasts, in s of the session.
    value : float
        Factor of ``rate``, seconds of ``step``.
    """

    kind: str
    stream: str
    at: float
    length: float = float("inf")
    value: float = 0.0

    @property
    def end(self) -> float:
        """When it is over."""
        return self.at + self.length

    def covers(self, time: float) -> bool:
        """Whether it is in force at a time."""
        return self.at <= time < self.end


def parse_fault(text: str, streams: Iterable[str]) -> Fault:
    """Read a fault.

    Parameters
    ----------
    text : str
        In the form above.
    streams : iterable of str
        Names that exist.

    Raises
    ------
    UsageError
        If the form, the kind or the stream is unknown.

    Examples
    --------
    >>> parse_fault("dies:Polar-04@30+20", ["Polar-04"])
    Fault(kind='dies', stream='Polar-04', at=30.0, length=20.0, value=0.0)
    """
    found = _FORM.fullmatch(text.strip())
    where = f"fault {text!r}"
    if found is None or found["kind"] not in KINDS:
        raise UsageError(
            "is not KIND[:STREAM]@SECONDS[+LENGTH][=VALUE]",
            where=where,
            hint=f"kinds: {', '.join(KINDS)}; for example dies:Polar-04@30+20",
        )
    kind, stream = found["kind"], found["stream"] or ""
    if (kind == "freeze") == bool(stream) or (stream and stream not in set(streams)):
        problem = f"there is no stream {stream!r}" if stream else "which stream?"
        if kind == "freeze":
            problem = "freeze stops the whole computer and takes no stream"
        names = ", ".join(sorted(set(streams)))
        raise UsageError(problem, where=where, hint=f"streams: {names}")
    try:
        at, length = float(found["at"]), float(found["length"] or "inf")
        value = float(found["value"]) if found["value"] else _DEFAULTS.get(kind, 0.0)
    except ValueError:
        raise UsageError("holds a number that is none", where=where) from None
    if kind == "rate" and not 0 < value <= 100:
        raise UsageError(f"factor is {value:g}, allowed over 0 to 100", where=where)
    return Fault(kind, stream, at, length, value)


class FaultPlan:
    """The faults of one stream.

    Parameters
    ----------
    faults : iterable of Fault
        Of any streams.
    stream : str
        Whose.
    """

    def __init__(self, faults: Iterable[Fault], stream: str) -> None:
        self._faults = [fault for fault in faults if fault.stream == stream]

    def _of(self, kind: str) -> list[Fault]:
        return [fault for fault in self._faults if fault.kind == kind]

    @property
    def twins(self) -> int:
        """How many more straps pretend to be this one."""
        return len(self._of("twin"))

    @property
    def rate(self) -> float:
        """Factor on the true rate."""
        return float(np.prod([fault.value for fault in self._of("rate")]))

    def present(self, time: float) -> bool:
        """Whether the sender is on the network."""
        return not any(fault.covers(time) for fault in self._of("dies")) and all(
            time >= fault.at for fault in self._of("late")
        )

    def sends(self, time: float) -> bool:
        """Whether it sends samples."""
        return not any(fault.covers(time) for fault in self._of("silent"))

    def step(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds that its stamps are off at these times."""
        off = np.zeros(len(times))
        for fault in self._of("step"):
            off += fault.value * ((times >= fault.at) & (times < fault.end))
        return off

    def spoil(
        self, values: NDArray[np.generic], times: NDArray[np.float64], last: NDArray[np.generic]
    ) -> NDArray[np.generic]:
        """Put in what is not a number or does not change.

        Parameters
        ----------
        values : ndarray, shape (n, channels)
            Numbers as they would be sent.
        times : ndarray, shape (n,)
            When, in s of the session.
        last : ndarray, shape (channels,)
            The sample sent before them.
        """
        spoilt = values
        for fault in (*self._of("nan"), *self._of("flat")):
            hit = (times >= fault.at) & (times < fault.end)
            if hit.any():
                if fault.kind == "nan" and values.dtype.kind != "f":
                    raise UsageError(
                        "whole numbers cannot be NaN", where=f"fault nan:{fault.stream}"
                    )
                spoilt = spoilt.copy()
                first = int(np.argmax(hit))
                held = spoilt[first - 1] if first else last
                spoilt[hit] = np.nan if fault.kind == "nan" else held
        return spoilt
