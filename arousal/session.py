"""What a study's own files say: ``session.toml``, ``study.toml`` and ``participants.tsv``.

``session.toml`` is who sat where, wore what, agreed to what and released what, in one meeting::

    schema = 1
    id = "2026-03-12"
    protocol = "balint-90"            # a bundled name or a path to a .toml

    [people.P04]
    role = "member"                   # the presenter is set by a marker, not here
    eda_site = "finger"
    streams = { ecg = "Polar-04", eda = "gsr-04" }      # LSL name or source_id per kind

    [consent.P04]
    record = 2026-03-01               # purpose = date of the signature; absent = no
    research = 2026-03-01
    own_view = 2026-03-01
    group_view = 2026-03-01
    small_group_view = 2026-03-01
    share_raw = 2026-03-01

    [release]
    delay_hours = 24
    P04 = 2026-03-12T20:30:00+01:00   # when P04 let the group see their own curve

    [markers]
    stream = "ArousalMarkers"         # default: every marker stream
    codes = { "1" = "presentation", "2" = "questions" }

These models only say what is well-formed; what may be shown to whom is decided in
`arousal.consent`.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    field_validator,
    model_validator,
)

from arousal.errors import SettingsError
from arousal.locked import check_unlocked
from arousal.recording import GROUP_NAMES, PSEUDONYM, PSEUDONYM_RULE, Kind
from arousal.settings import explain_validation, read_toml
from arousal.tab_table import read_tab_table

__all__ = [
    "PURPOSES",
    "ConsentDates",
    "MarkerSettings",
    "Participant",
    "PersonInSession",
    "SessionFile",
    "StudyFile",
    "load_participants",
    "load_session",
    "load_study",
    "names_people",
    "participants_of",
]

PURPOSES = (
    "record",
    "research",
    "own_view",
    "group_view",
    "small_group_view",
    "share_raw",
)
"""What a person can agree to; each is separate and dated."""

_NAMES_PEOPLE = re.compile(
    r"((first|given|last|family|sur)_?)?names?|initials|e_?mail|mail|(tele)?phone|mobile|address"
    r"|street|(date_of_)?birth(_?da(te|y))?|dob|age"
)
"""Columns of ``participants.tsv`` that would identify a person."""


def _pseudonym(value: str) -> str:
    if not PSEUDONYM.fullmatch(value):
        raise ValueError(f"is not a pseudonym: {PSEUDONYM_RULE}")
    if value in GROUP_NAMES:
        raise ValueError("is a word for several people and cannot be a pseudonym")
    return value


def _day(value: object) -> object:
    """Let only dates pass: pydantic itself would read 0 as 1 January 1970, and so a no as a yes."""
    if value is None or type(value) is date:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    raise ValueError("is not a date like 2026-03-01; leave it out where there is no consent")


def _moment(value: object) -> object:
    """Let only dates with a time pass, for the same reason."""
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, str) and "T" in value.upper():
        return datetime.fromisoformat(value)
    raise ValueError("is not a time like 2026-03-12T20:30:00+01:00")


def _inside(value: str) -> str:
    """Let a session name only what lies in its own folder."""
    for path in (PurePosixPath(value), PureWindowsPath(value)):
        if path.is_absolute() or path.drive or ".." in path.parts or not path.parts:
            raise ValueError("must be the name of a file or folder inside the session's folder")
    return value


Pseudonym = Annotated[str, AfterValidator(_pseudonym)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
StreamName = Annotated[str, Field(min_length=1)]
M = TypeVar("M", bound=BaseModel)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PersonInSession(_Model):
    """One person's place in one meeting."""

    role: str = "member"
    """Role id of the protocol, for the whole meeting; never ``presenter`` (a marker says)."""
    eda_site: str | None = None
    """palm, finger, foot or wrist; sets the SCR threshold."""
    streams: dict[str, StreamName] = {}
    """Signal kind -> LSL name or source_id that carries it."""

    @field_validator("role")
    @classmethod
    def _not_presenter(cls, value: str) -> str:
        if value in {"presenter", "patient_presenter"}:
            raise ValueError("the presenter is set by a marker during the session, not by a role")
        return value

    @field_validator("streams")
    @classmethod
    def _kinds_known(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := [word for word in value if word not in set(Kind)]:
            raise ValueError(f"{unknown[0]!r} is no kind of signal; known: {', '.join(Kind)}")
        return value


class ConsentDates(_Model):
    """Date of the signature per purpose; absent = not given."""

    record: Day | None = None
    research: Day | None = None
    own_view: Day | None = None
    group_view: Day | None = None
    small_group_view: Day | None = None
    share_raw: Day | None = None


class ReleaseSettings(_Model):
    """When each person let the group see their own curve, and how long after to wait."""

    delay_hours: Annotated[float, Field(ge=0, le=24 * 365)] = 24.0
    people: dict[Pseudonym, Moment] = {}

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, raw: Any) -> Any:
        # The file writes `P04 = time` beside `delay_hours`, which reads better than a sub-table.
        if not isinstance(raw, dict) or "people" in raw:
            return raw
        known = {k: v for k, v in raw.items() if k == "delay_hours"}
        return {**known, "people": {k: v for k, v in raw.items() if k != "delay_hours"}}


class MarkerSettings(_Model):
    """How this session's marks are to be read."""

    stream: str | None = None
    """Name of the one marker stream to use; default: all of them."""
    codes: dict[str, str] = {}
    """Text or number as sent -> phase id or mark (``"3" = "discussion"``)."""


class SessionFile(_Model):
    """``session.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    protocol: str = "balint-90"
    started: Moment | None = None
    meeting: Annotated[int, Field(ge=1)] | None = None
    """Which meeting of the course this was."""
    group: str | None = None
    """Pseudonym of the group."""
    setting: Literal["room", "online"] = "room"
    psychoeducation: StrictBool | None = None
    """Whether this meeting opened with psychoeducation (Building Trust); absent = not told."""
    recording: Annotated[str, AfterValidator(_inside)] = "recording.xdf"
    """The data file or export folder, inside the session's folder."""
    presenter: Pseudonym | None = None
    """Only for imports without a presenter mark: the presenter of the single case block."""
    people: dict[Pseudonym, PersonInSession] = {}
    consent: dict[Pseudonym, ConsentDates] | Literal["held elsewhere"] = {}
    release: ReleaseSettings = ReleaseSettings()
    withdrawn: tuple[Pseudonym, ...] = ()
    """Who withdrew while it was recorded and is not removed yet; `arousal forget` finishes it."""
    markers: MarkerSettings = MarkerSettings()

    @model_validator(mode="after")
    def _people_known(self) -> SessionFile:
        known = set(self.people)
        named = set(self.release.people) | ({self.presenter} if self.presenter else set())
        if isinstance(self.consent, dict):
            named |= set(self.consent)
        if strangers := sorted(named - known):
            raise ValueError(f"{', '.join(strangers)} is not among [people.*]")
        return self

    @model_validator(mode="after")
    def _streams_once(self) -> SessionFile:
        taken: dict[tuple[str, str], str] = {}
        for person, entry in self.people.items():
            for kind, stream in entry.streams.items():
                if (other := taken.setdefault((kind, stream), person)) != person:
                    raise ValueError(f"{other} and {person} both claim {kind} of stream {stream!r}")
        return self


class StudyFile(_Model):
    """``study.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    name: str
    protocol: str = "balint-90"
    """Default protocol of its sessions."""
    consent: Literal["per person", "held elsewhere"] = "per person"
    """``"held elsewhere"``: imported data whose consents another institution keeps."""
    release_delay_hours: Annotated[float, Field(ge=0, le=24 * 365)] = 24.0
    language: Literal["en", "de", "hu"] = "en"


class Participant(_Model):
    """One row of ``participants.tsv``."""

    participant_id: Pseudonym
    age_band: str | None = None
    """Ten-year band such as ``30-39``; exact ages identify people."""
    sex: Literal["F", "M", "O"] | None = None
    profession: str | None = None
    covariates: dict[str, str] = {}
    """Every further column as written (medication, caffeine, fitness, ...)."""
    consent: ConsentDates = ConsentDates()
    """Study-wide consents (columns ``consent_<purpose>``, ISO dates); a session's own win."""

    @field_validator("age_band")
    @classmethod
    def _band(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\d{1,3}-\d{1,3}|\d{1,3}\+", value):
            raise ValueError("is not an age band like 30-39 or 70+")
        return value


def load_session(path: Path) -> SessionFile:
    """Read and check a ``session.toml``.

    Raises
    ------
    SettingsError
        If it is missing, not TOML, or breaks a rule; the message names key, value and rule.
    """
    return _load(SessionFile, path)


def load_study(path: Path) -> StudyFile:
    """Read and check a ``study.toml``.

    Raises
    ------
    SettingsError
        As for `load_session`.
    """
    return _load(StudyFile, path)


def _load(model: type[M], path: Path) -> M:
    check_unlocked(path)
    try:
        return model.model_validate(read_toml(path))
    except ValidationError as error:
        raise explain_validation(error, path) from None


def load_participants(path: Path) -> dict[str, Participant]:
    """Read and check a ``participants.tsv``.

    Tab-separated, a header row, ``participant_id`` first as in BIDS, ``n/a`` or empty for missing.

    Returns
    -------
    dict
        Pseudonym -> `Participant`, in file order.

    Raises
    ------
    SettingsError
        If the file is missing, the first column is another, a row breaks a rule or an id repeats.
    """
    table = read_tab_table(path, "participant_id")
    _check_columns(table.columns, path)
    people: dict[str, Participant] = {}
    for line, row in table.rows:
        person = _participant(row, path, line)
        if person.participant_id in people:
            raise SettingsError(f"line {line}: {person.participant_id} appears twice", where=path)
        people[person.participant_id] = person
    return people


def participants_of(study: Path) -> dict[str, Participant]:
    """Return the rows of a study's ``participants.tsv``; none if there is no such table."""
    table = study / "participants.tsv"
    return load_participants(table) if table.exists() else {}


def names_people(column: str) -> bool:
    """Whether a column of that name would identify people.

    >>> [names_people(c) for c in ("Family name", "age", "age_band")]
    [True, True, False]
    """
    return bool(_NAMES_PEOPLE.fullmatch(re.sub(r"\W+", "_", column.lower())))


def _check_columns(columns: tuple[str, ...], path: Path) -> None:
    if naming := [c for c in columns if names_people(c)]:
        raise SettingsError(
            f"column {naming[0]!r} identifies people",
            where=path,
            hint="keep names apart from the study; ages stand in age_band as 30-39",
        )


def _participant(row: dict[str, str], path: Path, line: int) -> Participant:
    cells = dict(row)
    columns = ("participant_id", "age_band", "sex", "profession")
    own: dict[str, Any] = {k: cells.pop(k) for k in columns if k in cells}
    consent = {k: cells.pop(k) for k in list(cells) if k.startswith("consent_")}
    fields: dict[str, Any] = {
        **own,
        "consent": {k.removeprefix("consent_"): v for k, v in consent.items()},
        "covariates": cells,
    }
    try:
        return Participant.model_validate(fields)
    except ValidationError as error:
        raise explain_validation(error, f"{path}, line {line}") from None
