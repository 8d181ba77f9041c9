"""Take one person out of the files of a session and of a study; each is replaced whole."""

from __future__ import annotations

import base64
import gzip
import re
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit

from arousal.atomic import write_text
from arousal.forget.bids_runs import forget_in_events
from arousal.forget.leaver import TOMBSTONE, Leaver, own_recording
from arousal.forget.source_rows import forget_in_sources, unchanged_sources
from arousal.ingest.journal_cut import Cut, cut_journal, journals_of
from arousal.ingest.xdf_cut import check_cut, cut_xdf, stored_streams
from arousal.session import load_session
from arousal.withheld import Withheld

__all__ = [
    "drop_folder",
    "forget_in",
    "forget_study_tables",
    "lay_tombstone",
    "rows_of",
    "still_naming",
]

LEDGER = "withdrawals.tsv"
_BASE64 = re.compile(r"H4sI[A-Za-z0-9+/]{200,}={0,2}")


def forget_in(folder: Path, who: Leaver, person: str) -> list[str]:
    """Remove a person from one session; ``session.toml`` last.

    A session in which nobody else was recorded goes altogether.
    """
    session = load_session(folder / "session.toml")
    own = own_recording(folder, session, person)
    removed = [] if own is None else _drop_recording(folder, own)
    if own is not None and set(session.people) == {person}:
        return [*removed, *drop_folder(folder, "the session, in which nobody else was recorded")]
    whole = unchanged_sources(folder)
    removed += forget_in_events(folder / session.recording, who)
    for path, numbers in who.streams.items():
        removed += _forget_recording(path, numbers, who)
    removed += forget_in_sources(folder, who, whole)
    removed += _forget_corrections(folder / "timeline.tsv", who)
    removed += _forget_ratings(folder / "ratings.tsv", who)
    if (folder / "truth.json").exists():
        (folder / "truth.json").unlink()
        removed.append("truth.json of the simulation")
    removed += drop_folder(folder / "derivatives", "tables and reports")
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink()
    if _forget_in_toml(folder / "session.toml", who, person):
        removed.append("place, consents and release in session.toml")
    return removed


def _drop_recording(folder: Path, own: Path) -> list[str]:
    """Delete a recording that is one person's alone, and the folder around it if it is empty."""
    if own.is_dir():
        drop_folder(own, "")
    elif own.exists():
        own.unlink()
    for above in own.parents:
        if above == folder or not above.is_dir() or any(above.iterdir()):
            break
        above.rmdir()
    return ["their own recording"]


def _forget_recording(path: Path, numbers: frozenset[int], who: Leaver) -> list[str]:
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


def _forget_corrections(path: Path, who: Leaver) -> list[str]:
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [_correction(line, who) for line in lines]
    kept = [line for line in changed if line is not None]
    if kept == lines:
        return []
    write_text(path, "".join(f"{line}\n" for line in kept))
    return ["words in timeline.tsv"]


def _forget_ratings(path: Path, who: Leaver) -> list[str]:
    """Drop what raters said of the person; their ratings of others stay, without their name."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    heads = [name.strip().lower() for name in lines[0].split("\t")] if lines else []
    rated = next((i for i, name in enumerate(heads) if name in {"person", "group"}), None)

    def about(line: str) -> bool:
        cells = line.split("\t")
        return rated is not None and rated < len(cells) and who.named(cells[rated])

    kept = [who.hidden.without(x, TOMBSTONE) for x in lines if not about(x)]
    if kept == lines:
        return []
    if len(kept) > 1:
        write_text(path, "".join(f"{line}\n" for line in kept))
    else:
        path.unlink()
    return ["ratings in ratings.tsv"]


def _correction(line: str, who: Leaver) -> str | None:
    cells = [who.change(cell) for cell in line.split("\t")]
    return None if None in cells else "\t".join(c for c in cells if c is not None)


def _forget_in_toml(path: Path, who: Leaver, person: str) -> bool:
    before = path.read_text(encoding="utf-8")
    document: Any = tomlkit.parse(before)
    for table in ("people", "consent", "release"):
        if isinstance(document.get(table), dict) and person in document[table]:
            del document[table][person]
    if document.get("consent") == {}:  # the table stays: without it, consents would not be asked
        document["consent"] = tomlkit.table()
    if person in document.get("withdrawn", ()):
        rest = [other for other in document["withdrawn"] if other != person]
        del document["withdrawn"]
        if rest:
            document = tomlkit.parse(tomlkit.dumps({"withdrawn": rest}) + tomlkit.dumps(document))
    if document.get("presenter") == person:
        del document["presenter"]
    text = who.hidden.without(tomlkit.dumps(document), TOMBSTONE)
    if text == before:
        return False
    write_text(path, text)
    load_session(path)
    return True


def rows_of(study: Path, person: str) -> list[Path]:
    """Tables of the study with a row of this person."""
    places = [study / "participants.tsv", *sorted((study / "phenotype").glob("*.tsv"))]
    return [p for p in places if p.is_file() and any(_is_row(x, person) for x in _rows(p))]


def _rows(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").splitlines()


def _is_row(line: str, person: str) -> bool:
    return line.split("\t", 1)[0].strip().removeprefix("sub-") == person


def forget_study_tables(study: Path, tables: Iterable[Path], person: str) -> list[str]:
    """Take a person's rows out of the study's tables; return what was removed."""
    removed = []
    for path in tables:
        kept = [line for line in _rows(path) if not _is_row(line, person)]
        write_text(path, "".join(f"{line}\n" for line in kept))
        removed.append(f"a row of {path.relative_to(study)}")
    return removed


def drop_folder(folder: Path, what: str) -> list[str]:
    """Delete a folder of derived files, if it is there; return what was removed."""
    if not folder.is_dir():
        return []
    shutil.rmtree(folder)
    return [what]


def lay_tombstone(study: Path, today: date, sessions: int) -> None:
    """Note that somebody withdrew: when, and from how many sessions; nothing else."""
    path = study / LEDGER
    head = "date\tsessions\n"
    before = path.read_text(encoding="utf-8") if path.exists() else head
    write_text(path, f"{before}{today.isoformat()}\t{sessions}\n")


def still_naming(place: Path, names: Withheld) -> Iterable[Path]:
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
