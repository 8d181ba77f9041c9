"""What a study shows beside its hypothesis, as sections of plain values for the results page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from arousal.hypothesis.event_tests import ALLOWANCE
from arousal.tables import MEASURES
from dashboards.figures.ribbon import POLES

if TYPE_CHECKING:
    import pandas as pd

    from arousal.study.exploration import Exploration

__all__ = ["Column", "ExploredTable", "explored_tables"]

Row = Mapping[Any, Any]
LABELS = {m.id: m.label for m in MEASURES} | {k: " – ".join(v) for k, v in POLES.items()}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its head, whether it holds numbers, and the text of a row."""

    head: str
    text: Callable[[Row], str]
    number: bool = True


@dataclass(frozen=True, slots=True)
class ExploredTable:
    """One table of the page.

    Parameters
    ----------
    name, title, told, nothing : str
        Anchor; heading; what it says, with its cautions; what stands there without rows.
    heads : tuple of (str, bool)
        Column heads, and whether each holds numbers.
    rows : tuple of tuple of str
        Cells; the first is the row's head.
    """

    name: str
    title: str
    told: str
    nothing: str
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]


def explored_tables(found: Exploration) -> tuple[ExploredTable, ...]:
    """Return the exploratory tables in the order of the page.

    Parameters
    ----------
    found : Exploration
        From `arousal.study.exploration.explore_study`.
    """
    return (
        _agreement(found.agreement),
        _links(found.links),
        _events(found.events),
        _synchrony(found.synchrony),
        _recovery(found.recovery),
        _dissociation(found.dissociation),
        _bands(found.bands),
    )


def _table(
    frame: pd.DataFrame, name: str, title: str, told: str, nothing: str, columns: Sequence[Column]
) -> ExploredTable:
    rows = frame.to_dict(orient="records")
    return ExploredTable(
        name,
        title,
        told,
        nothing,
        tuple((c.head, c.number) for c in columns),
        tuple(tuple(c.text(row) for c in columns) for row in rows),
    )


def _label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " "))


def _plain(name: str) -> Callable[[Row], str]:
    return lambda row: _label(str(row[name]))


def _count(name: str) -> Callable[[Row], str]:
    return lambda row: str(row[name])


def _number(name: str, digits: int = 2, sign: bool = True) -> Callable[[Row], str]:
    form = f"{'+' if sign else ''}.{digits}f"
    return lambda row: f"{row[name]:{form}}" if np.isfinite(row[name]) else "–"


def _share(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row[name]:.0%}" if np.isfinite(row[name]) else "–"


def _interval(value: str, low: str, high: str, digits: int = 2) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        if not np.isfinite(row[value]):
            return "–"
        told = f"{row[value]:+.{digits}f}"
        if not np.isfinite(row[low]):
            return told
        return f"{told} [{row[low]:+.{digits}f}, {row[high]:+.{digits}f}]"

    return text


def _p(name: str) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        p = row[name]
        if not np.isfinite(p):
            return "not tested"
        return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")

    return text


_REASON = Column("Note", lambda row: str(row["reason"]), number=False)


def _agreement(frame: pd.DataFrame) -> ExploredTable:
    return _table(
        frame,
        "agreement",
        "Do the raters agree?",
        "Intraclass correlations (two-way random, absolute agreement) over persons, or the group, "
        "in phases that all raters rated. Phases of one session depend on each other, so the "
        "intervals are narrower than they should be.",
        "No session has ratings (ratings.tsv), so nothing can be said about mentalizing itself.",
        (
            Column("Polarity", _plain("measure"), number=False),
            Column("Raters", _count("raters")),
            Column("Rated alike", _count("targets")),
            Column("One rater, ICC(2,1)", _interval("single", "single_low", "single_high")),
            Column("Their mean, ICC(2,k)", _interval("mean", "mean_low", "mean_high")),
            _REASON,
        ),
    )


def _links(frame: pd.DataFrame) -> ExploredTable:
    return _table(
        frame,
        "links",
        "Does rated mentalizing go with arousal?",
        "Within persons, one number per case block: the slope of a polarity on own arousal (C17, "
        "per unit of the measure) and the curvature of quality (C16). Both are expected below 0. "
        "Both also follow the phases; only “person and phase” speaks of a link.",
        "No ratings of people with arousal beside them.",
        (
            Column(
                "Claim", lambda row: f"{row['claim']} {_label(str(row['rated']))}", number=False
            ),
            Column("Arousal", _plain("measure"), number=False),
            Column("Within", _plain("within"), number=False),
            Column("Independent blocks", _count("n")),
            Column("Mean [95 %]", _interval("mean", "low", "high", 3)),
            Column("p, Holm", _p("p_adjusted")),
            _REASON,
        ),
    )


def _events(frame: pd.DataFrame) -> ExploredTable:
    return _table(
        frame,
        "events",
        "What follows interventions and silences",
        "Change 60–180 s after, beyond what follows such a level anyway (analysis of covariance "
        "over candidate times of the same phase); the session is the unit. p is one-sided where "
        f"the texts expect a direction, and grants the method its own bias of {ALLOWANCE:g} SD.",
        "No intervention and no silence was marked.",
        (
            Column("Event", _plain("type"), number=False),
            Column("Measure", _plain("measure"), number=False),
            Column("Sessions (events)", lambda row: f"{row['n']} ({row['events']})"),
            Column(
                "Effect per event [95 %]",
                lambda row: f"{_interval('effect', 'low', 'high')(row)} {row['unit']}",
            ),
            Column("Expected", _plain("direction"), number=False),
            Column("p, uncorrected", _p("p_t")),
            Column("Pseudo-events", lambda row: f"{_number('matched')(row)}, {row['agrees']}"),
            _REASON,
        ),
    )


def _synchrony(frame: pd.DataFrame) -> ExploredTable:
    return _table(
        frame,
        "synchrony",
        "Synchrony of those who sat together",
        "Fisher’s z beyond shuffled segments of the same phase (chance), and beyond people of "
        "other sessions at the same phase time (agenda). A claim needs both; p is the larger of "
        "the two. No pair is shown.",
        "Nobody’s curves lie beside anybody’s.",
        (
            Column("Phase", lambda row: str(row["phase"]).replace("_", " ") or "–", number=False),
            Column("Signal", _plain("signal"), number=False),
            Column("Method", lambda row: str(row["method"]), number=False),
            Column("Independent blocks", _count("n")),
            Column("Above chance", _number("above_chance", 3)),
            Column("Above agenda [95 %]", _interval("above_agenda", "low", "high", 3)),
            Column("p, both, uncorrected", _p("p")),
            _REASON,
        ),
    )


def _recovery(frame: pd.DataFrame) -> ExploredTable:
    return _table(
        frame,
        "recovery",
        "How quickly curves come down from their peaks",
        "Mean time until half of a rise is gone (Kaplan-Meier, up to ten minutes), against curves "
        "with the same spectrum and gaps and random phases. Noise alone comes down in minutes, so "
        "only the ratio says anything; below 0 is quicker. It says nothing about anybody’s "
        "robustness.",
        "No curve has three peaks.",
        (
            Column("Whose", _plain("who"), number=False),
            Column("Measure", _plain("measure"), number=False),
            Column("Independent blocks (curves)", lambda row: f"{row['n']} ({row['curves']})"),
            Column("Seconds", _number("seconds", 0, sign=False)),
            Column("By itself", _number("expected", 0, sign=False)),
            Column("Log ratio [95 %]", _interval("ratio", "low", "high")),
            Column("Still up at the end", _share("censored")),
            Column("p, two-sided, uncorrected", _p("p_t")),
            _REASON,
        ),
    )


def _dissociation(frame: pd.DataFrame) -> ExploredTable:
    by = frame.groupby("phase", sort=False)
    phases = by.agg(blocks=("n", "size"), probes=("n", "sum"), mean=("mean", "mean")).reset_index()
    return _table(
        phases,
        "dissociation",
        "Self-reports beside the skin",
        "Mean z(skin) − z(self-report) of the probes in a phase; above 0 is more in the skin than "
        "in the words. The scale, dry skin and a cool room make differences too: described, never "
        "tested, and no label on anybody.",
        "No self-report with skin conductance beside it.",
        (
            Column("Phase", lambda row: str(row["phase"]).replace("_", " ") or "–", number=False),
            Column("Blocks", _count("blocks")),
            Column("Probes", _count("probes")),
            Column("Mean z", _number("mean")),
        ),
    )


def _bands(frame: pd.DataFrame) -> ExploredTable:
    limits = ""
    if len(frame):
        limits = f" (from {frame['band_low'].iloc[0]:+g} to {frame['band_high'].iloc[0]:+g})"
    return _table(
        frame,
        "bands",
        "Time near the own quiet start",
        "Mean share of everybody’s windows inside a band around their own quiet start, in display "
        f"units{limits}. The band is ours, the texts give no numbers: a display, no test.",
        "No window has a display index.",
        (
            Column("Phase", lambda row: str(row["phase"]).replace("_", " "), number=False),
            Column("People", _count("n")),
            Column("Below", _share("below")),
            Column("Inside", _share("inside")),
            Column("Above", _share("above")),
        ),
    )
