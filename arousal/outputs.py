"""Where a command's output goes, and that it takes nothing's place but an earlier output's."""

from __future__ import annotations

from pathlib import Path

from arousal.errors import UsageError
from arousal.ingest.loading import stem_of
from arousal.session_input import SessionInput

__all__ = ["check_output", "output_path"]

BEGINNINGS = {".html": "<!doctype html", ".tsv": "person\t", ".json": '{\n  "person"'}
"""How files begin that this package wrote, by ending."""


def output_path(source: SessionInput, path: Path, name: str) -> Path:
    """Return where an output goes if nobody says otherwise.

    Parameters
    ----------
    source : SessionInput
        What was read.
    path : Path
        As it was named by the user.
    name : str
        ``"report.html"``, ``"features.tsv"``.

    Returns
    -------
    Path
        ``<session>/derivatives/<name>``, or ``./<stem>_<name>`` for a single file.
    """
    if source.folder is not None:
        return source.folder / "derivatives" / name
    return Path(f"{stem_of(path)}_{name}")


def check_output(target: Path, suffix: str) -> None:
    """Refuse a target, before anything is computed, that is no place for this output.

    Parameters
    ----------
    target : Path
        Where the file (and, for a table, its ``.json``) shall stand.
    suffix : str
        ``".html"`` or ``".tsv"``.

    Raises
    ------
    UsageError
        If the ending is another, or if something stands there that this package did not write: a
        recording, a session's own file, somebody's notes.
    """
    if target.suffix.lower() != suffix:
        raise UsageError(f"the ending is {target.suffix!r}, must be {suffix!r}", where=target)
    for place in (target, target.with_suffix(".json")) if suffix == ".tsv" else (target,):
        if place.exists() and not _is_ours(place):
            raise UsageError(
                "something else stands there, and it is not overwritten",
                where=place,
                hint="choose another place with -o",
            )


def _is_ours(path: Path) -> bool:
    beginning = BEGINNINGS[path.suffix.lower()]
    if not path.is_file():
        return False
    with path.open("rb") as file:
        start = file.read(len(beginning)).decode("utf-8", errors="replace")
    return start.lower() == beginning
