"""How much of each session is usable, in words and marks that need no colour."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arousal.study.condensed import MeasureQuality
from arousal.tables import MEASURES
from dashboards.messages import Messages
from dashboards.terms import quality_sentence, reason_words

if TYPE_CHECKING:
    from arousal.study.overview import SessionOverview, StudyOverview

__all__ = ["QualityCell", "QualityRow", "quality_rows", "usable_words"]

MARKS = {"good": "●", "weak": "▲", "poor": "✕", "none": "–"}
"""State -> mark; the word stands beside it."""
SHORT = {
    "heart_rate": "Heart rate",
    "scr_rate": "Skin responses",
    "ln_scl": "Skin level",
    "ln_rmssd": "lnRMSSD",
}


@dataclass(frozen=True, slots=True)
class QualityCell:
    """One measure in one session: state, its mark, the share as text, and why in a sentence."""

    measure: str
    state: str
    mark: str
    share: str
    usable: int
    people: int
    percent: float
    why: str


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One session: what stands in the matrix."""

    session: str
    protocol: str
    group: str
    meeting: str
    people: int
    withheld: int
    blocks: int
    cells: tuple[QualityCell, ...]
    state: str
    reason: str


def quality_rows(overview: StudyOverview, say: Messages, *, names: bool) -> list[QualityRow]:
    """Return the matrix, session by session.

    Parameters
    ----------
    overview : StudyOverview
        The study.
    say : Messages
        The catalogue.
    names : bool
        Whether pseudonyms stand beside what a sensor did.
    """
    return [_row(session, say, names) for session in overview.sessions]


def _row(session: SessionOverview, say: Messages, names: bool) -> QualityRow:
    cells = tuple(_cell(quality, say, names) for quality in session.quality)
    return QualityRow(
        session.id,
        session.protocol,
        session.group,
        "" if session.meeting is None else str(session.meeting),
        len(session.people),
        session.withheld,
        len(session.blocks),
        cells,
        session.state,
        session.reason or _mostly(session, say),
    )


def _mostly(session: SessionOverview, say: Messages) -> str:
    """What the sensors most often had, for those who read no cell."""
    codes: Counter[str] = Counter()
    for quality in session.quality:
        codes.update({code: len(people) for code, people in quality.sensors.items()})
    if not codes:
        return ""
    return quality_sentence(codes.most_common(1)[0][0], say)


def _cell(quality: MeasureQuality, say: Messages, names: bool) -> QualityCell:
    state = _state(quality)
    percent = f"{100 * quality.share:.0f} %"
    share = f"{percent} of the windows of the middle person have a value"
    parts = [f"{share}; {quality.usable} of {quality.people} people have at least half."]
    parts += [_sensor(code, who, say, names) for code, who in quality.sensors.items()]
    if quality.refused:
        reason = reason_words(quality.mostly, say).rstrip(".")
        parts.append(
            f"{quality.refused} of {quality.phases} phase means are refused, mostly: {reason}."
        )
    why = " ".join(parts)
    return QualityCell(
        quality.measure,
        state,
        MARKS[state],
        percent,
        quality.usable,
        quality.people,
        round(100 * quality.share, 1),
        why,
    )


def _sensor(code: str, who: tuple[str, ...], say: Messages, names: bool) -> str:
    sentence = quality_sentence(code, say).rstrip(".")
    people = f"{len(who)} {'person' if len(who) == 1 else 'people'}"
    return f"{sentence} ({people}{': ' + ', '.join(who) if names else ''})."


def _state(quality: MeasureQuality) -> str:
    if not quality.usable:
        return "none" if not quality.share else "poor"
    everybody = quality.usable == quality.people
    if quality.share >= 0.8 and everybody:
        return "good"
    return "weak" if quality.share >= 0.5 else "poor"


def usable_words(overview: StudyOverview) -> list[tuple[str, str]]:
    """Return measure -> how many people in how many sessions have at least half of it."""
    done = [s for s in overview.sessions if s.state == "processed"]
    found = []
    for at, measure in enumerate(MEASURES):
        own = [s.quality[at] for s in done]
        people = sum(q.people for q in own)
        usable = sum(q.usable for q in own)
        share = f"{100 * usable / people:.0f} %" if people else "–"
        found.append((SHORT[measure.id], f"{share} ({usable} of {people})"))
    return found
