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
REACH = 4.0
"""Largest |Hedges g| on the axis: one huge effect would press all others together at zero."""
ROW, NARROW_ROW = 26, 40
"""Height of an effect in px: its name beside the line, and above it."""


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

    @property
    def name(self) -> str:
        """What stands at its line."""
        return f"{self.label}, n {self.n}, {self.verdict}"

    @property
    def text(self) -> str:
        """All of it in words, for those who do not see the figure."""
        return f"{self.name}: g {self.g:.2f} [{self.low:.2f}, {self.high:.2f}]"


def forest_figure(rows: Sequence[ForestRow], say: Messages) -> go.Figure:
    """Draw one line per effect: Hedges g and its 95 % interval over independent units.

    On a narrow screen the names stand above the lines, so that these keep the whole width. An
    effect beyond `REACH` is an arrow at the edge with its number beside it.

    Parameters
    ----------
    rows : sequence of ForestRow
        From top to bottom.
    say : Messages
        The catalogue (number format).
    """
    import plotly.graph_objects as go

    names = [escape(row.name) for row in rows]
    zero = {"type": "line", "yref": "paper", "x0": 0, "x1": 0, "y0": 0, "y1": 1}
    zero["line"] = {"color": LIGHT.zero, "width": 1, "dash": "dot"}
    layout = {
        **base_layout(80 + ROW * len(rows), say),
        "margin": {"l": 20 + round(6.1 * max(len(row.name) for row in rows)), "r": 14, "t": 8}
        | {"b": 46},
        "xaxis": axis(
            title=title("Hedges g with its 95 % interval; right is as expected"),
            range=_range(rows),
        ),
        "yaxis": axis(
            tickmode="array",
            tickvals=list(range(len(rows))),
            ticktext=names,
            range=[len(rows) - 0.5, -0.7],
            showgrid=False,
        ),
        "shapes": [zero],
        "annotations": [_above(at) for at in range(len(rows))],
        "meta": {"narrow": _narrow(names)},
    }
    return go.Figure({"data": [_effect(row, at) for at, row in enumerate(rows)], "layout": layout})


def _range(rows: Sequence[ForestRow]) -> list[float]:
    """From the lowest to the highest end of an interval, zero inside, `REACH` at most."""
    low = max(min(0.0, *(row.low for row in rows)), -REACH)
    high = min(max(0.0, *(row.high for row in rows)), REACH)
    room = 0.04 * (high - low)
    return [low - room, high + room]


def _above(at: int) -> dict[str, Any]:
    """Where a name stands on a narrow screen; a wide one has it on the axis."""
    return {
        "text": "",
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": at,
        "yanchor": "bottom",
        "yshift": 6,
        "showarrow": False,
        "font": {"size": 11, "color": LIGHT.muted},
    }


def _narrow(names: Sequence[str]) -> dict[str, Any]:
    return {
        "xaxis.title.text": "Hedges g, 95 %",
        "yaxis.ticktext": [""] * len(names),
        "margin.l": 14,
        "height": 80 + NARROW_ROW * len(names),
        **{f"annotations.{at}.text": name for at, name in enumerate(names)},
    }


def _effect(row: ForestRow, at: int) -> dict[str, Any]:
    colour = LIGHT.members if row.confirmatory else LIGHT.zero
    beyond = abs(row.g) > REACH
    right = row.g > 0
    symbol = f"triangle-{'right' if right else 'left'}" if beyond else SYMBOLS[row.verdict]
    shown = float(np.clip(row.g, -REACH, REACH))
    return {
        "type": "scatter",
        "x": [shown],
        "y": [at],
        # The axis ends the line of an interval that goes on beyond it.
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [0.0 if beyond and right else max(row.high - shown, 0.0)],
            "arrayminus": [0.0 if beyond and not right else max(shown - row.low, 0.0)],
            "color": colour,
            "thickness": 2.5,
            "width": 0,
        },
        "mode": "markers+text" if beyond else "markers",
        "text": [f"{row.g:.1f}"] if beyond else None,
        "textposition": f"top {'left' if right else 'right'}",
        "textfont": {"size": 11, "color": LIGHT.muted},
        "marker": {"size": 11, "color": colour, "symbol": symbol},
        "hovertemplate": f"{escape(row.label)}: g {row.g:.2f} [{row.low:.2f}, {row.high:.2f}]<br>"
        f"n {row.n}, {row.verdict}<extra></extra>",
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
