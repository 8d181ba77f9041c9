#!/usr/bin/env python3
"""Set this project up and run its tasks, with nothing installed but Python: ``python3 tasks.py TASK``.

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
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent
MINIMUM_PYTHON = (3, 11)
OFFLINE_SIGNS = (
    "Failed to establish a new connection",
    "Name or service not known",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "Max retries exceeded",
    "Read timed out",
    "NameResolutionError",
    "Tunnel connection failed",
)


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

    @property
    def log(self) -> Path:
        return self.folder / "install.log"

    def program(self, name: str) -> str:
        """Path of a program inside the environment."""
        if os.name == "nt":
            return str(self.folder / "Scripts" / f"{name}.exe")
        return str(self.folder / "bin" / name)

    def wanted_stamp(self) -> str:
        """One line for what was installed, one for how the project itself was."""
        # The path is part of it: a venv that was moved or copied runs its old place's programs.
        packages = _digest(self.lock.read_bytes(), sys.version.encode(), str(self.folder).encode())
        project = _digest((self.root / "pyproject.toml").read_bytes())
        return f"packages {packages}\nproject {project}\n"

    def found_stamp(self) -> str:
        return self.stamp.read_text() if self.stamp.is_file() else ""


def ensure(environment: Environment) -> None:
    """Bring the environment to what the lock and pyproject.toml say; do nothing if it is there."""
    if environment.found_stamp() == environment.wanted_stamp():
        return
    with _only_one(environment.root / ".venv.lock"):
        wanted = environment.wanted_stamp()
        found = environment.found_stamp()  # another run may have finished while we waited
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
    version = ".".join(map(str, sys.version_info[:3]))
    _say(f"Making .venv with Python {version} (once; a minute or two)")
    environment.stamp.unlink(missing_ok=True)
    shutil.rmtree(environment.folder, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(environment.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        reason = _last_line(made.stderr + made.stdout)
        hint = "on Debian or Ubuntu: apt install python3-venv"
        raise TaskError(f"this Python cannot make a virtual environment ({reason}); {hint}")
    total = _count_pins(environment.lock)
    _say(f"Installing up to {total} packages from {environment.lock.name}")
    # Wheels only: a source build would fetch build tools that no hash vouches for.
    options = ["--require-hashes", "--only-binary=:all:", "--no-deps"]
    _pip(environment, *options, "-r", str(environment.lock), total=total)
    _say(f"Ready after {time.monotonic() - started:.0f} s")


def _install_project(environment: Environment) -> None:
    _pip(environment, "--no-deps", "--no-build-isolation", "--no-index", "-e", str(environment.root))


def _pip(environment: Environment, *arguments: str, total: int = 0) -> None:
    """Run pip install, log everything, show how far it is, and say in one line why it failed."""
    command = [environment.program("python"), "-m", "pip", "install", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", *arguments]
    lines: list[str] = []
    collected = 0
    with (
        environment.log.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=environment.root
        ) as pip,
    ):
        assert pip.stdout is not None  # for type checkers: PIPE was asked for
        for line in pip.stdout:
            lines.append(line)
            log.write(line)
            collected += line.startswith("Collecting ")
            if total and line.startswith("Collecting ") and collected % 20 == 0:
                _say(f"  {collected} of {total} found")
            if line.startswith("Installing collected"):
                _say("  unpacking")
    if pip.returncode:
        raise TaskError(_why_pip_failed(lines, environment.log))


def _why_pip_failed(lines: Sequence[str], log: Path) -> str:
    text = "".join(lines)
    if any(sign in text for sign in OFFLINE_SIGNS):
        return f"the package index cannot be reached (offline, or a proxy in the way?); see {log}"
    if "DO NOT MATCH THE HASHES" in text:
        return f"a downloaded package is not the one in requirements.lock; see {log}"
    if "No space left on device" in text:
        return f"the disk is full; see {log}"
    errors = [line for line in lines if line.startswith("ERROR:")]
    return f"pip failed: {_last_line(''.join(errors) or text)}; see {log}"


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


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _count_pins(lock: Path) -> int:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return sum("==" in line and not line.startswith((" ", "#")) for line in lines)


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
    code = _run(environment, environment.program("arousal"), "report", "recordings/sample", *arguments)
    report = environment.root / "recordings" / "sample" / "derivatives" / "report.html"
    if code == 0 and report.is_file():
        print(f"Open this page in a browser: {report}")
    return code


def test(environment: Environment, arguments: Sequence[str]) -> int:
    """Run the tests; what follows goes to pytest (-k NAME, -m calibration, ...)."""
    return _run(environment, environment.program("python"), "-m", "pytest", *arguments)


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
    scripts = {path.stem: path for path in sorted((environment.root / "benchmarks").glob("[!_]*.py"))}
    if not arguments or arguments[0] not in scripts:
        raise TaskError(f"name one benchmark of: {', '.join(scripts) or 'none here yet'}")
    script = str(scripts[arguments[0]])
    return _run(environment, environment.program("python"), script, *arguments[1:])


def lock(environment: Environment, arguments: Sequence[str]) -> int:
    """Write requirements.lock anew from pyproject.toml (--upgrade takes newer releases)."""
    command = "pip compile pyproject.toml --universal --all-extras --generate-hashes --python-version"
    wanted = [*command.split(), ".".join(map(str, MINIMUM_PYTHON))]
    # Nothing of the machine it was made on: no index address, no path.
    wanted += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    wanted += ["--custom-compile-command", "python3 tasks.py lock", "-o", environment.lock.name]
    return _run(environment, environment.program("uv"), *wanted, *arguments)


TASKS: dict[str, Callable[[Environment, Sequence[str]], int]] = {
    task.__name__: task for task in (sample, test, check, bench, lock, setup)
}


def main(arguments: Sequence[str], environment: Environment) -> int:
    """Run one task and return its exit code."""
    if sys.version_info < MINIMUM_PYTHON:
        minimum, here = (".".join(map(str, v[:2])) for v in (MINIMUM_PYTHON, sys.version_info))
        _say(f"error: Python {minimum} or newer is needed, this is {here} ({sys.executable})")
        return 2
    if not arguments or arguments[0] not in TASKS:
        asked_for_help = bool(arguments) and arguments[0] in {"-h", "--help", "help"}
        usage = [f"  {name:8}{task.__doc__}" for name, task in TASKS.items()]
        if arguments and not asked_for_help:
            usage.insert(0, f"error: no task is named {arguments[0]!r}; there are:")
        print(*usage, sep="\n", file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
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
