"""A whole simulated session: people, signals, marks, consents, and the truth about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arousal.protocol import Protocol, bundled_protocols, load_protocol
from arousal.recording import Kind, Person, Recording, Signal
from arousal.session import (
    PURPOSES,
    ConsentDates,
    MarkerSettings,
    PersonInSession,
    ReleaseSettings,
    SessionFile,
)
from arousal.simulate.body import Body
from arousal.simulate.effects import person_effects, role_effects
from arousal.simulate.electrocardiogram import electrocardiogram
from arousal.simulate.faults import (
    BEAT_FAULTS,
    Fault,
    FaultKind,
    keep,
    plan_faults,
    spoil_conductance,
)
from arousal.simulate.heart import Heart, beat_heart, spoil_beats
from arousal.simulate.latent import LatentSession, simulate_latent
from arousal.simulate.marking import MARKER_STREAM, mark_session
from arousal.simulate.roster import Seat
from arousal.simulate.seeds import Seeds
from arousal.simulate.settings import SimulationSettings, SpeechForm
from arousal.simulate.skin import SITE, conductance, draw_responses, temperature
from arousal.simulate.traits import draw_traits
from arousal.simulate.truth import Truth

__all__ = ["SimulatedSession", "simulate"]

FloatArray = NDArray[np.float64]

STARTED = time(18, 0, tzinfo=timezone(timedelta(hours=1)))
"""Time of day at which every simulated session starts."""
_STREAMS = {
    Kind.ECG: "strap-{}-ecg",
    Kind.RR: "strap-{}-rr",
    Kind.EDA: "skin-{}-eda",
    Kind.TEMPERATURE: "skin-{}-temp",
    Kind.RESPIRATION: "belt-{}",
    Kind.SPEECH: "voice-{}",
}
_TEMPERATURE_RATE, _BREATH_RATE, _SPEECH_RATE = 0.25, 8.0, 1.0


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedSession:
    """What `simulate` makes; `arousal.ingest.session_writer` puts it on disk.

    Parameters
    ----------
    recording : Recording
        Persons, signals and raw marks, as a reader would find them.
    session : SessionFile
        Who wore what, consents, releases.
    truth : Truth
        What is behind it.
    protocol : Protocol
        What kind of session it is.
    """

    recording: Recording
    session: SessionFile
    truth: Truth
    protocol: Protocol


def simulate(
    protocol: str | Path | Protocol = "balint-90",
    people: int = 10,
    seed: int = 7,
    settings: SimulationSettings | None = None,
) -> SimulatedSession:
    """Simulate a session with a known truth.

    Parameters
    ----------
    protocol : str, Path or Protocol
        A bundled name, a path to one's own ``.toml``, or a loaded protocol.
    people : int
        Leaders included: 6-12 in a group, 2 in an individual therapy.
    seed : int
        Same seed and settings, same session, bit for bit.
    settings : SimulationSettings, optional
        Signals, noise, drift, speech, effect, faults; default: an ordinary evening.

    Returns
    -------
    SimulatedSession

    Raises
    ------
    UsageError
        If ``people`` or ``seed`` is out of range.
    SettingsError
        If the protocol is unknown or broken.

    Examples
    --------
    >>> session = simulate("balint-60", people=8, seed=1)
    >>> session.truth.latent.presenters
    {1: 'P05'}
    >>> [signal.kind.value for signal in session.recording.person("P03").signals]
    ['rr', 'eda', 'temperature', 'speech']
    """
    chosen = settings or SimulationSettings()
    kind = protocol if isinstance(protocol, Protocol) else load_protocol(protocol)
    seeds = Seeds(seed)
    latent = simulate_latent(kind, people, seed, chosen)
    faults = _of_worn(plan_faults(latent, chosen, seeds), chosen)
    made = [_person(seat, latent, faults, chosen, seeds) for seat in latent.seats]
    bodies = tuple(body for _, body in made)
    effects = person_effects(bodies, latent)
    roles = role_effects(effects, bodies, latent, chosen)
    truth = Truth(seed, chosen, latent, bodies, faults, effects, roles)
    started = datetime.combine(chosen.date, STARTED)
    recording = Recording(
        persons=tuple(person for person, _ in made),
        events=mark_session(latent, faults, chosen, seeds.of("marks")),
        id=f"{chosen.date.isoformat()}",
        clock="file",
        started=started.astimezone(UTC),
    )
    return SimulatedSession(recording, _session_file(recording, latent, chosen), truth, kind)


def _of_worn(faults: tuple[Fault, ...], settings: SimulationSettings) -> tuple[Fault, ...]:
    """Leave out the faults of sensors that nobody wears; the strap carries ECG and intervals."""
    worn = set(settings.signals)
    if Kind.ECG in worn:
        worn.add(Kind.RR)
    return tuple(f for f in faults if f.kind in worn)


def _person(
    seat: Seat,
    latent: LatentSession,
    faults: tuple[Fault, ...],
    settings: SimulationSettings,
    seeds: Seeds,
) -> tuple[Person, Body]:
    own = [f for f in faults if f.person == seat.person]
    traits = draw_traits(seeds.of("traits", seat.index))
    if any(f.what is FaultKind.NO_RESPONSE for f in own):
        traits = replace(traits, scr_rate=0.0)
    level = latent.level[seat.index]
    heart_rng, skin_rng = seeds.of("heart", seat.index), seeds.of("skin", seat.index)
    heart = beat_heart(
        traits.curve("heart_rate", level),
        traits.curve("ln_rmssd", level),
        traits.breathing,
        heart_rng,
    )
    beats = spoil_beats(heart.times, *BEAT_FAULTS[settings.artefacts], heart_rng)
    rate = traits.curve("scr_rate", level)
    responses = draw_responses(rate, traits.scr_amplitude, traits.scr_rate > 0, skin_rng)
    body = Body(seat, traits, beats, responses)
    sensors = _Sensors(body, heart, latent, own, settings, seeds)
    signals = tuple(sensors.signal(kind) for kind in settings.signals if sensors.has(kind))
    return Person(seat.person, signals), body


@dataclass(frozen=True, slots=True)
class _Sensors:
    """What one person wears."""

    body: Body
    heart: Heart
    latent: LatentSession
    faults: list[Fault]
    settings: SimulationSettings
    seeds: Seeds

    def has(self, kind: Kind) -> bool:
        return kind is not Kind.SPEECH or self.settings.speech_form is SpeechForm.SIGNAL

    def signal(self, kind: Kind) -> Signal:
        makers: dict[Kind, Callable[[], tuple[FloatArray, FloatArray, float | None]]] = {
            Kind.ECG: self._ecg,
            Kind.RR: self._rr,
            Kind.EDA: self._eda,
            Kind.TEMPERATURE: self._temperature,
            Kind.RESPIRATION: self._respiration,
            Kind.SPEECH: self._speech,
        }
        times, values, rate = makers[kind]()
        lost_with = Kind.RR if kind is Kind.ECG else kind
        gaps = [f for f in self.faults if f.what is FaultKind.GAP and f.kind is lost_with]
        arrives = keep(times, gaps)
        return Signal(
            kind,
            values[arrives],
            times[arrives],
            rate=rate,
            source=_STREAMS[kind].format(self.body.seat.person),
            site=SITE if kind is Kind.EDA else None,
        )

    def _grid(self, rate: float) -> FloatArray:
        return np.arange(int(self.latent.timetable.duration * rate)) / rate

    def _ecg(self) -> tuple[FloatArray, FloatArray, float | None]:
        rate = self.settings.ecg_rate
        times = self._grid(rate)
        bursts = [(f.onset, f.end) for f in self.faults if f.what is FaultKind.MOVEMENT]
        rng = self.seeds.of("ecg", self.body.seat.index)
        height = self.body.traits.r_wave
        curve = electrocardiogram(self.body.beats, self.heart, times, height, bursts, rng)
        # Straps send whole microvolts.
        return times, np.clip(np.rint(curve), -32768, 32767), rate

    def _rr(self) -> tuple[FloatArray, FloatArray, float | None]:
        times, lengths = self.body.beats.intervals()
        inside = times < self.latent.timetable.duration
        return times[inside], lengths[inside], None

    def _eda(self) -> tuple[FloatArray, FloatArray, float | None]:
        rate, body = self.settings.eda_rate, self.body
        times = self._grid(rate)
        rng = self.seeds.of("skin", 1000 + body.seat.index)
        row = body.seat.index
        slow = sum(self.latent.parts(row, "ln_scl").values(), np.zeros(1))
        values = conductance(
            body.responses,
            body.traits.curve("ln_scl", slow),
            body.traits.curve("scr_rate", self.latent.level[row]),
            body.traits,
            times,
            rng,
        )
        own = [f for f in self.faults if f.kind is Kind.EDA]
        return times, np.round(spoil_conductance(values, times, own, rng), 4), rate

    def _temperature(self) -> tuple[FloatArray, FloatArray, float | None]:
        times = self._grid(_TEMPERATURE_RATE)
        rng = self.seeds.of("temperature", self.body.seat.index)
        return times, temperature(self.body.traits, times, rng), _TEMPERATURE_RATE

    def _respiration(self) -> tuple[FloatArray, FloatArray, float | None]:
        times = self._grid(_BREATH_RATE)
        phase = np.interp(times, np.arange(self.heart.breathing.size), self.heart.breathing)
        movement: FloatArray = np.sin(phase)
        return times, movement.round(4), _BREATH_RATE

    def _speech(self) -> tuple[FloatArray, FloatArray, float | None]:
        times = self._grid(_SPEECH_RATE)
        values = self.latent.speaking[self.body.seat.index][: times.size]
        return times, values.round(2), _SPEECH_RATE


def _session_file(
    recording: Recording, latent: LatentSession, settings: SimulationSettings
) -> SessionFile:
    signed = settings.date - timedelta(days=7)
    consent = ConsentDates.model_validate(dict.fromkeys(PURPOSES, signed))
    released = datetime.combine(settings.date, STARTED) + timedelta(hours=2, minutes=30)
    streams = {p.id: {str(s.kind): s.source for s in p.signals} for p in recording}
    bundled = latent.protocol.id in bundled_protocols()
    return SessionFile(
        id=recording.id,
        protocol=latent.protocol.id if bundled else f"{latent.protocol.id}.toml",
        started=datetime.combine(settings.date, STARTED),
        group="G1",
        people={
            seat.person: PersonInSession(
                role=seat.role,
                eda_site=SITE if Kind.EDA in settings.signals else None,
                streams=streams[seat.person],
            )
            for seat in latent.seats
        },
        consent={seat.person: consent for seat in latent.seats},
        release=ReleaseSettings(people=dict.fromkeys(latent.presenters.values(), released)),
        markers=MarkerSettings(stream=MARKER_STREAM),
    )
