"""The page's figures, made from what the reader may see.

Each is a Plotly figure in the light colours of `dashboards.theme`; the page turns them dark and
fits them to the screen. Lines are broken at gaps and never smoothed. What a figure shows stands
again as text and table beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboards.bands import Band, distinct
from dashboards.messages import Messages
from dashboards.theme import LIGHT, tint

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from arousal.hypothesis.course import Course
    from dashboards.estimates import Cell
    from dashboards.lines import Line

__all__ = [
    "Mark",
    "Panel",
    "Strand",
    "course_strands",
    "phase_figure",
    "progress_figure",
    "time_figure",
]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
BAND_OPACITY = 0.13


@dataclass(frozen=True, slots=True)
class Strand:
    """One line in a panel.

    Parameters
    ----------
    line : Line
        What is drawn.
    label : str
        Name in the hover text; from a file, so it is escaped here.
    kind : {"members", "presenter", "leaders", "person", "course"}
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


_WIDTHS = {"members": 2.6, "presenter": 1.8, "leaders": 1.4, "person": 0.9, "course": 7.0}


def _colour(kind: str) -> str:
    return str(getattr(LIGHT, kind))


def _layout(height: int) -> dict[str, Any]:
    """Everything that all figures share."""
    return {
        "height": height,
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


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"color": LIGHT.muted, "size": 12}, "standoff": 5}


def _axis(**more: Any) -> dict[str, Any]:
    return {
        "gridcolor": LIGHT.grid,
        "zeroline": False,
        "tickfont": {"color": LIGHT.muted, "size": 11},
        "fixedrange": True,
        "automargin": False,
        **more,
    }


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
        Interventions, as small triangles above the first panel.
    say : Messages
        The catalogue.
    """
    import plotly.graph_objects as go

    domains = _domains([p.weight for p in panels])
    height = round(90 + 105 * sum(p.weight for p in panels))
    figure = go.Figure(layout=_layout(height))
    narrow: dict[str, Any] = {"xaxis.dtick": 20}
    for row, (panel, domain) in enumerate(zip(panels, domains, strict=True), start=1):
        suffix = "" if row == 1 else str(row)
        figure.update_layout(
            {
                f"yaxis{suffix}": _axis(
                    domain=domain,
                    title=_title(panel.axis),
                    nticks=5 if panel.weight > 1.5 else 4,
                    autorange="reversed" if panel.turned else True,
                )
            }
        )
        for strand in panel.strands:
            figure.add_traces(_traces(strand, f"y{suffix}", panel.unit, say))
        figure.add_shape(_zero_line(suffix))
        narrow[f"annotations.{len(figure.layout.annotations)}.text"] = escape(panel.short)
        figure.add_annotation(_panel_title(panel.title, domain[1], above=18 if row == 1 else 0))
    end = max((float(np.nanmax(s.line.minutes)) for p in panels for s in p.strands), default=1.0)
    end = max([end, *(b.end for b in bands)])
    last = "" if len(panels) == 1 else str(len(panels))
    figure.update_layout(
        xaxis=_axis(
            range=[0, end],
            anchor=f"y{last}",
            showgrid=not bands,
            title=_title(say("figure.time_axis")),
            dtick=10 if end > 25 else None,
        )
    )
    meta = {"narrow": narrow, "print": {"height": round(0.58 * height), "margin.b": 36}}
    figure.update_layout(meta={**meta, "labels": _add_bands(figure, bands)})
    for mark in marks:
        figure.add_annotation(
            text="▾",
            hovertext=escape(mark.label),
            x=mark.minute,
            xref="x",
            y=1,
            yref="paper",
            yanchor="top",
            yshift=5,
            showarrow=False,
            font={"size": 14, "color": LIGHT.mark},
        )
    return figure


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


def _zero_line(suffix: str) -> dict[str, Any]:
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


def _panel_title(text: str, top: float, above: float) -> dict[str, Any]:
    return {
        "text": escape(text),
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": top,
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": above,
        "showarrow": False,
        "font": {"size": 12, "color": LIGHT.ink, "weight": 600},
        "name": "panel-title",
    }


def _add_bands(figure: go.Figure, bands: tuple[Band, ...]) -> list[dict[str, Any]]:
    """Tint, border and number of each phase; the page's script adds the name where it fits."""
    end = max((b.end for b in bands), default=1.0)
    labels = []
    for band in bands:
        figure.add_shape(
            type="rect",
            xref="x",
            yref="paper",
            x0=band.onset,
            x1=band.end,
            y0=0,
            y1=1,
            fillcolor=tint(band.colour, BAND_OPACITY),
            line={"color": tint(band.colour, 0.85), "width": 1},
            layer="below",
        )
        labels.append(
            {
                "at": len(figure.layout.annotations),
                "share": band.minutes / end,
                "text": escape(band.label),
                "letters": len(band.label),
            }
        )
        figure.add_annotation(
            text=str(band.number),
            x=band.middle,
            xref="x",
            y=1,
            yref="paper",
            yanchor="bottom",
            yshift=1,
            showarrow=False,
            font={"size": 12, "color": LIGHT.ink, "weight": 600},
            name="band-label",
        )
    return labels


def _traces(strand: Strand, axis: str, unit: str, say: Messages) -> list[go.Scatter]:
    import plotly.graph_objects as go

    line, colour = strand.line, _colour(strand.kind)
    common = {"x": line.minutes, "yaxis": axis, "visible": not strand.hidden}
    traces = _spread(strand, common) if line.has_spread else []
    n = f"<br>{say('figure.people')}: %{{customdata:.0f}}" if strand.kind == "members" else ""
    hover = f"{escape(strand.label)}<br>%{{x:.0f}} min: %{{y:+.2f}} {escape(unit)}{n}"
    if strand.kind == "course":
        hover = escape(strand.label)
    traces.append(
        go.Scatter(
            **common,
            y=line.mid,
            mode="lines",
            line={"color": colour, "width": _WIDTHS[strand.kind], "dash": strand.dash},
            opacity=0.55 if strand.kind == "course" else 1,
            customdata=line.people if strand.kind == "members" else None,
            hovertemplate=f"{hover}<extra></extra>",
            name=escape(strand.label),
            meta=strand.kind,
            connectgaps=False,
        )
    )
    return traces


def _spread(strand: Strand, common: dict[str, Any]) -> list[go.Scatter]:
    """Fill between the quartiles, stretch by stretch, so that no band crosses a gap."""
    import plotly.graph_objects as go

    line, traces = strand.line, []
    known = np.isfinite(line.low) & np.isfinite(line.high)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], known.astype(np.int8), [0]))))
    for first, last in edges.reshape(-1, 2):
        part = slice(first, last)
        traces.append(
            go.Scatter(
                **{**common, "x": np.concatenate((line.minutes[part], line.minutes[part][::-1]))},
                y=np.concatenate((line.low[part], line.high[part][::-1])),
                fill="toself",
                mode="lines",
                line={"width": 0},
                fillcolor=LIGHT.spread,
                hoverinfo="skip",
                meta=strand.kind,
            )
        )
    return traces


def course_strands(course: Course, bands: tuple[Band, ...], label: str) -> tuple[Strand, ...]:
    """Return the expected course as lines over the session's own phases.

    Parameters
    ----------
    course : Course
        The hypothesis; where it expects nothing there is no line.
    bands : tuple of Band
        The session's phases.
    label : str
        How it is named: always as a hypothesis.
    """
    from dashboards.lines import Line

    strands = []
    for group, dash in (("members", "solid"), ("presenter", "dot")):
        parts = [(b, s) for b in bands if (s := course.stretch(group, b.phase)) is not None]
        if not parts:
            continue
        progress = np.linspace(0, 1, 21)
        minutes, heights, steps, blocks, phases = [], [], [], [], []
        for band, stretch in parts:
            minutes += [*(band.onset + progress * band.minutes), band.end]
            heights += [*stretch.at(progress), np.nan]
            steps += [*progress, 1.0]
            blocks += [band.block] * 22
            phases += [band.phase] * 22
        empty = np.full(len(minutes), np.nan, dtype=np.float32)
        line = Line(
            np.array(minutes, dtype=np.float32),
            np.array(heights, dtype=np.float32),
            empty,
            empty,
            empty,
            np.array(blocks, dtype=np.int64),
            np.array(phases, dtype=object),
            np.array(steps, dtype=np.float32),
        )
        strands.append(Strand(line, f"{label}: {group}", "course", dash=dash))
    return tuple(strands)


def progress_figure(
    strands: tuple[Strand, ...], bands: tuple[Band, ...], unit: str, say: Messages
) -> go.Figure:
    """Draw curves on phase time: every phase has the same width, blocks lie over each other.

    Parameters
    ----------
    strands : tuple of Strand
        Lines; each block of each is drawn on its own.
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
    figure = go.Figure(layout=_layout(340))
    for strand in strands:
        for part in _by_phase(strand, place):
            figure.add_traces(_traces(part, "y", unit, say))
    names = [band.name.split(",")[0] for band in columns]
    narrow = {"xaxis.ticktext": [str(band.number) for band in columns]}
    figure.update_layout(
        xaxis=_axis(
            range=[0, len(columns)],
            tickmode="array",
            tickvals=[k + 0.5 for k in range(len(columns))],
            ticktext=[f"{b.number} {escape(n)}" for b, n in zip(columns, names, strict=True)],
            showgrid=False,
        ),
        yaxis=_axis(title=_title(say("figure.arousal_axis")), nticks=6),
    )
    for k, band in enumerate(columns):
        figure.add_shape(
            type="rect",
            xref="x",
            yref="paper",
            x0=k,
            x1=k + 1,
            y0=0,
            y1=1,
            fillcolor=tint(band.colour, BAND_OPACITY),
            line={"color": tint(band.colour, 0.85), "width": 1},
            layer="below",
        )
    figure.add_shape(_zero_line(""))
    figure.update_layout(meta={"narrow": narrow}, margin={"t": 12})
    return figure


def _by_phase(strand: Strand, place: dict[str, int]) -> list[Strand]:
    """Cut a line at the phases' bounds and lay each piece over its phase's column."""
    from dataclasses import replace

    line, pieces = strand.line, []
    edge = np.flatnonzero((line.phase[1:] != line.phase[:-1]) | (line.block[1:] != line.block[:-1]))
    for piece in np.split(np.arange(line.mid.size), edge + 1):
        phase = str(line.phase[piece[0]])
        if phase not in place:
            continue
        x = (place[phase] + line.progress[piece]).astype(np.float32)
        cut = type(line)(
            x,
            line.mid[piece],
            line.low[piece],
            line.high[piece],
            line.people[piece],
            line.block[piece],
            line.phase[piece],
            line.progress[piece],
        )
        dash = strand.dash if line.block[piece[0]] < 2 or strand.kind == "course" else "dash"
        pieces.append(replace(strand, line=cut, dash=dash))
    return pieces


def phase_figure(
    rows: tuple[tuple[Band, Cell], ...], label: str, unit: str, say: Messages
) -> go.Figure:
    """Draw a dot (median) and a bar (middle half of the people) for each phase.

    Parameters
    ----------
    rows : tuple of (Band, Cell)
        In order; a cell without a number leaves its row empty.
    label : str
        What is drawn, for the axis.
    unit : str
        Unit in the hover text.
    say : Messages
        The catalogue.
    """
    import plotly.graph_objects as go

    figure = go.Figure(layout=_layout(70 + 34 * len(rows)))
    for at, (band, cell) in enumerate(rows):
        value = cell.value
        figure.add_shape(
            type="rect",
            xref="paper",
            x0=0,
            x1=1,
            y0=at - 0.5,
            y1=at + 0.5,
            fillcolor=tint(band.colour, BAND_OPACITY),
            line={"width": 0},
            layer="below",
        )
        if not value.shown:
            continue
        bar = None
        if np.isfinite(value.low):
            below, above = value.mid - value.low, value.high - value.mid
            bar = {
                "type": "data",
                "symmetric": False,
                "array": [above],
                "arrayminus": [below],
                "color": LIGHT.members,
                "thickness": 5,
                "width": 0,
            }
        figure.add_trace(
            go.Scatter(
                x=[value.mid],
                y=[at],
                error_x=bar,
                mode="markers",
                marker={
                    "size": 12,
                    "color": LIGHT.members,
                    "line": {"color": LIGHT.surface, "width": 2},
                },
                hovertemplate=f"{escape(band.label)}: %{{x:+.2f}} {escape(unit)}"
                f"<br>{say('figure.people')}: {value.n}<extra></extra>",
            )
        )
    figure.add_shape(
        type="line",
        yref="paper",
        x0=0,
        x1=0,
        y0=0,
        y1=1,
        line={"color": LIGHT.zero, "width": 1, "dash": "dot"},
    )
    figure.update_layout(
        meta={"print": {"height": 44 + 14 * len(rows), "margin.b": 36}},
        margin={"l": 118, "r": 14, "t": 8, "b": 46},
        xaxis=_axis(title=_title(label), nticks=7),
        yaxis=_axis(
            tickmode="array",
            tickvals=list(range(len(rows))),
            ticktext=[escape(band.label) for band, _ in rows],
            range=[len(rows) - 0.5, -0.5],
            showgrid=False,
            ticklabelstandoff=4,
        ),
    )
    return figure
