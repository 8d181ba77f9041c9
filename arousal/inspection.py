"""What is in a file or folder: recognised, not recognised and why, wrong; no analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arousal.consent import name_findings
from arousal.errors import one_line
from arousal.findings import Finding
from arousal.ingest.loading import load
from arousal.places import session_folder
from arousal.recording import Person, Recording, Signal, UnknownStream
from arousal.session_input import consents_of, withheld_from
from arousal.withheld import Withheld

__all__ = ["Inspection", "SignalFacts", "inspect_path"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class SignalFacts:
    """What can be said about a signal without looking at its values' meaning.

    ``rate`` is measured inside contiguous stretches (median step), in Hz; ``minutes`` is the time
    from first to last sample; ``gap_seconds`` the time inside gaps; ``missing`` the share of NaN.
    """

    person: str
    kind: str
    source: str
    samples: int
    rate: float | None
    declared_rate: float | None
    unit: str
    original_unit: str
    minutes: float
    gaps: int
    gap_seconds: float
    missing: float


@dataclass(frozen=True, slots=True)
class Inspection:
    """Facts about one input."""

    id: str
    formats: tuple[str, ...]
    minutes: float
    started: str | None
    signals: tuple[SignalFacts, ...]
    marks: tuple[tuple[float, str], ...]
    unknown: tuple[UnknownStream, ...]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return one JSON-ready object: ``{schema_version, id, rows, unknown, findings, ...}``."""
        return {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "formats": list(self.formats),
            "minutes": self.minutes,
            "started": self.started,
            "rows": [_row(s) for s in self.signals],
            "marks": [{"onset": t, "label": label} for t, label in self.marks],
            "unknown": [_row(u) for u in self.unknown],
            "findings": [_row(f) for f in self.findings],
        }

    def as_text(self) -> str:
        """Return the same for a terminal."""
        start = f", began {self.started}" if self.started else ""
        kinds = ", ".join(self.formats) or "?"
        lines = [f"{one_line(self.id)}: {kinds}, {self.minutes:.1f} min{start}", ""]
        lines += [_line(s) for s in self.signals] or ["no signal was recognised"]
        lines += ["", f"{len(self.marks)} marks"]
        lines += [f"  {_clock(t)}  {one_line(label)}" for t, label in self.marks]
        if self.unknown:
            lines += ["", "not used:"]
            lines += [
                "  " + one_line(f"{u.name} ({u.type or 'no type'}): {u.reason}")
                for u in self.unknown
            ]
        if self.findings:
            lines += ["", "noticed:"]
            lines += [f"  {f.severity}: {f}" for f in self.findings]
        return "\n".join(lines)


def inspect_path(path: Path, *, mapping: Path | None = None) -> Inspection:
    """Look into a file or folder.

    Parameters
    ----------
    path : Path
        Session folder, data file or vendor's folder.
    mapping : Path, optional
        As in `arousal.load`.

    Raises
    ------
    DataError, SettingsError
        If nothing at all can be read.

    Notes
    -----
    Persons who did not agree to be recorded are left out with their streams; marks keep their
    time and lose the name.
    """
    folder = session_folder(path)
    consents = consents_of(path, folder)
    recording = load(folder or path, mapping=mapping, session=consents.session)
    hidden = withheld_from(recording, consents, "record")
    shown = [p for p in recording if p.id not in hidden.names]
    return Inspection(
        id=recording.id,
        formats=tuple(dict.fromkeys(s.format for s in recording.sources)),
        minutes=(recording.end - recording.onset) / 60,
        started=recording.started.isoformat(timespec="seconds") if recording.started else None,
        signals=tuple(_facts(p.id, s) for p in shown for s in p.signals),
        marks=_marks(recording, hidden),
        unknown=tuple(u for u in recording.unknown if not hidden.named_in(u.name, u.reason)),
        findings=(
            *hidden.from_findings(recording.findings),
            *_left_out(recording, shown),
            *name_findings(p.id for p in shown),
        ),
    )


def _left_out(recording: Recording, shown: Sequence[Person]) -> tuple[Finding, ...]:
    count = len(recording.persons) - len(shown)
    if not count:
        return ()
    message = f"{count} of {len(recording.persons)} are not listed: no consent to 'record'"
    hint = "consents stand in session.toml under [consent.<person>]"
    return (Finding("consent-missing", message, hint=hint),)


def _marks(recording: Recording, hidden: Withheld) -> tuple[tuple[float, str], ...]:
    return tuple((event.onset, hidden.without(event.label)) for event in recording.events)


def _facts(person: str, signal: Signal) -> SignalFacts:
    gaps = signal.gaps()
    steps = np.diff(signal.times)
    regular = signal.rate is not None and steps.size > 0
    empty = not len(signal)
    return SignalFacts(
        person=person,
        kind=signal.kind.value,
        source=signal.source,
        samples=len(signal),
        rate=float(1 / np.median(steps)) if regular else None,
        declared_rate=signal.rate,
        unit=signal.unit,
        original_unit=signal.original_unit,
        minutes=0.0 if empty else (signal.end - signal.onset) / 60,
        gaps=len(gaps),
        gap_seconds=float((gaps[:, 1] - gaps[:, 0]).sum()),
        missing=0.0 if empty else float((~np.isfinite(signal.values)).mean()),
    )


def _row(item: Any) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in item.__slots__}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def _line(s: SignalFacts) -> str:
    rate = "irregular" if s.declared_rate is None else f"{s.rate or 0:.4g} Hz"
    declared = "" if s.declared_rate is None else f" (declared {s.declared_rate:g})"
    gaps = f", {s.gaps} gaps of {s.gap_seconds:.0f} s" if s.gaps else ""
    missing = f", {s.missing:.0%} invalid" if s.missing else ""
    unit = f"{s.unit} (was {s.original_unit})" if s.original_unit else s.unit
    return (
        f"{s.person:8} {s.kind:13} {s.samples:8} samples  {rate}{declared}, "
        f"{s.minutes:.1f} min, {unit}{gaps}{missing}  [{one_line(s.source)}]"
    )


def _clock(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{sign}{int(minutes):3d}:{rest:04.1f}"
