"""What is wrong right now: findings that come and go, told once each way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from arousal.findings import Finding, Severity

__all__ = ["AlarmBoard"]


class AlarmBoard:
    """Findings that stand at present.

    Parameters
    ----------
    tell : callable
        ``tell(finding, on)``: told when a warning or problem begins (``on``) and when it is over.
        Notes stand on the board and are not told.
    """

    def __init__(self, tell: Callable[[Finding, bool], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._groups: dict[str, tuple[Finding, ...]] = {}

    @property
    def standing(self) -> tuple[Finding, ...]:
        """All that stand, the gravest first."""
        grave = list(Severity)[::-1]
        found = [finding for group in list(self._groups.values()) for finding in group]
        return tuple(sorted(found, key=lambda f: (grave.index(f.severity), f.where, f.code)))

    def update(self, group: str, findings: Iterable[Finding]) -> None:
        """Replace one group's findings by what it finds now.

        Parameters
        ----------
        group : str
            Who looks (``"streams"``, ``"disk"``); groups do not clear each other's findings.
        findings : iterable of Finding
            All that this group finds now; the same code and place is the same finding, although
            its words (how many seconds) change.
        """
        now = tuple(findings)
        with self._lock:
            before = self._groups.get(group, ())
            self._groups[group] = now
        old, new = ({(f.code, f.where): f for f in fs} for fs in (before, now))
        for key, finding in new.items():
            if key not in old and finding.severity is not Severity.NOTE:
                self._tell(finding, True)
        for key, finding in old.items():
            if key not in new and finding.severity is not Severity.NOTE:
                self._tell(finding, False)
