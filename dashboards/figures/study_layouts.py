"""Axes and frames of the study page's figures; the page's script fills in what was chosen."""

from __future__ import annotations

from typing import Any

from dashboards.figures.parts import axis, base_layout, title, zero_line
from dashboards.messages import Messages
from dashboards.theme import LIGHT

__all__ = ["study_layouts"]


def study_layouts(say: Messages) -> dict[str, dict[str, Any]]:
    """Return figure name -> plotly layout.

    Parameters
    ----------
    say : Messages
        The catalogue (number format).
    """
    return {"curves": _curves(say), "roles": _roles(say), "course": _course(say)}


def _curves(say: Messages) -> dict[str, Any]:
    return {
        **base_layout(420, say),
        "margin": {"l": 60, "r": 12, "t": 10, "b": 54, "pad": 2},
        "xaxis": axis(tickmode="array", showgrid=False),
        "yaxis": axis(title=title(""), nticks=8),
        "shapes": [zero_line()],
        "meta": {"narrow": {"height": 340}, "print": {"height": 300}},
    }


def _roles(say: Messages) -> dict[str, Any]:
    return {
        **base_layout(520, say),
        "margin": {"l": 60, "r": 12, "t": 22, "b": 44, "pad": 2},
        "xaxis": axis(tickmode="array", showgrid=False, anchor="y2"),
        "yaxis": axis(title=title(""), domain=[0.54, 1.0], nticks=6),
        "yaxis2": axis(title=title(""), domain=[0.0, 0.42], nticks=6),
        "shapes": [zero_line(), zero_line("2")],
        "annotations": [_panel("Presenter and members", 1.0), _panel("Presenter − members", 0.42)],
        "meta": {"narrow": {"height": 460}, "print": {"height": 380}},
    }


def _panel(text: str, height: float) -> dict[str, Any]:
    return {
        "text": text,
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0,
        "y": height,
        "xanchor": "left",
        "yanchor": "bottom",
        "font": {"size": 12, "color": LIGHT.ink, "weight": 600},
    }


def _course(say: Messages) -> dict[str, Any]:
    return {
        **base_layout(360, say),
        "margin": {"l": 60, "r": 12, "t": 10, "b": 48, "pad": 2},
        "xaxis": axis(title=title("meeting of the course"), showgrid=False, tickformat="d"),
        "yaxis": axis(title=title(""), nticks=7),
        "shapes": [zero_line()],
        "meta": {"narrow": {"height": 320}, "print": {"height": 270}},
    }
