"""Recording -> one tidy table, person x window, with a reason for everything that is missing.

`process_person` does once per person what needs the whole signal (cleaning, beats, correction,
skin conductance); `window_features` reduces all persons over all windows at once;
`quality_table` says how good each signal was.
"""

from arousal.features.artefacts import steepest_slope
from arousal.features.beats import Beats
from arousal.features.electrodermal import Electrodermal
from arousal.features.person import PersonPhysiology, process_person
from arousal.features.quality import Quality, advice, explain
from arousal.features.scr import Responses
from arousal.features.signal_quality import quality_table
from arousal.features.table import window_features
from arousal.features.windows import Grid

__all__ = [
    "Beats",
    "Electrodermal",
    "Grid",
    "PersonPhysiology",
    "Quality",
    "Responses",
    "advice",
    "explain",
    "process_person",
    "quality_table",
    "steepest_slope",
    "window_features",
]
