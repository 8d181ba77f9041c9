"""No page for people, no table and no provenance carries what identifies a device or computer."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from arousal.cli import main
from arousal.ingest.raw import RawStream
from arousal.ingest.session_writer import write_session
from arousal.ingest.xdf_raw import read_raw
from arousal.ingest.xdf_writer import write_xdf
from arousal.recording import Kind
from arousal.session import load_session
from arousal.simulate import SimulationSettings, simulate
from arousal.withheld import without_device

MAC, SERIAL, HOST, DAY = "A0:9E:1A:3C:55:01", "9A3B1C22", "LAB-PC7", "2026-03-12"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six people; P01's strap tells its serial in its name, its address, its host."""
    folder = tmp_path_factory.mktemp("devices") / "study" / "sessions" / DAY
    made = simulate("balint-60", 6, 3, SimulationSettings(signals=(Kind.RR, Kind.EDA), minutes=14))
    write_session(folder, made.recording, made.session)
    streams = []
    for stream in read_raw(folder / "recording.xdf").streams:
        info = replace(stream.info, hostname=HOST, manufacturer=f"Maker {SERIAL}")
        if "P01" in info.name:
            info = replace(info, name=f"{info.name} {SERIAL}", source_id=MAC)
        streams.append(RawStream(info, stream.values, stream.stamps, stream.stamps))
    (folder / "recording.xdf").unlink()
    write_xdf(
        folder / "recording.xdf", streams, started=datetime.fromisoformat(f"{DAY}T18:00:00+01:00")
    )
    path = folder / "session.toml"
    text = path.read_text()
    for kind, name in load_session(path).people["P01"].streams.items():
        text = text.replace(f'{kind} = "{name}"', f'{kind} = "{name} {SERIAL}"')
    path.write_text(text)
    (folder.parents[1] / "study.toml").write_text('schema = 1\nname = "s"\n')
    return folder


def unpacked_text(path: Path) -> str:
    """A file's text with what is packed inside it; the packed library (not ours) left out."""
    text = re.sub(r'(id="plotly-packed">)[^<]+', r"\1", path.read_text(encoding="utf-8"))
    packed = re.findall(r"H4sI[A-Za-z0-9+/=]{16,}", text)
    return " ".join([text, *(gzip.decompress(base64.b64decode(p)).decode() for p in packed)])


def run(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert not ended.value.code


def test_pages_for_people_tables_and_provenance_carry_no_device_and_no_host(session: Path) -> None:
    run("report", str(session), "--audience", "leader")
    run("report", str(session), "--audience", "person", "--person", "P01")
    made = sorted(p for p in (session / "derivatives").rglob("*") if p.is_file())
    assert {"report.html", "report_person_P01.html", "quality.tsv", "provenance.json"} <= {
        p.name for p in made
    }
    for path in made:
        text = unpacked_text(path)
        for secret in (MAC, MAC.replace(":", ""), SERIAL, HOST):
            assert secret.lower() not in text.lower(), (path.name, secret)
    quality = (session / "derivatives" / "quality.tsv").read_text()
    assert "P01" in quality


def test_with_relative_dates_no_page_tells_the_day(session: Path, tmp_path: Path) -> None:
    for words in (("leader",), ("person", "--person", "P01"), ("researcher",)):
        page = tmp_path / f"{words[0]}.html"
        run("report", str(session), "-o", str(page), "--dates", "relative", "--audience", *words)
        text = unpacked_text(page)
        for day in (DAY, "12 March", "Made on"):
            assert day not in text, (words, day)
    run("report", str(session), "-o", str(tmp_path / "dated.html"), "--audience", "leader")
    assert DAY in unpacked_text(tmp_path / "dated.html")


def test_a_name_keeps_what_tells_people_apart_and_loses_what_tells_devices_apart() -> None:
    told = {
        "Polar H10 9A3B1C22": "Polar H10",
        "Polar H10 (9A3B1C22)": "Polar H10",
        "Shimmer-1A2B": "Shimmer",
        MAC: "device",
        f"OpenSignals {MAC}:ECG_2": "OpenSignals:ECG_2",
        "EDA P01": "EDA P01",
        "eda1": "eda1",
        "1586886626_A01FB1.csv": "device.csv",
        "session-2026-03-12.xdf": "session-2026-03-12.xdf",
        "balint90": "balint90",
        "": "",
    }
    assert {name: without_device(name) for name in told} == told
    assert without_device("ecg-D00421", "D00421") == "ecg-D00421"


def test_provenance_still_ties_a_table_to_its_file(session: Path) -> None:
    run("report", str(session), "--audience", "researcher")
    made = json.loads((session / "derivatives" / "provenance.json").read_text())
    assert "recording.xdf" in {entry["path"] for entry in made["inputs"]}
    assert all(len(entry["sha256"]) == 64 for entry in made["inputs"])
