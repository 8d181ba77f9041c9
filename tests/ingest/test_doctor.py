"""What `arousal doctor` finds on this computer, and in configurations that are wrong."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from arousal.cli_recording import doctor
from arousal.errors import DeviceError
from arousal.findings import Severity
from arousal.ingest.doctor import Check, examine
from arousal.ingest.lsl_config import lsl_settings

NAMES = [
    "versions",
    "configuration",
    "session",
    "ports",
    "multicast",
    "discovery",
    "open files",
    "disk",
    "clock",
]


def only(folder, name: str) -> Check:
    return next(check for check in examine(folder) if check.name == name)


@pytest.mark.lsl
def test_everything_is_looked_at_and_this_computer_can_record(lsl, tmp_path):
    checks = list(examine(tmp_path))
    assert [check.name for check in checks] == NAMES
    grave = [check for check in checks if check.severity is Severity.PROBLEM]
    assert grave == []
    (session,) = (check for check in checks if check.name == "session")
    assert lsl.session_id in session.text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no section", "drops the whole file"),
        ("# lab of room 3\n[lab]\nSessionID = room-3\n", "a comment begins with ;"),
        ("[multicast]\nResolveScope = everywhere\n", "ResolveScope = everywhere"),
        ("[ports]\nPortRange = many\n", "PortRange = many"),
        ("[potrs]\nPortRange = 64\n", "[potrs]"),
    ],
)
def test_a_configuration_that_liblsl_would_not_take_is_a_problem(
    lsl, tmp_path, monkeypatch, text, problem
):
    (tmp_path / "lsl_api.cfg").write_text(text)
    monkeypatch.setenv("LSLAPICFG", str(tmp_path / "lsl_api.cfg"))
    check = only(tmp_path, "configuration")
    assert check.severity is Severity.PROBLEM
    assert problem in check.text
    assert check.hint == "mend the file and start again"


@pytest.mark.lsl
def test_a_session_that_was_not_taken_is_a_problem(lsl, tmp_path, monkeypatch):
    (tmp_path / "lsl_api.cfg").write_text("[lab]\nSessionID = ours\n")
    monkeypatch.setenv("LSLAPICFG", str(tmp_path / "lsl_api.cfg"))
    check = only(tmp_path, "session")
    assert check.severity is Severity.PROBLEM
    assert "'ours'" in check.text


def test_the_file_in_the_working_folder_counts_where_none_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("LSLAPICFG")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lsl_api.cfg").write_text("[lab]\nSessionID = here\n")
    path, settings = lsl_settings()
    assert path is not None
    assert path.resolve() == tmp_path / "lsl_api.cfg"
    assert settings.get("lab", "SessionID", "") == "here"


@pytest.mark.lsl
def test_problems_make_the_command_fail_with_what_to_do(lsl, tmp_path, monkeypatch):
    (tmp_path / "lsl_api.cfg").write_text("[lab]\nSessionID = ours\n")
    monkeypatch.setenv("LSLAPICFG", str(tmp_path / "lsl_api.cfg"))
    result = CliRunner().invoke(doctor, [str(tmp_path)])
    assert isinstance(result.exception, DeviceError)
    assert "problem  session: the file says session 'ours'" in result.output
    assert "-> liblsl has dropped the file" in result.output
