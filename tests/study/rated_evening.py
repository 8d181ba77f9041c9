"""One short simulated evening with ratings beside it."""

from __future__ import annotations

import numpy as np

from arousal.hypothesis.polarity_course import load_polarity_course
from arousal.hypothesis.prediction import POLARITIES
from arousal.ingest.session_writer import write_session
from arousal.pipeline import measure, open_session
from arousal.recording import Kind
from arousal.simulate import Level, SimulationSettings, simulate

HEADER = ("onset", "duration", "rater", "person", *POLARITIES)


def make_evening(folder, seed=5, signals=(Kind.RR, Kind.SPEECH), people=6):
    """Write the evening; return its timeline."""
    settings = SimulationSettings(
        signals=signals, minutes=40, artefacts=Level.NONE, dropouts=Level.NONE
    )
    made = simulate("balint-60", people, seed, settings)
    write_session(folder, made.recording, made.session, protocol=made.protocol)
    return measure(open_session(folder)).timeline


def rate(folder, timeline, seed=1, raters=("R1", "R2"), people=(), course=None):
    """Write ratings of the group (and of people) each minute that follow the expected course."""
    expected = course or load_polarity_course()
    rng = np.random.default_rng(seed)
    lines = ["\t".join(HEADER)]
    for phase in (p for p in timeline.phases if p.block and p.certain):
        for onset in np.arange(phase.onset, phase.end, 60.0):
            lasts = min(60.0, phase.end - onset)
            share = (onset + lasts / 2 - phase.onset) / (phase.end - phase.onset)
            truth = [float(expected.at(phase.phase, name, [share])[0]) for name in POLARITIES]
            for rater in raters:
                for who in ("group", *people):
                    noisy = np.clip(np.array(truth) + rng.normal(0, 0.1, 4), -1, 1)
                    cells = ["" if np.isnan(v) else f"{v:.2f}" for v in noisy]
                    lines.append("\t".join([f"{onset:.1f}", f"{lasts:.1f}", rater, who, *cells]))
    (folder / "ratings.tsv").write_text("\n".join(lines) + "\n")
