"""The nouns of a session's course: phases, case blocks, roles and what happened at a point in time.

A `Timeline` is what the raw marks mean once undo, late entries and corrections are applied. It is
frozen and holds no signal; all times are seconds since the recording's zero. `build_timeline`
(in `arousal.phase_align.build`) makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arousal.errors import DataError
from arousal.findings import Finding

__all__ = ["Applied", "CaseBlock", "PhaseInterval", "PointEvent", "RoleInterval", "Timeline"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TextArray = NDArray[np.object_]

PointKind = Literal["intervention", "silence", "probe", "incident", "speech"]


@dataclass(frozen=True, slots=True)
class PhaseInterval:
    """One stretch of one phase, ``onset <= time < end``.

    Parameters
    ----------
    phase : str
        Phase id of the protocol; empty for the one unlabelled stretch of a session without marks.
    block : int
        Case block, counted from 1; 0 outside case blocks.
    onset, end : float
        Seconds since the recording's zero.
    mark : str
        Id of the mark that began it; empty where the recording's start did.
    certain : bool
        Whether both bounds are known. Numbers of an uncertain interval are refused, not guessed.
    note : str
        Why it is not certain, or what else a reader should know.
    """

    phase: str
    block: int
    onset: float
    end: float
    mark: str = ""
    certain: bool = True
    note: str = ""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.onset


@dataclass(frozen=True, slots=True)
class CaseBlock:
    """One case: from its first to its last case phase (s), and who presented it (or ``None``)."""

    index: int
    onset: float
    end: float
    presenter: str | None = None


@dataclass(frozen=True, slots=True)
class RoleInterval:
    """One person's role during ``onset <= time < end`` (s); a person's intervals do not overlap."""

    person: str
    role: str
    onset: float
    end: float


@dataclass(frozen=True, slots=True)
class PointEvent:
    """Something marked that is no phase.

    Parameters
    ----------
    kind : {"intervention", "silence", "probe", "incident", "speech"}
        What it is.
    onset : float
        Seconds since the recording's zero.
    duration : float
        Seconds; 0 for a point; NaN for a silence whose end was not marked.
    actor, target : str
        Who, and towards whom; empty where the mark does not say. A probe's actor reported on
        themselves, an incident's actor is whom it concerns.
    type : str
        Type of intervention or incident; empty for the others.
    value : float
        A probe's answer (1-9); NaN for the others.
    mark : str
        Id of the mark.
    """

    kind: PointKind
    onset: float
    duration: float = 0.0
    actor: str = ""
    target: str = ""
    type: str = ""
    value: float = float("nan")
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """One change to the raw marks: which mark, what was done, by what (mark id or timeline.tsv)."""

    mark: str
    action: Literal["undo", "redo", "move", "relabel", "delete", "add", "restore"]
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A session's course.

    Parameters
    ----------
    onset, end : float
        First and last second that the recording covers.
    phases : tuple of PhaseInterval
        In order of time, never overlapping; there may be time between them.
    blocks : tuple of CaseBlock
        In order, ``blocks[0].index == 1``.
    roles : tuple of RoleInterval
        By person and time, one role at a time per person.
    points : tuple of PointEvent
        By onset.
    default_role : str
        Role of persons that no roster names.
    applied : tuple of Applied
        What was undone, moved or corrected, in the order in which it was done.
    findings : tuple of Finding
        Everything about the marks that was not as it should be.
    """

    onset: float
    end: float
    phases: tuple[PhaseInterval, ...] = ()
    blocks: tuple[CaseBlock, ...] = ()
    roles: tuple[RoleInterval, ...] = ()
    points: tuple[PointEvent, ...] = ()
    default_role: str = ""
    applied: tuple[Applied, ...] = ()
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        for before, after in zip(self.phases, self.phases[1:], strict=False):
            if after.onset < before.end:
                raise DataError(
                    f"phase {after.phase!r} begins at {after.onset:g} s, before "
                    f"{before.phase!r} ends at {before.end:g} s",
                    where="timeline",
                )

    def _of_kind(self, kind: PointKind) -> tuple[PointEvent, ...]:
        return tuple(p for p in self.points if p.kind == kind)

    @property
    def interventions(self) -> tuple[PointEvent, ...]:
        """Leaders' and therapists' interventions."""
        return self._of_kind("intervention")

    @property
    def silences(self) -> tuple[PointEvent, ...]:
        """Deliberate silences; the duration is NaN where the end was not marked."""
        return self._of_kind("silence")

    @property
    def probes(self) -> tuple[PointEvent, ...]:
        """Self-reported arousal, 1-9 in ``value``."""
        return self._of_kind("probe")

    @property
    def incidents(self) -> tuple[PointEvent, ...]:
        """Breaks, people leaving or joining, movement, technical trouble."""
        return self._of_kind("incident")

    @property
    def speech(self) -> dict[str, FloatArray]:
        """Marked speech turns: pseudonym -> onset and end in seconds, shape (k, 2), by onset."""
        turns: dict[str, list[tuple[float, float]]] = {}
        for turn in self._of_kind("speech"):
            turns.setdefault(turn.actor, []).append((turn.onset, turn.onset + turn.duration))
        return {p: np.array(t, dtype=np.float64).reshape(-1, 2) for p, t in turns.items()}

    def index_at(self, times: ArrayLike) -> IntArray:
        """Position in `phases` of the interval that holds each time, -1 between phases.

        Parameters
        ----------
        times : array_like, shape (n,)
            Seconds since the recording's zero.

        Returns
        -------
        ndarray of int, shape (n,)
        """
        at = np.atleast_1d(np.asarray(times, dtype=np.float64))
        if not self.phases:
            return np.full(at.shape, -1, dtype=np.int64)
        onsets = np.array([p.onset for p in self.phases])
        ends = np.array([p.end for p in self.phases])
        index = np.searchsorted(onsets, at, side="right").astype(np.int64) - 1
        index[(index < 0) | (at >= ends[index]) | np.isnan(at)] = -1
        return index

    def phase_at(self, times: ArrayLike) -> TextArray:
        """Phase id at each time, empty between phases.

        Parameters
        ----------
        times : array_like, shape (n,)
            Seconds since the recording's zero.

        Returns
        -------
        ndarray of str objects, shape (n,)
        """
        names = np.array([*(p.phase for p in self.phases), ""], dtype=object)
        found: TextArray = names[self.index_at(times)]
        return found

    def roles_at(self, person: str, times: ArrayLike) -> TextArray:
        """Role of one person at each time.

        Parameters
        ----------
        person : str
            Pseudonym.
        times : array_like, shape (n,)
            Seconds; before the first and after the last interval the nearest role holds.

        Returns
        -------
        ndarray of str objects, shape (n,)
        """
        at = np.atleast_1d(np.asarray(times, dtype=np.float64))
        own = [r for r in self.roles if r.person == person]
        if not own:
            return np.full(at.shape, self.default_role, dtype=object)
        index = np.searchsorted([r.onset for r in own], at, side="right") - 1
        names = np.array([r.role for r in own], dtype=object)
        found: TextArray = names[np.clip(index, 0, len(own) - 1)]
        return found

    def role_of(self, person: str, time: float) -> str:
        """Role of one person at one time (s); `default_role` where no roster names the person."""
        return str(self.roles_at(person, [time])[0])

    def presenter(self, block: int) -> str | None:
        """Presenter of a case block, ``None`` where none was marked or there is no such block."""
        return next((b.presenter for b in self.blocks if b.index == block), None)

    def intervals(self, phase: str, block: int) -> tuple[PhaseInterval, ...]:
        """All stretches of a phase in a block, in order (more than one if it was returned to)."""
        return tuple(p for p in self.phases if p.phase == phase and p.block == block)

    def interval(self, phase: str, block: int = 0) -> PhaseInterval | None:
        """First certain stretch of a phase in a block, else its first, else ``None``."""
        found = self.intervals(phase, block)
        return next((p for p in found if p.certain), found[0] if found else None)


def clock(seconds: float) -> str:
    """Recording time as people read it: ``"1:02:03"`` or ``"2:03"``."""
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02d}:{rest:02d}" if hours else f"{sign}{minutes}:{rest:02d}"
