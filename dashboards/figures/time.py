"""The curve: panels above each other on one time axis, phases as bands behind them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.bands import Band
from dashboards.figures.parts import (
    Mark,
    Panel,
    axis,
    band_shape,
    base_layout,
    note,
    title,
    traces,
    zero_line,
)
from dashboards.messages import Messages
from dashboards.theme import LIGHT

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["time_figure"]

PRINT_HEIGHT = 0.58
"""On paper the figure is lower, so that a leader's page fits on two sheets."""


def time_figure(
    panels: tuple[Panel, ...], bands: tuple[Band, ...], marks: tuple[Mark, ...], say: Messages
) -> go.Figure:
    """Draw panels above each other on one time axis, with the phases as bands behind them.

    Parameters
    ----------
    panels : tuple of Panel
        From top to bottom.
    bands : tuple of Band
        The phases; may be empty.
    marks : tuple of Mark
        Interventions, as small triangles at the top of the first panel.
    say : Messages
        The catalogue.
    """
    import plotly.graph_objects as go

    domains = _domains([p.weight for p in panels])
    height = round(90 + 105 * sum(p.weight for p in panels))
    suffixes = ["", *(str(row) for row in range(2, len(panels) + 1))]
    rows = list(zip(panels, domains, suffixes, strict=True))
    titles = [_panel_title(p, d[1], above=18 if s == "" else 0) for p, d, s in rows]
    narrow = {f"annotations.{k}.text": escape(p.short) for k, p in enumerate(panels)}
    layout = {
        **base_layout(height, say),
        **{f"yaxis{s}": _value_axis(p, d) for p, d, s in rows},
        "xaxis": _time_axis(panels, bands, suffixes[-1], say),
        "shapes": [
            *(zero_line(s) for s in suffixes),
            *(band_shape(b, b.onset, b.end) for b in bands),
        ],
        "annotations": [*titles, *map(_band_label, bands), *map(_mark, marks)],
        "meta": {
            "narrow": {"xaxis.dtick": 20, **narrow},
            "print": {"height": round(PRINT_HEIGHT * height), "margin.b": 36},
            "labels": _labels(bands, first=len(titles)),
        },
    }
    data = [
        trace
        for panel, _, suffix in rows
        for strand in panel.strands
        for trace in traces(strand, f"y{suffix}", panel.unit, say)
    ]
    return go.Figure({"data": data, "layout": layout})


def _domains(weights: list[float]) -> list[tuple[float, float]]:
    """Place panels from the top down, with room for a title above all but the first."""
    room = 0.085 * 4 / (len(weights) + 3)
    total = 1.0 - room * (len(weights) - 1)
    top, domains = 1.0, []
    for weight in weights:
        bottom = top - total * weight / sum(weights)
        domains.append((max(0.0, round(bottom, 4)), round(top, 4)))
        top = bottom - room
    return domains


def _value_axis(panel: Panel, domain: tuple[float, float]) -> dict[str, Any]:
    return axis(
        domain=domain,
        title=title(panel.axis),
        nticks=5 if panel.weight > 1.5 else 4,
        autorange="reversed" if panel.turned else True,
    )


def _time_axis(
    panels: tuple[Panel, ...], bands: tuple[Band, ...], suffix: str, say: Messages
) -> dict[str, Any]:
    ends = [float(np.nanmax(s.line.minutes)) for p in panels for s in p.strands]
    end = max([*ends, *(b.end for b in bands)], default=1.0)
    return axis(
        range=[0, end],
        anchor=f"y{suffix}",
        showgrid=not bands,
        title=title(say("figure.time_axis")),
        dtick=10 if end > 25 else None,
    )


def _panel_title(panel: Panel, top: float, above: float) -> dict[str, Any]:
    return note(
        panel.title,
        xref="paper",
        yref="paper",
        x=0,
        y=top,
        xanchor="left",
        yanchor="bottom",
        yshift=above,
        name="panel-title",
    )


def _band_label(band: Band) -> dict[str, Any]:
    """Return the band's number; the page's script adds the name where it fits."""
    return note(
        str(band.number),
        x=band.middle,
        xref="x",
        y=1,
        yref="paper",
        yanchor="bottom",
        yshift=1,
        name="band-label",
    )


def _labels(bands: tuple[Band, ...], first: int) -> list[dict[str, Any]]:
    """Tell the script which annotation may carry which name, and how much room it has."""
    end = max((b.end for b in bands), default=1.0)
    return [
        {
            "at": first + k,
            "share": band.minutes / end,
            "text": escape(band.label),
            "letters": len(band.label),
        }
        for k, band in enumerate(bands)
    ]


def _mark(mark: Mark) -> dict[str, Any]:
    return note(
        "▾",
        hovertext=escape(mark.label),
        x=mark.minute,
        xref="x",
        y=1,
        yref="paper",
        yanchor="top",
        yshift=5,
        font={"size": 14, "color": LIGHT.mark},
    )
