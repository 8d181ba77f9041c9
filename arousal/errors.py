"""Every error this package raises on purpose, in one tree.

::

    ArousalError            1   something this package noticed
    ├── UsageError          2   the call is wrong: an argument, an option, a combination
    ├── DataError           3   a file or a table holds something that cannot be right
    │   └── FormatError     3   a file is not what its name says, or is damaged beyond reading
    ├── SettingsError       4   session.toml, study.toml, a protocol, a hypothesis, arousal.toml
    ├── NothingUsableError  5   all is well-formed, and yet nothing is left to compute from
    └── DeviceError         6   a device, a stream or a network is missing or gone

The number is the exit code of the command line. A message is one line: what is wrong, with the
name, the value and the allowed range; ``hint`` is the next step; ``where`` is the file, table or
stream. Nothing above this module needs to format errors again: ``str(error)`` is the line that a
user reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

__all__ = [
    "ArousalError",
    "DataError",
    "DeviceError",
    "FormatError",
    "NothingUsableError",
    "SettingsError",
    "UsageError",
    "one_line",
]


def one_line(text: str) -> str:
    r"""Return a text that a terminal shows on one line: no line ends, no control characters.

    Names of files, streams and people come from outside and may hold anything; spaces are
    squeezed, and what cannot be printed is written as its escape.

    >>> one_line("RR\nP01\x1b[31m")
    'RR P01\\x1b[31m'
    """
    squeezed = " ".join(text.split())
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in squeezed)


class ArousalError(Exception):
    """Something this package noticed and can explain.

    Parameters
    ----------
    message : str
        What is wrong: name, value, allowed range. One line, no final full stop needed.
    where : str or pathlib.Path, optional
        The file, table, stream or option that the message is about.
    hint : str, optional
        What the user can do next.
    """

    exit_code: ClassVar[int] = 1
    attachment: str = ""
    """Text of several lines to be shown below the message (a mapping to complete), if any."""

    def __init__(self, message: str, *, where: str | Path | None = None, hint: str = "") -> None:
        self.message = one_line(message)
        self.where = "" if where is None else one_line(str(where))
        self.hint = one_line(hint)
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{step}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling of exceptions, and errors
        # cross process borders when a study is processed in parallel.
        return (_rebuild, (type(self), self.message, self.where, self.hint))


def _rebuild(kind: type[ArousalError], message: str, where: str, hint: str) -> ArousalError:
    return kind(message, where=where or None, hint=hint)


class UsageError(ArousalError):
    """The call itself is wrong: an argument, an option or their combination."""

    exit_code = 2


class DataError(ArousalError):
    """A file or a table holds something that cannot be right."""

    exit_code = 3


class FormatError(DataError):
    """A file is not what its name says, or it is damaged beyond reading."""


class SettingsError(ArousalError):
    """A settings file (session, study, protocol, hypothesis, analysis) is wrong."""

    exit_code = 4


class NothingUsableError(ArousalError):
    """Everything is well-formed, and yet nothing is left to compute from."""

    exit_code = 5


class DeviceError(ArousalError):
    """A device, a stream or the network between them is missing or gone."""

    exit_code = 6
