"""The user's own words about a file (``--map``): what a column or stream is, and whose.

::

    schema = 1
    person = "P01"                       # whose data this is, if one person's
    devices = ["our-devices.toml"]       # more device rules, tried before the bundled ones

    [table]                              # for CSV and TSV
    time = "Time (s)"                    # column with the time ...
    time_unit = "s"                      # s, ms, us, unix, unix-ms, iso
    # rate = 100.0                       # ... or samples per second instead of a time column
    # person = "participant"             # column with the pseudonym (long format)

    [[signal]]
    column = "ECG"                       # a table's column; for streams: stream = "Polar-04"
    # channel = "ECG_1"                  # and, of several channels, its label or number from 1
    kind = "ecg"                         # ecg ppg rr hr eda temperature respiration ...
    unit = "mV"                          # "a.u." where only the wave's timing is wanted
    # scale = 0.5                        # unit = value * scale + offset, for converter counts
    # offset = -10.0
    # site = "finger"                    # palm finger foot wrist chest
    # person = "P04"

    [events]
    column = "marker"                    # each change to something new is an event ...
    # below = 2.5                        # ... or each fall below (above = ...: rise above)
    # label = "stimulus"                 # and what to call it then
    # file = "events.csv"                # or a second table with onset, label, duration, id
    # onset = "onset"
    # label_column = "trial_type"
    # stream = "Markers"                 # for streams: the one marker stream to use
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from arousal.errors import SettingsError
from arousal.ingest.units import find_unit, unit_names
from arousal.recording import Kind
from arousal.session import Pseudonym
from arousal.settings import explain_validation, read_toml

__all__ = [
    "MAPPING_FILE",
    "EventMapping",
    "Mapping",
    "SignalMapping",
    "TableMapping",
    "load_mapping",
]

MAPPING_FILE = "mapping.toml"
"""A session's own mapping, in its folder: used wherever nobody gives another one."""


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False
    )


class TableMapping(_Model):
    """How a table tells time and persons."""

    time: str | None = None
    """Column with the time of each row."""
    time_unit: Literal["s", "ms", "us", "unix", "unix-ms", "iso"] = "s"
    """Unit of that column; ``unix`` is seconds since 1970, ``iso`` a date and time in words."""
    rate: Annotated[float, Field(gt=0)] | None = None
    """Samples per second; needed without a time column, else the nominal rate of its signals."""
    person: str | None = None
    """Column with the pseudonym, where several persons' rows stand below each other."""
    started: AwareDatetime | None = None
    """Wall-clock time of time zero, where the table does not tell it."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """Column separator; default: found out."""
    decimal: Literal[".", ","] | None = None
    """Decimal sign; default: found out."""
    skip: Annotated[int, Field(ge=0)] = 0
    """Lines before the header."""
    header: bool = True
    """Whether the first line names the columns; else they are ``"1"``, ``"2"``, ..."""


class SignalMapping(_Model):
    """What one column or one stream's channel measures."""

    column: str | None = None
    stream: str | None = None
    """Name, source_id or uid of a stream."""
    channel: str | int | None = None
    """Label or number (from 1) of the channel; needed if the stream has several."""
    kind: Kind
    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    person: Pseudonym | None = None
    site: str | None = None
    rate: Annotated[float, Field(gt=0)] | None = None
    """Nominal samples per second, where the file says nothing or something else."""

    @model_validator(mode="after")
    def _one_place(self) -> SignalMapping:
        if (self.column is None) == (self.stream is None):
            raise ValueError("needs either column (of a table) or stream")
        if self.unit is not None and find_unit(self.kind, self.unit) is None:
            allowed = ", ".join(unit_names(self.kind))
            raise ValueError(f"unit {self.unit!r} is no unit of {self.kind}; known: {allowed}")
        return self


class EventMapping(_Model):
    """Where the marks are."""

    stream: str | None = None
    column: str | None = None
    above: float | None = None
    below: float | None = None
    label: str = "event"
    """What to call events found with ``above`` or ``below``."""
    file: str | None = None
    """A second table, relative to the mapping file."""
    onset: str = "onset"
    label_column: str = "label"
    duration: str | None = None
    id: str | None = None
    time_unit: Literal["s", "ms", "us", "unix", "unix-ms", "iso"] | None = None
    """Unit of ``onset``; default: as the data table's."""

    @model_validator(mode="after")
    def _thresholds(self) -> EventMapping:
        if (self.above is not None or self.below is not None) and self.column is None:
            raise ValueError("above and below need a column")
        if self.above is not None and self.below is not None:
            raise ValueError("give above or below, not both")
        return self


class Mapping(_Model):
    """A mapping file."""

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    person: Pseudonym | None = None
    devices: tuple[str, ...] = ()
    """Files of device rules, relative to the mapping file."""
    table: TableMapping = TableMapping()
    signals: Annotated[tuple[SignalMapping, ...], Field(alias="signal")] = ()
    events: EventMapping = EventMapping()
    folder: Path = Path()
    """Folder of the mapping file; set by `load_mapping`."""

    def device_files(self) -> tuple[Path, ...]:
        """Paths of the user's own device rules."""
        return tuple(self.folder / name for name in self.devices)


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    SettingsError
        If it is missing, not TOML, or breaks a rule; the message names key, value and rule.
    """
    raw = read_toml(path)
    if "folder" in raw:
        raise SettingsError("folder is not a known key", where=path)
    try:
        return Mapping.model_validate({**raw, "folder": path.parent})
    except ValidationError as error:
        raise explain_validation(error, path) from None
