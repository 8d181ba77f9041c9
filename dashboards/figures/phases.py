"""Phase by phase: a dot for the middle of the people and a bar for the middle half of them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.bands import Band
from dashboards.estimates import Cell
from dashboards.figures.parts import BAND_OPACITY, axis, base_layout, title
from dashboards.messages import Messages
from dashboards.theme import LIGHT, tint
from dashboards.words import Estimate

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["phase_figure"]


def phase_figure(
    rows: tuple[tuple[Band, Cell], ...], label: str, unit: str, counted: str, say: Messages
) -> go.Figure:
    """Draw a dot and a bar for each phase: median and middle half of the people, or one's own.

    Parameters
    ----------
    rows : tuple of (Band, Cell)
        In order; a cell without a number leaves its row empty.
    label : str
        What is drawn, for the axis.
    unit : str
        Unit in the hover text.
    counted : str
        What is counted behind a dot (people, windows).
    say : Messages
        The catalogue.
    """
    import plotly.graph_objects as go

    zero = {"type": "line", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1}
    zero["line"] = {"color": LIGHT.zero, "width": 1, "dash": "dot"}
    left = 26 + round(6.2 * max(len(band.label) for band, _ in rows))
    layout = {
        **base_layout(70 + 34 * len(rows), say),
        "margin": {"l": left, "r": 14, "t": 8, "b": 46},
        "meta": {
            "narrow": {"xaxis.title.text": say("figure.phase_axis_narrow")},
            "print": {"height": 42 + 12 * len(rows), "margin.b": 36},
        },
        "xaxis": axis(title=title(label), nticks=7),
        "yaxis": axis(
            tickmode="array",
            tickvals=list(range(len(rows))),
            ticktext=[escape(band.label) for band, _ in rows],
            range=[len(rows) - 0.5, -0.5],
            showgrid=False,
            ticklabelstandoff=4,
        ),
        "shapes": [*(_row(band, at) for at, (band, _) in enumerate(rows)), zero],
    }
    data = [
        _dot(band, cell.value, at, unit, counted)
        for at, (band, cell) in enumerate(rows)
        if cell.value.shown
    ]
    return go.Figure({"data": data, "layout": layout})


def _row(band: Band, at: int) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": at - 0.5,
        "y1": at + 0.5,
        "fillcolor": tint(band.colour, BAND_OPACITY),
        "line": {"width": 0},
        "layer": "below",
    }


def _dot(band: Band, value: Estimate, at: int, unit: str, counted: str) -> dict[str, Any]:
    people = f"{counted}: {value.n}"
    return {
        "type": "scatter",
        "x": [value.mid],
        "y": [at],
        "error_x": _bar(value) if np.isfinite(value.low) else None,
        "mode": "markers",
        "marker": {
            "size": 12,
            "color": LIGHT.members,
            "line": {"color": LIGHT.surface, "width": 2},
        },
        "hovertemplate": f"{escape(band.label)}: %{{x:+.2f}} {escape(unit)}<br>{people}"
        "<extra></extra>",
    }


def _bar(value: Estimate) -> dict[str, Any]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [value.high - value.mid],
        "arrayminus": [value.mid - value.low],
        "color": LIGHT.members,
        "thickness": 5,
        "width": 0,
    }
