"""Take a session's tables out of its study: what stands there must belong to what its files say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from arousal.errors import UsageError, one_line
from arousal.study.dataset import drop_parts
from arousal.study.record import forget_record, load_record, reading_path

__all__ = ["drop_outputs", "remove_session"]


def remove_session(study: Path, session: str) -> str:
    """Delete all that a session's job wrote, and its record unless that tells why it failed.

    Parameters
    ----------
    study : Path
        The study's folder.
    session : str
        The name of the session's folder, which may be gone.

    Returns
    -------
    str
        What could not be deleted; empty if all is gone.
    """
    before = load_record(study, session)
    try:
        drop_outputs(study, session, before.outputs if before else {})
        if before is None or not before.reason:
            forget_record(study, session)
    except UsageError as error:
        return f"and what is left of its tables: {error}"
    except OSError as error:
        return one_line(f"and what is left of its tables: {error.strerror}")
    return ""


def drop_outputs(study: Path, session: str, outputs: Iterable[str]) -> None:
    """Delete a session's parts and everything else that its job wrote.

    Raises
    ------
    UsageError
        If something cannot be deleted.
    """
    drop_parts(study, session)
    own = Path("sessions") / session / "derivatives"
    for name in (*outputs, reading_path(study, session).relative_to(study).as_posix()):
        places = [study / name]
        if Path(name).parent == own and name.endswith(".tsv"):
            places.append((study / name).with_suffix(".json"))
        for place in places:
            try:
                place.unlink(missing_ok=True)
            except OSError as error:
                raise UsageError(f"cannot be deleted: {error.strerror}", where=place) from None
