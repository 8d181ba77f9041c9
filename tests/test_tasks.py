"""tasks.py makes the .venv once, never trusts half of one, and says in one line what is wrong."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tasks
from tasks import Environment, TaskError

REPOSITORY = Path(__file__).resolve().parents[1]
LOCK = "# by hand\nclick==8.1 \\\n    --hash=sha256:00\n    # via us\n"


@pytest.fixture
def environment(tmp_path) -> Environment:
    (tmp_path / "requirements.lock").write_text(LOCK)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return Environment(tmp_path)


@pytest.fixture
def steps(monkeypatch) -> list[str]:
    """Stand in for the two slow steps and write down which ran."""
    done = []

    def rebuild(environment: Environment) -> None:
        environment.folder.mkdir(exist_ok=True)
        done.append("rebuild")

    monkeypatch.setattr(tasks, "_rebuild", rebuild)
    monkeypatch.setattr(tasks, "_install_project", lambda _: done.append("install"))
    return done


def failing_pip(environment: Environment, output: str) -> None:
    """Put a python into the environment whose pip prints and fails."""
    python = Path(environment.program("python"))
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\nexit 1\n")
    python.chmod(0o755)


def test_a_finished_environment_is_not_touched_again(environment, steps):
    tasks.ensure(environment)
    tasks.ensure(environment)
    assert steps == ["rebuild", "install"]


def test_a_new_pin_rebuilds_and_a_new_comment_does_not(environment, steps):
    tasks.ensure(environment)
    environment.lock.write_text(LOCK.replace("by hand", "by uv"))
    tasks.ensure(environment)
    assert steps == ["rebuild", "install"]
    environment.lock.write_text(LOCK.replace("8.1", "8.2"))
    tasks.ensure(environment)
    assert steps == ["rebuild", "install"] * 2


def test_another_python_rebuilds(environment, steps, monkeypatch):
    tasks.ensure(environment)
    monkeypatch.setattr(sys, "version", "3.99.0 (of tomorrow)")
    tasks.ensure(environment)
    assert steps == ["rebuild", "install"] * 2


def test_a_changed_project_file_installs_the_project_only(environment, steps):
    tasks.ensure(environment)
    (environment.root / "pyproject.toml").write_text("[project]\nname = 'renamed'\n")
    tasks.ensure(environment)
    assert steps == ["rebuild", "install", "install"]


def test_an_interrupted_set_up_is_done_again(environment, steps, monkeypatch):
    def interrupt(_: Environment) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tasks, "_install_project", interrupt)
        with pytest.raises(KeyboardInterrupt):
            tasks.ensure(environment)
    assert environment.found_stamp() == ""
    tasks.ensure(environment)
    assert steps == ["rebuild", "rebuild", "install"]


def test_two_runs_at_once_set_up_once(environment):
    (environment.root / "tasks.py").write_text((REPOSITORY / "tasks.py").read_text())
    script = (
        "import pathlib, time, tasks\n"
        "def rebuild(e):\n"
        "    e.folder.mkdir(); time.sleep(0.5); print('rebuilt')\n"
        "tasks._rebuild = rebuild\n"
        "tasks._install_project = lambda e: None\n"
        "tasks.ensure(tasks.Environment(tasks.ROOT))\n"
    )
    command = [sys.executable, "-c", script]
    runs = [
        subprocess.Popen(command, cwd=environment.root, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [run.communicate(timeout=30)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert "".join(outputs).split() == ["rebuilt"]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for pip is a shell script")
@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("WARNING: Retrying after connection broken by 'X'\nERROR: No matching", "be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE", "not the one in"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: No matching distribution found for click==8.1", "No matching distribution found"),
    ],
)
def test_pip_failures_are_told_in_one_line(environment, output, message):
    failing_pip(environment, output)
    with pytest.raises(TaskError, match=message) as caught:
        tasks._pip(environment, "click")
    assert "\n" not in str(caught.value)
    assert (environment.folder / "install.log").read_text() == f"{output}\n"


def test_a_python_without_venv_is_told_what_to_install(environment, monkeypatch, capsys):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert tasks.main(["setup"], environment) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("error: this Python cannot make a virtual environment")
    assert "python3-venv" in message


def test_the_environment_does_not_rebuild_itself_from_inside(environment, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(environment.folder))
    with pytest.raises(TaskError, match="your own python3"):
        tasks.ensure(environment)


@pytest.mark.parametrize("arguments", [[], ["tset"]])
def test_an_unknown_task_is_a_usage_error_that_lists_the_tasks(environment, arguments, capsys):
    assert tasks.main(arguments, environment) == 2
    printed = capsys.readouterr().err
    assert all(f"  {name}" in printed for name in tasks.TASKS)


def test_help_lists_the_tasks(environment, capsys):
    assert tasks.main(["--help"], environment) == 0
    assert "sample" in capsys.readouterr().err


def test_an_old_python_is_named(environment, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert tasks.main(["test"], environment) == 2
    assert "Python 3.11 or newer is needed, this is 3.9" in capsys.readouterr().err


def test_an_old_python_can_read_the_file_that_tells_it_so():
    ast.parse((REPOSITORY / "tasks.py").read_text(), feature_version=(3, 8))


def test_the_exit_code_of_a_task_is_that_of_its_program(environment, steps, monkeypatch):
    monkeypatch.setattr(tasks, "_run", lambda *_: 5)
    assert tasks.main(["test", "-k", "nothing"], environment) == 5


def program(environment: Environment, script: str) -> None:
    """Put a shell script in the place of the environment's python."""
    python = Path(environment.program("python"))
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for pytest is a shell script")
@pytest.mark.parametrize(
    ("waiting", "computing", "expected"), [(0, 0, 0), (1, 0, 1), (0, 2, 2), (1, 2, 2)]
)
def test_both_halves_of_the_tests_run_and_either_can_fail(
    environment, steps, capfd, waiting, computing, expected
):
    code = f'case "$4" in not*) exit {computing};; *) exit {waiting};; esac'
    program(environment, f'echo "ran: $*"\n{code}')
    assert tasks.main(["test"], environment) == expected
    ran = capfd.readouterr().out.splitlines()
    usual = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["pytest"]["addopts"]
    chosen = usual[usual.index("-m") + 1]
    assert ran == [
        f"ran: -m pytest -m not (lsl or browser or slow) and {chosen}",
        f"ran: -m pytest -m (lsl or browser or slow) and {chosen}",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for pytest is a shell script")
def test_chosen_tests_run_in_one_piece(environment, steps, capfd):
    program(environment, 'echo "ran: $*"')
    assert tasks.main(["test", "-k", "name"], environment) == 0
    assert capfd.readouterr().out == "ran: -m pytest -k name\n"


def test_an_unknown_benchmark_names_those_there_are(environment, steps, capsys):
    (environment.root / "benchmarks").mkdir()
    (environment.root / "benchmarks" / "features.py").write_text("")
    assert tasks.main(["bench", "faetures"], environment) == 1
    assert "name one benchmark of: features" in capsys.readouterr().err


def test_the_lock_pins_every_dependency_with_hashes_and_names_no_place():
    text = (REPOSITORY / "requirements.lock").read_text()
    pins = re.findall(
        r"^([a-z0-9.-]+)==\S+.*((?:\\\n    --hash=sha256:[0-9a-f]{64} ?)+)", text, re.MULTILINE
    )
    assert len(pins) == sum("==" in line for line in text.splitlines() if line[:1].isalnum())
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = sum(project["optional-dependencies"].values(), project["dependencies"])
    names = {re.split(r"[<>=\[; ]", requirement)[0].lower() for requirement in wanted}
    assert names <= {name for name, _ in pins}
    assert not re.search(r"//|file:|--index-url|--find-links|\s/\w", text), "names a place"
