"""What the recorder's journal knows about the bytes of an XDF file: checksums and clock pairs.

Of the lines of a journal (`arousal.ingest.journal`) three kinds matter here:
``{"type": "block", "offset": int, "length": int, "crc32": int}`` for each block of bytes that was
written, each with ``stream`` and ``header``: a copy of that stream's header, which a lost page of
the file may have held, and every line with ``utc`` and ``lsl``: the same moment by the computer's
calendar and on its LSL clock. They are read line by line, because one that is damaged must not cost
the others.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from arousal.findings import Finding, Severity
from arousal.ingest.journal import journal_path
from arousal.ingest.xdf_walk import Bytes

__all__ = ["FileJournal", "damaged_blocks", "read_file_journal", "spare_headers", "zeroed_blocks"]

_PAGE = 4096


@dataclass(frozen=True, slots=True)
class FileJournal:
    """What a journal says about a file.

    Parameters
    ----------
    blocks : tuple of (offset, length, crc32)
        Bytes as they were written.
    clock_pairs : tuple of (utc, lsl)
        Seconds on both clocks at the same moment.
    findings : tuple of Finding
        Lines that could not be read.
    headers : mapping of int to str
        Stream id -> XML of its header.
    run : str
        Which run of the computer it was (`arousal.ingest.boot`); "" if it does not say.
    """

    blocks: tuple[tuple[int, int, int], ...] = ()
    clock_pairs: tuple[tuple[float, float], ...] = ()
    findings: tuple[Finding, ...] = ()
    headers: Mapping[int, str] = field(default_factory=dict)
    run: str = ""


def read_file_journal(path: Path) -> FileJournal:
    """Read the journal that lies beside a recording; empty if there is none.

    Parameters
    ----------
    path : Path
        The XDF file (not the journal).
    """
    for journal in dict.fromkeys((journal_path(path), path.with_name("journal.jsonl"))):
        try:
            lines = journal.read_bytes().splitlines()
        except OSError:
            continue
        records, bad = _records(lines)
        if any(named != path.name for named in _names(records)):
            continue
        findings = (_unreadable(journal, bad),) if bad else ()
        run = next((str(r["run"]) for r in records if r.get("type") == "start" and "run" in r), "")
        pairs = _clock_pairs(records)
        return FileJournal(_blocks(records), pairs, findings, _headers(records), run)
    return FileJournal()


def _records(lines: list[bytes]) -> tuple[list[dict[str, Any]], int]:
    records, bad = [], 0
    for line in filter(bytes.strip, lines):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            bad += 1
    return records, bad


def _names(records: list[dict[str, Any]]) -> list[str]:
    """The data files that a journal says it is about."""
    starts = [record for record in records if record.get("type") == "start"]
    return [Path(str(record["file"])).name for record in starts if record.get("file")]


def _blocks(records: list[dict[str, Any]]) -> tuple[tuple[int, int, int], ...]:
    blocks = {}
    for record in records:
        block = tuple(record.get(key) for key in ("offset", "length", "crc32"))
        if record.get("type") == "block" and all(_is_natural(number) for number in block):
            blocks[block[0]] = block  # bytes written again at the same place: the last counts
    return tuple(blocks.values())  # type: ignore[arg-type]


def _headers(records: list[dict[str, Any]]) -> dict[int, str]:
    return {
        record["stream"]: record["header"]
        for record in records
        if _is_natural(record.get("stream")) and isinstance(record.get("header"), str)
    }


def spare_headers(journal: FileJournal, noticed: Sequence[Finding]) -> Mapping[int, str]:
    """Return the journal's headers if its checksums are those of the file.

    Parameters
    ----------
    journal : FileJournal
        The journal.
    noticed : sequence of Finding
        What `damaged_blocks` said of the two.
    """
    foreign = any(finding.code == "journal-foreign" for finding in noticed)
    return {} if foreign or not journal.blocks else journal.headers


def _is_natural(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _clock_pairs(records: list[dict[str, Any]]) -> tuple[tuple[float, float], ...]:
    pairs = []
    for record in records:
        try:
            utc = datetime.fromisoformat(record["utc"])
            pairs.append((utc.timestamp(), float(record["lsl"])))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return tuple(pairs)


def _unreadable(journal: Path, lines: int) -> Finding:
    return Finding(
        "journal-unreadable",
        f"{lines} lines of the journal could not be read",
        where=journal.name,
        hint="a last line cut by a crash is normal; more than one is not",
    )


def damaged_blocks(
    view: Bytes, journal: FileJournal, name: str
) -> tuple[list[tuple[int, int]], list[Finding]]:
    """Compare a file with its checksums.

    Parameters
    ----------
    view : memoryview
        The file.
    journal : FileJournal
        Its journal.
    name : str
        The file's name, for findings.

    Returns
    -------
    tuple of list
        ``(start, stop)`` of each block that is not what was written, and findings.
    """
    whole = [block for block in journal.blocks if block[0] + block[1] <= len(view)]
    bad = [(at, at + n) for at, n, crc in whole if zlib.crc32(view[at : at + n]) != crc]
    if bad and len(bad) == len(whole) > 1:
        message = f"none of {len(bad)} checksums in the journal fits: it belongs to another file"
        return [], [Finding("journal-foreign", message, where=name)]
    if not bad:
        return [], []
    amount = sum(stop - start for start, stop in bad)
    message = (
        f"{len(bad)} of {len(whole)} blocks ({amount} bytes) are not what the recorder wrote, "
        f"the first at byte {bad[0][0]}; their samples are dropped"
    )
    hint = "the disk or a copy damaged the file: use another copy if there is one"
    return bad, [Finding("xdf-checksum", message, Severity.WARNING, name, hint)]


def zeroed_blocks(view: Bytes) -> list[tuple[int, int]]:
    """Stretches of pages of 4096 bytes that a disk seems to have lost.

    A page of zeros counts where the zeros begin or end exactly at a page's edge: a signal that is
    truly zero would do that once in thousands of cases.
    """
    pages = len(view) // _PAGE
    content = np.frombuffer(view[: pages * _PAGE], np.uint8).reshape(pages, _PAGE)
    # Most pages show at a glance (64 bytes of them) that they are not empty.
    suspects = np.flatnonzero(content[:, ::64].max(axis=1, initial=0) == 0)
    empty = np.zeros(pages, np.int8)
    empty[suspects] = content[suspects].max(axis=1, initial=0) == 0
    edges = np.flatnonzero(np.diff(empty, prepend=0, append=0))
    found = []
    for first, last in edges.reshape(-1, 2).tolist():
        start, stop = first * _PAGE, last * _PAGE
        sharp_start = start > 0 and view[start - 1] != 0
        sharp_stop = stop < len(view) and view[stop] != 0
        if sharp_start or sharp_stop:
            found.append((start, stop))
    return found
