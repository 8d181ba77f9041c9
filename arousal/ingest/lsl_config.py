"""liblsl's configuration: the file it reads, and what this package's own programs add to it.

liblsl reads one ini file at its first call. A program that records adds two settings, each only
where the file says nothing about it: clock offsets are measured as often as they are written
(every 5 s instead of 2, which halves what they cost: 0.4 instead of 1 % of a core at 31 streams),
and liblsl's remarks on stderr are limited to errors.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path

__all__ = ["config_file", "lsl_settings", "settle", "with_ours"]

OURS = {"tuning": {"TimeUpdateInterval": "5"}, "log": {"level": "-2"}}
"""Section -> setting -> value (-2: errors; 0, the default, also tells which file was read)."""


def config_file() -> Path | None:
    """Return the configuration file that counts, by liblsl's own order; ``None`` if there is none.

    ``LSLAPICFG``, ``lsl_api.cfg`` here, ``~/lsl_api/lsl_api.cfg``, ``/etc/lsl_api/lsl_api.cfg``.
    """
    named = os.environ.get("LSLAPICFG")
    places = [Path(named)] if named else []
    places += [
        Path("lsl_api.cfg"),
        Path.home() / "lsl_api" / "lsl_api.cfg",
        Path("/etc/lsl_api/lsl_api.cfg"),
    ]
    return next((place for place in places if place.is_file()), None)


def lsl_settings() -> tuple[Path | None, configparser.ConfigParser]:
    """Find the LSL configuration file as liblsl does, and read it.

    Returns
    -------
    path : Path or None
        The file that counts, if there is any.
    settings : ConfigParser
        What it says.

    Raises
    ------
    configparser.Error, UnicodeDecodeError
        If it is not in the form of an ini file.
    """
    settings = configparser.ConfigParser(interpolation=None)
    path = config_file()
    if path is not None:
        settings.read_string(path.read_text(encoding="utf-8"))
    return path, settings


def with_ours(text: str) -> str:
    r"""Add `OURS` to a configuration, where it does not say otherwise.

    Parameters
    ----------
    text : str
        An ini file's text; empty for none.

    Raises
    ------
    configparser.Error
        If it is not in the form of an ini file.

    Examples
    --------
    >>> print(with_ours("[log]\nlevel = 1"))
    [log]
    level = 1
    [tuning]
    TimeUpdateInterval = 5
    """
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(text)
    lines = text.splitlines()
    for section, values in OURS.items():
        missing = [f"{k} = {v}" for k, v in values.items() if not settings.has_option(section, k)]
        if settings.has_section(section):
            head = next(i for i, line in enumerate(lines) if line.strip() == f"[{section}]")
            lines[head + 1 : head + 1] = missing
        elif missing:
            lines += [f"[{section}]", *missing]
    return "\n".join(lines)


def settle() -> None:
    """Give liblsl this computer's configuration with `OURS` added; a program's first act.

    For programs, not for libraries: it would override what a caller has told liblsl. Without
    effect once liblsl has read its configuration. A file that is damaged is left to liblsl.
    """
    import pylsl

    path = config_file()
    try:
        text = with_ours(path.read_text(encoding="utf-8") if path is not None else "")
        pylsl.set_config_content(text)
    except (configparser.Error, UnicodeDecodeError, OSError, NotImplementedError):
        return  # `arousal doctor` says what is wrong with it; an older liblsl cannot be told
