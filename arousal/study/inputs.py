"""What a session's result is made from: every file, its checksum, and who agreed to what.

A file is read again only if its size, its time or its inode changed since it was last hashed; a
file of the same size written in place within one tick of the clock would be missed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from arousal.code_version import code_version
from arousal.errors import ArousalError, DataError
from arousal.session import Participant, load_session, load_study

__all__ = [
    "Inputs",
    "Seen",
    "Stamp",
    "consent_digest",
    "digest",
    "input_files",
    "look_at",
    "named_elsewhere",
    "stamp_of",
    "unchanged",
]

DEPTH = 8
"""Folders below a session that are looked into (an export is two or three deep)."""
MADE = "derivatives"


class Stamp(NamedTuple):
    """What tells without reading that a file is still the same."""

    size: int
    mtime_ns: int
    inode: int


class Seen(NamedTuple):
    """A file when it was last hashed."""

    stamp: Stamp
    sha256: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a session's result is made from.

    Parameters
    ----------
    files : mapping of str to Seen
        Name -> file: ``session/...`` in the session's folder, ``study/...`` in the study's, else an
        absolute path.
    hypothesis : str
        sha256 of the registered hypothesis; empty if there is none.
    """

    files: Mapping[str, Seen]
    hypothesis: str = ""

    def key(self, people: Mapping[str, Participant], names: Iterable[str]) -> str:
        """Return the content key: the same key, the same numbers.

        Parameters
        ----------
        people : mapping of str to Participant
            Rows of ``participants.tsv``.
        names : iterable of str
            Everybody whom the session names; only their consents count.
        """
        content = {
            "files": {name: seen.sha256 for name, seen in sorted(self.files.items())},
            "consents": _consents(people, names),
            "code": code_version(),
            "hypothesis": self.hypothesis,
        }
        return digest(content)


def digest(content: object) -> str:
    """Return the sha256 of something's canonical JSON."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def consent_digest(
    files: Mapping[str, Seen], people: Mapping[str, Participant], names: Iterable[str]
) -> str:
    """Return a checksum of all that says who agreed: both files and the rows of these persons."""
    own = {n: files[n].sha256 for n in ("session/session.toml", "study/study.toml") if n in files}
    return digest([own, _consents(people, names)])


def _consents(people: Mapping[str, Participant], names: Iterable[str]) -> dict[str, object]:
    rows = {name: people[name] for name in sorted(set(names)) if name in people}
    return {name: row.consent.model_dump(mode="json") for name, row in rows.items()}


def input_files(study: Path, session: Path, more: Iterable[str] = ()) -> dict[str, Path]:
    """List what shapes a session's numbers, by the name under which it is remembered.

    Parameters
    ----------
    study, session : Path
        Folders.
    more : iterable of str
        From `named_elsewhere`.

    Returns
    -------
    dict
        Every file of the session's folder except ``derivatives`` and hidden ones, ``study.toml``
        and ``arousal.toml`` of the study, and ``more``, as far as they exist.
        ``participants.tsv`` is not among them: only some of its rows count.
    """
    found = {f"session/{p.relative_to(session).as_posix()}": p for p in _walk(session, DEPTH)}
    for name in ("study/study.toml", "study/arousal.toml", *more):
        path = study / name.removeprefix("study/")  # (an absolute path stays as it is)
        if path.is_file():
            found[name] = path
    return found


def named_elsewhere(study: Path, session: Path) -> tuple[str, ...]:
    """Return the names of files outside of a session that it is made from.

    That is its own protocol's file, and those that its mapping names (device rules, marks).

    Parameters
    ----------
    study, session : Path
        Folders. Where a file in them breaks a rule nothing is found; reading it will say so.
    """
    try:
        found = [*_own_protocol(study, session), *_of_mapping(session)]
    except ArousalError:
        return ()
    root = study.resolve()
    return tuple(
        f"study/{p.relative_to(root).as_posix()}" if p.is_relative_to(root) else str(p)
        for p in dict.fromkeys(path.resolve() for path in found)
    )


def _own_protocol(study: Path, session: Path) -> Iterator[Path]:
    own, shared = load_session(session / "session.toml"), load_study(study / "study.toml")
    named, start = (shared.protocol, study)
    if "protocol" in own.model_fields_set:
        named, start = (own.protocol, session)
    if named.endswith(".toml"):
        yield start / named


def _of_mapping(session: Path) -> Iterator[Path]:
    if not (session / "mapping.toml").is_file():
        return
    from arousal.ingest.mapping import load_mapping  # (the package below it is slow to import)

    words = load_mapping(session / "mapping.toml")
    yield from words.device_files()
    if words.events.file is not None:
        yield words.folder / words.events.file


def _walk(folder: Path, depth: int, top: bool = True) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or (top and path.name == MADE):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and depth:
            yield from _walk(path, depth - 1, top=False)


def stamp_of(path: Path) -> Stamp:
    """Return a file's size, time and inode.

    Raises
    ------
    OSError
        If it is gone.
    """
    stat = path.stat()
    return Stamp(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def look_at(files: Mapping[str, Path], before: Mapping[str, Seen]) -> dict[str, Seen]:
    """Hash what changed since ``before`` and take the rest from there.

    Raises
    ------
    DataError
        If a file cannot be read.
    """
    seen = {}
    for name, path in files.items():
        try:
            stamp = stamp_of(path)
            known = before.get(name)
            if known is not None and known.stamp == stamp:
                seen[name] = known
                continue
            with path.open("rb") as file:
                seen[name] = Seen(stamp, hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    return seen


def unchanged(files: Mapping[str, Path], before: Mapping[str, Seen]) -> bool:
    """Whether the same files are there with the same stamps; nothing is read."""
    if files.keys() != before.keys():
        return False
    try:
        return all(stamp_of(path) == before[name].stamp for name, path in files.items())
    except OSError:
        return False
