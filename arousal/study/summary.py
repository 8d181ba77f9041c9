"""What a study was made of, gathered session by session for its methods and its checklist."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np

from arousal import __version__
from arousal.hypothesis.study_facts import StudyFacts
from arousal.pipeline import Measured, SessionResult

__all__ = ["SessionTally", "StudySummary", "tally"]

PACKAGES = ("neurokit2", "numpy", "scipy", "statsmodels")
CARDIAC = frozenset({"ecg", "ppg", "rr"})


@dataclass(frozen=True, slots=True)
class SessionTally:
    """What one session was made of.

    Parameters
    ----------
    blocks : int
        Case blocks.
    people, signals, sites : tuple of str
        Pseudonyms of those who agreed, kinds of signal in use, sites of the skin electrodes.
    group, protocol : str
        Which group (empty: not told) and protocol.
    rates : tuple of (kind, Hz)
        Sampling rates, rounded.
    speech : bool
        Whether anybody's speech is known.
    corrected, usable : tuple of float
        Share of corrected beats and of usable signal, per signal in use.
    windows, coverage : tuple of float
        Lengths of windows in s, and the coverage that each kind of measure needs.
    """

    blocks: int
    people: tuple[str, ...]
    group: str
    protocol: str
    signals: tuple[str, ...]
    rates: tuple[tuple[str, int], ...]
    sites: tuple[str, ...]
    speech: bool
    corrected: tuple[float, ...]
    usable: tuple[float, ...]
    windows: tuple[float, ...]
    coverage: tuple[float, float, float]


def tally(measured: Measured, result: SessionResult) -> SessionTally:
    """Count what a session was made of, for those who are in its result."""
    session, windows = result.session, measured.source.settings.windows
    worn = session.people.values() if session is not None else ()
    quality = result.quality[result.quality["used"]]
    kinds = tuple(str(kind) for kind in quality["kind"])
    rates = zip(kinds, quality["rate"].to_numpy(float), strict=True)
    beats = quality[quality["kind"].isin(CARDIAC)]
    return SessionTally(
        blocks=len(result.timeline.blocks),
        people=tuple(result.persons),
        group=(session.group or "") if session is not None else "",
        protocol=result.protocol.id,
        signals=tuple(dict.fromkeys(kinds)),
        rates=tuple((kind, round(rate)) for kind, rate in rates if np.isfinite(rate)),
        sites=tuple(sorted({p.eda_site for p in worn if p.eda_site})),
        speech=bool(result.features["speech_fraction"].notna().any()),
        corrected=tuple(beats["corrected_fraction"].dropna().tolist()),
        usable=tuple(quality["usable_fraction"].dropna().tolist()),
        windows=windows.durations,
        coverage=(windows.hr_coverage, windows.hrv_coverage, windows.eda_coverage),
    )


@dataclass(slots=True)
class StudySummary:
    """A sum over sessions; `add` each, then ask for `facts`."""

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

    def add(self, one: SessionTally | None) -> None:
        """Count one session; ``None``: it was there and could not be analysed."""
        self.sessions += 1
        if one is None:
            return
        self.used += 1
        self.blocks += one.blocks
        self.people |= set(one.people)
        self.groups |= {one.group} - {""}
        self.protocols[one.protocol] = None
        self.signals |= dict.fromkeys(one.signals)
        for kind, rate in one.rates:
            self.rates.setdefault(kind, set()).add(rate)
        self.sites |= set(one.sites)
        self.speech |= one.speech
        self.corrected += one.corrected
        self.usable += one.usable
        self.windows, self.coverage = one.windows, one.coverage

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
