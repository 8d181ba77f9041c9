"""What a session's job leaves on disk, and whether it still stands there as it was left.

In the session's own ``derivatives/``: its tables as TSV and ``provenance.json``. In the study's:
its part of each Parquet dataset, and what the registered hypothesis sees of it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from arousal.derivatives import write_derivatives
from arousal.errors import DataError
from arousal.study.dataset import drop_parts, part_path, write_part, writer
from arousal.study.inputs import Seen, look_at
from arousal.study.reading_file import write_reading
from arousal.study.record import reading_path
from arousal.tables import CONTRASTS

if TYPE_CHECKING:
    from arousal.study.measured_session import MeasuredSession

__all__ = ["outputs_stand", "write_outputs"]

OWN = ("features", "curves", "group", "phases", "quality")
LEFT_BEHIND = 600.0
"""Seconds after which a temporary file belongs to a run that was killed."""
TIMED = "provenance.json"
"""Says when it was made, so it is never the same twice."""


def write_outputs(
    study: Path, folder: Path, made: MeasuredSession, now: datetime
) -> dict[str, Seen]:
    """Write everything that a session gives, each file whole or not at all.

    Parameters
    ----------
    study, folder : Path
        The study's and the session's folder.
    made : MeasuredSession
        What was measured.
    now : datetime
        Timezone-aware; for the provenance.

    Returns
    -------
    dict
        Path relative to the study -> the file as it was written.

    Raises
    ------
    DataError, UsageError
        As `write_part` and `write_derivatives`.
    """
    name = folder.name
    _sweep(
        [folder / "derivatives", *(part_path(study, t.name, name).parent for t in made.tables())]
    )
    tables = made.tables()
    if made.reading is not None:
        tables[CONTRASTS] = made.reading.contrasts
    else:
        drop_parts(study, name, ["contrasts"])
        reading_path(study, name).unlink(missing_ok=True)
    written = [part_path(study, table.name, name) for table in tables]
    with writer() as connection:
        for (table, frame), path in zip(tables.items(), written, strict=True):
            write_part(connection, frame, table, path)
    if made.reading is not None:
        written.append(write_reading(study, made.reading))
    write_derivatives(made.result, folder / "derivatives", now)
    written += [folder / "derivatives" / f"{stem}.tsv" for stem in OWN]
    written.append(folder / "derivatives" / TIMED)
    return look_at({p.relative_to(study).as_posix(): p for p in written}, {})


def outputs_stand(study: Path, outputs: Mapping[str, Seen]) -> dict[str, Seen] | None:
    """Return the outputs as they stand if each has the bytes that were written, else ``None``.

    A page made for the session writes the same tables anew, which is no reason to compute again.
    """
    try:
        now = look_at({name: study / name for name in outputs}, outputs)
    except DataError:
        return None
    same = all(now[n].sha256 == outputs[n].sha256 for n in outputs if Path(n).name != TIMED)
    return now if same else None


def _sweep(folders: Iterable[Path]) -> None:
    """Remove what a run that was killed midway left there; a run that goes on is let alone."""
    oldest = time.time() - LEFT_BEHIND
    for folder in folders:
        for place in folder.glob(".*") if folder.is_dir() else ():
            ours = place.name.endswith(".tmp") or place.name.startswith(".new.")
            with suppress(OSError):
                if ours and place.stat().st_mtime < oldest:
                    if place.is_dir():
                        shutil.rmtree(place)
                    else:
                        place.unlink()
