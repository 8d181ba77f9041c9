"""Who talks when: one turn after another, never two voices at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arousal.protocol import PlannedPhase, Protocol
from arousal.simulate.roster import Seat
from arousal.simulate.timetable import Timetable

__all__ = ["Share", "Turn", "speech_fraction", "take_turns"]

NEUTRAL_TALK = 120.0
"""Seconds of neutral talk at the end of the baseline."""


class Turn(NamedTuple):
    """One person's turn of speech in recording time, s."""

    person: str
    onset: float
    end: float


class Share(NamedTuple):
    """How the floor is shared in a phase.

    Weights are per person and relative to each other; ``turn`` is the median length of a turn in
    seconds (the presenter's are four times as long while presenting).
    """

    presenter: float
    member: float
    leader: float
    turn: float = 12.0


SHARES: dict[str, Share] = {
    "opening": Share(1, 1, 4),
    "invitation": Share(8, 1, 8, 6),
    "presentation": Share(200, 0.2, 0.6, 20),
    "questions": Share(8, 1, 1.5, 10),
    "discussion": Share(0, 1, 0.8, 15),
    "outer_circle": Share(0, 1, 0.5, 15),
    "return": Share(7, 1, 1.2, 15),
    "closing": Share(1, 1, 2),
    "session": Share(1, 1, 1.2, 15),
}
"""Phase -> who has the floor. In any other phase of the meeting members talk as much as leaders."""
_OTHERWISE = Share(1, 1, 1)


def take_turns(
    protocol: Protocol,
    seats: tuple[Seat, ...],
    presenters: Mapping[int, str],
    timetable: Timetable,
    rng: np.random.Generator,
) -> tuple[Turn, ...]:
    """Draw the turns of a whole meeting.

    Turn lengths are lognormal, pauses between them 0.3-2 s; some people are more talkative than
    others (gamma, shape 4). Quiet phases are silent, but for the neutral talk that ends a
    baseline, and so is the leaders' silence.

    Returns
    -------
    tuple of Turn
        In order, without overlap.
    """
    talkative = rng.gamma(4.0, 0.25, len(seats))
    turns: list[Turn] = []
    for planned in timetable.phases:
        onset, share = planned.onset, SHARES.get(planned.phase, _OTHERWISE)
        if protocol.phase(planned.phase).quiet:
            if planned.phase != "baseline":
                continue
            onset, share = max(onset, planned.end - NEUTRAL_TALK), _OTHERWISE
        weights = talkative * _weights(share, seats, presenters.get(planned.block, ""))
        turns += _fill(seats, weights, share.turn, onset, planned, rng)
    hush, over = timetable.silence
    return tuple(t for t in turns if t.end <= hush or t.onset >= over)


def _weights(share: Share, seats: tuple[Seat, ...], presenter: str) -> NDArray[np.float64]:
    def weight(seat: Seat) -> float:
        if seat.person == presenter:
            return share.presenter
        return share.leader if seat.leads else share.member

    return np.array([weight(seat) for seat in seats])


def _fill(
    seats: tuple[Seat, ...],
    weights: NDArray[np.float64],
    median: float,
    onset: float,
    planned: PlannedPhase,
    rng: np.random.Generator,
) -> list[Turn]:
    if not weights.any():
        return []
    count = int((planned.end - onset) / 2.0) + 2
    speakers = rng.choice(len(seats), count, p=weights / weights.sum())
    lengths = np.clip(median * rng.lognormal(0.0, 0.6, count), 1.0, 120.0)
    starts = onset + np.cumsum(rng.uniform(0.3, 2.0, count)) + np.cumsum(lengths)
    starts = np.round(starts - lengths, 2)
    ends = np.round(starts + lengths, 2)
    last = int(np.searchsorted(ends, planned.end - 0.5))
    rows = zip(speakers[:last], starts[:last], ends[:last], strict=True)
    return [Turn(seats[i].person, float(a), float(b)) for i, a, b in rows]


def speech_fraction(turns: tuple[Turn, ...], person: str, seconds: int) -> NDArray[np.float64]:
    """Return how much of each second a person talks.

    Returns
    -------
    ndarray, shape (seconds,)
        Value ``i`` is the share of ``[i, i + 1)`` s, 0-1.
    """
    edges = np.array([(t.onset, t.end) for t in turns if t.person == person]).reshape(-1, 2)
    if not edges.size:
        return np.zeros(seconds)
    until = np.cumsum(edges[:, 1] - edges[:, 0])
    talked = np.column_stack([np.concatenate([[0.0], until[:-1]]), until])
    # Time talked until each full second, straight within turns and level between them.
    total = np.interp(np.arange(seconds + 1.0), edges.ravel(), talked.ravel())
    return np.asarray(np.clip(np.diff(total), 0.0, 1.0))
