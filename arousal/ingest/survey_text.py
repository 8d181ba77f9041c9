"""A survey of the network as lines for a person, and as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator

from arousal.findings import Finding, Severity
from arousal.ingest.stream_health import StreamHealth
from arousal.ingest.survey import Survey

__all__ = ["survey_json", "survey_lines"]

_SIGNS = {Severity.NOTE: "-", Severity.WARNING: "!", Severity.PROBLEM: "X"}


def survey_lines(found: Survey) -> Iterator[str]:
    """Yield a table, what is wrong with each stream below it, and a last line that sums up."""
    rows: list[tuple[str, ...]] = [
        ("name", "what", "who", "unit", "rate", "declared", "computer", "state")
    ]
    rows += [_row(found, reading) for reading in found.readings]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    said: list[tuple[Finding, ...]] = [(), *(reading.findings for reading in found.readings)]
    for row, findings in zip(rows, said, strict=True):
        yield "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for finding in findings:
            yield f"   {_SIGNS[finding.severity]} {finding.message}{_hint(finding)}"
    for finding in found.findings:
        yield f"{_SIGNS[finding.severity]} {finding}"
    good = sum(not reading.findings for reading in found.readings)
    yield f"{len(found.readings)} streams, {good} without a finding"


def _row(found: Survey, reading: StreamHealth) -> tuple[str, ...]:
    info = reading.info
    kinds = found.kinds.get(info.uid, ())
    what = "+".join(kinds) or ("marks" if info.is_text else "unknown")
    units = "+".join(dict.fromkeys(unit for unit in info.units if unit)) or "-"
    rate = "-" if reading.rate is None else f"{reading.rate:.4g} Hz"
    declared = f"{info.rate:g} Hz" if info.rate else "irregular"
    host = info.hostname or "-"
    return (
        info.name, what, reading.person or "-", units, rate, declared, host, str(reading.state)
    )  # fmt: skip


def _hint(finding: Finding) -> str:
    return f" ({finding.hint})" if finding.hint else ""


def survey_json(found: Survey) -> str:
    """Return the same as one JSON object."""
    streams = [
        {
            "name": reading.info.name,
            "type": reading.info.type,
            "source_id": reading.info.source_id,
            "uid": reading.info.uid,
            "hostname": reading.info.hostname,
            "kinds": list(found.kinds.get(reading.info.uid, ())),
            "units": list(reading.info.units),
            "person": reading.person,
            "declared_rate": reading.info.rate,
            "rate": reading.rate,
            "state": reading.state,
            "samples": reading.samples,
            "offset": reading.offset,
            "findings": [_plain(finding) for finding in reading.findings],
        }
        for reading in found.readings
    ]
    return json.dumps({"streams": streams, "findings": [_plain(f) for f in found.findings]})


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "where": finding.where,
        "message": finding.message,
        "hint": finding.hint,
    }
