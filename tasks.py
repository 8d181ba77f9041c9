#!/usr/bin/env python3
"""Set this project up and run its tasks with Python alone: ``python3 tasks.py TASK``.

The first run makes a private ``.venv`` from ``requirements.lock`` (every file checked against its
hash), later runs reuse it. It is rebuilt when the lock or the Python changes, and only a finished
``.venv`` carries the stamp that says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent
MINIMUM_PYTHON = (3, 11)
USUAL = "not calibration and not soak"
"""Tests of every day: what pyproject.toml chooses where nobody does."""
WAITING = "(lsl or browser or slow)"
"""Tests that wait, for streams and pages, and the long ones: about half of the time."""
# What pip's output holds -> what it means
PIP_FAILURES = {
    "connection broken by": "the package index cannot be reached (offline, or a proxy in the way?)",
    "Max retries exceeded": "the package index cannot be reached (offline, or a proxy in the way?)",
    "DO NOT MATCH THE HASHES": "a downloaded package is not the one in requirements.lock",
    "No space left on device": "the disk is full",
}


class TaskError(Exception):
    """A failure told in one line."""


class Environment(NamedTuple):
    """The private ``.venv`` of a clone."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def lock(self) -> Path:
        return self.root / "requirements.lock"

    @property
    def stamp(self) -> Path:
        return self.folder / "arousal-stamp"

    def program(self, name: str) -> str:
        """Path of a program inside the environment."""
        place = f"Scripts/{name}.exe" if os.name == "nt" else f"bin/{name}"
        return str(self.folder / place)

    def wanted_stamp(self) -> str:
        """One line for what was installed, one for how the project itself was."""
        # The path is part of it: a venv that was moved or copied runs its old place's programs.
        packages = _digest(*_pins(self.lock), sys.version, str(self.folder))
        project = _digest((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        return f"packages {packages}\nproject {project}\n"

    def found_stamp(self) -> str:
        return self.stamp.read_text() if self.stamp.is_file() else ""


def ensure(environment: Environment) -> None:
    """Bring the environment to what the lock and pyproject.toml say; do nothing if it is there."""
    if environment.found_stamp() == environment.wanted_stamp():
        return
    with _only_one(environment.root / ".venv.lock"):
        # Another run may have finished while we waited.
        wanted, found = environment.wanted_stamp(), environment.found_stamp()
        if found == wanted:
            return
        if found.splitlines()[:1] != wanted.splitlines()[:1]:
            _rebuild(environment)
        environment.stamp.unlink(missing_ok=True)
        _install_project(environment)
        unfinished = environment.stamp.with_suffix(".new")
        unfinished.write_text(wanted)
        unfinished.replace(environment.stamp)


def _rebuild(environment: Environment) -> None:
    if Path(sys.prefix).resolve() == environment.folder.resolve():
        raise TaskError("the .venv must be rebuilt: run this with your own python3, not .venv's")
    started = time.monotonic()
    _say(f"Making .venv with Python {_dotted(sys.version_info[:3])} (once; a minute or two)")
    environment.stamp.unlink(missing_ok=True)
    shutil.rmtree(environment.folder, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(environment.folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        reason = _last_line(made.stdout + made.stderr)
        hint = "on Debian or Ubuntu: apt install python3-venv"
        raise TaskError(f"this Python cannot make a virtual environment ({reason}); {hint}")
    total = sum("==" in line for line in _pins(environment.lock))
    _say(f"Installing up to {total} packages from {environment.lock.name}")
    # Wheels only: a source build would fetch build tools that no hash vouches for.
    options = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--no-compile"]
    _pip(environment, *options, "-r", str(environment.lock), total=total)
    _say("  compiling")  # here and not by pip: on all cores it takes half the time
    compileall = [environment.program("python"), "-m", "compileall", "-q", "-j0"]
    silent = subprocess.DEVNULL  # some packages carry files for older Pythons
    subprocess.run([*compileall, str(environment.folder)], stdout=silent, check=False)
    _say(f"Ready after {time.monotonic() - started:.0f} s")


def _install_project(environment: Environment) -> None:
    options = ["--no-deps", "--no-build-isolation", "--no-index"]
    _pip(environment, *options, "-e", str(environment.root))


def _pip(environment: Environment, *arguments: str, total: int = 0) -> None:
    """Run pip install, log everything, show how far it is, and say in one line why it failed."""
    command = [environment.program("python"), "-m", "pip", "install", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", *arguments]
    lines: list[str] = []
    found = 0
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            lines.append(line)
            found += line.startswith("Collecting ")
            if total and line.startswith("Collecting ") and found % 20 == 0:
                _say(f"  {found} of {total} found")
            if total and line.startswith("Installing collected"):
                _say("  unpacking")
    log = environment.folder / "install.log"
    log.write_text("".join(lines), encoding="utf-8")
    if pip.returncode:
        raise TaskError(_why_pip_failed(lines, log))


def _why_pip_failed(lines: Sequence[str], log: Path) -> str:
    text = "".join(lines)
    errors = "".join(line for line in lines if line.startswith("ERROR:"))
    known = [meaning for sign, meaning in PIP_FAILURES.items() if sign in text]
    return f"{known[0] if known else f'pip failed: {_last_line(errors or text)}'}; see {log}"


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold a lock on a file; the system frees it however this process ends."""
    with path.open("a") as handle:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _say("Another run is setting up .venv; waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _pins(lock: Path) -> list[str]:
    """The lock's lines without its comments."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.lstrip().startswith("#")]


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR:").strip() if lines else "no reason given"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _run(environment: Environment, *command: str) -> int:
    return subprocess.run(command, cwd=environment.root, check=False).returncode


def setup(_environment: Environment, _arguments: Sequence[str]) -> int:
    """Make the .venv and do nothing else."""
    return 0


def sample(environment: Environment, arguments: Sequence[str]) -> int:
    """Analyse the session in recordings/sample and name its report."""
    command = [environment.program("arousal"), "report", "recordings/sample", *arguments]
    code = _run(environment, *command)
    report = environment.root / "recordings" / "sample" / "derivatives" / "report.html"
    if code == 0 and report.is_file():
        print(f"Open this page in a browser: {report}")
    return code


def test(environment: Environment, arguments: Sequence[str]) -> int:
    """Run the tests; what follows goes to pytest (-k NAME, -m calibration, ...)."""
    pytest = (environment.program("python"), "-m", "pytest")
    if arguments:
        return _run(environment, *pytest, *arguments)
    # Two halves beside each other take little more than half as long: one mostly waits.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        _say(f"== tests, in two halves; what {WAITING} say comes at the end")
        waiting = subprocess.Popen(
            [*pytest, "-m", f"{WAITING} and {USUAL}"],
            cwd=environment.root,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            code = _run(environment, *pytest, "-m", f"not {WAITING} and {USUAL}")
            waited = waiting.wait()
        except BaseException:
            waiting.terminate()
            waiting.wait()
            raise
        said.seek(0)
        _say(f"== tests: {WAITING}")
        shutil.copyfileobj(said, sys.stdout)
    return code or waited


def check(environment: Environment, _arguments: Sequence[str]) -> int:
    """Check format, style, types and the floors of the house."""
    ruff = environment.program("ruff")
    steps = (
        (ruff, "format", "--check", "."),
        (ruff, "check", "."),
        (environment.program("mypy"),),
        (environment.program("lint-imports"),),
    )
    failed = []
    for step in steps:
        name = " ".join([Path(step[0]).stem, *step[1:]])
        _say(f"== {name}")
        if _run(environment, *step):
            failed.append(name)
    if failed:
        raise TaskError(f"check found something to mend in: {', '.join(failed)}")
    return 0


def bench(environment: Environment, arguments: Sequence[str]) -> int:
    """Run benchmarks/NAME.py; without a name, list them."""
    paths = sorted((environment.root / "benchmarks").glob("[!_]*.py"))
    scripts = {path.stem: path for path in paths}
    if not arguments or arguments[0] not in scripts:
        raise TaskError(f"name one benchmark of: {', '.join(scripts) or 'none here yet'}")
    script = str(scripts[arguments[0]])
    return _run(environment, environment.program("python"), script, *arguments[1:])


def docs(environment: Environment, arguments: Sequence[str]) -> int:
    """Build the documentation as a static site in site/."""
    options = "-W --keep-going -q -b html -d .cache/doctrees docs site"
    sphinx = (environment.program("python"), "-m", "sphinx")
    code = _run(environment, *sphinx, *options.split(), *arguments)
    if code == 0:
        print(f"Open this page in a browser: {environment.root / 'site' / 'index.html'}")
    return code


def lock(environment: Environment, arguments: Sequence[str]) -> int:
    """Write requirements.lock anew from pyproject.toml (--upgrade takes newer releases)."""
    options = "--universal --all-extras --generate-hashes --quiet -o requirements.lock"
    options += f" --python-version {_dotted(MINIMUM_PYTHON)}"
    # Nothing of the machine it was made on: no index address, no folder.
    options += " --no-emit-index-url --no-emit-find-links --custom-compile-command"
    command = ["pip", "compile", "pyproject.toml", *options.split(), "python3 tasks.py lock"]
    return _run(environment, environment.program("uv"), *command, *arguments)


TASKS: dict[str, Callable[[Environment, Sequence[str]], int]] = {
    task.__name__: task for task in (sample, test, check, bench, docs, lock, setup)
}


def main(arguments: Sequence[str], environment: Environment) -> int:
    """Run one task and return its exit code."""
    if sys.version_info < MINIMUM_PYTHON:
        needed, here = _dotted(MINIMUM_PYTHON), _dotted(sys.version_info[:2])
        _say(f"error: Python {needed} or newer is needed, this is {here} ({sys.executable})")
        return 2
    if not arguments or arguments[0] not in TASKS:
        asked = arguments[0] if arguments else "no name"
        helped = asked in {"-h", "--help", "help"}
        _say("tasks:" if helped else f"error: {asked} is not a task; there are:")
        _say("\n".join(f"  {name:8}{task.__doc__}" for name, task in TASKS.items()))
        return 0 if helped else 2
    try:
        ensure(environment)
        return TASKS[arguments[0]](environment, arguments[1:])
    except (TaskError, OSError) as error:
        _say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Environment(ROOT)))
