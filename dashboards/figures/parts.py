"""What all figures share: lines and panels to draw, axes, bands, colours."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from dashboards.bands import Band
from dashboards.lines import Line
from dashboards.messages import Messages
from dashboards.theme import LIGHT, tint

__all__ = ["Mark", "Panel", "Strand"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
BAND_OPACITY = 0.13
WIDTHS = {
    "members": 2.6,
    "own": 2.2,
    "presenter": 1.8,
    "leaders": 1.4,
    "person": 0.9,
    "course": 7.0,
}


@dataclass(frozen=True, slots=True)
class Strand:
    """One line in a panel.

    Parameters
    ----------
    line : Line
        What is drawn.
    label : str
        Name in the hover text; from a file, so it is escaped here.
    kind : {"members", "own", "presenter", "leaders", "person", "course"}
        Decides colour and width, and which switch on the page shows or hides it.
    hidden : bool
        Whether it is hidden at first.
    dash : str
        Plotly dash style.
    """

    line: Line
    label: str
    kind: str
    hidden: bool = False
    dash: str = "solid"


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in time: minutes since the recording began, and what it was."""

    minute: float
    label: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: its title, its lines, and how its axis runs.

    Parameters
    ----------
    title, short : str
        Stand above the panel on a wide and on a narrow screen.
    strands : tuple of Strand
        From back to front.
    unit : str
        Unit in the hover text.
    weight : float
        Height against the other panels.
    turned : bool
        Whether the axis runs downwards, so that up is always more aroused.
    axis : str
        Axis title.
    """

    title: str
    short: str
    strands: tuple[Strand, ...]
    unit: str
    weight: float = 1.0
    turned: bool = False
    axis: str = ""


def base_layout(height: int, say: Messages) -> dict[str, Any]:
    """Return what all figures share."""
    return {
        "height": height,
        "separators": say("format.decimal") + say("format.thousands"),
        "margin": {"l": 52, "r": 10, "t": 44, "b": 44, "pad": 2},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": LIGHT.surface,
        "font": {"family": FONT, "size": 13, "color": LIGHT.ink},
        "hoverlabel": {
            "bgcolor": LIGHT.hover,
            "bordercolor": LIGHT.zero,
            "font": {"family": FONT, "size": 12, "color": LIGHT.ink},
        },
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
    }


def title(text: str) -> dict[str, Any]:
    """Return an axis title."""
    return {"text": text, "font": {"color": LIGHT.muted, "size": 12}, "standoff": 5}


def axis(**more: Any) -> dict[str, Any]:
    """Return a quiet axis that cannot be dragged."""
    return {
        "gridcolor": LIGHT.grid,
        "zeroline": False,
        "tickfont": {"color": LIGHT.muted, "size": 11},
        "fixedrange": True,
        "automargin": False,
        **more,
    }


def zero_line(suffix: str = "") -> dict[str, Any]:
    """Return the line of the own quiet start in one panel."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": f"y{suffix}",
        "y0": 0,
        "y1": 0,
        "line": {"color": LIGHT.zero, "width": 1, "dash": "dot"},
        "layer": "below",
    }


def band_shape(band: Band, onset: float, end: float) -> dict[str, Any]:
    """Return a phase's tint and border between two places of the x axis."""
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": onset,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "fillcolor": tint(band.colour, BAND_OPACITY),
        "line": {"color": tint(band.colour, 0.85), "width": 1},
        "layer": "below",
    }


def note(text: str, **more: Any) -> dict[str, Any]:
    """Return a text without an arrow; the text is escaped."""
    return {
        "text": escape(text),
        "showarrow": False,
        "font": {"size": 12, "color": LIGHT.ink, "weight": 600},
        **more,
    }


def traces(strand: Strand, axis_name: str, unit: str, say: Messages) -> list[dict[str, Any]]:
    """Return a strand's line and, behind it, its spread.

    Parameters
    ----------
    strand : Strand
        What is drawn.
    axis_name : str
        ``"y"``, ``"y2"`` ...
    unit : str
        Unit in the hover text.
    say : Messages
        The catalogue.
    """
    line, label = strand.line, escape(strand.label)
    common = {"type": "scatter", "yaxis": axis_name, "visible": not strand.hidden}
    hover = f"{label}<br>%{{x:.0f}} min: %{{y:+.2f}} {escape(unit)}"
    counted = strand.kind == "members" and bool(np.isfinite(line.people).any())
    if counted:
        hover += f"<br>{say('figure.people')}: %{{customdata:.0f}}"
    drawn = {
        **common,
        "x": line.minutes,
        "y": line.mid,
        "mode": "lines",
        "line": {
            "color": LIGHT.members if strand.kind == "own" else getattr(LIGHT, strand.kind),
            "width": WIDTHS[strand.kind],
            "dash": strand.dash,
        },
        "opacity": 0.55 if strand.kind == "course" else 1,
        "customdata": line.people if counted else None,
        "hovertemplate": f"{label if strand.kind == 'course' else hover}<extra></extra>",
        "name": label,
        "meta": strand.kind,
        "connectgaps": False,
    }
    return [*_spread(strand, common), drawn]


def _spread(strand: Strand, common: dict[str, Any]) -> list[dict[str, Any]]:
    """Fill between the quartiles, stretch by stretch, so that no band crosses a gap."""
    line = strand.line
    known = np.isfinite(line.low) & np.isfinite(line.high)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], known.astype(np.int8), [0]))))
    parts = [slice(first, last) for first, last in edges.reshape(-1, 2)]
    return [
        {
            **common,
            "x": np.concatenate((line.minutes[part], line.minutes[part][::-1])),
            "y": np.concatenate((line.low[part], line.high[part][::-1])),
            "fill": "toself",
            "mode": "lines",
            "line": {"width": 0},
            "fillcolor": LIGHT.spread,
            "hoverinfo": "skip",
            "meta": strand.kind,
        }
        for part in parts
    ]
