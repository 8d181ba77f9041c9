"""What a recording program adds to liblsl's configuration, and that it overrides nothing."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from arousal.ingest.lsl_config import config_findings, lsl_settings, with_ours
from tests.lsl_isolation import LslIsolation

ASK = """
from arousal.ingest.lsl_config import settle
settle()
import pylsl
info = pylsl.StreamInfo("config-probe", "Markers", 1, 0.0, "string", "config-probe")
print(pylsl.StreamOutlet(info).get_info().session_id())
"""


def read(text: str) -> configparser.ConfigParser:
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    settings.read_string(text)
    return settings


def test_nothing_that_the_file_says_is_changed() -> None:
    text = "[tuning]\nTimeUpdateInterval = 1\n[lab]\nKnownPeers = {10.0.0.1}\n"
    settings = read(with_ours(text))
    assert settings.get("tuning", "TimeUpdateInterval") == "1"
    assert settings.get("lab", "KnownPeers") == "{10.0.0.1}"
    assert settings.get("log", "level") == "-3"


def test_an_empty_configuration_becomes_ours() -> None:
    settings = read(with_ours(""))
    assert settings.get("tuning", "TimeUpdateInterval") == "5"
    assert settings.get("log", "level") == "-3"


def test_a_section_that_exists_keeps_what_it_says() -> None:
    settings = read(with_ours("; note\n[tuning]\nTimeProbeCount = 8\n[log]\nlevel = 3"))
    assert settings.get("tuning", "TimeProbeCount") == "8"
    assert settings.get("tuning", "TimeUpdateInterval") == "5"
    assert settings.get("log", "level") == "3"


def test_a_name_in_the_wrong_case_is_no_setting_and_ours_is_added() -> None:
    assert "TimeUpdateInterval = 5" in with_ours("[tuning]\ntimeupdateinterval = 1\n")


def test_the_file_named_by_the_environment_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "mine.cfg"
    place.write_text("[lab]\nSessionID = mine\n")
    monkeypatch.setenv("LSLAPICFG", str(place))
    path, settings = lsl_settings()
    assert path == place
    assert settings.get("lab", "SessionID", "") == "mine"


@pytest.mark.lsl
def test_liblsl_takes_the_file_with_our_settings_and_says_nothing(
    lsl: LslIsolation, tmp_path: Path
) -> None:
    place = tmp_path / "lsl_api.cfg"
    lines = lsl.config_file.read_text().splitlines()
    kept = [line for line in lines if line not in {"[log]", "level = -2"}]
    place.write_text("\n".join(kept))
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**lsl.environment(), "LSLAPICFG": str(place)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == lsl.session_id
    assert done.stderr == ""


DAMAGED = "# our room\n[lab]\nSessionID = room-3\n"


@pytest.mark.lsl
def test_of_a_damaged_file_liblsl_gets_nothing_and_the_program_gets_a_finding(
    lsl: LslIsolation, tmp_path: Path
) -> None:
    (tmp_path / "lsl_api.cfg").write_text(DAMAGED)
    done = subprocess.run(
        [sys.executable, "-c", ASK.replace("settle()\n", "print(*settle())\n")],
        env={**lsl.environment(), "LSLAPICFG": str(tmp_path / "lsl_api.cfg")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said, session = done.stdout.strip().splitlines()
    assert said.startswith(f"{tmp_path / 'lsl_api.cfg'}: liblsl drops the whole file")
    assert "line 1 is neither" in said
    assert session == "default"
    assert done.stderr == ""


def test_a_file_that_the_environment_names_and_that_is_not_there_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LSLAPICFG", str(tmp_path / "none.cfg"))
    monkeypatch.chdir(tmp_path)
    assert "where no file is" in config_findings()[0].message
    (tmp_path / "none.cfg").write_text("[lab]\nSessionID = there\n")
    assert config_findings() == ()
