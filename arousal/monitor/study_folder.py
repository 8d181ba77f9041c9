"""The folder that a live session is kept in: made if missing, changed only before it begins."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError

from arousal.atomic import write_text
from arousal.consent import looks_like_a_name
from arousal.errors import SettingsError, UsageError
from arousal.locked import check_unlocked
from arousal.monitor.channel import ADDRESS_FILE
from arousal.places import data_files
from arousal.protocol import load_protocol
from arousal.session import SessionFile, StudyFile, load_session, load_study
from arousal.settings import explain_validation
from arousal.study_files import check_free, session_protocol, study_toml

__all__ = ["choose_session", "is_recorded", "open_study", "prepare_session", "write_setup"]

HALF_A_DAY = 12 * 3600.0
CHANGEABLE = frozenset({"protocol", "setting", "people", "consent"})
"""What the page may change in ``session.toml``."""


def open_study(folder: Path, protocol: str = "balint-90") -> Path:
    """Make sure that a folder is a study: an empty or new one becomes one.

    Parameters
    ----------
    folder : Path
        The study's folder.
    protocol : str
        Protocol of a study that is made.

    Returns
    -------
    Path
        The folder, resolved.

    Raises
    ------
    UsageError
        If it holds other things, or is a session itself.
    SettingsError
        If its ``study.toml`` is wrong, or there is no such protocol.
    """
    folder = folder.resolve()
    check_unlocked(folder)
    settings = folder / "study.toml"
    if settings.is_file():
        load_study(settings)
        return folder
    check_free(folder)
    load_protocol(protocol)
    write_text(settings, study_toml(StudyFile(name=folder.name, protocol=protocol)))
    return folder


def is_recorded(folder: Path) -> bool:
    """Whether something was recorded in a session's folder."""
    return bool(data_files(folder, load_session(folder / "session.toml")))


def choose_session(study: Path, today: date) -> str:
    """Return the id of the session to open when none is named.

    The newest one that was prepared and not recorded yet, or is being recorded (its recorder may
    have been killed, but not longer than half a day ago); else a new one named by the date.
    """
    sessions = study / "sessions"
    prepared = [
        place.parent
        for place in sessions.glob("*/session.toml")
        if not is_recorded(place.parent) or _has_desk(place.parent)
    ]
    if prepared:
        return max(prepared, key=lambda p: (p / "session.toml").stat().st_mtime).name
    name, number = today.isoformat(), 1
    while (sessions / name).exists():
        number += 1
        name = f"{today.isoformat()}-{number}"
    return name


def _has_desk(folder: Path) -> bool:
    """Whether a desk's address lies here, of a session that something happened in lately."""
    if not (folder / ADDRESS_FILE).exists():
        return False
    newest = max(path.stat().st_mtime for path in folder.iterdir())
    return time.time() - newest < HALF_A_DAY


def prepare_session(study: Path, name: str) -> Path:
    """Return a session's folder, made with a ``session.toml`` if it is new.

    The people of the study's last session are taken over with their streams and roles, for groups
    meet again and again; their consents are not (they stand in ``participants.tsv`` or are ticked).

    Raises
    ------
    SettingsError
        If the name is no session id.
    """
    folder = study / "sessions" / name
    place = folder / "session.toml"
    if place.is_file():
        load_session(place)
        return folder
    fields: dict[str, Any] = {"schema": 1, "id": name, "protocol": _default_protocol(study)}
    try:
        SessionFile.model_validate(fields)
    except ValidationError as error:
        raise explain_validation(error, place) from None
    before = _newest_other(study)
    if before is not None:
        fields["protocol"] = before.protocol
        fields["setting"] = before.setting
        fields["people"] = {
            person: entry.model_dump(exclude_none=True, exclude_defaults=True)
            for person, entry in before.people.items()
        }
    write_text(place, tomlkit.dumps(fields))
    return folder


def _default_protocol(study: Path) -> str:
    return session_protocol(load_study(study / "study.toml"))


def _newest_other(study: Path) -> SessionFile | None:
    places = sorted(study.glob("sessions/*/session.toml"), key=lambda p: p.stat().st_mtime)
    return load_session(places[-1]) if places else None


def write_setup(folder: Path, changes: Mapping[str, Any], now: datetime) -> SessionFile:
    """Change ``session.toml`` before the recording, keeping everything else in it.

    Parameters
    ----------
    folder : Path
        Session folder.
    changes : mapping
        Any of ``protocol``, ``setting``, ``people`` (person -> role, eda_site, streams) and
        ``consent`` (person -> list of purposes agreed to; dates that stand are kept, new ones are
        today's). ``people`` and ``consent`` replace what was there. ``patch`` (person -> what is
        other about them; ``None`` takes a value, a stream or the person away) and ``tick`` (person
        -> purpose -> agreed) change only what they name: two quick changes from one page, or from
        two, never undo each other. ``pseudonyms`` lists new people whose id looks like a name and
        is none, as somebody has said.
    now : datetime
        For the date of a tick.

    Returns
    -------
    SessionFile
        As written.

    Raises
    ------
    SettingsError
        If the result would not be a valid session; nothing is written then.
    UsageError
        If somebody new is called by what looks like a name; nothing is written then.
    """
    changes = _whole(changes, folder / "session.toml")
    said = {str(person) for person in changes.pop("pseudonyms", ())}
    place = folder / "session.toml"
    if strange := set(changes) - CHANGEABLE:
        raise SettingsError(f"{', '.join(sorted(strange))} cannot be changed here", where=place)
    document = tomlkit.parse(place.read_text(encoding="utf-8"))
    new = changes.get("people", {}).keys() - document.unwrap().get("people", {}).keys() - said
    for key, wanted in changes.items():
        before = document.unwrap().get("consent", {})
        value = _dated(wanted, before, now.date()) if key == "consent" else wanted
        document.pop(key, None)
        if value:
            document[key] = value
    text = tomlkit.dumps(document)
    raw = tomlkit.parse(text).unwrap()
    try:
        session = SessionFile.model_validate(raw)
    except ValidationError as error:
        raise explain_validation(error, place) from None
    if any(map(looks_like_a_name, new)):
        raise UsageError(
            "somebody new is called by what looks like a name",
            hint="write P05 or the like, and keep the list of names elsewhere",
        )
    load_protocol(session.protocol, folder=folder).check_people(session.people, place)
    write_text(place, text)
    return session


def _whole(changes: Mapping[str, Any], place: Path) -> dict[str, Any]:
    """Turn ``patch`` and ``tick`` into the ``people`` and ``consent`` that they come to."""
    whole = dict(changes)
    patch, ticks = whole.pop("patch", {}), whole.pop("tick", {})
    stands = tomlkit.parse(place.read_text(encoding="utf-8")).unwrap()
    if patch:
        whole["people"] = _merged(whole.get("people", stands.get("people", {})), patch)
    gone = {person for person, entry in patch.items() if entry is None}
    consent = stands.get("consent", {})
    if isinstance(consent, dict) and (ticks or gone & consent.keys()):
        agreed = whole.get("consent", {person: list(dates) for person, dates in consent.items()})
        whole["consent"] = {p: purposes for p, purposes in agreed.items() if p not in gone}
        for person, purposes in ticks.items():
            now = dict.fromkeys(whole["consent"].get(person, ()), True) | purposes
            whole["consent"][person] = [purpose for purpose, yes in now.items() if yes]
    return whole


def _merged(stands: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as RFC 7396 does: ``None`` takes away, a table is merged, all else is replaced."""
    merged = dict(stands)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            inner = merged.get(key, {})
            merged[key] = _merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def _dated(ticks: Mapping[str, Any], before: Any, today: date) -> dict[str, dict[str, date]]:
    known = before if isinstance(before, dict) else {}
    return {
        person: {p: known.get(person, {}).get(p, today) for p in purposes}
        for person, purposes in ticks.items()
        if purposes
    }
