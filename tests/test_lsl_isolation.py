"""The tests' LSL streams are seen by this run and its children, and by nobody else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.lsl_isolation import LslIsolation, NotIsolatedError, enforce

pytestmark = pytest.mark.lsl

CHILD = """
import pylsl
found = pylsl.resolve_byprop("source_id", "isolated-parent", timeout=2)
outlet = pylsl.StreamOutlet(pylsl.StreamInfo("child", "ECG", 1, 130, "float32", "child"))
print(outlet.get_info().session_id(), len(found))
"""


def test_a_child_process_lives_in_the_same_session(lsl: LslIsolation) -> None:
    import pylsl

    info = pylsl.StreamInfo("parent", "ECG", 1, 130, "float32", "isolated-parent")
    outlet = pylsl.StreamOutlet(info)
    answer = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=lsl.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == [lsl.session_id, "1"]
    del outlet


def test_a_process_of_another_session_sees_nothing(lsl: LslIsolation, tmp_path) -> None:
    import pylsl

    info = pylsl.StreamInfo("parent", "ECG", 1, 130, "float32", "isolated-parent")
    outlet = pylsl.StreamOutlet(info)
    config = tmp_path / "other.cfg"
    config.write_text(lsl.config_file.read_text().replace(lsl.session_id, "another"))
    answer = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=LslIsolation("another", config).environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split() == ["another", "0"]
    del outlet


def test_a_session_that_was_not_taken_is_an_error(lsl: LslIsolation, tmp_path) -> None:
    config = tmp_path / "too-late.cfg"
    config.write_text(lsl.config_file.read_text().replace(lsl.session_id, "too-late"))
    with pytest.raises(NotIsolatedError, match="not 'too-late'"):
        enforce(LslIsolation("too-late", config))
