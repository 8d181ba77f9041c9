"""What BIDS has no place for, kept in a dataset so that the session can be made of it again.

``sourcedata/arousal/ses-<label>/`` holds what lies in a session's folder: ``session.toml``,
``timeline.tsv``, ``ratings.tsv``, one's own protocol and settings, each without people who did not
agree, without streams and files, and with dates as the export tells them.
"""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError

from arousal.errors import NothingUsableError
from arousal.hypothesis.polarities import read_ratings
from arousal.ingest.bids_writer import write_text_file
from arousal.ingest.session_writer import protocol_toml, session_toml
from arousal.phase_align import Correction
from arousal.protocol import Protocol, bundled_protocols
from arousal.session import SessionFile
from arousal.settings import Settings, explain_validation
from arousal.study.bids_marks import MarkTeller
from arousal.study.bids_session import SessionExport
from arousal.study.rated import RATINGS_FILE

__all__ = ["KEPT", "write_kept"]

KEPT = "sourcedata/arousal"
"""Folder of what BIDS has no place for, in a dataset."""
OWN_PROTOCOL = "protocol.toml"


def write_kept(
    place: Path, export: SessionExport, teller: MarkTeller, raters: dict[str, str]
) -> None:
    """Write ``sourcedata/arousal/ses-<label>/`` of one session.

    Parameters
    ----------
    place : Path
        The dataset.
    export : SessionExport
        The session.
    teller : MarkTeller
        How its marks are told.
    raters : dict
        Rater -> name in the dataset; new ones are added, so that one is one in all sessions.

    Raises
    ------
    DataError, FormatError
        If ``ratings.tsv`` cannot be read.
    SettingsError
        If the session's own protocol breaks a rule once dates and devices are taken out of it.
    """
    folder, source = place / KEPT / f"ses-{export.label}", export.source
    bundled = source.protocol.id if source.protocol.id in bundled_protocols() else OWN_PROTOCOL
    told = _session(export, bundled, teller.told_codes())
    write_text_file(folder / "session.toml", session_toml(told))
    if bundled == OWN_PROTOCOL:
        write_text_file(folder / OWN_PROTOCOL, protocol_toml(_own_protocol(export)))
    if source.corrections:
        text = _corrections_text(teller.corrections(source.corrections))
        write_text_file(folder / "timeline.tsv", text)
    if source.folder is not None and (source.folder / RATINGS_FILE).is_file():
        _write_ratings(folder, source.folder / RATINGS_FILE, export, raters)
    if source.settings != Settings():
        settings = source.settings.model_dump(mode="json", exclude_none=True)
        write_text_file(folder / "arousal.toml", tomlkit.dumps(settings))


def _write_ratings(folder: Path, path: Path, export: SessionExport, raters: dict[str, str]) -> None:
    """Ratings of who is in the export; raters get numbers, because they may sign with names."""
    try:
        table = read_ratings(path)
    except NothingUsableError:
        return
    for rater in table["rater"]:
        raters.setdefault(rater, f"rater{len(raters) + 1}")
    told = table[~table["person"].isin(export.hidden.names)]
    told = told.assign(rater=told["rater"].map(raters))
    if len(told):
        text = told.to_csv(sep="\t", index=False, na_rep="n/a", lineterminator="\n")
        write_text_file(folder / RATINGS_FILE, text)


def _own_protocol(export: SessionExport) -> Protocol:
    protocol = export.source.protocol
    content = export.strip.tree(protocol.model_dump(mode="json", by_alias=True))
    try:
        return Protocol.model_validate(content)
    except ValidationError as error:
        raise explain_validation(error, f"protocol {protocol.id} without dates") from None


def _corrections_text(rows: tuple[Correction, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow([f.name for f in fields(Correction)])
    for row in rows:
        writer.writerow(["n/a" if cell in {None, ""} else cell for cell in astuple(row)])
    return text.getvalue()


def _session(export: SessionExport, protocol: str, codes: dict[str, str]) -> SessionFile:
    """Return the ``session.toml`` of the export: no stream, no file, nobody who did not agree."""
    source, dates, strip = export.source, export.strip.dates, export.strip
    session, hidden = export.session, export.hidden.names
    people = {p: entry for p, entry in session.people.items() if p not in hidden}
    content: dict[str, Any] = {
        "id": export.id,
        "protocol": protocol,
        "started": dates.moment(session.started or source.recording.started),
        "meeting": session.meeting,
        "group": strip.text(session.group) if session.group else None,
        "setting": session.setting,
        "recording": "bids",
        "presenter": session.presenter if session.presenter not in hidden else None,
        "people": {p: {"role": e.role, "eda_site": e.eda_site} for p, e in people.items()},
        "consent": _consents(session, people, export),
        "release": _release(session, people, export),
        "markers": {"codes": codes} if codes else None,
    }
    return SessionFile.model_validate({k: v for k, v in content.items() if v not in (None, {})})


def _consents(session: SessionFile, people: dict[str, Any], export: SessionExport) -> Any:
    if not isinstance(session.consent, dict):
        return session.consent
    day = export.strip.dates.day
    return {
        person: {purpose: moved for purpose, at in dates.model_dump(exclude_none=True).items()
                 if (moved := day(at)) is not None}
        for person, dates in session.consent.items()
        if person in people
    }  # fmt: skip


def _release(session: SessionFile, people: dict[str, Any], export: SessionExport) -> dict[str, Any]:
    # Moved into the past, a delay would be over at once: a release goes only when its delay is.
    moment, begun = export.strip.dates.moment, export.now - export.source.consents.delay
    over = {p: at for p, at in session.release.people.items() if p in people and at <= begun}
    moved = {p: moment(at) for p, at in over.items()}
    told = {p: at for p, at in moved.items() if at is not None}
    given = "delay_hours" in session.release.model_fields_set
    delay = {"delay_hours": session.release.delay_hours} if given else {}
    return {**delay, **({"people": told} if told else {})}
