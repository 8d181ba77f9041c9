"""liblsl's configuration: the file it reads, and what this package's own programs add to it.

liblsl reads one ini file at its first call. A program that records adds two settings, each only
where the file says nothing about it: clock offsets are measured as often as they are written
(every 5 s instead of 2, which halves what they cost: 0.4 instead of 1 % of a core at 31 streams),
and liblsl writes nothing of its own to stderr.
"""

from __future__ import annotations

import os
from pathlib import Path

from arousal.findings import Finding, Severity
from arousal.ingest.lsl_ini import LslIni, read_ini

__all__ = ["config_file", "config_findings", "lsl_settings", "settle", "with_ours"]

OURS = {"tuning": {"TimeUpdateInterval": "5"}, "log": {"level": "-3"}}
"""Section -> setting -> value (-3: nothing but a crash). Whatever it could say is told in our own
words; of a stream that it will never touch again it would say that it is "re-connecting"."""


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


def lsl_settings() -> tuple[Path | None, LslIni]:
    """Find the LSL configuration file as liblsl does, and read it by its rules.

    Returns
    -------
    path : Path or None
        The file that counts, if there is any.
    settings : LslIni
        What it says; an unreadable file counts as dropped.
    """
    path = config_file()
    if path is None:
        return None, LslIni({})
    try:
        # liblsl does not mind the encoding, so that a comment in any is no reason to complain.
        return path, read_ini(path.read_bytes().decode("utf-8", "replace"))
    except OSError as error:
        return path, LslIni({}, error.strerror or str(error))


def config_findings() -> tuple[Finding, ...]:
    """Say what of this computer's LSL configuration liblsl does not take.

    It says nothing itself, or one line among others, and goes on without its session id and on
    whatever networks there are: another group's streams may be recorded, or nobody's be found.

    Returns
    -------
    tuple of Finding
        Empty if liblsl takes all of it, or there is no such file.
    """
    named = os.environ.get("LSLAPICFG")
    path, settings = lsl_settings()
    found = []
    if named and not Path(named).is_file():
        text = f"LSLAPICFG names {named}, where no file is; {path or 'nothing'} is read instead"
        hint = "put the file there, or take the variable away"
        found.append(Finding("lsl-config", text, Severity.PROBLEM, "LSL configuration", hint))
    if settings.dropped:
        text = f"liblsl drops the whole file and uses its own defaults: {settings.dropped}"
        hint = "mend the file and start again"
        found.append(Finding("lsl-config", text, Severity.PROBLEM, str(path), hint))
    elif settings.unheeded:
        text = f"without effect: {', '.join(settings.unheeded)}"
        hint = "mend the file and start again"
        found.append(Finding("lsl-config", text, Severity.PROBLEM, str(path), hint))
    return tuple(found)


def with_ours(text: str) -> str:
    r"""Add `OURS` to a configuration, where it does not say otherwise.

    Parameters
    ----------
    text : str
        A file that liblsl takes; empty for none.

    Examples
    --------
    >>> print(with_ours("[log]\nlevel = 1"))
    [log]
    level = 1
    [tuning]
    TimeUpdateInterval = 5
    """
    settings = read_ini(text)
    lines = text.splitlines()
    for section, values in OURS.items():
        missing = [f"{k} = {v}" for k, v in values.items() if not settings.has(section, k)]
        if missing:  # liblsl lets a section begin twice
            lines += [f"[{section}]", *missing]
    return "\n".join(lines)


def settle() -> tuple[Finding, ...]:
    """Give liblsl this computer's configuration with `OURS` added; a program's first act.

    For programs, not for libraries: it would override what a caller has told liblsl. Without
    effect once liblsl has read its configuration.

    Returns
    -------
    tuple of Finding
        What liblsl does not take of it; the program must say it.
    """
    import pylsl

    path, settings = lsl_settings()
    try:
        kept = b"" if path is None or settings.dropped else path.read_bytes()
        pylsl.set_config_content(with_ours(kept.decode("utf-8")))
    except (UnicodeDecodeError, OSError, NotImplementedError):
        pass  # pylsl hands over UTF-8 only, an older one nothing: liblsl reads the file itself
    return config_findings()
