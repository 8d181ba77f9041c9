"""What a page is told, as plain values that JSON can hold."""

from __future__ import annotations

import math
import platform
import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from arousal.findings import Finding, Severity
from arousal.ingest.disk_guard import forecast
from arousal.ingest.recording_summary import RecordingSummary
from arousal.ingest.stream_health import State, StreamHealth
from arousal.monitor.lookout import Lookout
from arousal.monitor.monitor import Monitor
from arousal.phase_align import Timeline
from arousal.protocol import INCIDENTS, INTERVENTIONS, Protocol, bundled_protocols
from arousal.session import SessionFile

__all__ = [
    "clock_state",
    "curve_state",
    "disk_state",
    "finding_state",
    "phase_state",
    "session_state",
    "stream_state",
    "summary_state",
]

GOOD_OFFSET, FAIR_OFFSET = 0.002, 0.010
"""Seconds by which one machine's clock offsets may differ among its streams: good, fair."""
OLD_OFFSET = 15.0


def session_state(session: SessionFile, protocol: Protocol, folder: Path) -> dict[str, Any]:
    """Who, which protocol, which words."""
    consent = session.consent if isinstance(session.consent, dict) else None
    return {
        "id": session.id,
        "study": folder.parent.parent.name,
        "setting": session.setting,
        "protocols": list(bundled_protocols()),
        "protocol": {
            "id": protocol.id,
            "name": protocol.name,
            "minutes": protocol.minutes,
            "roles": protocol.roles,
            "leaders": list(protocol.leader_roles),
            "cases": protocol.case_blocks,
            "phases": [
                {"id": p.id, "name": p.name, "part": p.part, "hint": p.description}
                for p in protocol.phases
            ],
            "plan": [
                {"phase": p.phase, "block": p.block, "seconds": p.end - p.onset}
                for p in protocol.plan()
            ],
        },
        "interventions": INTERVENTIONS,
        "incidents": list(INCIDENTS),
        "people": {
            person: {
                "role": entry.role,
                "eda_site": entry.eda_site,
                "streams": entry.streams,
                "consent": _agreed(consent, person),
            }
            for person, entry in session.people.items()
        },
        "held_elsewhere": consent is None,
    }


def _agreed(consent: Any, person: str) -> list[str]:
    dates = (consent or {}).get(person)
    return [] if dates is None else [k for k, v in dates.model_dump().items() if v is not None]


def stream_state(reading: StreamHealth, lookout: Lookout | None) -> dict[str, Any]:
    """One stream: what it is, whose, how it does."""
    kinds = lookout.kinds(reading) if lookout is not None else reading.kinds
    worst = reading.findings[0] if reading.findings else None
    return {
        "uid": reading.info.uid,
        "name": reading.info.name,
        "type": reading.info.type,
        "source": reading.info.source_id,
        "host": reading.info.hostname,
        "text": reading.info.is_text,
        "kinds": [str(kind) for kind in kinds],
        "rate": reading.rate,
        "declared": reading.info.rate,
        "state": str(reading.state),
        "person": reading.person,
        "trouble": "" if worst is None else worst.message,
        "code": "" if worst is None else worst.code,
        "severity": "" if worst is None else str(worst.severity),
        "samples": reading.samples,
    }


def finding_state(finding: Finding) -> dict[str, Any]:
    """Return what is wrong, and what to do."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "where": finding.where,
        "message": finding.message,
        "hint": finding.hint,
    }


def disk_state(folder: Path, readings: Iterable[StreamHealth], planned: float) -> dict[str, Any]:
    """How long the disk lasts, against the planned rest of the session."""
    infos = [r.info for r in readings if r.state in {State.LIVE, State.WAITING, State.SILENT}]
    look = forecast(folder, infos)
    found = look.finding(max(planned, 60.0))
    level = "good"
    if found is not None and found.severity is not Severity.NOTE:
        level = "none" if found.severity is Severity.PROBLEM else "weak"
    usage = shutil.disk_usage(folder)
    return {
        "free": usage.free,
        "minutes": min(look.seconds / 60.0, 1e5),
        "level": level,
        "text": "" if level == "good" or found is None else found.message,
    }


def clock_state(readings: Iterable[StreamHealth]) -> list[dict[str, Any]]:
    """Clock quality of every machine that sends: its streams' offsets, how alike, how old."""
    hosts: dict[str, list[StreamHealth]] = defaultdict(list)
    for reading in readings:
        if reading.state not in {State.LOST, State.REPLACED}:
            hosts[reading.info.hostname or "unknown"].append(reading)
    return [_clock(host, own) for host, own in sorted(hosts.items())]


def _clock(host: str, readings: list[StreamHealth]) -> dict[str, Any]:
    offsets = sorted(r.offset for r in readings if r.offset is not None)
    age = max((r.offset_age for r in readings if r.offset_age is not None), default=None)
    spread = offsets[-1] - offsets[0] if offsets else None
    here = host == platform.node()
    # This computer's own clock is known; offsets to it are only as good as it is busy.
    if here and offsets and abs(offsets[len(offsets) // 2]) <= FAIR_OFFSET:
        level, word = "good", "good"
    elif spread is None or age is None:
        level, word = "weak", "not measured yet"
    elif age > OLD_OFFSET:
        level, word = "none", f"last answer {age:.0f} s ago"
    elif spread <= GOOD_OFFSET:
        level, word = "good", "good"
    elif spread <= FAIR_OFFSET:
        level, word = "good", "fair"
    else:
        level, word = "weak", "slow or busy network"
    return {
        "host": host,
        "here": here,
        "streams": len(readings),
        "offset": offsets[len(offsets) // 2] if offsets else None,
        "spread": spread,
        "age": age,
        "level": level,
        "word": word,
    }


def phase_state(timeline: Timeline, now: float) -> dict[str, Any]:
    """Phases so far, the one that runs, who presents, whether a silence runs."""
    named = [p for p in timeline.phases if p.phase]
    phases = [
        {"phase": p.phase, "block": p.block, "onset": p.onset, "end": p.end, "mark": p.mark}
        for p in named
    ]
    current = phases[-1] if named and named[-1].end >= now - 1e-6 else None
    block = next((b for b in reversed(timeline.blocks)), None)
    silent = any(p.kind == "silence" and math.isnan(p.duration) for p in timeline.points)
    return {
        "phases": phases,
        "current": current,
        "presenter": None if block is None else block.presenter,
        "presenters": {str(b.index): b.presenter for b in timeline.blocks},
        "roles": {r.person: r.role for r in timeline.roles if r.end >= now - 1e-6},
        "silence": silent,
    }


def curve_state(monitor: Monitor, session: SessionFile) -> dict[str, Any]:
    """Everybody's last ten minutes: time, bpm, ln ms, uS; ``None`` where the rules refuse one."""
    return {
        "curves": {
            person: [
                [round(p.time, 1), _plain(p.heart_rate), _plain(p.ln_rmssd), _plain(p.scl)]
                for p in monitor.history(person)
            ]
            for person in session.people
        }
    }


def _plain(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


def summary_state(summary: RecordingSummary) -> dict[str, Any]:
    """Return what the recording came to."""
    return {
        "file": summary.path.name,
        "journal": summary.journal.name,
        "seconds": summary.seconds,
        "complete": summary.complete,
        "damaged": summary.damaged_blocks,
        "bytes": summary.path.stat().st_size,
        "streams": [
            {
                "name": s.info.name,
                "person": s.person,
                "received": s.received,
                "on_disk": s.on_disk,
            }
            for s in summary.streams
        ],
        "findings": [finding_state(f) for f in summary.findings],
    }
