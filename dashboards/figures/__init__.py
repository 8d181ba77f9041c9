"""The page's figures, made from what the reader may see.

Each is a Plotly figure in the light colours of `dashboards.theme`; the page turns them dark and
fits them to the screen. Lines are broken at gaps and never smoothed. What a figure shows stands
again as text and table beside it.
"""

from dashboards.figures.course import course_strands
from dashboards.figures.parts import Mark, Panel, Strand
from dashboards.figures.phases import phase_figure
from dashboards.figures.progress import progress_figure
from dashboards.figures.time import time_figure

__all__ = [
    "Mark",
    "Panel",
    "Strand",
    "course_strands",
    "phase_figure",
    "progress_figure",
    "time_figure",
]
