"""What a study was made of, gathered session by session for its methods and its checklist."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np

from arousal import __version__
from arousal.hypothesis.study_facts import StudyFacts
from arousal.pipeline import Measured, SessionResult

__all__ = ["StudySummary"]

PACKAGES = ("neurokit2", "numpy", "scipy", "statsmodels")
CARDIAC = frozenset({"ecg", "ppg", "rr"})


@dataclass(slots=True)
class StudySummary:
    """A tally; `add` each session, then ask for `facts`."""

    sessions: int = 0
    used: int = 0
    blocks: int = 0
    people: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    protocols: dict[str, None] = field(default_factory=dict)
    signals: dict[str, None] = field(default_factory=dict)
    rates: dict[str, set[int]] = field(default_factory=dict)
    sites: set[str] = field(default_factory=set)
    speech: bool = False
    corrected: list[float] = field(default_factory=list)
    usable: list[float] = field(default_factory=list)
    windows: tuple[float, ...] = ()
    coverage: tuple[float, float, float] | None = None

    def add(self, measured: Measured, result: SessionResult) -> None:
        """Count one session that could be analysed."""
        self.used += 1
        self.blocks += len(result.timeline.blocks)
        self.people |= set(result.persons)
        self.protocols[result.protocol.id] = None
        session = result.session
        if session is not None:
            self.groups |= {session.group} if session.group else set()
            self.sites |= {p.eda_site for p in session.people.values() if p.eda_site}
        quality = result.quality[result.quality["used"]]
        for kind, rate in zip(quality["kind"], quality["rate"].to_numpy(float), strict=True):
            self.signals[kind] = None
            if np.isfinite(rate):
                self.rates.setdefault(kind, set()).add(round(rate))
        self.usable += quality["usable_fraction"].dropna().tolist()
        beats = quality[quality["kind"].isin(CARDIAC)]
        self.corrected += beats["corrected_fraction"].dropna().tolist()
        self.speech |= bool(result.features["speech_fraction"].notna().any())
        windows = measured.source.settings.windows
        self.windows = windows.durations
        self.coverage = (windows.hr_coverage, windows.hrv_coverage, windows.eda_coverage)

    def facts(self, described: frozenset[str]) -> StudyFacts:
        """Sum up.

        Parameters
        ----------
        described : frozenset of str
            What ``participants.tsv`` tells.
        """
        rates = tuple(
            f"{kind} {'-'.join(str(r) for r in sorted({min(found), max(found)}))} Hz"
            for kind, found in self.rates.items()
            if kind != "rr"
        )
        inter_beat = ("rr as sent by the device",) if "rr" in self.signals else ()
        packages = tuple(f"{name} {version(name)}" for name in PACKAGES)
        return StudyFacts(
            sessions=self.sessions,
            used_sessions=self.used,
            blocks=self.blocks,
            people=len(self.people),
            groups=len(self.groups),
            protocols=tuple(self.protocols),
            described=described,
            signals=tuple(self.signals),
            rates=(*rates, *inter_beat),
            sites=tuple(sorted(self.sites)),
            speech=self.speech,
            corrected=float(np.median(self.corrected)) if self.corrected else None,
            usable=float(np.median(self.usable)) if self.usable else None,
            versions=(f"arousal {__version__}", f"Python {platform.python_version()}", *packages),
            windows=self.windows,
            coverage=self.coverage,
        )
