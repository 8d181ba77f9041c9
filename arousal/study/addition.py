"""The nouns of adding: what is to be added, what the user said about it, what would be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from arousal.findings import Finding
from arousal.recording import Recording
from arousal.session import SessionFile
from arousal.study.adding_layout import Copy, Layout

__all__ = ["Candidate", "Planned", "Shape", "Wishes", "shape_of"]

Shape = Counter[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One session to be: a file or folder, or several people's own ones.

    Parameters
    ----------
    places : dict
        Pseudonym -> path; the pseudonym is empty where one path is the whole session.
    """

    places: Mapping[str, Path]

    @property
    def place(self) -> Path:
        """The path to speak of."""
        return next(iter(self.places.values()))

    @property
    def title(self) -> str:
        """What a person calls it."""
        if "" in self.places:
            return self.place.name or str(self.place)
        return ", ".join(f"{person}={path.name}" for person, path in self.places.items())


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user said about what is added.

    Parameters
    ----------
    session : str or None
        Id; default: from the file's name.
    group : str or None
        Pseudonym of the group.
    meeting : int or None
        Which meeting it was.
    protocol : str or None
        Bundled name or path; default: the study's.
    mapping : Path or None
        What columns or streams are.
    names : tuple of str
        ``P04`` or ``P04=P01``, as `arousal.study.adding_people.renamed` takes them.
    any_pseudonym : bool
        Whether pseudonyms that look like names are meant so.
    """

    session: str | None = None
    group: str | None = None
    meeting: int | None = None
    protocol: str | None = None
    mapping: Path | None = None
    names: tuple[str, ...] = ()
    any_pseudonym: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """What would be added.

    Parameters
    ----------
    candidate : Candidate
        From where.
    session : SessionFile
        As it would be written.
    text : str
        The ``session.toml``.
    layout : Layout
        Which file goes where.
    shape : Counter
        (person, kind, samples) of every signal; the session must read back like this.
    minutes : float
        Length.
    marks : int
        Number of marks.
    formats : tuple of str
        As what it was read.
    signals : dict
        Person -> one line about their signals.
    unused : tuple of str
        Streams or columns that nobody could use, with the reason.
    findings : tuple of Finding
        What was noticed, without notes.
    unasked : tuple of str
        People who did not agree to research, as far as the study knows.
    """

    candidate: Candidate
    session: SessionFile
    text: str
    layout: Layout
    shape: Shape
    minutes: float
    marks: int
    formats: tuple[str, ...]
    signals: Mapping[str, str]
    unused: tuple[str, ...]
    findings: tuple[Finding, ...]
    unasked: tuple[str, ...]

    @property
    def id(self) -> str:
        """The session's id."""
        return self.session.id

    @property
    def plain(self) -> bool:
        """Whether it is one XDF file, which keeps nothing but its name from its old place."""
        return len(self.layout.copies) == 1 and self.formats == ("xdf",)

    def largest(self) -> Copy:
        """Return the data file by which the same recording is known again."""
        return max(self.layout.data, key=lambda copy: copy.size)


def shape_of(recording: Recording, called: Mapping[str, str] | None = None) -> Shape:
    """Count (person, kind, samples) of every signal; `called` gives people other names."""
    names = called or {}
    return Counter(
        (names.get(p.id, p.id), s.kind.value, len(s)) for p in recording for s in p.signals
    )
