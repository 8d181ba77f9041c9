"""Every table that crosses a room or reaches a file: its columns, units, bounds and meaning.

One declaration serves three readers: `Table.check` validates a frame before it leaves a room,
`Table.sidecar` writes the JSON that stands beside each TSV (BIDS style), and the data dictionary
in the documentation is generated from `TABLES`.

Column names are NeuroKit2's where it has one (``HRV_RMSSD``, ``EDA_Tonic_Mean``) and snake_case
for ours.
"""

from __future__ import annotations

from arousal.tables.courses import CURVES, GROUP, PHASES
from arousal.tables.declaration import SCHEMA_VERSION, Column, Table
from arousal.tables.exploration import EXPLORATION
from arousal.tables.longitudinal import LONGITUDINAL
from arousal.tables.measures import INDEX_ID, MEASURE_IDS, MEASURES, Measure, measure
from arousal.tables.results import CONTRASTS, RATINGS, RESULTS
from arousal.tables.signals import QUALITY
from arousal.tables.windows import FEATURES

__all__ = [
    "CONTRASTS",
    "CURVES",
    "EXPLORATION",
    "FEATURES",
    "GROUP",
    "INDEX_ID",
    "LONGITUDINAL",
    "MEASURES",
    "MEASURE_IDS",
    "PHASES",
    "QUALITY",
    "RATINGS",
    "RESULTS",
    "SCHEMA_VERSION",
    "TABLES",
    "Column",
    "Measure",
    "Table",
    "measure",
]

TABLES: tuple[Table, ...] = (
    *(FEATURES, CURVES, GROUP, PHASES, QUALITY, CONTRASTS, RESULTS, RATINGS, LONGITUDINAL),
    *EXPLORATION,
)
"""Every declared table."""
