"""The desk's process: found again, ended in order, and never by whoever asked it."""

from __future__ import annotations

import json
import os
import signal

import pytest

from arousal.errors import DeviceError, UsageError
from arousal.ingest.journal import read_journal
from arousal.monitor.channel import ADDRESS_FILE
from arousal.monitor.desk_process import attach
from tests.live_rig import Study, wait_until

pytestmark = pytest.mark.lsl


@pytest.fixture
def study(tmp_path, lsl):
    made = Study(tmp_path / "study", people=2)
    yield made
    made.end_desk()


def process_of(study: Study) -> int:
    return int(json.loads((study.session / ADDRESS_FILE).read_text())["pid"])


def test_a_second_attach_finds_the_same_desk_and_marks_wait_for_a_recording(study):
    client = attach(study.session)
    number = process_of(study)
    with pytest.raises(UsageError, match="start the recording first"):
        client.ask("mark", text="phase/baseline", key="k")
    with pytest.raises(UsageError, match="no data yet from P01, P02"):
        client.ask("start")
    client.ask("accept", people=["P01", "P02"])
    client.ask("start")
    assert attach(study.session).ask("wait")["state"]["stage"] == "during"
    assert process_of(study) == number
    first = client.ask("mark", text="phase/baseline", key="k")
    assert first["on_disk"]
    assert client.ask("mark", text="phase/baseline", key="k") == first
    with pytest.raises(UsageError, match="before the recording"):
        client.ask("setup", changes={"setting": "online"})
    with pytest.raises(UsageError, match="stop it first"):
        client.ask("leave")
    os.kill(number, signal.SIGTERM)
    journal = study.session / "journal.jsonl"
    wait_until(lambda: read_journal(journal)[0][-1].type == "stop", 20)
    wait_until(lambda: not (study.session / ADDRESS_FILE).exists(), 10)
    marks = [e.fields["text"].split()[0] for e in read_journal(journal)[0] if e.type == "mark"]
    assert marks == ["phase/baseline", "end"]
    assert read_journal(journal)[0][-1].fields["complete"]


def test_a_session_of_nobody_is_not_begun_and_its_files_are_the_owners_alone(tmp_path, lsl):
    study = Study(tmp_path / "study", people=0)
    try:
        with pytest.raises(UsageError, match="nobody is entered"):
            attach(study.session).ask("start")
        (log,) = study.session.glob("desk.log")
        assert os.name == "nt" or log.stat().st_mode & 0o077 == 0
    finally:
        study.end_desk()


def test_a_desk_that_cannot_start_says_why(tmp_path, lsl):
    study = Study(tmp_path / "study", people=2)
    (study.session / "session.toml").write_text("schema = 1\n")
    with pytest.raises(DeviceError, match=r"session\.toml"):
        attach(study.session)


def test_what_liblsl_does_not_take_of_its_configuration_stands_on_the_page_and_in_the_journal(
    study, lsl, tmp_path, monkeypatch
):
    config = tmp_path / "lsl_api.cfg"
    config.write_text(f"{lsl.config_file.read_text()}[potrs]\nPortRange = 64\n")
    monkeypatch.setenv("LSLAPICFG", str(config))
    client = attach(study.session)

    def alarms() -> dict[str, str]:
        return {a["code"]: a["message"] for a in client.ask("wait")["state"]["alarms"]}

    assert "[potrs] (no such section" in alarms()["lsl-config"]
    client.ask("accept", people=["P01", "P02"])
    client.ask("start")
    assert "[potrs] (no such section" in alarms()["lsl-config"]
    entries, _ = read_journal(study.session / "journal.jsonl")
    assert "lsl-config" in {e.fields["code"] for e in entries if e.type == "alarm"}
