"""Every table that crosses a room or reaches a file: its columns, units, bounds and meaning.

One declaration serves three readers: `Table.check` validates a frame before it leaves a room,
`Table.sidecar` writes the JSON that stands beside each TSV (BIDS style), and the data dictionary
in the documentation is generated from `TABLES`.

Column names are NeuroKit2's where it has one (``HRV_RMSSD``, ``EDA_Tonic_Mean``) and snake_case
for ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from arousal.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "CONTRASTS",
    "CURVES",
    "FEATURES",
    "GROUP",
    "MEASURES",
    "PHASES",
    "QUALITY",
    "RATINGS",
    "RESULTS",
    "TABLES",
    "Column",
    "Measure",
    "Table",
]

SCHEMA_VERSION = 1
"""Raised when a column changes its name or meaning."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Column name.
    dtype : {"str", "float", "int", "bool"}
        Type; floats may be NaN (missing), the others may not be missing.
    unit : str
        Unit; empty for none.
    meaning : str
        One sentence for the data dictionary.
    low, high : float, optional
        Allowed range, bounds included.
    levels : tuple of str
        Allowed values of a text column, if they are few.
    source : str
        Formula's source: NeuroKit2 function or DOI.
    """

    name: str
    dtype: Literal["str", "float", "int", "bool"]
    unit: str = ""
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: name, columns in order, the columns that make a row unique."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    meaning: str = ""

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [c.name for c in self.columns]

    def empty(self) -> pd.DataFrame:
        """Return a frame with this table's columns and types and no rows."""
        return self.frame({name: [] for name in self.names})

    def frame(self, columns: dict[str, Any]) -> pd.DataFrame:
        """Build a frame with this table's columns and types, in its order, and check it.

        Parameters
        ----------
        columns : dict
            Column name -> values; every column must be there and no other.

        Raises
        ------
        DataError
            As `check`.
        """
        import pandas as pd

        types = {"str": "object", "float": "float64", "int": "int64", "bool": "bool"}
        missing = [n for n in self.names if n not in columns]
        if missing or len(columns) != len(self.columns):
            other = sorted(set(columns) - set(self.names))
            raise DataError(f"columns missing: {missing}, unknown: {other}", where=self.name)
        frame = pd.DataFrame({n: columns[n] for n in self.names})
        frame = frame.astype({c.name: types[c.dtype] for c in self.columns})
        self.check(frame)
        return frame

    def check(self, frame: pd.DataFrame) -> None:
        """Check names, types, ranges, levels and uniqueness of the key.

        Raises
        ------
        DataError
            On the first column that breaks its declaration; names column, value and rule.
        """
        if list(frame.columns) != self.names:
            raise DataError(f"columns {list(frame.columns)} are not {self.names}", where=self.name)
        for column in self.columns:
            self._check_column(column, frame[column.name])
        if self.key and frame.duplicated(list(self.key)).any():
            row = frame[frame.duplicated(list(self.key))].iloc[0]
            key = ", ".join(f"{k}={row[k]}" for k in self.key)
            raise DataError(f"two rows with {key}", where=self.name)

    def _check_column(self, column: Column, values: pd.Series[Any]) -> None:
        kinds = {"str": "O", "float": "f", "int": "i", "bool": "b"}
        if values.dtype.kind != kinds[column.dtype]:
            raise DataError(f"{column.name} is {values.dtype}, not {column.dtype}", where=self.name)
        if column.levels and not values.isin(column.levels).all():
            wrong = values[~values.isin(column.levels)].iloc[0]
            raise DataError(
                f"{column.name} is {wrong!r}, allowed {', '.join(column.levels)}",
                where=self.name,
            )
        if column.low is not None and (values < column.low).any():
            raise DataError(
                f"{column.name} is {values.min()}, allowed >= {column.low}",
                where=self.name,
            )
        if column.high is not None and (values > column.high).any():
            raise DataError(
                f"{column.name} is {values.max()}, allowed <= {column.high}",
                where=self.name,
            )

    def sidecar(self) -> dict[str, dict[str, Any]]:
        """Column descriptions as BIDS-style JSON: LongName/Description, Units, Levels, Source."""
        return {c.name: _describe(c) for c in self.columns}


def _describe(column: Column) -> dict[str, Any]:
    entry: dict[str, Any] = {"Description": column.meaning, "Type": column.dtype}
    if column.unit:
        entry["Units"] = column.unit
    if column.levels:
        entry["Levels"] = list(column.levels)
    if column.low is not None:
        entry["Minimum"] = column.low
    if column.high is not None:
        entry["Maximum"] = column.high
    if column.source:
        entry["Source"] = column.source
    return entry


def _quality(name: str, meaning: str) -> Column:
    return Column(name, "float", "", meaning, 0.0, 1.0)


TASK_FORCE = "doi:10.1161/01.CIR.93.5.1043"
SPR_EDA = "doi:10.1111/j.1469-8986.2012.01384.x"
KLECKNER = "doi:10.1109/TBME.2017.2758643"

FEATURES = Table(
    "features",
    (
        Column("person", "str", "", "Pseudonym"),
        Column("onset", "float", "s", "Window begins, recording time"),
        Column("duration", "float", "s", "Window length", low=0.0),
        Column("heart_rate", "float", "bpm", "60000 / HRV_MeanNN", 20, 250, (), TASK_FORCE),
        Column(
            "HRV_MeanNN",
            "float",
            "ms",
            "Mean normal-to-normal interval",
            240,
            3000,
            (),
            "nk.hrv_time",
        ),
        Column(
            "HRV_SDNN",
            "float",
            "ms",
            "Standard deviation of NN intervals (n-1)",
            0,
            None,
            (),
            "nk.hrv_time",
        ),
        Column(
            "HRV_RMSSD",
            "float",
            "ms",
            "Root mean square of successive differences",
            0,
            None,
            (),
            "nk.hrv_time",
        ),
        Column(
            "ln_rmssd",
            "float",
            "ln ms",
            "Natural logarithm of HRV_RMSSD",
            None,
            None,
            (),
            "doi:10.3389/fpsyg.2017.00213",
        ),
        Column(
            "HRV_pNN50",
            "float",
            "%",
            "Successive differences over 50 ms, of n-1 differences",
            0,
            100,
            (),
            TASK_FORCE,
        ),
        Column("HRV_SD1", "float", "ms", "Poincare width", 0, None, (), "nk.hrv_nonlinear"),
        Column("HRV_SD2", "float", "ms", "Poincare length", 0, None, (), "nk.hrv_nonlinear"),
        Column(
            "HRV_HF",
            "float",
            "ms^2",
            "Welch power 0.15-0.40 Hz; only where a breathing rate lies in the band",
            0,
            None,
            (),
            "nk.hrv_frequency",
        ),
        Column(
            "HRV_LF",
            "float",
            "ms^2",
            "Welch power 0.04-0.15 Hz; on request, windows of 250 s and more",
            0,
            None,
            (),
            "nk.hrv_frequency",
        ),
        Column(
            "HRV_LFHF",
            "float",
            "",
            "HRV_LF / HRV_HF; on request",
            0,
            None,
            (),
            "nk.hrv_frequency",
        ),
        Column(
            "EDA_Tonic_Mean",
            "float",
            "uS",
            "Mean skin conductance level, low-passed, not detrended",
            0,
            None,
            (),
            SPR_EDA,
        ),
        Column(
            "ln_scl",
            "float",
            "ln uS",
            "Natural logarithm of EDA_Tonic_Mean",
            None,
            None,
            (),
            SPR_EDA,
        ),
        Column(
            "SCR_Peaks_N",
            "float",
            "",
            "Responses at or above the site's absolute threshold whose onset lies in usable data",
            0,
            None,
            (),
            SPR_EDA,
        ),
        Column(
            "scr_rate",
            "float",
            "1/min",
            "SCR_Peaks_N per usable minute (non-specific responses); missing for non-responders",
            0,
            None,
            (),
            SPR_EDA,
        ),
        Column(
            "SCR_Peaks_Amplitude_Mean",
            "float",
            "uS",
            "Mean trough-to-peak amplitude of those responses",
            0,
            None,
            (),
            SPR_EDA,
        ),
        Column("respiration_rate", "float", "1/min", "Breathing rate where known", 0, 60),
        _quality("cardiac_coverage", "Share of the window covered by usable beat intervals"),
        _quality("corrected_fraction", "Share of beats that were corrected"),
        _quality("eda_coverage", "Share of the window with usable skin conductance"),
        _quality(
            "speech_fraction",
            "Share of the window in which this person spoke; NaN = not known",
        ),
        Column(
            "cardiac_reasons",
            "str",
            "",
            "Why cardiac values are flagged or missing: quality codes joined by ';'",
        ),
        Column(
            "eda_reasons",
            "str",
            "",
            "Why EDA values are flagged or missing: quality codes joined by ';'",
        ),
    ),
    key=("person", "onset", "duration"),
    meaning="One row per person and window.",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that is followed over phases.

    Parameters
    ----------
    id : str
        Name in tables.
    label : str
        Name a person reads.
    unit : str
        Unit of its change from baseline.
    column : str
        Column of `FEATURES` that it comes from.
    sign : int
        +1 where a rise means more arousal, -1 where a fall does.
    branch : str
        ``"mixed"``, ``"sympathetic"`` or ``"vagal"``: what innervates it.
    window : float
        Window length in s that it is taken from.
    """

    id: str
    label: str
    unit: str
    column: str
    sign: Literal[1, -1]
    branch: Literal["mixed", "sympathetic", "vagal"]
    window: float


MEASURES = (
    Measure("heart_rate", "Heart rate", "bpm", "heart_rate", 1, "mixed", 60.0),
    Measure(
        "scr_rate",
        "Skin conductance responses",
        "1/min",
        "scr_rate",
        1,
        "sympathetic",
        60.0,
    ),
    Measure("ln_scl", "Skin conductance level", "ln uS", "ln_scl", 1, "sympathetic", 60.0),
    Measure(
        "ln_rmssd",
        "Heart-rate variability (lnRMSSD)",
        "ln ms",
        "ln_rmssd",
        -1,
        "vagal",
        120.0,
    ),
)
"""What is followed over phases, in the order in which pages show it."""

MEASURE_IDS = tuple(m.id for m in MEASURES)
INDEX_ID = "arousal_index"
"""The display index (mean of robust z of the parts); never used for inference."""

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
        _quality("usable_fraction", "Share of the session with usable data"),
        Column("gaps", "int", "", "Number of gaps", low=0),
        Column("gap_seconds", "float", "s", "Time inside gaps", low=0.0),
        Column("longest_gap", "float", "s", "Longest gap", low=0.0),
        _quality(
            "corrected_fraction",
            "Share of beats that were corrected; NaN where not beats",
        ),
        Column("used", "bool", "", "Whether features were computed from this signal"),
        Column("reasons", "str", "", "Quality codes joined by ';'"),
        Column("advice", "str", "", "What to do next time, in words"),
    ),
    key=("person", "kind", "source"),
    meaning="One row per person and signal.",
)

_TEST = (
    Column("contrast", "str", "", "Id of the contrast in the hypothesis file"),
    Column("measure", "str", "", "What was measured or rated"),
)

CONTRASTS = Table(
    "contrasts",
    (
        Column("session", "str", "", "Session id"),
        Column("group", "str", "", "Pseudonym of the group; empty if not told"),
        Column("block", "int", "", "Case block from 1; 0 = the whole session is left out", low=0),
        Column("presenter", "str", "", "Pseudonym of the presenter; empty if none was marked"),
        *_TEST,
        Column(
            "value",
            "float",
            "",
            "The contrast, in the measure's unit, signed so that up = more arousal; NaN = excluded",
        ),
        Column("unit", "str", "", "Unit of value"),
        Column("n_windows", "int", "", "Valid windows of everybody who entered", low=0),
        Column("n_members", "int", "", "Members with a value", low=0),
        Column("excluded", "bool", "", "Whether the block does not enter the test"),
        Column("reason", "str", "", "Why it is excluded; empty otherwise"),
    ),
    key=("session", "block", "contrast", "measure"),
    meaning="One number per case block, contrast and measure: what is tested.",
)

RESULTS = Table(
    "results",
    (
        *_TEST,
        Column("claim", "str", "", "Which claim of the source it stands for"),
        Column("label", "str", "", "Name that a person reads"),
        Column(
            "status", "str", "", "As registered", levels=("primary", "secondary", "exploratory")
        ),
        Column("who", "str", "", "Whose contrast: presenter, members or the difference"),
        Column(
            "direction",
            "str",
            "",
            "Expected direction",
            levels=("greater", "less", "two-sided", "equivalence"),
        ),
        Column("unit", "str", "", "Unit of mean, low, high and reference"),
        Column("n_blocks", "int", "", "Case blocks with a value", low=0),
        Column("n_units", "int", "", "Independent units among them: what is tested", low=0),
        Column("mean", "float", "", "Mean over units"),
        Column("low", "float", "", "Lower bound of its 95 % confidence interval (t)"),
        Column("high", "float", "", "Upper bound"),
        Column("g", "float", "", "Hedges g: mean / SD over units, corrected for small n"),
        Column("g_low", "float", "", "Lower bound of its 95 % interval (noncentral t)"),
        Column("g_high", "float", "", "Upper bound"),
        Column("t", "float", "", "Student's t (equivalence: the smaller of the two)"),
        Column("df", "float", "", "Its degrees of freedom"),
        Column("p_t", "float", "", "p of t (equivalence: the larger of the two)", 0.0, 1.0),
        Column("p_flip", "float", "", "p of the sign-flip test", 0.0, 1.0),
        Column("p_mixed", "float", "", "p of the mixed model, where asked for", 0.0, 1.0),
        Column("p", "float", "", "The p that the file lets decide", 0.0, 1.0),
        Column("p_adjusted", "float", "", "The same, corrected for several tests", 0.0, 1.0),
        Column("correction", "str", "", "How: Holm or Benjamini-Hochberg, over how many tests"),
        Column(
            "reference",
            "float",
            "",
            "Smallest effect that would matter, or the margin of equivalence",
        ),
        Column("confirmatory", "bool", "", "Whether the result may be called confirmatory"),
        Column("why_not", "str", "", "Why it may not; empty otherwise"),
        Column(
            "verdict",
            "str",
            "",
            "What follows",
            levels=("supported", "not supported", "cannot tell"),
        ),
        Column("why", "str", "", "The verdict's reason in words"),
    ),
    key=("contrast", "measure"),
    meaning="One row per contrast and measure: the test over case blocks and what follows from it.",
)

RATINGS = Table(
    "ratings",
    (
        Column("onset", "float", "s", "The rated stretch begins, recording time"),
        Column("duration", "float", "s", "Length of the rated stretch", low=0.0),
        Column("rater", "str", "", "Pseudonym of the rater"),
        Column("person", "str", "", "Pseudonym of the rated person, or 'group' for everybody"),
        Column(
            "automatic_controlled",
            "float",
            "",
            "-1 = automatic, +1 = controlled, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column(
            "self_other",
            "float",
            "",
            "-1 = about oneself, +1 = about others, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column(
            "external_internal",
            "float",
            "",
            "-1 = external, +1 = internal, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column(
            "affective_cognitive",
            "float",
            "",
            "-1 = affective, +1 = cognitive, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column("quality", "float", "", "Quality of mentalizing, 0-4; NaN = not rated", 0.0, 4.0),
        Column(
            "mode",
            "str",
            "",
            "Non-mentalizing mode where one was seen; empty otherwise",
            levels=("", "pretend", "psychic_equivalence", "teleological"),
        ),
    ),
    key=("rater", "person", "onset"),
    meaning="One row per rater and rated stretch: the four polarities of mentalizing.",
)

TABLES: tuple[Table, ...] = (FEATURES, CURVES, GROUP, PHASES, QUALITY, CONTRASTS, RESULTS, RATINGS)


def measure(measure_id: str, among: Iterable[Measure] = MEASURES) -> Measure:
    """Return the measure with this id.

    Raises
    ------
    DataError
        If there is none.
    """
    for candidate in among:
        if candidate.id == measure_id:
            return candidate
    raise DataError(f"no measure {measure_id!r}, known: {', '.join(m.id for m in among)}")
