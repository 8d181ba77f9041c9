"""How wearables announce themselves: rules that say what a stream's channels measure.

The rules are data (``devices.toml``, and a user's own files). A stream is recognised by name,
type, ids, labels and rate, and where these do not tell, by the range of its values; what no rule
knows is returned with the reason, never guessed silently.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from arousal.ingest.raw import RawStream, StreamInfo
from arousal.recording import Kind
from arousal.settings import explain_validation, read_toml

__all__ = ["Catalogue", "ChannelRule", "DeviceRule", "Match", "Word", "load_catalogue"]

FloatArray = NDArray[np.float64]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
Span = tuple[float, float]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ChannelRule(_Model):
    """What a channel of a known device is, if the conditions hold."""

    label: Pattern | None = None
    source: Annotated[Literal["label", "name", "type"], Field(alias="from")] = "label"
    """Which text ``label`` is held against."""
    number: tuple[int, ...] | None = None
    values: Span | None = None
    """Range of the median of what arrived (zeros left out)."""
    kind: Kind | None = None
    skip: str | None = None
    words: bool = False
    """Let the word list decide the kind."""
    only_label: bool = False
    """... by the channel's label alone, because type and name of this device mislead."""
    unit: str | None = None
    trust_unit: bool = True
    site: str | None = None

    @model_validator(mode="after")
    def _one_verdict(self) -> ChannelRule:
        if sum((self.kind is not None, self.skip is not None, self.words)) != 1:
            raise ValueError("needs exactly one of kind, skip, words")
        return self


class DeviceRule(_Model):
    """A device as it announces itself."""

    id: str
    label: str
    name: Pattern | None = None
    type: Pattern | None = None
    source_id: Pattern | None = None
    manufacturer: Pattern | None = None
    labels: tuple[Pattern, ...] = ()
    rate: Span | None = None
    channels: tuple[int, int] | None = None
    nominal: Annotated[float, Field(gt=0)] | None = None
    channel: Annotated[tuple[ChannelRule, ...], Field(min_length=1)]

    def fits(self, info: StreamInfo) -> bool:
        """Whether every condition on the announcement holds."""
        texts = (
            (self.name, info.name),
            (self.type, info.type),
            (self.source_id, info.source_id),
            (self.manufacturer, info.manufacturer),
        )
        return (
            all(p is None or _whole(p, text) for p, text in texts)
            and all(any(_whole(p, c) for c in info.channels) for p in self.labels)
            and (self.rate is None or self.rate[0] <= info.rate <= self.rate[1])
            and (
                self.channels is None or self.channels[0] <= len(info.channels) <= self.channels[1]
            )
        )

    def device_key(self, info: StreamInfo) -> str | None:
        """Return the part of the announcement that tells devices apart, if the rule names one."""
        for pattern, text in (
            (self.name, info.name),
            (self.type, info.type),
            (self.source_id, info.source_id),
        ):
            if pattern and "(?P<device>" in pattern:
                found = re.fullmatch(pattern, text, re.IGNORECASE)
                if found:
                    return found["device"].strip(" _-")
        return None


class Word(_Model):
    """A word that names a kind, or something that is no signal of arousal."""

    words: Pattern
    kind: Kind | None = None
    skip: str | None = None
    min_rate: float = 0.0
    """A wave of this kind has at least this many samples per second."""

    @model_validator(mode="after")
    def _one_verdict(self) -> Word:
        if (self.kind is None) == (self.skip is None):
            raise ValueError("needs either kind or skip")
        return self

    def names(self, text: str) -> bool:
        """Whether the word stands in the text, on its own (``"ECG_1"``, ``"RawECG"``)."""
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower().replace("_", " ")
        return re.search(rf"(?<![a-z])(?:{self.words})(?![a-z])", spaced) is not None


class _DevicesFile(_Model):
    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    device: tuple[DeviceRule, ...] = ()
    word: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What the rules say about one channel.

    Parameters
    ----------
    channel : int
        Index from 0.
    kind : Kind or None
        What it measures; ``None`` = not used, see ``reason``.
    reason : str
        Why it is not used.
    unit : str
        Unit that the rule says the device sends; empty = the rule does not say.
    trust_unit : bool
        Whether a unit that the stream declares wins over the rule's.
    site : str or None
        Where the sensor sits.
    rule : str
        Label of the device, empty for the word list.
    known : bool
        Whether a rule or word knew it at all (a status flag is known and not used).
    """

    channel: int
    kind: Kind | None = None
    reason: str = ""
    unit: str = ""
    trust_unit: bool = True
    site: str | None = None
    rule: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All device rules, in the order in which they are tried."""

    devices: tuple[DeviceRule, ...] = ()
    words: tuple[Word, ...] = field(default=())

    def rule_for(self, info: StreamInfo) -> DeviceRule | None:
        """Return the first rule whose conditions hold."""
        return next((rule for rule in self.devices if rule.fits(info)), None)

    def match(self, stream: RawStream) -> tuple[Match, ...]:
        """Say what each channel of a numeric stream is.

        Parameters
        ----------
        stream : RawStream
            With its samples: the range of the values and the measured rate are looked at.

        Returns
        -------
        tuple of Match
            One per channel, in order.
        """
        rule = self.rule_for(stream.info)
        return tuple(self._match(stream, c, rule) for c in range(len(stream.info.channels)))

    def _match(self, stream: RawStream, channel: int, rule: DeviceRule | None) -> Match:
        if rule is None:
            return self._by_word(stream, channel, only_label=False)
        for entry in rule.channel:
            if _applies(entry, stream, channel):
                return self._verdict(entry, rule, stream, channel)
        return Match(
            channel,
            reason=f"{rule.label}: neither label nor values tell what this channel is",
            rule=rule.label,
            known=False,
        )

    def _verdict(
        self, entry: ChannelRule, rule: DeviceRule, stream: RawStream, channel: int
    ) -> Match:
        base = Match(channel, entry.kind, entry.skip or "", rule=rule.label)
        if entry.words:
            base = self._by_word(stream, channel, only_label=entry.only_label)
        return Match(
            channel,
            base.kind,
            base.reason,
            entry.unit or "",
            entry.trust_unit,
            entry.site,
            rule.label,
            base.known,
        )

    def _by_word(self, stream: RawStream, channel: int, *, only_label: bool) -> Match:
        info = stream.info
        label = info.channels[channel]
        texts = (label,) if only_label else (label, info.type, info.name)
        for text in texts:
            for word in self.words:
                if word.names(text):
                    return _word_verdict(word, stream, channel, text)
        return Match(channel, reason="no rule knows its name, type or channel label", known=False)

    def strip_words(self, text: str) -> str:
        """Return a text without the words that name a kind: what remains names the device."""
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
        for word in self.words:
            spaced = re.sub(
                rf"(?<![a-zA-Z])(?:{word.words})(?![a-z])", " ", spaced, flags=re.IGNORECASE
            )
        spaced = re.sub(
            r"(?<![a-zA-Z])(raw|stream|data|lsl)(?![a-z])", " ", spaced, flags=re.IGNORECASE
        )
        return re.sub(r"[\W_]+", " ", spaced).strip().lower()


def _word_verdict(word: Word, stream: RawStream, channel: int, text: str) -> Match:
    if word.skip is not None:
        return Match(channel, reason=word.skip)
    rate = stream.info.rate or _measured_rate(stream)
    if stream.times.size > 1 and 0 < rate < word.min_rate:
        reason = (
            f"{text!r} says {word.kind}, but {rate:.3g} samples per second are no wave "
            f"(at least {word.min_rate:g})"
        )
        return Match(channel, reason=reason, known=False)
    return Match(channel, word.kind)


def _measured_rate(stream: RawStream) -> float:
    span = float(stream.times[-1] - stream.times[0]) if stream.times.size > 1 else 0.0
    return (stream.times.size - 1) / span if span > 0 else 0.0


def _applies(entry: ChannelRule, stream: RawStream, channel: int) -> bool:
    info = stream.info
    text = {"label": info.channels[channel], "name": info.name, "type": info.type}[entry.source]
    if entry.label is not None and not _whole(entry.label, text):
        return False
    if entry.number is not None and channel + 1 not in entry.number:
        return False
    if entry.values is None:
        return True
    median = _typical(stream, channel)
    # Nothing arrived: the announcement alone decides, so that an empty stream is named right.
    return not np.isfinite(median) or entry.values[0] <= median <= entry.values[1]


def _typical(stream: RawStream, channel: int) -> float:
    values = np.asarray(stream.values[:, channel], dtype=np.float64)
    values = values[np.isfinite(values) & (values != 0)]
    return float(np.median(values)) if values.size else float("nan")


def _whole(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.IGNORECASE) is not None


@cache
def _bundled() -> Catalogue:
    text = files("arousal.ingest").joinpath("devices.toml").read_text(encoding="utf-8")
    return _parse(tomllib.loads(text), "devices.toml")


def _parse(raw: dict[str, Any], where: str | Path) -> Catalogue:
    try:
        model = _DevicesFile.model_validate(raw)
    except ValidationError as error:
        raise explain_validation(error, where) from None
    return Catalogue(model.device, model.word)


def load_catalogue(own: Iterable[Path] = ()) -> Catalogue:
    """Return the bundled device rules, with a user's own before them.

    Parameters
    ----------
    own : iterable of Path
        Files like ``devices.toml``; the first is tried first.

    Raises
    ------
    SettingsError
        If a file is missing, not TOML or breaks a rule.
    """
    parts = [*(_parse(read_toml(path), path) for path in own), _bundled()]
    return Catalogue(
        tuple(rule for part in parts for rule in part.devices),
        tuple(word for part in parts for word in part.words),
    )
