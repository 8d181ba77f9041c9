"""Curves on normalised phase time: every phase has the same width, blocks lie over each other."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from dashboards.bands import Band, distinct
from dashboards.figures.parts import Strand, axis, band_shape, base_layout, title, traces, zero_line
from dashboards.lines import Line
from dashboards.messages import Messages

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["progress_figure"]


def progress_figure(
    strands: tuple[Strand, ...], bands: tuple[Band, ...], unit: str, say: Messages
) -> go.Figure:
    """Draw curves on phase time.

    Parameters
    ----------
    strands : tuple of Strand
        Lines; each block of each is drawn on its own, the second block and later dashed.
    bands : tuple of Band
        The session's phases; the columns are its phase ids in order.
    unit : str
        Unit in the hover text.
    say : Messages
        The catalogue.
    """
    import plotly.graph_objects as go

    columns = list({band.phase: band for band in reversed(distinct(bands))}.values())[::-1]
    place = {band.phase: k for k, band in enumerate(columns)}
    names = [f"{band.number} {band.short}" for band in columns]
    layout = {
        **base_layout(340, say),
        "margin": {"l": 52, "r": 10, "t": 12, "b": 44, "pad": 2},
        "xaxis": axis(
            range=[0, len(columns)],
            tickmode="array",
            tickvals=[k + 0.5 for k in range(len(columns))],
            ticktext=[escape(name) for name in names],
            showgrid=False,
        ),
        "yaxis": axis(title=title(say("figure.arousal_axis")), nticks=6),
        "shapes": [zero_line(), *(band_shape(b, k, k + 1) for k, b in enumerate(columns))],
        "meta": {"narrow": {"xaxis.ticktext": [str(band.number) for band in columns]}},
    }
    pieces = [piece for strand in strands for piece in _by_phase(strand, place)]
    data = [trace for piece in pieces for trace in traces(piece, "y", unit, say)]
    for trace in data:
        trace["hovertemplate"] = f"{trace.get('name', '')}<br>%{{y:+.2f}}<extra></extra>"
    return go.Figure({"data": data, "layout": layout})


def _by_phase(strand: Strand, place: dict[str, int]) -> list[Strand]:
    """Cut a line at the phases' bounds and lay each piece over its phase's column."""
    line, pieces = strand.line, []
    edge = np.flatnonzero((line.phase[1:] != line.phase[:-1]) | (line.block[1:] != line.block[:-1]))
    for rows in np.split(np.arange(line.mid.size), edge + 1):
        phase = str(line.phase[rows[0]])
        if phase not in place:
            continue
        cut = Line(
            (place[phase] + line.progress[rows]).astype(np.float32),
            line.mid[rows],
            line.low[rows],
            line.high[rows],
            line.people[rows],
            line.block[rows],
            line.phase[rows],
            line.progress[rows],
        )
        later = line.block[rows[0]] > 1 and strand.kind != "course"
        pieces.append(replace(strand, line=cut, dash="dash" if later else strand.dash))
    return pieces
