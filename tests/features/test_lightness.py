"""What importing the room, and a session's run, cost."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = """
import sys
import arousal.features

print({'neurokit2', 'pandas'} & set(sys.modules))

import arousal
from arousal.features import Grid, process_person, window_features
from arousal.recording import Person
from arousal.settings import Settings
from tests.features.waves import beat_times, breathing, ecg, pulse

times = beat_times(60.0)
for wave in (ecg(times, 60.0, 130.0), pulse(times, 60.0, 64.0)):
    person = process_person(Person("P1", (wave, breathing(60.0, 15.0))), Settings())
    table = window_features([person], Grid.of([0.0], 60.0), Settings())
    assert table["heart_rate"].notna().all()
print(len(arousal.analyse("recordings/sample").persons))
print({'neurokit2', 'statsmodels', 'sklearn', 'matplotlib'} & set(sys.modules))
"""


@pytest.fixture(scope="module")
def printed():
    """What one fresh process had loaded: after the import, and after everything."""
    done = subprocess.run(
        [sys.executable, "-c", RUN], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.splitlines()


def test_importing_the_room_loads_neither_neurokit_nor_pandas(printed):
    assert printed[0] == "set()"


def test_analysing_the_sample_and_every_other_kind_of_signal_loads_no_neurokit(printed):
    assert printed[1:] == ["10", "set()"]
