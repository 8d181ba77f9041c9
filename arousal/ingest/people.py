"""Who wore what: streams' quantities -> pseudonyms.

In this order: the mapping file; the session's roster (``streams = { ecg = "Polar-04" }``); a
pseudonym in the stream's name or source id (``P04``, ``sub-04``); else one person per device,
numbered, and said so. Where two straps announce themselves alike nobody is guessed at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from arousal.findings import Finding, Severity
from arousal.ingest.raw import RawStream
from arousal.recording import Kind
from arousal.session import SessionFile

__all__ = [
    "Claim",
    "Item",
    "Placement",
    "claims_of",
    "find_pseudonym",
    "matching",
    "place",
    "site_of",
]

_PSEUDONYM = re.compile(
    r"(?<![A-Za-z0-9])(?:[Pp]\d{1,4}|[Ss]\d{2,4}|sub-[A-Za-z0-9]+)(?![A-Za-z0-9])"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The session file says that a person's signal of a kind comes from a stream."""

    person: str
    kind: Kind
    stream: str


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One quantity of one stream that needs a person.

    Parameters
    ----------
    stream : RawStream
        Where it comes from.
    kind : Kind
        What it is.
    channels : tuple of int
        Indices from 0.
    device : str
        What tells its device apart; streams of one device share it.
    person : str or None
        Given by the mapping file.
    """

    stream: RawStream
    kind: Kind
    channels: tuple[int, ...]
    device: str
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Who wore what.

    Parameters
    ----------
    persons : dict of Item to str
        Pseudonym of each item that has one.
    unclaimed : dict of Item to str
        The others, with the reason.
    findings : tuple of Finding
        How it was decided, and what is ambiguous.
    """

    persons: dict[Item, str] = field(default_factory=dict)
    unclaimed: dict[Item, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def find_pseudonym(*texts: str) -> str | None:
    """Return the first pseudonym in these texts: ``P04``, ``S08``, ``sub-04``.

    >>> find_pseudonym("Polar-p04_ecg"), find_pseudonym("H10 42"), find_pseudonym("sub-P031_eeg")
    ('P04', None, 'P031')
    """
    for text in texts:
        found = _PSEUDONYM.search(text.replace("_", " "))
        if found:
            word = found[0]
            if word.startswith("sub-"):
                inner = word.removeprefix("sub-")
                return inner if _PSEUDONYM.fullmatch(inner) else word
            return word.upper()
    return None


def site_of(
    kind: Kind, person: str, session: SessionFile | None, default: str | None
) -> str | None:
    """Where a person's sensor sat: for skin conductance the session file's word comes first."""
    if kind is Kind.EDA and session is not None and person in session.people:
        return session.people[person].eda_site or default
    return default


def claims_of(session: SessionFile | None) -> tuple[Claim, ...]:
    """Read the roster's claims; `SessionFile` has seen to it that each names one wearer."""
    people = session.people if session is not None else {}
    return tuple(
        Claim(person, Kind(word), stream)
        for person, entry in people.items()
        for word, stream in entry.streams.items()
    )


def place(
    items: Sequence[Item],
    session: SessionFile | None,
    only_person: str | None = None,
    file_person: str | None = None,
    names: frozenset[str] = frozenset(),
) -> Placement:
    """Decide whose each item is.

    Parameters
    ----------
    items : sequence of Item
        All recognised quantities.
    session : SessionFile or None
        With the roster.
    only_person : str or None
        Whose the file is, if one person's (mapping file).
    file_person : str or None
        Pseudonym in the file's name; taken if all streams without one can be one person's.
    names : frozenset of str
        Names, source_ids and uids of all streams, recognised or not.
    """
    given = {item: item.person for item in items if item.person is not None}
    rest = [item for item in items if item.person is None]
    claims = claims_of(session)
    claimed, findings = _by_claims(rest, claims, names)
    rest = [item for item in rest if item not in claimed]
    persons = {**given, **claimed}
    named = {item: _pseudonym_of(item) for item in rest}
    if session is not None and session.people:
        own, strangers = _by_roster(rest, named, session, claims)
        persons |= own
        return Placement(persons, strangers, tuple(findings))
    if only_person is not None:
        return Placement(persons | dict.fromkeys(rest, only_person), {}, tuple(findings))
    persons |= {item: name for item, name in named.items() if name is not None}
    nameless = [item for item in rest if named[item] is None]
    numbered, said = _numbered(nameless, set(persons.values()), file_person)
    return Placement(persons | numbered, {}, (*findings, *said))


def _pseudonym_of(item: Item) -> str | None:
    info = item.stream.info
    labels = [info.channels[c] for c in item.channels]
    return find_pseudonym(*labels, info.name, info.source_id)


def _by_claims(
    items: Sequence[Item], claims: Iterable[Claim], names: frozenset[str]
) -> tuple[dict[Item, str], list[Finding]]:
    persons: dict[Item, str] = {}
    findings: list[Finding] = []
    for claim in claims:
        fitting = matching(items, claim)
        if not fitting:
            findings.append(_unmet(claim, names))
        elif clash := _overlapping(fitting):
            text = (
                f"{len(fitting)} streams at the same time are called {claim.stream!r}, so "
                f"{claim.person}'s {claim.kind} cannot be told from another wearer's; not used"
            )
            hint = f"name the strap by its source_id ({clash}) in session.toml, or rename one"
            findings.append(Finding("stream-ambiguous", text, Severity.PROBLEM, claim.person, hint))
        else:
            persons |= dict.fromkeys(fitting, claim.person)
    return persons, findings


def _unmet(claim: Claim, names: frozenset[str]) -> Finding:
    text = f"{claim.person}'s {claim.kind} stream {claim.stream!r} is not in the recording"
    hint = "correct the name in session.toml"
    if any(stream in names for stream, _ in _readings(claim.stream)):
        text = f"{claim.person}'s stream {claim.stream!r} is there, but holds no {claim.kind}"
        hint = "see the list of unknown streams; say what its channels are with --map"
    return Finding("stream-missing", text, Severity.PROBLEM, claim.person, hint)


def matching(items: Sequence[Item], claim: Claim) -> list[Item]:
    """Items of the claimed kind from the claimed stream; name before uid before source_id.

    A claim ``"OpenSignals:ECG_2"`` means one channel of a stream by its label.
    """
    of_kind = [item for item in items if item.kind is claim.kind]
    for text, label in _readings(claim.stream):
        for attribute in ("name", "uid", "source_id"):
            found = [
                item
                for item in of_kind
                if getattr(item.stream.info, attribute) == text
                and (label is None or _label(item) == label)
            ]
            if found:
                return found
    return []


def _readings(text: str) -> list[tuple[str, str | None]]:
    whole: list[tuple[str, str | None]] = [(text, None)]
    if ":" in text:
        stream, label = text.rsplit(":", 1)
        whole.append((stream, label))
    return whole


def _label(item: Item) -> str:
    return item.stream.info.channels[item.channels[0]]


def _overlapping(items: Sequence[Item]) -> str:
    """Ids of two different streams that run at the same time; empty if none do."""
    for a, b in combinations(items, 2):
        if a.stream is not b.stream and _overlap(a.stream, b.stream):
            ids = [s.info.source_id or s.info.uid or s.info.hostname for s in (a.stream, b.stream)]
            return " / ".join(ids)
    return ""


def _overlap(a: RawStream, b: RawStream) -> bool:
    if not a.times.size or not b.times.size:
        return False
    return bool(a.times[0] <= b.times[-1] and b.times[0] <= a.times[-1])


def _by_roster(
    rest: Sequence[Item],
    named: Mapping[Item, str | None],
    session: SessionFile,
    claims: Sequence[Claim],
) -> tuple[dict[Item, str], dict[Item, str]]:
    """Items that carry the pseudonym of somebody on the roster; the others are nobody's."""
    roster = list(session.people)
    claimed_kinds = {(claim.person, claim.kind) for claim in claims}
    persons: dict[Item, str] = {}
    strangers: dict[Item, str] = {}
    for item in rest:
        name = named[item]
        if name is None and len(roster) == 1 and not claims:
            persons[item] = roster[0]
        elif name in roster and (name, item.kind) not in claimed_kinds:
            persons[item] = str(name)
        elif name is not None and name not in roster:
            strangers[item] = f"{name} is not among [people] of session.toml"
        else:
            strangers[item] = "nobody in session.toml claims it"
    return persons, strangers


def _numbered(
    items: Sequence[Item], taken: set[str], file_person: str | None
) -> tuple[dict[Item, str], tuple[Finding, ...]]:
    if not items:
        return {}, ()
    kinds = [item.kind for item in items]
    streams = {(item.kind, id(item.stream)) for item in items}
    one_of_each = len(streams) == len(set(kinds))
    groups, ambiguous = ([list(items)], False) if one_of_each else _devices(items)
    if len(groups) == 1 and not ambiguous and file_person is not None and file_person not in taken:
        return dict.fromkeys(items, file_person), ()
    persons: dict[Item, str] = {}
    lines: list[str] = []
    number = 0
    for group in groups:
        number += 1
        while f"P{number:02d}" in taken:
            number += 1
        names = sorted({item.stream.info.name for item in group})
        lines.append(f"P{number:02d} = {', '.join(names)}")
        persons |= dict.fromkeys(group, f"P{number:02d}")
    findings = [
        Finding(
            "persons-numbered",
            f"no file says who wore what; one person per device was assumed: {'; '.join(lines)}",
            Severity.NOTE if len(groups) == 1 else Severity.WARNING,
            hint="say it in session.toml ([people.P01] streams) or with --map",
        )
    ]
    if ambiguous:
        findings.append(
            Finding(
                "stream-ambiguous",
                "several devices share name and id, so which streams belong to one wearer cannot "
                "be told; each stream counts as a person of its own",
                Severity.PROBLEM,
                hint="give each device its own name before recording",
            )
        )
    return persons, tuple(findings)


def _devices(items: Sequence[Item]) -> tuple[list[list[Item]], bool]:
    """Group items by device; finer where one group would hold two straps at the same time."""
    ambiguous = False
    groups: list[list[Item]] = []
    for group in _split(items, lambda item: item.device):
        parts = [group]
        for key in (_host, _name):
            parts = [p for part in parts for p in (_split(part, key) if _clash(part) else [part])]
        for part in parts:
            if _clash(part):
                ambiguous = True
                groups += _split(part, lambda item: item.stream.info.uid or str(id(item.stream)))
            else:
                groups.append(part)
    return sorted(
        groups, key=lambda g: sorted((i.device, i.stream.info.name) for i in g)
    ), ambiguous


def _name(item: Item) -> str:
    return item.stream.info.name


def _host(item: Item) -> str:
    return item.stream.info.hostname


def _split(items: Sequence[Item], key: Callable[[Item], str]) -> list[list[Item]]:
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return list(groups.values())


def _clash(items: Sequence[Item]) -> bool:
    """Whether two streams of one kind run at the same time."""
    return any(
        a.kind is b.kind and a.stream is not b.stream and _overlap(a.stream, b.stream)
        for a, b in combinations(items, 2)
    )
