"""How to analyse: every number that shapes a result, with its default and its reason.

The defaults are those of the project's specification (Task Force 1996, SPR 2012, Kleckner 2018,
Laborde 2017, Quintana 2016). A file ``arousal.toml`` beside the data may change them; a key that
does not exist is an error, so a typing mistake never passes silently. The settings used stand in
every ``provenance.json``.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from arousal.errors import SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = [
    "AlignSettings",
    "BeatSettings",
    "EdaSettings",
    "Settings",
    "WindowSettings",
    "explain_validation",
    "load_settings",
    "read_toml",
]

_VALIDATOR = re.compile(r"\[key\]$|(dict|literal|function-\w+|constrained-\w+)\[")
"""What pydantic puts into the place of an error besides the keys of the file."""

Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Duration = Annotated[float, Field(ge=0, le=86400)]
"""Seconds; 0 is allowed."""
Conductance = Annotated[float, Field(ge=0, le=1000)]
Celsius = Annotated[float, Field(ge=0, le=100)]
Rate = Annotated[float, Field(ge=0, le=100_000)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WindowSettings(_Model):
    """The window grid and what a window needs to count."""

    durations: tuple[Seconds, ...] = (60.0, 120.0)
    """Window lengths in s: HR, pNN50, SD1/SD2, HF, EDA from 60 s, lnRMSSD and SDNN from 120 s."""
    step: Annotated[float, Field(ge=0.1, le=3600)] = 5.0
    """Distance between window onsets in s."""
    short: Annotated[float, Field(ge=30, le=3600)] = 30.0
    """Windows for HR and SCR in phases under ``AlignSettings.short_phase``, in s."""
    rmssd_from: Annotated[float, Field(ge=30)] = 120.0
    """Shortest window in s that yields RMSSD; 30-119 s is allowed on request and flagged."""
    sdnn_from: Annotated[float, Field(ge=120)] = 120.0
    """Shortest window in s that yields SDNN."""
    hf_from: Annotated[float, Field(ge=60)] = 60.0
    """Shortest window in s that yields HF power (and only with a breathing rate)."""
    breathing: Literal["belt", "heart"] = "belt"
    """Where breathing comes from: a belt only, or, without one, the heart rate's own swing (rough;
    for HF and description)."""
    lf: bool = False
    """LF and LF/HF (windows of 250 s and more); never called "balance"."""
    hr_coverage: Fraction = 0.80
    """Share of the window that usable beat intervals must cover for HR."""
    hrv_coverage: Fraction = 0.90
    """The same for every HRV measure."""
    eda_coverage: Fraction = 0.80
    """Share of usable EDA samples for SCL and SCR."""
    speech_max: Fraction = 0.20
    """RMSSD and kin are refused where more of the window is the person's own speech."""

    @model_validator(mode="after")
    def _sorted(self) -> WindowSettings:
        if not self.durations:
            raise ValueError("durations is empty; give at least one window length")
        object.__setattr__(self, "durations", tuple(sorted(set(self.durations))))
        return self


class BeatSettings(_Model):
    """From ECG, PPG or intervals to corrected beats."""

    corrected_flag: Fraction = 0.05
    """Share of corrected beats above which a window is flagged (Quintana 2016)."""
    corrected_refuse: Fraction = 0.10
    """... and above which its HRV is refused."""
    irregular_step: Fraction = 0.30
    """Neighbouring intervals that differ by more than this share of their mean are irregular ..."""
    irregular_refuse: Fraction = 0.10
    """... and a window with a larger share of them has no HRV: extra beats, not vagal tone."""
    pulse_irregular: Fraction = 0.30
    """A pulse wave is not used where more of the beats around are irregular: that is movement."""
    noisy_flag: Fraction = 0.10
    """Share of beats that do not look like the person's own, above which a window is flagged."""
    ppg_rate_for_hrv: Rate = 64.0
    """PPG below this many Hz gives HR only."""
    refine_below: Rate = 250.0
    """ECG below this many Hz gets parabolic refinement of each R peak."""
    min_segment: Seconds = 10.0
    """Contiguous stretches shorter than this (s) are not used."""


class EdaSettings(_Model):
    """From skin conductance to tonic level and responses."""

    scr_threshold: dict[str, Annotated[float, Field(gt=0, le=10)]] = {
        "palm": 0.05,
        "finger": 0.05,
        "foot": 0.05,
        "wrist": 0.01,
    }
    """Smallest response in uS by site (absolute, never relative to the largest)."""
    default_site: str = "finger"
    """Site assumed, and said, where the session does not tell."""
    low: Conductance = 0.05
    """Conductance in uS below which there is no valid contact (Kleckner 2018)."""
    high: Conductance = 60.0
    """Conductance in uS above which a sample is out of range (Kleckner 2018)."""
    max_slope: Conductance = 10.0
    """Change in uS/s beyond which a sample is an artefact (Kleckner 2018)."""
    surround: Duration = 5.0
    """Seconds around each invalid sample that are left out too (Kleckner 2018)."""
    temperature_low: Celsius = 30.0
    """Skin degC below which EDA is flagged, and refused if also flat or under ``low``."""
    temperature_high: Celsius = 40.0
    """Skin degC above which EDA is refused."""
    flat_seconds: Seconds = 30.0
    """A stretch of at least this many s without any change is "no contact"."""
    phasic: Literal["highpass", "cvxeda"] = "highpass"
    """Tonic/phasic split (NeuroKit2 ``eda_phasic`` method); cvxEDA needs the extra ``cvx``."""

    @model_validator(mode="after")
    def _consistent(self) -> EdaSettings:
        if self.default_site not in self.scr_threshold:
            known = ", ".join(self.scr_threshold)
            raise ValueError(f"default_site {self.default_site!r} has no scr_threshold: {known}")
        for low, high in (("low", "high"), ("temperature_low", "temperature_high")):
            if not getattr(self, low) < getattr(self, high):
                raise ValueError(f"{low} must be below {high}")
        return self


class AlignSettings(_Model):
    """From windows to phases and curves."""

    edge: Duration = 60.0
    """Seconds dropped after a phase begins (Stern: the transition is not the phase)."""
    edge_short: Duration = 30.0
    """The same in phases under 4 min."""
    edge_discussion: Duration = 120.0
    """The same in the discussion, when the presenter has just stopped talking."""
    short_edge_phase: Duration = 240.0
    """Phases under this many s get ``edge_short``."""
    short_phase: Duration = 300.0
    """Phases under this many s use short windows for HR and SCR."""
    min_valid: Fraction = 0.5
    """Share of a phase's windows that must be valid for it to count."""
    min_seconds: Duration = 120.0
    """... and how many s of it must be covered,"""
    min_seconds_fast: Duration = 60.0
    """... for HR and SCR."""
    part_valid: Fraction = 0.5
    """A part enters a person's display index if valid in this share of windows of every phase."""
    progress_bins: Annotated[int, Field(ge=4, le=200)] = 20
    """Bins per phase on the normalised time axis."""


class Settings(_Model):
    """Everything that shapes the numbers."""

    engine: Literal["arousal", "neurokit2"] = "arousal"
    """Who computes: our vectorised steps, or NeuroKit2's own functions (to compare; slow)."""

    windows: WindowSettings = WindowSettings()
    beats: BeatSettings = BeatSettings()
    eda: EdaSettings = EdaSettings()
    align: AlignSettings = AlignSettings()


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    SettingsError
        If it is missing, not UTF-8 or not TOML; the message has line and column.
    """
    try:
        # Editors on Windows put a byte order mark first, which TOML itself does not allow.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError("the file does not exist", where=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"not valid TOML: {error}", where=path) from None
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror}", where=path) from None


def explain_validation(error: ValidationError, where: Path | str) -> SettingsError:
    """Turn pydantic's report into one line that names key, value and rule."""
    first, *rest = _told(error)
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        text = f"{key} is not a known key"
    else:
        # A rule about a whole table names the value itself; the table would fill the line.
        told = first["type"] == "missing" or isinstance(first["input"], dict | BaseModel)
        value = "" if told else f" (is {first['input']!r})"
        rule = _name_rule(first.get("ctx", {}).get("pattern", ""))
        said = rule or first["msg"].removeprefix("Value error, ")
        text = f"{key}: " * bool(key) + said + value
    if rest:
        text += f"; and {len(rest)} more"
    return SettingsError(text, where=where)


def _name_rule(pattern: str) -> str:
    """Say in words how a name is written; empty for any other pattern than that of a name."""
    parts = re.fullmatch(r"\^\[([^]]+)\]\[([^]]+)\]\{0,(\d+)\}\$", pattern)
    if parts is None:
        return ""
    first, rest = _characters(parts[1]), _characters(parts[2])
    return (
        f"must begin with {' or '.join(first)}, go on with {', '.join(rest[:-1])} or {rest[-1]}, "
        f"and be {int(parts[3]) + 1} characters at most"
    )


def _characters(allowed: str) -> list[str]:
    """What a character class allows, in words: ``a-z0-9_`` -> small letters, digits, _."""
    found = ["letters" if "A-Z" in allowed else "small letters"]
    found += ["digits"] * ("0-9" in allowed)
    return found + list(re.sub(r"[a-zA-Z0-9]-[a-zA-Z0-9]", "", allowed))


def _told(error: ValidationError) -> list[ErrorDetails]:
    """Errors by the keys that a person wrote: no names of validators, no untried alternatives.

    Where a key may be a table or a word, pydantic reports both readings; of those that end at
    different depths the deeper one is what was meant.
    """
    errors = error.errors(include_url=False)
    for entry in errors:
        entry["loc"] = tuple(
            part for part in entry["loc"] if isinstance(part, int) or not _VALIDATOR.match(part)
        )
    kept = [
        entry
        for entry in errors
        if not any(
            len(other["loc"]) > len(entry["loc"])
            and other["loc"][: len(entry["loc"])] == entry["loc"]
            for other in errors
        )
    ]
    return kept or errors


def load_settings(path: Path | None = None) -> Settings:
    """Read ``arousal.toml``, or give the defaults.

    Parameters
    ----------
    path : Path, optional
        File with ``engine`` and any of the tables ``[windows]``, ``[beats]``, ``[eda]``,
        ``[align]``.

    Raises
    ------
    SettingsError
        If the file is missing or holds an unknown key or a value out of range.
    """
    if path is None:
        return Settings()
    try:
        return Settings.model_validate(read_toml(path))
    except ValidationError as error:
        raise explain_validation(error, path) from None
