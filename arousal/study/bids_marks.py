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
        mark = replace(
            mark, id=ids.get(mark.id, ""), of=ids.get(mark.of) or self.strip.text(mark.of)
        )
        meant = _parsed(self.codes.get(label.strip(), label)) or mark
        if meant.verb == "word" and not self._known(meant.args[0]):
            if not self.strip.dates.absolute:
                return str(replace(mark, verb="word", args=(UNRECOGNISED,)))
            return self.strip.text(self.hidden.without(label))
        if meant.verb in PERSONAL and self.hidden.names & people_named([str(meant)]):
            return str(replace(mark, verb="word", args=(WITHHELD,)))
        if not self.hidden.named_in(label):
            return label if mark == _parsed(label) else str(mark)
        return str(replace(mark, args=tuple(map(self.hidden.without, mark.args))))

    def _known(self, word: str) -> bool:
        return word in self.codes or self.protocol.find_phase(word) is not None

    def _made_at(self, text: str) -> str:
        moved = self.strip.dates.moment(datetime.fromisoformat(text)) if text else None
        return moved.isoformat(timespec="seconds") if moved is not None else ""
