"""The wheel carries both packages whole, and makes a report where there is no clone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("arousal", "dashboards")


def run(*command: str | Path, folder: Path) -> str:
    """Run a program far from the clone and return what it printed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with what the lock holds, fetching nothing."""
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    run(sys.executable, "-m", "pip", "wheel", *offline, "-w", folder, REPOSITORY, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def empty_home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Environment with the wheel alone, that borrows our dependencies but not our own packages."""
    home = tmp_path_factory.mktemp("home")
    run(sys.executable, "-m", "venv", "--without-pip", "env", folder=home)
    pip = (sys.executable, "-m", "pip", "--python", python(home), "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", wheel, folder=home)
    # A folder named in a .pth joins the path, but the .pth files in it (the clone's) do not count.
    own = run(
        python(home), "-c", "import sysconfig as s; print(s.get_path('purelib'))", folder=home
    )
    borrowed = sysconfig.get_path("purelib")
    (Path(own.strip()) / "borrowed.pth").write_text(f"{borrowed}\n", encoding="utf-8")
    return home


def python(home: Path) -> Path:
    return program(home, "python")


def program(home: Path, name: str) -> Path:
    return home / "env" / (f"Scripts/{name}.exe" if os.name == "nt" else f"bin/{name}")


def test_the_wheel_holds_every_file_of_both_packages_and_nothing_else(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    carried = {name for name in names if not re.match(r"arousal-[^/]+\.dist-info/", name)}
    in_the_tree = {
        path.relative_to(REPOSITORY).as_posix()
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert carried == in_the_tree
    assert {f"{package}/py.typed" for package in PACKAGES} <= carried
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_wheel_makes_a_report_away_from_the_clone(empty_home: Path) -> None:
    where = "import arousal, dashboards; print(arousal.__file__, dashboards.__file__, sep='\\n')"
    files = run(python(empty_home), "-c", where, folder=empty_home).split("\n")[:2]
    assert all(Path(file).is_relative_to(empty_home / "env") for file in files)

    arousal = program(empty_home, "arousal")
    run(arousal, "simulate", "session", "--people", "6", "--seed", "7", folder=empty_home)
    run(arousal, "report", "session", folder=empty_home)
    report = empty_home / "session" / "derivatives" / "report.html"
    assert report.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html>")
    assert report.stat().st_size > 100_000
