"""Programs that need packages of their own: each in a private folder, each in its own process.

What they need is installed by pip from whatever index it is set up with, on request only, and
never into the project's environment (FLIRT asks for cvxopt, which is GPL).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FLIRT", "TSFLEX", "Environment"]

HERE = Path(__file__).parent
ROOM = HERE.parents[1] / ".cache" / "bench"
"""Where the private environments live; git does not look there."""


@dataclass(frozen=True)
class Environment:
    """A private environment and the script that runs in it."""

    name: str
    packages: tuple[str, ...]
    script: str

    @property
    def python(self) -> Path:
        return ROOM / self.name / ("Scripts" if os.name == "nt" else "bin") / "python"

    def prepare(self) -> None:
        """Make the environment, unless it is there."""
        ready = ROOM / self.name / "ready"
        if ready.exists() and ready.read_text() == " ".join(self.packages):
            return
        print(f"making {ROOM / self.name} ...", file=sys.stderr)
        venv.create(ROOM / self.name, with_pip=True, clear=True)
        command = [self.python, "-m", "pip", "install", "--quiet", *self.packages]
        subprocess.run(command, check=True)
        ready.write_text(" ".join(self.packages))

    def run(self, *words: str, limit: float) -> dict[str, Any] | str:
        """Run the script; return what it prints as JSON, or why there is nothing."""
        # One thread: the peers' CPU seconds are those of one core, as ours are.
        quiet = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        command = [str(self.python), str(HERE / self.script), *words]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=limit,
                env=os.environ | quiet,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"did not finish in {limit:.0f} s"
        if done.returncode:
            return f"failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found


FLIRT = Environment("flirt", ("flirt==0.0.2", "numpy<2", "pandas<3", "astropy<7"), "run_flirt.py")
TSFLEX = Environment(
    "tsflex", ("tsflex==0.4.1", "neurokit2==0.2.13", "cvxopt==1.3.3"), "run_tsflex.py"
)
