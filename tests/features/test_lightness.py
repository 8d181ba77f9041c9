"""What importing the room costs."""

import subprocess
import sys


def test_importing_the_room_loads_neither_neurokit_nor_pandas():
    code = "import arousal.features, sys; print({'neurokit2', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
