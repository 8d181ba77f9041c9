"""The table of signal quality: one row per person and signal."""

from __future__ import annotations

from arousal.tables.declaration import Column, Table, fraction

__all__ = ["QUALITY"]

QUALITY = Table(
    "quality",
    (
        Column("person", "str", "", "Pseudonym"),
        Column("kind", "str", "", "Signal kind"),
        Column("source", "str", "", "Stream or file"),
        Column(
            "rate",
            "float",
            "1/s",
            "Samples per second measured inside contiguous stretches",
        ),
        Column(
            "declared_rate",
            "float",
            "1/s",
            "Samples per second as declared; NaN = irregular",
        ),
        Column("seconds", "float", "s", "Time from first to last sample", low=0.0),
        fraction("usable_fraction", "Share of the session with usable data"),
        Column("gaps", "int", "", "Number of gaps", low=0),
        Column("gap_seconds", "float", "s", "Time inside gaps", low=0.0),
        Column("longest_gap", "float", "s", "Longest gap", low=0.0),
        fraction(
            "corrected_fraction",
            "Share of beats that were corrected; NaN where not beats",
        ),
        Column("used", "bool", "", "Whether features were computed from this signal"),
        Column("reasons", "str", "", "Quality codes joined by ';'"),
        Column(
            "reason_windows",
            "str",
            "",
            "Share of the shortest windows that each code hit, as code=share joined by ';', the "
            "most frequent first; empty where the signal was not used",
        ),
        Column("advice", "str", "", "What to do next time, in words"),
    ),
    key=("person", "kind", "source"),
    meaning="One row per person and signal.",
)
