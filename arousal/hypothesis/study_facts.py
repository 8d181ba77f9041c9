"""What a study was made of, as far as its own files tell; nothing here is guessed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StudyFacts"]


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """Facts for the methods paragraph and the checklist; empty where the files do not tell.

    Parameters
    ----------
    sessions, used_sessions, blocks, people, groups : int
        Sessions in the folder, those that could be read, case blocks, persons, groups.
    protocols : tuple of str
        Protocol ids.
    described : frozenset of str
        What ``participants.tsv`` has for anybody: ``age``, ``sex``, and covariate names.
    signals : tuple of str
        Kinds of signal that were used.
    rates : tuple of str
        Their sampling rates in words: ``"ecg 130 Hz"``.
    sites : tuple of str
        Where skin conductance was measured.
    speech : bool
        Whether it is known who spoke.
    corrected : float or None
        Median share of corrected beats, 0-1.
    usable : float or None
        Median share of usable data, 0-1.
    versions : tuple of str
        ``"arousal 0.1.0"`` and what the numbers depend on.
    windows : tuple of float
        Window lengths in s.
    coverage : tuple of float
        Shares of a window that HR, HRV and skin conductance need.
    """

    sessions: int
    used_sessions: int
    blocks: int
    people: int
    groups: int
    protocols: tuple[str, ...] = ()
    described: frozenset[str] = frozenset()
    signals: tuple[str, ...] = ()
    rates: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    speech: bool = False
    corrected: float | None = None
    usable: float | None = None
    versions: tuple[str, ...] = ()
    windows: tuple[float, ...] = ()
    coverage: tuple[float, float, float] | None = None

    @property
    def heart(self) -> bool:
        """Whether anything was measured of the heart."""
        return bool({"ecg", "ppg", "rr"} & set(self.signals))

    @property
    def skin(self) -> bool:
        """Whether skin conductance was measured."""
        return "eda" in self.signals
