"""Copy a journal without what it says about some streams and persons.

A line about a stream that is gone becomes a line of the type ``withdrawn``: it keeps its number and
its two clocks, so that no line seems to be missing and the clocks can still be compared. Checksums
of blocks are made anew from the data file as it now is.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arousal.ingest.journal import journal_path

__all__ = ["Cut", "cut_journal", "journals_of", "streams_of_person"]

KEPT = ("seq", "utc", "lsl")
NUMBERS = ("stream", "number", "continues")


def journals_of(data_file: Path) -> list[Path]:
    """Return the journals beside a data file that are about it (as far as they name one)."""
    places = (journal_path(data_file), data_file.with_name("journal.jsonl"))
    there = [place for place in dict.fromkeys(places) if place.is_file()]
    return [place for place in there if _names(place) <= {data_file.name}]


def _names(journal: Path) -> set[str]:
    """Data files that a journal says it is about: stream 5 of another one is somebody else's."""
    starts = [line for line in _lines(journal) if line.get("type") == "start"]
    return {Path(str(line["file"])).name for line in starts if line.get("file")}


def streams_of_person(journal: Path, named: Callable[..., bool]) -> frozenset[int]:
    """Return the numbers of the streams that a journal gives to a person.

    Parameters
    ----------
    journal : Path
        The file.
    named : callable
        Says whether any of some texts names the person.
    """
    found: set[int] = set()
    for line in _lines(journal):
        number = line.get("stream")
        texts = [str(line.get(key) or "") for key in ("person", "name", "source_id", "uid")]
        if isinstance(number, int) and (named(*texts) or line.get("continues") in found):
            found.add(number)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Cut:
    """What is to be taken out of a journal.

    Parameters
    ----------
    removed : frozenset of int
        Numbers of the streams that are gone.
    change : callable
        As for `arousal.ingest.xdf_cut.cut_xdf`: the words of a mark, or ``None`` to take it out.
    named : callable
        Says whether any of some texts names the person.
    """

    removed: frozenset[int]
    change: Callable[[str], str | None]
    named: Callable[..., bool]

    def drops_line(self, line: Mapping[str, Any]) -> bool:
        """Whether a line is about a stream that is gone, or about the person."""
        if line.get("type") == "mark":
            return self.change(str(line.get("text", ""))) is None
        return self._drops(line)

    def pruned(self, value: Any) -> Any:
        """Return a JSON value without entries about the streams, and with names replaced."""
        if isinstance(value, dict):
            return {
                k: self.pruned(v)
                for k, v in value.items()
                if not self.named(k) and not (isinstance(v, dict) and self._drops(v))
            }
        if isinstance(value, list):
            return [self.pruned(v) for v in value if not self._drops(v)]
        return (self.change(value) or "") if isinstance(value, str) else value

    def _drops(self, item: Any) -> bool:
        if isinstance(item, Mapping):
            numbers = [item.get(key) for key in NUMBERS]
            texts = [v for v in item.values() if isinstance(v, str)]
            return any(self._is_number(n) for n in numbers) or self.named(*texts)
        if isinstance(item, list):  # the counts of a stream at the end: number, received, on disk
            return bool(item) and self._is_number(item[0])
        return isinstance(item, str) and self.change(item) is None

    def _is_number(self, item: object) -> bool:
        return isinstance(item, int) and not isinstance(item, bool) and item in self.removed


def cut_journal(journal: Path, data_file: Path, cut: Cut) -> str:
    """Return a journal's text without some streams and without a person's name.

    Parameters
    ----------
    journal : Path
        The file.
    data_file : Path
        The data file as it now is.
    cut : Cut
        What is to be taken out.
    """
    lines = _lines(journal)
    blocks = iter(_blocks(data_file, sum(line.get("type") == "block" for line in lines)))
    told = (_line(line, cut, blocks) for line in lines)
    return "".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in told
    )


def _line(line: dict[str, Any], cut: Cut, blocks: Iterator[dict[str, int]]) -> dict[str, Any]:
    clocks = {key: line[key] for key in KEPT if key in line}
    if line.get("type") == "block":
        return {**clocks, "type": "block", **next(blocks)}
    if cut.drops_line(line):
        return {**clocks, "type": "withdrawn"}
    pruned: dict[str, Any] = cut.pruned(line)
    return pruned


def _lines(journal: Path) -> list[dict[str, Any]]:
    """Return the lines that can be read; nobody can say what a damaged one holds."""
    found = []
    for raw in journal.read_bytes().splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict):
            found.append(line)
    return found


def _blocks(data_file: Path, count: int) -> list[dict[str, int]]:
    """Cut the file into as many stretches as there were blocks, each with its checksum."""
    if not count:
        return []
    data = data_file.read_bytes()
    size = -(-len(data) // count)
    pieces = [data[k * size : (k + 1) * size] for k in range(count)]
    return [
        {"offset": min(k * size, len(data)), "length": len(piece), "crc32": zlib.crc32(piece)}
        for k, piece in enumerate(pieces)
    ]
