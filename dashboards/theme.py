"""One look for every figure and page: colours in light and dark, fonts, phase tints.

Phases wear the Okabe-Ito colours (doi:10.1038/nmeth.1618), which people with any common colour
blindness can tell apart, always with a number and a border beside them. Figures are drawn in the
light colours; the page swaps each colour for its dark partner by exact text (`dark_partners`), so
no two colours of a palette may be equal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["DARK", "LIGHT", "PHASE_COLOURS", "Palette", "dark_partners", "phase_colour"]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one mode; texts that plotly.js and CSS both read."""

    ink: str
    """Text in figures."""
    muted: str
    """Axis ticks and small print."""
    grid: str
    zero: str
    """The line of the own quiet start."""
    surface: str
    """Behind the curves."""
    hover: str
    members: str
    spread: str
    """Middle half of the members."""
    presenter: str
    leaders: str
    person: str
    """Thin lines of single persons."""
    course: str
    """The expected course, a hypothesis."""
    mark: str
    """Interventions."""


LIGHT = Palette(
    ink="#22313c",
    muted="#55636d",
    grid="#e3e1da",
    zero="#8a949b",
    surface="#fffefb",
    hover="#fdfcf8",
    members="#0b4f71",
    spread="rgba(11,79,113,0.17)",
    presenter="#a8410a",
    leaders="#6a5a8c",
    person="rgba(34,49,60,0.30)",
    course="#9a8f80",
    mark="#3f4d57",
)
DARK = Palette(
    ink="#e8e6e0",
    muted="#a9b3ba",
    grid="#2b353c",
    zero="#75828b",
    surface="#161d22",
    hover="#222b32",
    members="#7cc4ea",
    spread="rgba(124,196,234,0.20)",
    presenter="#f2a065",
    leaders="#bfaee6",
    person="rgba(232,230,224,0.30)",
    course="#8f8778",
    mark="#c9d1d6",
)

QUIET_COLOUR = "#8a8a8a"
"""Quiet phases (baseline, recovery): grey, the reference."""
PHASE_COLOURS = (
    "#56b4e9",  # sky blue
    "#f0e442",  # yellow
    "#e69f00",  # orange
    "#009e73",  # bluish green
    "#0072b2",  # blue
    "#cc79a7",  # reddish purple
    "#d55e00",  # vermillion
)


def phase_colour(position: int, quiet: bool) -> str:
    """Return the colour of a phase.

    Parameters
    ----------
    position : int
        Place among the protocol's phases that are not quiet, from 0; colours repeat after seven
        (the number on the band does not).
    quiet : bool
        Whether the phase is a quiet reference.
    """
    return QUIET_COLOUR if quiet else PHASE_COLOURS[position % len(PHASE_COLOURS)]


def tint(colour: str, opacity: float) -> str:
    """Return a ``#rrggbb`` colour as ``rgba(...)``; reads well on light and dark ground."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"


def dark_partners() -> dict[str, str]:
    """Return light colour -> dark colour, for the page's script."""
    dark = asdict(DARK)
    return {colour: dark[name] for name, colour in asdict(LIGHT).items()}
