"""What a simulated session is like: every choice with its default and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from arousal.errors import UsageError
from arousal.recording import Kind
from arousal.simulate.noise import NOISE_FAMILIES

__all__ = ["SIMULATED_KINDS", "Level", "SimulationSettings", "SpeechForm"]

SIMULATED_KINDS = (
    Kind.ECG,
    Kind.RR,
    Kind.EDA,
    Kind.TEMPERATURE,
    Kind.RESPIRATION,
    Kind.SPEECH,
)
"""Signals that can be simulated, in the order in which a person carries them."""


class Level(StrEnum):
    """How bad the data are."""

    NONE = "none"
    """Laboratory signals: nothing lost, nothing spoiled."""
    USUAL = "usual"
    """An ordinary evening: a few slips for everyone, one or two people with poor data."""
    POOR = "poor"
    """A bad evening: gaps, ectopic and missed beats, movement for everyone."""


class SpeechForm(StrEnum):
    """How speech turns reach the recording."""

    SIGNAL = "signal"
    """A voice-activity stream per person (fraction of each second)."""
    MARKS = "marks"
    """Turns marked by hand: ``speech/P04/start`` ... ``speech/P04/end``."""
    NONE = "none"
    """Nobody recorded who spoke; the speech effect is there all the same."""


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Everything that shapes a simulated session beside protocol, people and seed.

    Levels are in SD: one SD is the size of a person's own slow fluctuation at 30 s.

    Parameters
    ----------
    signals : tuple of Kind
        What everyone wears; of `SIMULATED_KINDS`. Names (``"rr"``) are accepted.
    noise : str
        Family of each person's own fluctuation, one of ``NOISE_FAMILIES`` (science: the four
        families over which tests are calibrated).
    noise_sd : float
        Size of that fluctuation in SD.
    drift : float
        SD over the session of a drift common to everyone (room, time of day); 0 = none.
    speech_effect : float
        Rise of a person's level in SD while they talk. On by default (.7), because talking raises
        arousal in every real session; set it to 0 to have the phases alone.
    presenter_slope : float
        The presenter's own speech effect is this many times larger.
    effect : float
        Factor on all planted phase effects; 0 makes the null hypothesis true.
    effect_spread : float
        SD between persons of their own factor on the planted effects.
    artefacts, dropouts : Level
        Spoiled stretches and beats; silent stretches of 60 s and more.
    minutes : float or None
        Length of the meeting without baseline and recovery; ``None`` = the protocol's.
    baseline_minutes, recovery_minutes : float
        Quiet sitting before (5 min, then 2 min of neutral talk) and after; 0 = none.
    leaders : int
        How many of the protocol's leader roles are filled.
    slips : bool
        Whether the operator marks one phase late (``ago=20``) and takes one mark back.
    speech_form : SpeechForm
        How speech turns reach the recording.
    ecg_rate, eda_rate : float
        Samples per second.
    date : datetime.date
        Day of the session; nothing is ever taken from today's clock.

    Raises
    ------
    UsageError
        If a value is out of its range; names key, value and range.
    """

    signals: tuple[Kind, ...] = (Kind.RR, Kind.EDA, Kind.TEMPERATURE, Kind.SPEECH)
    noise: str = "white+1/f"
    noise_sd: float = 1.0
    drift: float = 0.0
    speech_effect: float = 0.7
    presenter_slope: float = 1.5
    effect: float = 1.0
    effect_spread: float = 0.25
    artefacts: Level = Level.USUAL
    dropouts: Level = Level.USUAL
    minutes: float | None = None
    baseline_minutes: float = 7.0
    recovery_minutes: float = 5.0
    leaders: int = 2
    slips: bool = True
    speech_form: SpeechForm = SpeechForm.SIGNAL
    ecg_rate: float = 130.0
    eda_rate: float = 4.0
    date: date = date(2026, 3, 12)

    def __post_init__(self) -> None:
        kinds = {_choice("signals", s, SIMULATED_KINDS) for s in self.signals}
        ordered = tuple(kind for kind in SIMULATED_KINDS if kind in kinds)
        object.__setattr__(self, "signals", ordered)
        _choice("noise", self.noise, tuple(NOISE_FAMILIES))
        for name, levels in _CHOICES.items():
            chosen = _choice(name, getattr(self, name), tuple(levels))
            object.__setattr__(self, name, chosen)
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UsageError(f"{name} is {value}, allowed {low:g} to {high:g}")

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a JSON file."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["signals"] = [str(kind) for kind in self.signals]
        for name in (*_CHOICES, "date"):
            values[name] = str(values[name])
        return values


_CHOICES: dict[str, type[StrEnum]] = {
    "artefacts": Level,
    "dropouts": Level,
    "speech_form": SpeechForm,
}
_RANGES = {
    "noise_sd": (0.0, 10.0),
    "drift": (0.0, 10.0),
    "speech_effect": (-5.0, 5.0),
    "presenter_slope": (0.0, 5.0),
    "effect": (-5.0, 5.0),
    "effect_spread": (0.0, 1.0),
    "minutes": (10.0, 240.0),
    "baseline_minutes": (0.0, 30.0),
    "recovery_minutes": (0.0, 30.0),
    "leaders": (1, 2),
    "ecg_rate": (100.0, 2000.0),
    "eda_rate": (2.0, 64.0),
}


def _choice(name: str, value: str, allowed: tuple[str, ...]) -> str:
    for candidate in allowed:
        if candidate == value:
            return candidate
    raise UsageError(f"{name} is {value!r}, allowed {', '.join(allowed)}")
