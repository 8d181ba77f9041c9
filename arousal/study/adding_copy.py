"""Copy what was planned into a study: each file compared with what was read, all in one step."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

from arousal.atomic import PRIVATE_FILE, make_folder, write_text
from arousal.errors import DataError, UsageError
from arousal.ingest.loading import load
from arousal.study.adding_layout import Copy
from arousal.study.addition import Planned, shape_of
from arousal.study.sources import SOURCES, SourceFile, sources_text

__all__ = ["MAKING", "adopt", "left_behind"]

MAKING = ".adding-"
"""How the folder is called in which a session is made."""
BLOCK = 1 << 20
SPARE = 16 << 20
"""Bytes that stay free."""
IDLE = 3600.0
"""Seconds after which an untouched half-made session is what a killed run left behind."""


def adopt(root: Path, planned: Planned, today: date) -> Path:
    """Make a session of a study.

    Parameters
    ----------
    root : Path
        The study.
    planned : Planned
        From `arousal.study.adding_plan.plan`.
    today : date
        For ``sources.tsv``.

    Returns
    -------
    Path
        The session's folder.

    Raises
    ------
    DataError
        If an original changed since it was read, a copy differs, or the session does not read back
        like it.
    UsageError
        If it cannot be written, there is too little space, or the id was taken meanwhile.
    """
    target = root / "sessions" / planned.id
    try:
        _clear(root)
        _check_space(root, planned)
        make_folder(target.parent)
        with tempfile.TemporaryDirectory(prefix=MAKING, dir=root) as making:
            # One folder deeper, so that a study's own ../../protocol.toml is found from here too.
            place = Path(making) / planned.id
            _fill(place, planned, today)
            _check_reading(place, planned)
            if target.exists():
                raise UsageError("is there already", where=target, hint="give --session ID")
            place.rename(target)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"cannot be written: {reason}", where=target, hint="nothing of it was kept"
        ) from None
    return target


def left_behind(root: Path) -> tuple[Path, ...]:
    """Return half-made sessions of runs that were killed; the next `adopt` removes them."""
    return tuple(p for p in sorted(root.glob(f"{MAKING}*")) if time.time() - _touched(p) > IDLE)


def _touched(folder: Path) -> float:
    return max(p.stat().st_mtime for p in (folder, *folder.rglob("*")))


def _clear(root: Path) -> None:
    for folder in left_behind(root):
        shutil.rmtree(folder, ignore_errors=True)


def _check_space(root: Path, planned: Planned) -> None:
    free = shutil.disk_usage(root).free
    if free < planned.layout.size + SPARE:
        raise UsageError(
            f"needs {planned.layout.size / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free",
            where=root,
            hint=f"free some space ({SPARE / 1e6:.0f} MB are kept free)",
        )


def _fill(place: Path, planned: Planned, today: date) -> None:
    make_folder(place)
    rows = []
    for copy in planned.layout.copies:
        sha256 = _copy(copy, place / copy.target)
        if copy.sha256:
            rows.append(SourceFile(copy.target, copy.name, sha256, copy.size, copy.format, today))
    write_text(place / SOURCES, sources_text(tuple(rows)))
    write_text(place / "session.toml", planned.text)


def _copy(copy: Copy, target: Path) -> str:
    """Copy one file, flushed to the disk, and read the copy back."""
    make_folder(target.parent)
    seen = hashlib.sha256()
    with copy.source.open("rb") as source, target.open("xb") as file:
        target.chmod(PRIVATE_FILE)
        while block := source.read(BLOCK):
            seen.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    with target.open("rb") as file:
        written = hashlib.file_digest(file, "sha256").hexdigest()
    if copy.sha256 and seen.hexdigest() != copy.sha256:
        raise DataError("changed while it was being added; add it again", where=copy.source)
    if written != seen.hexdigest():
        raise DataError("the copy is not what was read; is the disk sound?", where=copy.source)
    return written


def _check_reading(place: Path, planned: Planned) -> None:
    if planned.plain:
        return  # byte for byte the one file that was tried with this roster when it was planned
    if shape_of(load(place)) != planned.shape:
        raise DataError(
            "the copy does not read like the original, so it was not added",
            where=planned.candidate.place,
            hint="please report this, with `arousal inspect` of the original",
        )
