"""The four polarities of mentalizing as ribbons: what raters said, and beneath it what is expected.

First pole warm, second cold, balance grey, not rated empty; the poles stand as words
beside the rows, so that colour never says it alone. What is expected is a transcription of a text
and no data, and is drawn thinner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arousal.hypothesis.prediction import POLARITIES
from dashboards.bands import Band
from dashboards.figures.parts import axis, band_shape, base_layout, note, title, zero_line
from dashboards.messages import Messages
from dashboards.theme import LIGHT

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

__all__ = ["POLES", "Ribbon", "case_figure", "poles_of", "ribbon_figure"]

FloatArray = NDArray[np.float64]

POLES: Mapping[str, tuple[str, str]] = {
    "automatic_controlled": ("automatic", "controlled"),
    "self_other": ("self", "other"),
    "external_internal": ("external", "internal"),
    "affective_cognitive": ("affective", "cognitive"),
}
"""Polarity -> its poles, -1 first."""
MEASURED, EXPECTED, GAP = 0.56, 0.24, 0.2
"""Heights within the row of one polarity."""
SHADES = [[0.0, LIGHT.presenter], [0.5, LIGHT.grid], [1.0, LIGHT.members]]


@dataclass(frozen=True, slots=True, eq=False)
class Ribbon:
    """Polarities over one axis.

    Parameters
    ----------
    edges : ndarray, shape (cells + 1,)
        Borders of the cells on the x axis.
    measured, expected : mapping of str to ndarray, shape (cells,)
        Polarity -> -1 to 1; NaN = not rated, or nothing expected.
    """

    edges: FloatArray
    measured: Mapping[str, FloatArray]
    expected: Mapping[str, FloatArray]


def ribbon_traces(ribbon: Ribbon, axis_name: str, say: Messages) -> list[dict[str, Any]]:
    """Return one coloured row for each polarity and, beneath it, a thinner one for the expected.

    Parameters
    ----------
    ribbon : Ribbon
        What is drawn.
    axis_name : str
        ``"y"``, ``"y2"`` ...
    say : Messages
        The catalogue.
    """
    traces = []
    for row, name in enumerate(POLARITIES):
        first, second = poles_of(name, say)
        rated, expected = say("ribbon.rated"), say("ribbon.expected")
        parts = (
            (ribbon.measured.get(name), row, row + MEASURED, rated),
            (ribbon.expected.get(name), row + MEASURED, row + 1 - GAP, expected),
        )
        for values, low, high, told in parts:
            if values is None or not np.isfinite(values).any():
                continue
            traces.append(
                {
                    "type": "heatmap",
                    "x": ribbon.edges,
                    "y": [low, high],
                    "z": values[None, :],
                    "zmin": -1,
                    "zmax": 1,
                    "colorscale": SHADES,
                    "showscale": False,
                    "hoverongaps": False,
                    "yaxis": axis_name,
                    "hovertemplate": f"{first} (−1) to {second} (+1), {told}: %{{z:+.2f}}"
                    "<extra></extra>",
                }
            )
    return traces


def poles_of(polarity: str, say: Messages) -> tuple[str, str]:
    """Return a polarity's poles as a reader calls them, -1 first."""
    first, second = POLES[polarity]
    return say(f"ribbon.{first}"), say(f"ribbon.{second}")


def ribbon_axis(say: Messages, **more: Any) -> dict[str, Any]:
    """Return the axis of the rows, from the first polarity at the top down."""
    return axis(
        tickmode="array",
        tickvals=[row + MEASURED / 2 for row in range(len(POLARITIES))],
        ticktext=["<br>".join(poles_of(name, say)) for name in POLARITIES],
        range=[len(POLARITIES), -0.1],
        showgrid=False,
        **more,
    )


def ribbon_figure(ribbon: Ribbon, bands: tuple[Band, ...], say: Messages) -> go.Figure:
    """Draw the ribbon of one session over its minutes, phases as bands behind it.

    Parameters
    ----------
    ribbon : Ribbon
        Its edges in minutes since the recording began.
    bands : tuple of Band
        The session's phases.
    say : Messages
        The catalogue.
    """
    import plotly.graph_objects as go

    end = max([float(ribbon.edges[-1]), *(b.end for b in bands)])
    layout = {
        **base_layout(300, say),
        "margin": {"l": 92, "r": 10, "t": 26, "b": 44},
        "xaxis": axis(range=[0, end], title=title(say("figure.time_axis")), showgrid=False),
        "yaxis": ribbon_axis(say),
        "shapes": [_phase(b) for b in bands],
        "annotations": [_number(b) for b in bands],
        "meta": {"narrow": {"xaxis.dtick": 20}},
    }
    return go.Figure({"data": ribbon_traces(ribbon, "y", say), "layout": layout})


def _phase(band: Band) -> dict[str, Any]:
    """The border of a phase: its tint would be taken for a rating."""
    return {**band_shape(band, band.onset, band.end), "fillcolor": "rgba(0,0,0,0)"}


def _number(band: Band) -> dict[str, Any]:
    place = {"xref": "x", "yref": "paper", "yanchor": "bottom", "yshift": 1}
    return note(str(band.number), x=band.middle, y=1, **place)


def case_figure(course: pd.DataFrame, say: Messages) -> go.Figure:
    """Draw the mean course over a case, and the ribbon of the polarities where there were raters.

    Parameters
    ----------
    course : DataFrame
        `arousal.tables.exploration.CASE_COURSE`, with at least one row.
    say : Messages
        The catalogue (number format).
    """
    import plotly.graph_objects as go

    phases = list(dict.fromkeys(course["phase"]))
    bins = int(course["bin"].max()) + 1
    ribbon = _ribbon(course, phases, bins)
    rated = bool(ribbon.measured)
    low = 0.5 if rated else 0.0
    borders = [bins * k for k in range(1, len(phases))]
    layout = {
        **base_layout(560 if rated else 320, say),
        "margin": {"l": 92, "r": 12, "t": 30, "b": 60},
        "xaxis": axis(
            range=[0, bins * len(phases)],
            tickmode="array",
            tickvals=[bins * (k + 0.5) for k in range(len(phases))],
            ticktext=[p.replace("_", " ") for p in phases],
            showgrid=False,
            anchor="y2" if rated else "y",
            title=title("phases, each drawn equally wide"),
        ),
        "yaxis": axis(domain=[low, 1.0], title=title("arousal, display units"), nticks=5),
        "shapes": [zero_line(), *map(_border, borders)],
        "annotations": [
            note("presenter", font={"color": LIGHT.presenter}, **_key(0.0)),
            note("members", font={"color": LIGHT.members}, **_key(0.4)),
        ],
        "meta": {"narrow": {"xaxis.tickangle": -40, "margin.b": 92, "margin.l": 80}},
    }
    if rated:
        layout["yaxis2"] = ribbon_axis(say, domain=[0.0, low - 0.06])
    data = [
        _line(course, who, phases, bins, colour)
        for who, colour in (("members", LIGHT.members), ("presenter", LIGHT.presenter))
    ]
    return go.Figure({"data": [*data, *ribbon_traces(ribbon, "y2", say)], "layout": layout})


def _key(x: float) -> dict[str, Any]:
    place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return {**place, "x": x, "y": 1, "yshift": 4}


def _border(at: int) -> dict[str, Any]:
    line = {"color": LIGHT.grid, "width": 1}
    return {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _placed(rows: pd.DataFrame, phases: Sequence[str], bins: int, column: str) -> FloatArray:
    values = np.full(bins * len(phases), np.nan)
    at = rows["phase"].map({p: k for k, p in enumerate(phases)}).to_numpy(dtype=np.int64)
    values[at * bins + rows["bin"].to_numpy(dtype=np.int64)] = rows[column].to_numpy(dtype=float)
    return values


def _line(
    course: pd.DataFrame, who: str, phases: Sequence[str], bins: int, colour: str
) -> dict[str, Any]:
    rows = course[(course["who"] == who) & ~course["measure"].isin(POLARITIES)]
    mean, n = (_placed(rows, phases, bins, c) for c in ("mean", "n"))
    # A place without a value between phases breaks the line: a phase is drawn to its own measure.
    breaks = np.arange(bins, mean.size, bins)
    x = np.insert(np.arange(mean.size) + 0.5, breaks, breaks)
    return {
        "type": "scatter",
        "x": x,
        "y": np.insert(mean, breaks, np.nan),
        "customdata": np.insert(n, breaks, np.nan),
        "mode": "lines+markers",
        "line": {"color": colour, "width": 2.4},
        "marker": {"color": colour, "size": 5},
        "connectgaps": False,
        "hovertemplate": f"{who}: %{{y:+.2f}}<br>n %{{customdata}} case blocks<extra></extra>",
    }


def _ribbon(course: pd.DataFrame, phases: Sequence[str], bins: int) -> Ribbon:
    def rows_of(who: str) -> dict[str, FloatArray]:
        found = {}
        for name in POLARITIES:
            rows = course[(course["who"] == who) & (course["measure"] == name)]
            if len(rows):
                found[name] = _placed(rows, phases, bins, "mean")
        return found

    edges = np.arange(bins * len(phases) + 1.0)
    measured = rows_of("group")
    return Ribbon(edges, measured, rows_of("expected") if measured else {})
