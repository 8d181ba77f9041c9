"""What is in a BIDS dataset: which of its runs are one session, ours or anybody's.

A dataset that `arousal.study.bids_export` wrote keeps beside the signals what makes sessions of
them again: all people with one ``ses-`` label sat in one meeting. In any other dataset nothing says
that two people were measured together, so each run of each subject is a session of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from arousal.errors import DataError, FormatError
from arousal.ingest.bids import physio_runs
from arousal.ingest.bids_names import entity, name_parts
from arousal.ingest.bids_sidecar import DESCRIPTION, read_object
from arousal.session import SessionFile, StudyFile, load_session, load_study
from arousal.study.bids_kept import KEPT

__all__ = ["BidsDataset", "BidsSession", "open_dataset"]


@dataclass(frozen=True, slots=True)
class BidsSession:
    """One session to be.

    Parameters
    ----------
    id : str
        For its ``session.toml``.
    runs : tuple of tuple of Path
        Tables by run, from `arousal.ingest.bids.physio_runs`.
    kept : Path or None
        Folder with its ``session.toml``, if the dataset is ours.
    file : SessionFile or None
        That file.
    """

    id: str
    runs: tuple[tuple[Path, ...], ...]
    kept: Path | None = None
    file: SessionFile | None = None

    @property
    def person(self) -> str:
        """The one person of a session that is not ours, as its reader calls them."""
        return f"sub-{entity(self.runs[0][0].name, 'sub')}"


@dataclass(frozen=True, slots=True)
class BidsDataset:
    """A dataset that was opened.

    Parameters
    ----------
    root : Path
        Its folder.
    name : str
        As it calls itself.
    sessions : tuple of BidsSession
        By id.
    study : StudyFile or None
        Settings of the study that it was exported from; ``None`` if it is not ours.
    """

    root: Path
    name: str
    sessions: tuple[BidsSession, ...]
    study: StudyFile | None = None


def open_dataset(root: Path) -> BidsDataset:
    """Look at a dataset; no table is read yet.

    Raises
    ------
    DataError
        If the folder does not exist or cannot be entered.
    FormatError
        If it is no BIDS dataset, has no physiological recording, or lost what our export kept.
    SettingsError
        If what it kept breaks a rule.
    """
    if not root.is_dir():
        raise DataError("there is no such folder", where=root)
    if not (root / DESCRIPTION).is_file():
        raise FormatError(
            f"is no BIDS dataset: it holds no {DESCRIPTION}",
            where=root,
            hint="name the dataset's own folder; single recordings: arousal study add",
        )
    name = str(read_object(root / DESCRIPTION).get("Name", "")).strip() or root.resolve().name
    try:
        runs = physio_runs(root)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=root) from None
    if not runs:
        raise FormatError("no *_physio.tsv.gz is in this dataset", where=root)
    settings = root / KEPT / "study.toml"
    if not settings.is_file():
        return BidsDataset(root, name, tuple(_foreign(run) for run in runs))
    return BidsDataset(root, name, _ours(root, runs), load_study(settings))


def _foreign(run: Sequence[Path]) -> BidsSession:
    parts = [p for p in name_parts(run[0].name) if not p.startswith("recording-")]
    return BidsSession("_".join(parts), (tuple(run),))


def _ours(root: Path, runs: Sequence[Sequence[Path]]) -> tuple[BidsSession, ...]:
    by_label: dict[str, list[tuple[Path, ...]]] = {}
    for run in runs:
        by_label.setdefault(entity(run[0].name, "ses"), []).append(tuple(run))
    found = []
    for label, together in sorted(by_label.items()):
        kept = root / KEPT / f"ses-{label}"
        if not (kept / "session.toml").is_file():
            raise FormatError(
                f"ses-{label} has no {KEPT}/ses-{label}/session.toml, which says who sat in it",
                where=root,
                hint=f"get a whole copy, or remove {KEPT} to import each person's run by itself",
            )
        file = load_session(kept / "session.toml")
        found.append(BidsSession(file.id, tuple(together), kept, file))
    return tuple(found)
