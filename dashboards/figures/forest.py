"""Across sessions: a forest of effects, and the mean course of a contrast with its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.figures.parts import axis, base_layout, title, zero_line
from dashboards.messages import Messages
from dashboards.theme import LIGHT

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from arousal.study.trajectory import StudyCurve

__all__ = ["ForestRow", "forest_figure", "mean_course_figure"]

SYMBOLS = {"supported": "circle", "not supported": "x", "cannot tell": "circle-open"}
"""Verdict -> mark; colour never says it alone."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One effect: what it is, Hedges g with its interval, units, verdict, whether confirmatory."""

    label: str
    g: float
    low: float
    high: float
    n: int
    verdict: str
    confirmatory: bool


def forest_figure(rows: Sequence[ForestRow], say: Messages) -> go.Figure:
    """Draw one line per effect: Hedges g and its 95 % interval over independent units.

    Parameters
    ----------
    rows : sequence of ForestRow
        From top to bottom.
    say : Messages
        The catalogue (number format).
    """
    import plotly.graph_objects as go

    names = [f"{row.label}, n {row.n}" for row in rows]
    left = 20 + round(6.4 * max(map(len, names)))
    zero = {"type": "line", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1}
    zero["line"] = {"color": LIGHT.zero, "width": 1, "dash": "dot"}
    layout = {
        **base_layout(80 + 26 * len(rows), say),
        "margin": {"l": left, "r": 14, "t": 8, "b": 46},
        "xaxis": axis(title=title("Hedges g with its 95 % interval; right is as expected")),
        "yaxis": axis(
            tickmode="array",
            tickvals=list(range(len(rows))),
            ticktext=[escape(name) for name in names],
            range=[len(rows) - 0.5, -0.5],
            showgrid=False,
        ),
        "shapes": [zero],
    }
    return go.Figure({"data": [_effect(row, at) for at, row in enumerate(rows)], "layout": layout})


def _effect(row: ForestRow, at: int) -> dict[str, Any]:
    colour = LIGHT.members if row.confirmatory else LIGHT.zero
    return {
        "type": "scatter",
        "x": [row.g],
        "y": [at],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [row.high - row.g],
            "arrayminus": [row.g - row.low],
            "color": colour,
            "thickness": 2.5,
            "width": 0,
        },
        "mode": "markers",
        "marker": {"size": 11, "color": colour, "symbol": SYMBOLS[row.verdict]},
        "hovertemplate": f"{escape(row.label)}: g %{{x:.2f}}<br>n {row.n}, {row.verdict}"
        "<extra></extra>",
    }


def mean_course_figure(curve: StudyCurve, unit: str, say: Messages) -> go.Figure:
    """Draw a contrast's mean course over its phase with the simultaneous 95 % band.

    Parameters
    ----------
    curve : StudyCurve
        From `arousal.study.trajectory`.
    unit : str
        Of the measure.
    say : Messages
        The catalogue (number format).
    """
    import plotly.graph_objects as go

    share = 100 * (np.arange(len(curve.mean)) + 0.5) / len(curve.mean)
    mean, low, high = (np.array(v, dtype=float) for v in (curve.mean, curve.low, curve.high))
    band = {
        "type": "scatter",
        "x": np.concatenate((share, share[::-1])),
        "y": np.concatenate((low, high[::-1])),
        "fill": "toself",
        "mode": "lines",
        "line": {"width": 0},
        "fillcolor": LIGHT.spread,
        "hoverinfo": "skip",
    }
    line = {
        "type": "scatter",
        "x": share,
        "y": mean,
        "mode": "lines",
        "line": {"color": LIGHT.members, "width": 2.6},
        "connectgaps": False,
        "customdata": list(curve.n),
        "hovertemplate": f"%{{x:.0f}} %: %{{y:+.2f}} {escape(unit)}<br>n %{{customdata}}"
        "<extra></extra>",
    }
    layout = {
        **base_layout(300, say),
        "margin": {"l": 60, "r": 14, "t": 8, "b": 46},
        "xaxis": axis(title=title(f"share of the {curve.phase}, %"), range=[0, 100]),
        "yaxis": axis(title=title(unit)),
        "shapes": [zero_line()],
    }
    return go.Figure({"data": [band, line], "layout": layout})
