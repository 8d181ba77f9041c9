"""One session, from its file to its tables, on one page: ingest -> features -> phase_align.

`open_session` gathers what belongs to a session (data, roster, protocol, consents, settings),
`measure` computes what is expensive once, and `Measured.result` draws the tables for one purpose,
with the persons who agreed to it and nobody else.

>>> from arousal.pipeline import analyse
>>> result = analyse("recordings/sample")                 # doctest: +SKIP
>>> result.phases.query("person == 'members'")            # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arousal import features as _features
from arousal import phase_align as _align
from arousal.consent import Consents
from arousal.errors import NothingUsableError, UsageError
from arousal.findings import Finding, Severity
from arousal.phase_align.withhold import withhold
from arousal.protocol import Protocol
from arousal.recording import Kind, Person, Recording, Signal
from arousal.session import SessionFile
from arousal.session_input import (
    DEFAULT_PROTOCOL,
    SessionInput,
    open_session,
    protocol_of,
    withheld_from,
)
from arousal.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DEFAULT_PROTOCOL",
    "Measured",
    "SessionInput",
    "SessionResult",
    "analyse",
    "measure",
    "open_session",
    "withheld_from",
]

Progress = Callable[[str], None]

_LEVELS = ["heart_rate", "ln_scl", "scr_rate"]
"""Features of which one value at least must be there for anything to be shown."""


@dataclass(frozen=True, slots=True, eq=False)
class SessionResult:
    """What one session says, for one purpose.

    The tables are declared in `arousal.tables`; ``purpose`` is the consent that everyone in them
    gave. ``index_parts`` names, per person, the parts of their display index.
    """

    source: SessionInput
    purpose: str
    persons: tuple[str, ...]
    timeline: _align.Timeline
    features: pd.DataFrame
    curves: pd.DataFrame
    group: pd.DataFrame
    phases: pd.DataFrame
    quality: pd.DataFrame
    index_parts: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]

    @property
    def recording(self) -> Recording:
        """The data it was computed from."""
        return self.source.recording

    @property
    def session(self) -> SessionFile | None:
        """Its ``session.toml``."""
        return self.source.session

    @property
    def protocol(self) -> Protocol:
        """Its phases and roles."""
        return self.source.protocol

    @property
    def settings(self) -> Settings:
        """How it was analysed."""
        return self.source.settings

    @property
    def consents(self) -> Consents:
        """The consents that hold for it."""
        return self.source.consents


@dataclass(frozen=True)
class Measured:
    """A session with everything expensive computed, for everyone who may be measured at all."""

    source: SessionInput
    persons: tuple[Person, ...]
    timeline: _align.Timeline
    features: pd.DataFrame
    short: pd.DataFrame
    quality: pd.DataFrame
    findings: tuple[Finding, ...]
    physiologies: tuple[_features.PersonPhysiology, ...] = ()
    """What windows are made of, second by second: for synchrony."""
    speech: Mapping[str, NDArray[np.float64]] | None = None
    """Turns of speech per person, s; ``None`` if nobody's speech is known."""

    @cached_property
    def _device_hr(self) -> dict[str, Signal]:
        found = {p.id: p.signal(Kind.HR) for p in self.persons}
        return {person: signal for person, signal in found.items() if signal is not None}

    def agreed(self, purpose: str) -> tuple[str, ...]:
        """Return who of the measured persons agreed to a purpose, as pseudonyms."""
        allows = self.source.consents.allows
        return tuple(p.id for p in self.persons if allows(p.id, purpose))

    def result(self, purpose: str = "research") -> SessionResult:
        """Draw the tables with the persons who agreed to this purpose.

        Parameters
        ----------
        purpose : str
            One of ``arousal.session.PURPOSES``.

        Raises
        ------
        NothingUsableError
            If nobody agreed, or nobody who agreed has a usable signal.
        """
        source = self.source
        agreed = self.agreed(purpose)
        if not agreed:
            raise _nobody_agreed(purpose, source.recording)
        features = _only(self.features, agreed)
        hidden = source.withheld(purpose, self.timeline)
        device = {k: v for k, v in self._device_hr.items() if k in agreed}
        if not features[_LEVELS].notna().to_numpy().any() and not device:
            raise NothingUsableError(
                "no window of any person holds a usable value: "
                + _why_nothing(features, hidden.from_findings(self.findings), self.timeline),
                where=source.recording.id or None,
                hint="`arousal inspect` says what is in the file",
            )
        short = _only(self.short, agreed)
        curves = _align.person_curves(
            features, self.timeline, source.protocol, source.settings, short
        )
        withheld = tuple(p.id for p in self.persons if p.id not in agreed)
        return SessionResult(
            source=source,
            purpose=purpose,
            persons=agreed,
            timeline=withhold(self.timeline, hidden),
            features=features,
            curves=curves.table,
            group=_align.group_curves(curves.table, source.protocol),
            phases=_align.phase_table(
                features,
                short,
                self.timeline,
                source.protocol,
                source.settings,
                device_hr=device,
            ),
            quality=_only(self.quality, agreed),
            index_parts=curves.index_parts,
            findings=(
                *hidden.from_findings((*self.findings, *curves.findings)),
                *_withheld(withheld, purpose),
            ),
        )


def _nobody_agreed(purpose: str, recording: Recording) -> NothingUsableError:
    return NothingUsableError(
        f"nobody agreed to {purpose!r}",
        where=recording.id or None,
        hint="consents stand in session.toml under [consent.<person>], or in participants.tsv; "
        "without a date for 'record' no other counts",
    )


def _why_nothing(
    features: pd.DataFrame, findings: tuple[Finding, ...], timeline: _align.Timeline
) -> str:
    """Say in a few words what is wrong where nothing can be used."""
    if features.empty:
        lasts = timeline.end - timeline.onset
        return f"the signals last {lasts:.0f} s, which is less than the shortest window"
    problems = [str(f) for f in findings if f.severity is Severity.PROBLEM]
    more = f"; and {len(problems) - 2} more" if len(problems) > 2 else ""
    said = problems[:2]
    codes = (features["cardiac_reasons"] + ";" + features["eda_reasons"]).str.split(";").explode()
    # That somebody wore no second sensor explains nothing about the first one.
    often = codes.value_counts().drop(["", "no-signal"], errors="ignore")
    if len(often):
        said.append(f"mostly {str(often.index[0]).replace('-', ' ')}")
    return ("; ".join(said) or "no signal came") + more


def _only(table: pd.DataFrame, persons: tuple[str, ...]) -> pd.DataFrame:
    return table[table["person"].isin(persons)].reset_index(drop=True)


def _withheld(persons: tuple[str, ...], purpose: str) -> tuple[Finding, ...]:
    if not persons:
        return ()
    return (
        Finding(
            "consent-missing",
            f"{len(persons)} not shown: no consent to {purpose!r}",
            Severity.NOTE,
            hint="consents stand in session.toml under [consent.<person>]",
        ),
    )


def measure(source: SessionInput, *, progress: Progress = lambda _: None) -> Measured:
    """Compute everything expensive, once per person.

    Parameters
    ----------
    source : SessionInput
        From `open_session`.
    progress : callable
        Called with a short line of text as the work goes on.

    Raises
    ------
    NothingUsableError
        If nobody may be measured (no consent to ``record``) or no signal was recognised.
    """
    recording, settings = source.recording, source.settings
    persons = tuple(p for p in recording if p.signals and source.consents.allows(p.id, "record"))
    if not persons and any(p.signals for p in recording):
        raise _nobody_agreed("record", recording)
    if not persons:
        raise NothingUsableError(
            "no signal was recognised",
            where=recording.id or None,
            hint="`arousal inspect` lists what is in the file and why it was not used",
        )
    onset, end = _span(persons)
    timeline = _align.build_timeline(
        recording.events,
        source.protocol,
        source.session,
        start=onset,
        end=end,
        corrections=source.corrections,
    )
    speech = _speech(persons, timeline)
    physiologies = []
    for count, person in enumerate(persons, start=1):
        progress(f"{person.id} ({count} of {len(persons)})")
        physiologies.append(_features.process_person(person, settings))
    progress("windows")
    windows = settings.windows
    grid = _features.Grid.regular(onset, end, windows.durations, windows.step)
    short = _features.Grid.regular(onset, end, (windows.short,), windows.step)
    found = [f for p in physiologies for f in p.findings]
    features = _features.window_features(physiologies, grid, settings, speech)
    return Measured(
        source=source,
        persons=persons,
        timeline=timeline,
        features=features,
        short=_features.window_features(physiologies, short, settings, speech),
        quality=_features.quality_table(persons, physiologies, onset, end, settings, features),
        findings=(*source.findings, *recording.findings, *timeline.findings, *found),
        physiologies=tuple(physiologies),
        speech=speech,
    )


def _span(persons: tuple[Person, ...]) -> tuple[float, float]:
    """From the first to the last sample of anyone; a stray mark must not stretch the session."""
    signals = [s for p in persons for s in p.signals if len(s)]
    if not signals:
        raise NothingUsableError("every signal is empty", hint="`arousal inspect` lists them")
    return min(s.onset for s in signals), max(s.end for s in signals)


def _speech(
    persons: tuple[Person, ...], timeline: _align.Timeline
) -> dict[str, NDArray[np.float64]] | None:
    """Turns of speech per person: marked ones, else from a voice-activity signal.

    ``None`` if nobody's speech is known; a person without any known turn, in a session where
    turns were marked, was silent.
    """
    measured = {p.id: s for p in persons if (s := p.signal(Kind.SPEECH)) is not None}
    turns = {person: _turns(signal) for person, signal in measured.items()}
    marked = timeline.speech
    if marked:
        silent = np.empty((0, 2))
        turns |= {p.id: marked.get(p.id, silent) for p in persons if p.id not in turns}
    return turns or None


def _turns(signal: Signal) -> NDArray[np.float64]:
    """Stretches in which at least half of each sample's period was speech, in s, shape (k, 2).

    None reaches across a gap: what was said while nobody listened is not known.
    """
    period = 1.0 / signal.rate if signal.rate else 0.0
    turns = [np.empty((0, 2))]
    for part in signal.segments():
        times = signal.times[part]
        spoken = np.concatenate(([False], np.asarray(signal.values[part] >= 0.5), [False]))
        edges = np.flatnonzero(np.diff(spoken.astype(np.int8)))
        turns.append(np.column_stack((times[edges[0::2]], times[edges[1::2] - 1] + period)))
    return np.concatenate(turns)


def analyse(
    source: str | Path | Recording | SessionInput,
    *,
    protocol: str | Path | None = None,
    purpose: str = "research",
    progress: Progress = lambda _: None,
) -> SessionResult:
    """Analyse one session: file, folder or recording -> features, curves and phase table.

    Parameters
    ----------
    source : str, Path, Recording or SessionInput
        A path is opened with `open_session`.
    protocol : str or Path, optional
        As in `open_session`; for a `SessionInput` it must stay empty.
    purpose : str
        Only persons who agreed to it are in the result.
    progress : callable
        Called with a short line of text as the work goes on.

    Returns
    -------
    SessionResult

    Raises
    ------
    DataError, SettingsError, NothingUsableError
        As `open_session`, `measure` and `Measured.result`.
    """
    if isinstance(source, SessionInput):
        if protocol is not None:
            raise UsageError("a SessionInput has its protocol already")
    elif isinstance(source, Recording):
        chosen, assumed = protocol_of(protocol)
        source = SessionInput(source, chosen, Settings(), findings=assumed)
    else:
        source = open_session(source, protocol=protocol)
    return measure(source, progress=progress).result(purpose)
