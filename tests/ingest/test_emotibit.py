"""EmotiBit files as its DataParser documents them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import FormatError
from arousal.ingest import load
from arousal.recording import Kind
from tests.ingest.vendor_files import codes, reasons, signal

HEAD = "LocalTimestamp,EmotiBitTimestamp,PacketNumber,DataLength,TypeTag,ProtocolVersion,"
HEAD += "DataReliability"
START = 1726714786.598369


def write(folder: Path, tag: str, rows: list[tuple[float, object]]) -> Path:
    lines = [f"{HEAD},{tag}"]
    lines += [
        f"{START + t:.6f},{531473 + 1000 * t:.3f},{17305 + n},3,{tag},1,100,{value}"
        for n, (t, value) in enumerate(rows)
    ]
    folder.mkdir(exist_ok=True)
    path = folder / f"2024-09-18_22-59-45-827135_{tag}.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def regular(rate: float, seconds: float, level: float) -> list[tuple[float, object]]:
    return [(n / rate, round(level + 0.1 * np.sin(n / 9), 4)) for n in range(round(rate * seconds))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "P06"
    for tag, rate, level in (("EA", 15, 2.5), ("PI", 25, 170000), ("PG", 25, 3700), ("T1", 7.5, 33),
                             ("T0", 7.5, 36), ("AX", 25, -0.43), ("AY", 25, 0.0),
                             ("AZ", 25, 0.9), ("GX", 25, 0.1), ("SF", 3, 4)):  # fmt: skip
        write(place, tag, regular(rate, 20, level))
    write(place, "HR", [(t, 60 + t % 3) for t in range(1, 20)])
    write(place, "BI", [(0.9 * n, 900 + n) for n in range(1, 20)])
    write(place, "UN", [(4.25, "discussion"), (9.5, "end")])
    return place


def test_each_kind_has_its_rate_and_unit_and_the_clock_is_unix(folder: Path):
    recording = load(folder)
    found = {s.kind: (s.rate, s.source) for s in reversed(recording.person("P06").signals)}
    assert found == {
        Kind.EDA: (15.0, "EA"),
        Kind.PPG: (25.0, "PI"),
        Kind.TEMPERATURE: (7.5, "T1"),
        Kind.ACCELERATION: (25.0, "ACC"),
        Kind.RR: (None, "BI"),
        Kind.HR: (None, "HR"),
    }
    assert recording.origin == pytest.approx(START, abs=1e-6)
    assert recording.started == datetime.fromtimestamp(recording.origin, UTC)


def test_notes_of_the_user_are_events(folder: Path):
    events = load(folder).events
    assert [e.label for e in events] == ["discussion", "end"]
    assert [e.onset for e in events] == pytest.approx([4.25, 9.5], abs=1e-5)


def test_what_is_no_signal_says_why(folder: Path):
    why = reasons(load(folder))
    assert set(why) == {"T0", "SF", "GX"}
    assert "optical chip" in why["T0"]


def test_axes_of_which_one_lost_packets_are_joined_by_their_times(folder: Path):
    write(folder, "AY", [row for row in regular(25, 20, 0.0) if not 5 <= row[0] < 8])
    movement = signal(load(folder), Kind.ACCELERATION, "P06")
    assert movement.values.shape == (425, 3)
    np.testing.assert_allclose(movement.gaps(), [[4.96, 8.0]], atol=1e-5)


def test_a_first_packet_with_one_stamp_costs_its_repeats_only(tmp_path: Path):
    rows = regular(15, 20, 2.5)
    rows[1], rows[2] = (rows[0][0], rows[1][1]), (rows[0][0], rows[2][1])
    recording = load(write(tmp_path / "P06", "EA", rows))
    assert len(signal(recording, Kind.EDA)) == len(rows) - 2
    assert "stamps-dropped" in codes(recording)


def test_broken_lines_are_counted_and_left_out(tmp_path: Path):
    path = write(tmp_path / "P06", "EA", regular(15, 20, 2.5))
    path.write_text(path.read_text() + "17267147")
    recording = load(path)
    [finding] = [f for f in recording.findings if f.code == "lines-broken"]
    assert finding.message.startswith("1 of 301 lines")


def test_two_recordings_in_one_folder_are_refused(folder: Path):
    (folder / "2024-09-19_EA.csv").write_text((folder / "2024-09-18_22-59-45-827135_EA.csv")
                                              .read_text())  # fmt: skip
    with pytest.raises(FormatError, match="both hold EA"):
        load(folder)


def test_the_raw_file_of_the_card_says_to_use_the_parser(tmp_path: Path):
    path = tmp_path / "2024-09-18_22-59-45-827135.csv"
    path.write_text(
        "531386,17296,1,RB,1,100,2024-09-18_22-59-45-827135\n"
        "531388,17297,4,EM,1,100,RS,RB,2024-09-18_22-59-45-827135.csv,PS,MN\n"
        "531473,17298,3,PI,1,100,112870,112866,112867\n"
    )
    with pytest.raises(FormatError, match="raw file") as caught:
        load(path)
    assert "DataParser" in caught.value.hint


def test_times_that_are_no_dates_are_refused(tmp_path: Path):
    path = write(tmp_path / "P06", "EA", regular(15, 20, 2.5))
    path.write_text(path.read_text().replace("17267147", "7"))
    with pytest.raises(FormatError, match="no Unix time"):
        load(path)
