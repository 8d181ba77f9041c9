"""The study's folder: made with everything that its people shall fill in, and opened.

::

    study/
      README.md  study.toml  participants.tsv  participants.json
      phenotype/            scores per wave, templates/ to copy from
      sessions/<id>/        session.toml, recording, timeline.tsv, sources.tsv, derivatives/
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from arousal.atomic import make_folder, write_text
from arousal.errors import ArousalError, UsageError
from arousal.places import sessions_of
from arousal.protocol import load_protocol
from arousal.session import (
    Participant,
    SessionFile,
    StudyFile,
    load_session,
    load_study,
    participants_of,
)
from arousal.study_files import check_free, study_toml

__all__ = ["SessionEntry", "StudyFolder", "new_study", "open_study", "participants_header"]

_TEMPLATES = files("arousal.study").joinpath("templates")


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """One session's place in a study.

    Parameters
    ----------
    folder : Path
        ``sessions/<id>``.
    file : SessionFile or None
        Its ``session.toml``; ``None`` if that cannot be read.
    error : str
        Why not; also where the file's id is not the folder's name.
    """

    folder: Path
    file: SessionFile | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """A study that was opened.

    Parameters
    ----------
    root : Path
        Its folder.
    settings : StudyFile
        ``study.toml``.
    participants : dict
        Pseudonym -> row of ``participants.tsv``; empty if there is no such file.
    """

    root: Path
    settings: StudyFile
    participants: dict[str, Participant] = field(default_factory=dict)

    @property
    def sessions(self) -> Path:
        """Folder of the sessions."""
        return self.root / "sessions"

    def session_folders(self) -> tuple[Path, ...]:
        """Return the folders that hold a ``session.toml``, by name."""
        return sessions_of(self.root)

    def entries(self) -> Iterator[SessionEntry]:
        """Read each session's own file; one that cannot be read does not stop the others."""
        for folder in self.session_folders():
            try:
                session = load_session(folder / "session.toml")
            except ArousalError as error:
                yield SessionEntry(folder, None, error.message)
                continue
            differs = session.id != folder.name
            text = f"session.toml says id = {session.id!r}, the folder is {folder.name!r}"
            yield SessionEntry(folder, session, text if differs else "")


def open_study(folder: Path) -> StudyFolder:
    """Open a study.

    Raises
    ------
    UsageError
        If the folder holds no ``study.toml``.
    SettingsError
        If its ``study.toml`` or ``participants.tsv`` breaks a rule.
    """
    if not (folder / "study.toml").is_file():
        raise UsageError(
            "is no study (no study.toml)", where=folder, hint="make one: arousal study new FOLDER"
        )
    people = participants_of(folder)
    return StudyFolder(folder, load_study(folder / "study.toml"), people)


def new_study(
    folder: Path,
    *,
    name: str | None = None,
    protocol: str = "balint-90",
    consent: str = "per person",
    language: str = "en",
) -> Path:
    """Make a study's folder with everything that its people shall fill in.

    Parameters
    ----------
    folder : Path
        New or empty.
    name : str, optional
        Default: the folder's name.
    protocol : str
        A bundled name, or the path of a ``.toml``, which is copied into the study.
    consent : {"per person", "held elsewhere"}
        Where the consents are kept.
    language : {"en", "de", "hu"}
        Of the pages that people read.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    UsageError
        If it is a study already, is not empty, or cannot be written. Nothing has changed then.
    SettingsError
        If the protocol is unknown or breaks a rule.
    """
    check_free(folder)
    load_protocol(protocol)
    own = Path(protocol) if protocol.endswith(".toml") else None
    settings = StudyFile.model_validate(
        {
            "name": name or folder.resolve().name,
            "protocol": own.name if own else protocol,
            "consent": consent,
            "language": language,
        }
    )
    texts = dict(_texts(settings))
    if own is not None:
        texts[own.name] = own.read_text(encoding="utf-8-sig")
    _write(folder, {**texts, "study.toml": study_toml(settings)})
    return folder


def participants_header() -> str:
    """Return the first line of a new ``participants.tsv``."""
    described = json.loads(_TEMPLATES.joinpath("participants.json").read_text(encoding="utf-8"))
    return "\t".join(("participant_id", *described)) + "\n"


def _texts(settings: StudyFile) -> Iterator[tuple[str, str]]:
    """What each file of a new study holds, by its path in the study."""
    yield "README.md", _template("README.md").replace("{name}", settings.name)
    yield "participants.tsv", participants_header()
    yield "participants.json", _template("participants.json")
    yield "phenotype/README.md", _template("phenotype/README.md")
    for place in _TEMPLATES.joinpath("phenotype").iterdir():
        if place.name.endswith(".json"):
            text = place.read_text(encoding="utf-8")
            columns = [key for key in json.loads(text) if key != "MeasurementToolMetadata"]
            tool = f"phenotype/templates/{place.name.removesuffix('.json')}"
            yield f"{tool}.json", text
            yield f"{tool}.tsv", "\t".join(("participant_id", "wave", *columns)) + "\n"


def _template(name: str) -> str:
    return _TEMPLATES.joinpath(*name.split("/")).read_text(encoding="utf-8")


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Write all files or none; the last one, which makes it a study, at the end."""
    existed = folder.exists()
    moved: list[Path] = []
    try:
        make_folder(folder)
        with tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as making:
            for name, text in texts.items():
                write_text(Path(making, name), text)
            make_folder(Path(making, "sessions"))
            tops = dict.fromkeys([*(name.split("/")[0] for name in texts), "sessions"])
            for top in sorted(tops, key=lambda name: name == "study.toml"):
                moved.append(folder / top)
                Path(making, top).replace(folder / top)
    except BaseException as error:
        for place in moved:
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise UsageError(f"cannot be written: {reason}", where=folder) from None
        if isinstance(error, UsageError):  # it names a place in the temporary folder
            raise UsageError(error.message, where=folder) from None
        raise
