"""The words of an exported dataset: what it is, what its columns mean, what was left out."""

from __future__ import annotations

from typing import Any

from arousal import __version__
from arousal.ingest.bids_events import EVENT_COLUMNS
from arousal.protocol import Protocol

__all__ = [
    "BIDS_VERSION",
    "CHANGES",
    "PARTICIPANT_COLUMNS",
    "SESSION_COLUMNS",
    "dataset_description",
    "events_sidecar",
    "readme",
]

BIDS_VERSION = "1.11.1"
CHANGES = "1.0.0\n  - As exported.\n"
PARTICIPANT_COLUMNS: dict[str, dict[str, Any]] = {
    "pseudonym": {"Description": "The person's pseudonym in the study, of which the label is made"},
    "age_band": {"LongName": "Age", "Description": "Ten-year band of years such as 30-39"},
    "sex": {
        "Description": "Sex as the person says",
        "Levels": {"F": "female", "M": "male", "O": "other"},
    },
    "profession": {"Description": "Profession in broad groups"},
}
_CONSENT = {
    "record": "to be recorded",
    "research": "to be analysed",
    "own_view": "to a page of their own",
    "group_view": "to enter the group's curve",
    "small_group_view": "to enter it where only three or four do",
    "share_raw": "to their data being shared",
}
PARTICIPANT_COLUMNS |= {
    f"consent_{purpose}": {"Description": f"Date on which the person agreed {what}, study-wide"}
    for purpose, what in _CONSENT.items()
}
SESSION_COLUMNS: dict[str, dict[str, str]] = {
    "session_id": {"Description": "One meeting of a group; the same label is the same meeting"},
    "acq_time": {"Description": "When the meeting began; before 1925 where dates were moved"},
    "role": {"Description": "Role in this meeting; who presents a case is told by the marks"},
    "protocol": {"Description": "Kind of the meeting: its phases and roles"},
    "group": {"Description": "Pseudonym of the group"},
    "meeting": {"Description": "Which meeting of the group's course it was, counted from 1"},
    "setting": {"Description": "Where it was: room or online"},
}
_MOVED = """\
Dates were moved by one amount for the whole dataset: the first session begins on 1900-01-01 at
00:00 UTC, and every other date keeps its distance from it."""
_KEPT = "Dates are those of the sessions."
_README = """\
# {name}

Peripheral physiology of groups that talk about cases (Balint groups and others), exported by
arousal {version} in the Brain Imaging Data Structure (BIDS {bids}).

- {people} people, {sessions} meetings. Each `ses-` is one meeting; people with the same `ses-`
  label sat in it together, and all their times count from the same zero: `StartTime`, `timestamp`
  and `onset` can be compared between them.
- `sub-*/ses-*/beh/*_recording-<kind>_physio.tsv.gz`: one signal each, as it was measured, with its
  `.json`. A signal with a rate has one line a sample, `n/a` where there is none. Where a first
  column `timestamp` stands, it is the exact time of each line in seconds. **Inter-beat intervals**
  (`rr`) and device heart rates (`hr`) are not evenly spaced: use `timestamp`; their
  `SamplingFrequency` is a mean.
- `*_events.tsv`: the marks of the meeting, the same in each person's file, word for word as they
  were sent; undo and later corrections are not worked in.
- `sourcedata/arousal/`: what BIDS has no place for, so that `arousal import` makes the study again:
  roles, consents, corrections of the timeline, protocols, settings.

## What was left out

Device serial numbers, MAC addresses, names of computers, streams and files. {dates}
{left}

{consent} What the people told of their cases was never recorded. Arousal is a bodily quantity: no
emotion was measured.
"""
_AGREED = "Each person in this dataset agreed to sharing these data."
_ELSEWHERE = "The consents to sharing are kept by the institution that collected the data."


def dataset_description(name: str) -> dict[str, Any]:
    """Return ``dataset_description.json``; it names no host and no date."""
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [
            {
                "Name": "arousal",
                "Version": __version__,
                "Description": "arousal export: sessions of a study to BIDS",
            }
        ],
    }


def events_sidecar(protocol: Protocol) -> dict[str, Any]:
    """Return the JSON of all ``events.tsv`` of one task (a task is a protocol)."""
    phases = "; ".join(f"{p.id}: {p.name}" for p in protocol.phases)
    return {
        "TaskName": protocol.id,
        "TaskDescription": f"{protocol.name}. Phases: {phases}",
        **EVENT_COLUMNS,
    }


def readme(
    name: str,
    people: int,
    sessions: int,
    left_out: int,
    gaps: int,
    *,
    absolute: bool,
    held_elsewhere: bool,
) -> str:
    """Return ``README.md``.

    Parameters
    ----------
    name : str
        Of the study.
    people, sessions : int
        How many are in the dataset.
    left_out : int
        People of these sessions who are not.
    gaps : int
        Recordings of people who are in it, from meetings in which they did not agree.
    absolute : bool
        Whether dates are told.
    held_elsewhere : bool
        Whether another institution keeps the consents of anybody in it.
    """
    missing = []
    if left_out:
        missing.append(f"{left_out} people of these meetings did not agree to share: not in it.")
    if gaps:
        missing.append(f"Of people who are in it, {gaps} recordings of a meeting were left out.")
    left = " ".join(missing) or "Nobody's data were left out."
    return _README.format(
        name=name,
        version=__version__,
        bids=BIDS_VERSION,
        people=people,
        sessions=sessions,
        dates=_KEPT if absolute else _MOVED,
        left=left,
        consent=_ELSEWHERE if held_elsewhere else _AGREED,
    )
