"""Marks and corrections as an export tells them: of the people in it, and in known words only.

Marks about people who did not agree to share are not dropped, because an ``undo`` takes back the
mark *before* it and would take another: their own marks (probes, speech, roles, incidents) become
the word ``withheld``, interventions and the presenter's mark lose the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from arousal.errors import DataError
from arousal.marks import Mark, parse_mark
from arousal.phase_align import Correction
from arousal.protocol import Protocol
from arousal.recording import Event
from arousal.study.stripping import Stripping
from arousal.withheld import Withheld

__all__ = ["MarkTeller", "people_named"]

WITHHELD = "withheld"
"""What is left of a mark that is only about somebody who did not agree."""
UNRECOGNISED = "unrecognised"
"""Stands for free text, which names no phase and could tell anything."""
PERSONAL = frozenset({"probe", "speech", "role", "incident"})
_NAMING = {
    "presenter": (0,),
    "role": (0,),
    "intervention": (1, 2),
    "speech": (0,),
    "probe": (0,),
    "incident": (1,),
}
"""Verb -> which of its arguments are people."""
_PLAIN_ID = re.compile(r"[A-Za-z]{0,6}\d{1,6}")
"""Ids that tell nothing: m12."""


def people_named(labels: Iterable[str]) -> set[str]:
    """Return everybody whom marks name.

    Examples
    --------
    >>> sorted(people_named(["speech/P04/start", "intervention/empathy/P01/P02", "Discussion"]))
    ['P01', 'P02', 'P04']
    """
    found: set[str] = set()
    for label in labels:
        mark = _parsed(label)
        if mark is not None:
            places = _NAMING.get(mark.verb, ())
            found |= {mark.args[place] for place in places if place < len(mark.args)}
    return found


def _parsed(label: str) -> Mark | None:
    try:
        return parse_mark(label)
    except DataError:
        return None


@dataclass(frozen=True)
class MarkTeller:
    """How the marks of one session are told.

    Parameters
    ----------
    events : tuple of Event
        The session's raw marks.
    protocol : Protocol
        Whose phases plain words may name.
    codes : mapping
        ``[markers].codes`` of the session.
    hidden : Withheld
        Who is not in the export.
    strip : Stripping
        Goes through every text.
    """

    events: tuple[Event, ...]
    protocol: Protocol
    codes: Mapping[str, str]
    hidden: Withheld
    strip: Stripping

    def told(self) -> tuple[Event, ...]:
        """Return the marks for the export; each keeps its time, its sender and its place."""
        sources, ids = self._sources(), self.ids()
        return tuple(
            replace(
                event,
                label=self._label(event.label, ids),
                id=ids[event.id],
                source=sources[event.source],
            )
            for event in self.events
        )

    def corrections(self, rows: Iterable[Correction]) -> tuple[Correction, ...]:
        """Return the rows of ``timeline.tsv`` for the export."""
        ids = self.ids()
        return tuple(
            replace(
                row,
                mark=ids.get(row.mark) or self.strip.text(self.hidden.without(row.mark)),
                label=self._label(row.label, ids) if row.label else "",
                made_at=self._made_at(row.made_at),
            )
            for row in rows
        )

    def _sources(self) -> dict[str, str]:
        """Marker streams by number: their names may be a computer's."""
        names = dict.fromkeys(event.source for event in self.events)
        return {name: f"marks{number}" for number, name in enumerate(names, start=1)}

    def ids(self) -> dict[str, str]:
        """Id of each mark -> its id in the export, unique as before."""
        sources = self._sources()
        found: dict[str, str] = {}
        for event in self.events:
            plain = bool(_PLAIN_ID.fullmatch(event.id))
            name, sign, number = event.id.rpartition("#")
            if sign and name in sources:
                found[event.id] = f"{sources[name]}#{number}"
            else:
                found[event.id] = event.id if plain else f"x{len(found) + 1}"
        return found

    def _label(self, label: str, ids: Mapping[str, str]) -> str:
        mark = _parsed(label)
        if mark is None:
            return UNRECOGNISED
        mark = replace(mark, id=ids.get(mark.id, ""), of=ids.get(mark.of) or self._clean(mark.of))
        if (code := self._code_in(label, mark)) is not None:
            word = WITHHELD if self.code(code) is None else self._clean(code)
            return str(replace(mark, verb="word", args=(word,)))
        if mark.verb == "word" and self.protocol.find_phase(mark.args[0]) is None:
            if self.strip.dates.absolute:
                return self._clean(label)
            return str(replace(mark, args=(UNRECOGNISED,)))
        told = self._told(mark)
        return label if told == _parsed(label) else str(told)

    def _told(self, mark: Mark) -> Mark:
        """Return a mark without names of people who are not in it, nor of devices."""
        if mark.verb in PERSONAL and self.hidden.names & people_named([str(mark)]):
            return replace(mark, verb="word", args=(WITHHELD,))
        if mark.verb == "phase" and self.protocol.find_phase(mark.args[0]) is None:
            return replace(mark, verb="word", args=(UNRECOGNISED,))
        people = _NAMING.get(mark.verb, ())
        return replace(
            mark,
            args=tuple(
                self.hidden.without(arg) if place in people else self._clean(arg)
                for place, arg in enumerate(mark.args)
            ),
        )

    def _clean(self, text: str) -> str:
        return self.strip.text(self.hidden.without(text))

    def code(self, word: str) -> str | None:
        """Return what a code of ``[markers].codes`` stands for; ``None`` if that is withheld."""
        mark = _parsed(self.codes[word])
        if mark is None or mark.verb == "word":
            return self._clean(self.codes[word])
        told = self._told(mark)
        return None if told.args == (WITHHELD,) else str(told)

    def told_codes(self) -> dict[str, str]:
        """Return ``[markers].codes`` for the export."""
        told = {self._clean(word): self.code(word) for word in self.codes}
        return {word: meant for word, meant in told.items() if meant is not None}

    def _code_in(self, label: str, mark: Mark) -> str | None:
        """Return the code that a mark is, with or without attributes."""
        word = mark.args[0] if mark.verb == "word" else ""
        return next((w for w in (label.strip(), word) if w in self.codes), None)

    def _made_at(self, text: str) -> str:
        moved = self.strip.dates.moment(datetime.fromisoformat(text)) if text else None
        return moved.isoformat(timespec="seconds") if moved is not None else ""
