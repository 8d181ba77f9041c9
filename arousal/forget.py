"""Withdrawal: a person's data, words and name leave a study, and everything made from them.

Each file is replaced whole or not at all, the session's own ``session.toml`` last, because it says
which streams are the person's. A run that was stopped midway is finished by running it again.

>>> from arousal.forget import forget
>>> forget(Path("study"), "P04").sessions                 # doctest: +SKIP
('2026-03-12',)
"""

from __future__ import annotations

import base64
import gzip
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit

from arousal.atomic import write_text
from arousal.errors import DataError, UsageError
from arousal.ingest.journal import read_journal
from arousal.ingest.journal_cut import Cut, cut_journal, journals_of, streams_of_person
from arousal.ingest.raw import StreamInfo
from arousal.ingest.xdf_cut import check_cut, cut_xdf, stored_streams
from arousal.locked import check_unlocked
from arousal.marks import parse_mark
from arousal.session import SessionFile, load_session
from arousal.withheld import Withheld

__all__ = ["TOMBSTONE", "Forgotten", "forget"]

TOMBSTONE = "anonymous"
"""Stands where a name stood in a mark."""
LEDGER = "withdrawals.tsv"
XDF_ENDINGS = (".xdf", ".xdfz", ".xdf.gz")
_BASE64 = re.compile(r"H4sI[A-Za-z0-9+/]{200,}={0,2}")
Reissue = Callable[[Path], bool]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a withdrawal did.

    Parameters
    ----------
    sessions : tuple of str
        Ids of the sessions that were changed.
    removed : tuple of str
        What was removed, one line each; names no person.
    reissued : tuple of str
        Sessions whose leader's page was made again.
    leftovers : tuple of Path
        Files of the study that still name the person and that this program does not know.
    """

    sessions: tuple[str, ...]
    removed: tuple[str, ...]
    reissued: tuple[str, ...] = ()
    leftovers: tuple[Path, ...] = ()


@dataclass(frozen=True)
class _Person:
    """Whom to forget, in one session: every name, and how texts change."""

    hidden: Withheld
    streams: dict[Path, frozenset[int]] = field(default_factory=dict)

    def named(self, *texts: str) -> bool:
        return self.hidden.named_in(*texts)

    def change(self, text: str) -> str | None:
        """Return a mark without the name; ``None`` for the person's own answers."""
        if not self.hidden.named_in(text):
            return text
        try:
            is_answer = parse_mark(text).verb == "probe"
        except DataError:
            is_answer = text.startswith("probe/")
        return None if is_answer else self.hidden.without(text, TOMBSTONE)


def forget(
    study: Path,
    person: str,
    *,
    session: str | None = None,
    today: date,
    reissue: Reissue | None = None,
) -> Forgotten:
    """Remove a person from a study, or from one of its sessions.

    Parameters
    ----------
    study : Path
        Folder with ``study.toml``.
    person : str
        Pseudonym.
    session : str, optional
        Only this session; default: all, and the study's own tables.
    today : date
        Written on the tombstone.
    reissue : callable, optional
        Makes a session's leader's page again, if what remains allows one, and says whether it
        did. Called only where there was such a page.

    Returns
    -------
    Forgotten
        What was removed.

    Raises
    ------
    UsageError
        If this is no study, nobody there is called so, a session is being recorded, or its data
        are in a form that cannot be rewritten. Nothing has been changed then.
    DataError
        If a rewritten file does not hold exactly what should stay. That file is unchanged.
    """
    check_unlocked(study)
    if not (study / "study.toml").is_file():
        raise UsageError("is no study (no study.toml)", where=study)
    folders = _session_folders(study, session)
    found = {folder: _who(folder, person) for folder in folders}
    concerned = [f for f in folders if _concerns(f, found[f], person)]
    tables = [] if session is not None else _rows_of(study, person)
    if not concerned and not tables:
        raise UsageError(f"nobody here is called {person}", where=study)
    for folder in concerned:
        _check_can_rewrite(folder, found[folder], person)
    removed = _forget_study_tables(study, tables, person)
    reissued = []
    for folder in concerned:
        had_page = (folder / "derivatives" / "report.html").exists()
        removed += [f"{folder.name}: {line}" for line in _forget_in(folder, found[folder], person)]
        if had_page and reissue is not None and reissue(folder):
            reissued.append(folder.name)
    removed += _drop_folder(study / "derivatives", "the study's tables and reports")
    _lay_tombstone(study, today, len(concerned))
    names = Withheld(frozenset({person}.union(*(found[f].hidden.names for f in concerned))))
    scope = [study] if session is None else concerned
    left = tuple(sorted({p for place in scope for p in _still_naming(place, names)}))
    sessions = tuple(folder.name for folder in concerned)
    return Forgotten(sessions, tuple(removed), tuple(reissued), left)


def _session_folders(study: Path, session: str | None) -> list[Path]:
    every = sorted(p.parent for p in (study / "sessions").glob("*/session.toml"))
    chosen = [p for p in every if session in {None, p.name}]
    if session is not None and not chosen:
        raise UsageError(f"no session {session!r}", where=study / "sessions")
    return chosen


def _data_files(folder: Path, session: SessionFile) -> list[Path]:
    named = folder / session.recording
    found = {p for p in folder.iterdir() if p.name.endswith(XDF_ENDINGS)}
    return sorted(found | ({named} if named.exists() else set()))


def _who(folder: Path, person: str) -> _Person:
    """Gather every name that the person's streams have in this session."""
    session = load_session(folder / "session.toml")
    bare = Withheld(frozenset({person}))
    entry = session.people.get(person)
    claimed = set(entry.streams.values()) if entry is not None else set()
    whole = {claim for claim in claimed if ":" not in claim}
    streams: dict[Path, frozenset[int]] = {}
    own: set[str] = set(claimed)
    others: set[str] = {s for p, e in session.people.items() if p != person
                        for s in e.streams.values()}  # fmt: skip
    for path in (p for p in _data_files(folder, session) if p.name.endswith(XDF_ENDINGS)):
        infos = stored_streams(path)
        noted = [streams_of_person(j, bare.named_in) for j in journals_of(path)]
        mine = {n for n, info in infos.items() if _is_theirs(info, whole, bare)}
        mine |= {n for numbers in noted for n in numbers if n in infos}
        streams[path] = frozenset(mine) | frozenset(n for numbers in noted for n in numbers)
        own |= {text for n in mine for text in _ids(infos[n])}
        others |= {text for n, info in infos.items() if n not in mine for text in _ids(info)}
    return _Person(Withheld(frozenset({person} | (own - others - {""}))), streams)


def _ids(info: StreamInfo) -> tuple[str, ...]:
    return info.name, info.source_id, info.uid


def _is_theirs(info: StreamInfo, claimed: set[str], bare: Withheld) -> bool:
    return bool(claimed.intersection(_ids(info))) or bare.named_in(*_ids(info), *info.channels)


def _concerns(folder: Path, who: _Person, person: str) -> bool:
    if any(who.streams.values()):
        return True
    names = Withheld(frozenset({person}))
    return any(True for _ in _still_naming(folder, names))


def _check_can_rewrite(folder: Path, who: _Person, person: str) -> None:
    session = load_session(folder / "session.toml")
    for path in _data_files(folder, session):
        if not path.name.endswith(XDF_ENDINGS):
            raise UsageError(
                f"{path.name} is no XDF file, so one person cannot be taken out of it",
                where=folder,
                hint="delete that file or folder by hand, then run this again",
            )
        for number in who.streams.get(path, frozenset()):
            _check_alone(path, number, session, person)
        for journal in journals_of(path):
            _check_ended(journal, folder)


def _check_alone(path: Path, number: int, session: SessionFile, person: str) -> None:
    """Refuse where a stream carries several persons' channels: none can be cut out of it."""
    info = stored_streams(path).get(number)
    if info is None:
        return
    sharing = [
        other
        for other, entry in session.people.items()
        if other != person
        for claim in entry.streams.values()
        if claim in _ids(info) or claim.rsplit(":", 1)[0] in _ids(info)
    ]
    sharing += [p for p in session.people if p != person
                and Withheld(frozenset({p})).named_in(*info.channels)]  # fmt: skip
    if sharing:
        raise UsageError(
            f"one stream of {path.name} carries several persons' channels; they cannot be parted",
            where=path.parent,
            hint="nothing was changed; the whole recording would have to be deleted",
        )


def _check_ended(journal: Path, folder: Path) -> None:
    entries, _ = read_journal(journal)
    if entries and entries[-1].type != "stop" and time.time() - entries[-1].utc < 60:
        raise UsageError(
            "this session is being recorded", where=folder, hint="stop the recording first"
        )


def _forget_in(folder: Path, who: _Person, person: str) -> list[str]:
    """Remove a person from one session; ``session.toml`` last."""
    removed: list[str] = []
    for path, numbers in who.streams.items():
        removed += _forget_recording(path, numbers, who)
    removed += _forget_corrections(folder / "timeline.tsv", who)
    if (folder / "truth.json").exists():
        (folder / "truth.json").unlink()
        removed.append("truth.json of the simulation")
    removed += _drop_folder(folder / "derivatives", "tables and reports")
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink()
    if _forget_in_toml(folder / "session.toml", who, person):
        removed.append("place, consents and release in session.toml")
    return removed


def _forget_recording(path: Path, numbers: frozenset[int], who: _Person) -> list[str]:
    present = numbers & stored_streams(path).keys()
    with tempfile.TemporaryDirectory(prefix=".forgetting-", dir=path.parent) as making:
        copy = Path(making) / path.name.removesuffix(".gz").removesuffix("z")
        cut_xdf(path, copy, present, who.change)
        check_cut(path, copy, present, who.change)
        if path.name.endswith((".gz", "z")):
            _pack(copy)
        copy.replace(path)
    path.chmod(0o600)
    for journal in journals_of(path):
        write_text(journal, cut_journal(journal, path, Cut(numbers, who.change, who.named)))
    return [f"{len(present)} streams in {path.name}"] if present else []


def _pack(copy: Path) -> None:
    copy.write_bytes(gzip.compress(copy.read_bytes(), mtime=0))


def _forget_corrections(path: Path, who: _Person) -> list[str]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [_correction(line, who) for line in lines]
    kept = [line for line in changed if line is not None]
    if kept == lines:
        return []
    write_text(path, "".join(f"{line}\n" for line in kept))
    return ["words in timeline.tsv"]


def _correction(line: str, who: _Person) -> str | None:
    cells = [who.change(cell) for cell in line.split("\t")]
    return None if None in cells else "\t".join(c for c in cells if c is not None)


def _forget_in_toml(path: Path, who: _Person, person: str) -> bool:
    before = path.read_text(encoding="utf-8")
    document: Any = tomlkit.parse(before)
    for table in ("people", "consent", "release"):
        if isinstance(document.get(table), dict) and person in document[table]:
            del document[table][person]
    if document.get("presenter") == person:
        del document["presenter"]
    text = who.hidden.without(tomlkit.dumps(document), TOMBSTONE)
    if text == before:
        return False
    write_text(path, text)
    load_session(path)
    return True


def _rows_of(study: Path, person: str) -> list[Path]:
    """Tables of the study with a row of this person."""
    places = [study / "participants.tsv", *sorted((study / "phenotype").glob("*.tsv"))]
    return [p for p in places if p.is_file() and any(_is_row(x, person) for x in _rows(p))]


def _rows(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").splitlines()


def _is_row(line: str, person: str) -> bool:
    return line.split("\t", 1)[0].strip().removeprefix("sub-") == person


def _forget_study_tables(study: Path, tables: Iterable[Path], person: str) -> list[str]:
    removed = []
    for path in tables:
        kept = [line for line in _rows(path) if not _is_row(line, person)]
        write_text(path, "".join(f"{line}\n" for line in kept))
        removed.append(f"a row of {path.relative_to(study)}")
    return removed


def _drop_folder(folder: Path, what: str) -> list[str]:
    if not folder.is_dir():
        return []
    shutil.rmtree(folder)
    return [what]


def _lay_tombstone(study: Path, today: date, sessions: int) -> None:
    """Note that somebody withdrew: when, and from how many sessions; nothing else."""
    path = study / LEDGER
    head = "date\tsessions\n"
    before = path.read_text(encoding="utf-8") if path.exists() else head
    write_text(path, f"{before}{today.isoformat()}\t{sessions}\n")


def _still_naming(place: Path, names: Withheld) -> Iterable[Path]:
    """Files in a folder whose path or content (unpacked) names the person."""
    for path in sorted(p for p in place.rglob("*") if p.is_file()):
        if names.named_in(str(path.relative_to(place))) or names.named_in(_content(path)):
            yield path


def _content(path: Path) -> str:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError):
            data = gzip.decompress(data)
    return _BASE64.sub(_unpacked, data.decode("latin-1"))


def _unpacked(found: re.Match[str]) -> str:
    """Return what a page has packed into itself; chance makes names in the packing itself."""
    with suppress(ValueError, OSError, EOFError):
        return gzip.decompress(base64.b64decode(found[0])).decode("latin-1")
    return found[0]
