"""From simulated electrocardiograms and skin to the phase table: numbers against their truth."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from arousal.pipeline import SessionInput, analyse
from arousal.recording import Kind
from arousal.settings import Settings
from arousal.simulate import Level, SimulationSettings, simulate


@pytest.fixture(scope="module")
def compared() -> pd.DataFrame:
    """Six people with ECG and skin conductance over 25 quiet minutes without a fault."""
    settings = SimulationSettings(
        signals=(Kind.ECG, Kind.EDA, Kind.SPEECH),
        minutes=20,
        artefacts=Level.NONE,
        dropouts=Level.NONE,
    )
    made = simulate("balint-60", people=6, seed=3, settings=settings)
    result = analyse(SessionInput(made.recording, made.protocol, Settings(), made.session))
    true = pd.DataFrame([asdict(e) for e in made.truth.effects]).drop(columns=["role", "unit"])
    both = result.phases.merge(true, on=["person", "block", "phase", "measure"])
    both = both[both["value"].notna() & (both["phase"] != "baseline")]
    return both.assign(error=both["value"] - both["total"])


# Measure -> largest error of any person and phase, and the root mean square.
@pytest.mark.parametrize(
    ("measure", "largest", "rms", "rows"),
    [
        ("heart_rate", 0.4, 0.15, 36),
        ("ln_rmssd", 0.15, 0.06, 15),
        ("ln_scl", 0.04, 0.015, 18),
        ("scr_rate", 2.0, 0.8, 36),
    ],
)
def test_the_change_from_baseline_is_what_the_body_did(
    compared: pd.DataFrame, measure: str, largest: float, rms: float, rows: int
) -> None:
    error = compared.loc[compared["measure"] == measure, "error"]
    assert len(error) >= rows
    assert error.abs().max() <= largest
    assert np.sqrt((error**2).mean()) <= rms
