"""Who is in what is added: pseudonyms as given, checked, and the roster written for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from arousal.consent import looks_like_a_name
from arousal.errors import UsageError
from arousal.protocol import Protocol
from arousal.recording import GROUP_NAMES, PSEUDONYM, PSEUDONYM_RULE, Recording

__all__ = ["check_names", "default_role", "person_words", "renamed", "roster"]


def person_words(words: Iterable[str]) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Sort ``--person`` words: whose file is which, and what people shall be called.

    Parameters
    ----------
    words : iterable of str
        ``P01=FILE`` (that file is P01's), ``P04=P01`` (who is called P01 in the file is P04), or
        ``P04`` (whose the one file is).

    Returns
    -------
    files : dict
        Pseudonym -> existing file or folder.
    names : tuple of str
        The other words.

    Raises
    ------
    UsageError
        If a word names no pseudonym, or one twice.
    """
    files: dict[str, Path] = {}
    names: list[str] = []
    seen: set[str] = set()
    for word in words:
        person, _, rest = word.partition("=")
        if not PSEUDONYM.fullmatch(person) or person in GROUP_NAMES:
            raise UsageError("what --person names is no pseudonym", hint=PSEUDONYM_RULE)
        if person in seen:
            raise UsageError(f"--person names {person} twice")
        seen.add(person)
        if rest and Path(rest).exists():
            files[person] = Path(rest)
        elif rest and not PSEUDONYM.fullmatch(rest):
            raise UsageError(
                "after --person " + person + "= there must be an existing file or a pseudonym",
                where=rest,
            )
        else:
            names.append(word)
    return files, tuple(names)


def renamed(found: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Return what each person who was found shall be called.

    Parameters
    ----------
    found : iterable of str
        As the files call them.
    names : iterable of str
        ``P04`` or ``P04=P01``.

    Raises
    ------
    UsageError
        If a name fits nobody, or two people would get one name.
    """
    people = list(found)
    called = {person: person for person in people}
    for word in names:
        new, _, old = word.partition("=")
        if not old and len(people) != 1:
            raise UsageError(
                f"--person {new} does not say who that is of {', '.join(people)}",
                hint=f"write --person {new}={people[0]}",
            )
        old = old or people[0]
        if old not in called:
            raise UsageError(f"--person {word}: nobody there is called {old}; "
                             f"found: {', '.join(people)}")  # fmt: skip
        called[old] = new
    if twice := sorted({n for n in called.values() if list(called.values()).count(n) > 1}):
        raise UsageError(f"two people would be called {', '.join(twice)}")
    return called


def check_names(people: Iterable[str], texts: Iterable[str], where: Path) -> None:
    """Refuse what may name a person; what it is is not repeated.

    Parameters
    ----------
    people : iterable of str
        Pseudonyms.
    texts : iterable of str
        Names of files, of the group: no e-mail address may stand in them.
    where : Path
        What is added.

    Raises
    ------
    UsageError
        With what to do instead.
    """
    names = sum(map(looks_like_a_name, people))
    if names:
        raise UsageError(
            f"{names} of its people are called by what looks like a name",
            where=where,
            hint="--person P04=THAT gives a pseudonym; if they are pseudonyms: --yes-pseudonyms",
        )
    if any("@" in text for text in texts):
        raise UsageError(
            "an e-mail address seems to stand in the name of a file or group",
            where=where,
            hint="rename it; if it is none: --yes-pseudonyms",
        )


def default_role(protocol: Protocol) -> str:
    """Return the role of somebody of whom nothing is known: a member, or who is nobody's leader."""
    if "member" in protocol.roles:
        return "member"
    return next(r for r in protocol.roles if r not in protocol.leader_roles)


def roster(
    recording: Recording, called: Mapping[str, str], role: str, *, claims: bool
) -> dict[str, dict[str, object]]:
    """Return ``[people.*]`` of a ``session.toml``.

    Parameters
    ----------
    recording : Recording
        As read without a roster.
    called : mapping
        Person in it -> pseudonym.
    role : str
        Everybody's, until somebody corrects it.
    claims : bool
        Whether to write which stream is whose: what an XDF file's streams need, and other files
        do not know.
    """
    people: dict[str, dict[str, object]] = {}
    for person in recording:
        entry: dict[str, object] = {"role": role}
        if claims:
            streams: dict[str, str] = {}
            for signal in person.signals:
                streams.setdefault(signal.kind.value, signal.source)
            entry["streams"] = streams
        people[called[person.id]] = entry
    return people
