"""Tables over the session's course: curves, their summary over a group, phase means."""

from __future__ import annotations

from arousal.tables.declaration import Column, Table
from arousal.tables.measures import INDEX_ID, MEASURE_IDS

__all__ = ["CURVES", "GROUP", "PHASES"]

_PLACE = (
    Column(
        "block",
        "int",
        "",
        "Case block, counted from 1; 0 = outside a case block",
        low=0,
    ),
    Column("phase", "str", "", "Phase id of the protocol; empty = between phases"),
)
_MEASURE = Column(
    "measure",
    "str",
    "",
    "What was measured",
    levels=(*MEASURE_IDS, INDEX_ID, "device_heart_rate"),
)

CURVES = Table(
    "curves",
    (
        Column("person", "str", "", "Pseudonym"),
        Column("role", "str", "", "Role at the window's middle"),
        *_PLACE,
        Column("time", "float", "s", "Middle of the window, recording time"),
        Column(
            "phase_time",
            "float",
            "s",
            "Middle of the window, seconds since the phase began",
        ),
        Column(
            "progress",
            "float",
            "",
            "The same as a share of the phase's length",
            0.0,
            1.0,
        ),
        _MEASURE,
        Column(
            "value",
            "float",
            "",
            "Value in the measure's own unit; for the index: mean robust z",
        ),
        Column("change", "float", "", "Value minus the person's own baseline"),
        Column(
            "z",
            "float",
            "",
            "Change / the session's own MAD x 1.4826, signed so that up = more arousal "
            "(for scr_rate both of its square root); display only",
        ),
    ),
    key=("person", "time", "measure"),
    meaning="One row per person, window and measure: change from the person's own baseline.",
)

GROUP = Table(
    "group",
    (
        Column(
            "group",
            "str",
            "",
            "Who is summarised",
            levels=("members", "presenter", "leaders"),
        ),
        *_PLACE,
        Column("time", "float", "s", "Middle of the window, recording time"),
        Column("phase_time", "float", "s", "Seconds since the phase began"),
        Column("progress", "float", "", "Share of the phase's length", 0.0, 1.0),
        _MEASURE,
        Column("median", "float", "", "Median over persons of the change from own baseline"),
        Column("low", "float", "", "Lower quartile over persons"),
        Column("high", "float", "", "Upper quartile over persons"),
        Column("n", "int", "", "Persons with a valid window", low=0),
    ),
    key=("group", "time", "measure"),
    meaning="The curves summarised over the persons in a role.",
)

PHASES = Table(
    "phases",
    (
        Column("person", "str", "", "Pseudonym, or 'members' for the median over members"),
        Column("role", "str", "", "Role in that phase"),
        *_PLACE,
        _MEASURE,
        Column(
            "value",
            "float",
            "",
            "Mean over valid windows of the change from own baseline "
            "(device_heart_rate: plain mean); for 'members' the median over persons; "
            "NaN = refused, see reason",
        ),
        Column("unit", "str", "", "Unit of value"),
        Column(
            "low",
            "float",
            "",
            "For 'members' the lower quartile over persons; for a person the mean minus"
            " its standard deviation over windows (spread, not a confidence interval)",
        ),
        Column("high", "float", "", "The same on the upper side"),
        Column("n", "int", "", "Valid windows (a person) or persons ('members')", low=0),
        Column("coverage", "float", "", "Valid share of the phase's windows", 0.0, 1.0),
        Column(
            "baseline",
            "str",
            "",
            "What the change is counted from: baseline, recovery, opening, session or none",
        ),
        Column("reason", "str", "", "Why there is no value; empty otherwise"),
    ),
    key=("person", "block", "phase", "measure"),
    meaning="One row per person (and the members together), phase and measure.",
)
