"""BIOPAC AcqKnowledge files, against a recording that bioread ships."""

from __future__ import annotations

import json
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from arousal.errors import FormatError, UsageError
from arousal.ingest import biopac, load
from arousal.ingest.units import check_unit
from arousal.recording import Kind, Recording
from tests.ingest.vendor_files import codes, reasons, signal, words

pytest.importorskip("bioread", reason="extra 'devices' is not installed")
FILE = "biopac_bioread/physio-5.0.1.acq"
DERIVED = "EDA filtered, differentiated"


@pytest.fixture(scope="module")
def expected(shared_data: Path) -> dict[str, Any]:
    figures = json.loads((shared_data / "EXPECTED.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = figures[FILE]
    return found


@pytest.fixture(scope="module")
def recording(shared_data: Path) -> Recording:
    return load(shared_data / FILE)


def test_channels_have_the_expected_rates_and_lengths(
    recording: Recording, expected: dict[str, Any]
):
    eda, ecg, breath = (signal(recording, kind) for kind in (Kind.EDA, Kind.ECG, Kind.RESPIRATION))
    assert (eda.rate, ecg.rate) == (expected["fs"]["EDA"], expected["fs"]["EKG"])
    assert breath.rate == pytest.approx(expected["fs"]["RESP"], abs=1e-4)
    assert (len(ecg), len(breath)) == (expected["n"]["EKG"], expected["n"]["RESP"])


def test_skin_conductance_lies_in_the_expected_range_and_ecg_is_microvolts(
    recording: Recording, expected: dict[str, Any]
):
    eda = signal(recording, Kind.EDA)
    assert [eda.values.min(), eda.values.max()] == pytest.approx(expected["eda_uS"], abs=1e-3)
    ecg = signal(recording, Kind.ECG)
    assert ecg.original_unit == "mV"
    assert ecg.values[0] == pytest.approx(349.365, abs=1e-3)


def test_markers_become_events_at_their_samples(recording: Recording, expected: dict[str, Any]):
    assert len(recording.events) == expected["markers"]
    for event, (sample, label) in zip(
        recording.events, (expected["marker0"], expected["marker1"]), strict=False
    ):
        assert event.label == label
        assert event.onset == pytest.approx(sample / 2000, abs=1e-9)
    assert len({event.id for event in recording.events}) == 10


def test_the_first_segment_s_marker_tells_when_it_began(recording: Recording):
    assert recording.started == datetime(2016, 2, 2, 16, 30, 56, 276000, tzinfo=UTC)


def test_a_derivative_is_no_skin_conductance_even_if_it_is_called_so(
    recording: Recording, shared_data: Path, tmp_path: Path
):
    assert "differentiated" in reasons(recording)[DERIVED]
    text = f'schema = 1\n[[signal]]\ncolumn = "{DERIVED}"\nkind = "eda"\nunit = "uS"\n'
    told = load(shared_data / FILE, mapping=words(tmp_path, text))
    assert "no person has that" in reasons(told)[DERIVED]
    assert [s.source for s in told.person("P01").of(Kind.EDA)] == ["EDA - GSR100C"]


@pytest.mark.parametrize(("level", "accepted"), [(-100.0, False), (-0.5, True), (3.0, True),
                                                 (250.0, False)])  # fmt: skip
def test_conductance_far_below_zero_is_refused_like_one_far_above(level: float, accepted: bool):
    values = level + np.linspace(0, 0.1, 50)
    assert (check_unit(Kind.EDA, "uS", values).unit == "uS") is accepted


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_keeps_what_is_there_unchanged(
    recording: Recording, shared_data: Path, tmp_path: Path, share: float
):
    content = (shared_data / FILE).read_bytes()
    path = tmp_path / "cut.acq"
    path.write_bytes(content[: round(share * len(content))])
    cut = load(path)
    assert "acq-truncated" in codes(cut)
    for kind in (Kind.EDA, Kind.ECG):
        part, whole = signal(cut, kind), signal(recording, kind)
        assert 0.5 * share < len(part) / len(whole) < 1
        np.testing.assert_array_equal(part.values, whole.values[: len(part)])


def test_a_header_that_asks_for_absurd_memory_is_refused(shared_data: Path, tmp_path: Path):
    content = bytearray((shared_data / FILE).read_bytes())
    count = struct.pack(">i", 123787)
    assert content.find(count) > 0
    content = content.replace(count, struct.pack(">i", 2**31 - 1))
    path = tmp_path / "absurd.acq"
    path.write_bytes(content)
    with pytest.raises(FormatError, match="damaged"):
        load(path)


def segments(*seconds: float, dated: bool = True) -> SimpleNamespace:
    """A file at 100 Hz of segments of 10 s that began at these seconds."""
    zero = datetime(2026, 3, 1, 18, tzinfo=UTC)
    markers = [
        SimpleNamespace(sample_index=1000 * n, text=f"Segment {n + 1}", type_code="apnd",
                        date_created_utc=zero + timedelta(seconds=s) if dated else None)
        for n, s in enumerate(seconds)
    ]  # fmt: skip
    count = 1000 * len(seconds)
    values = 3 + 0.1 * np.sin(np.arange(count) / 30)
    channel = SimpleNamespace(name="EDA", units="microsiemens", samples_per_second=100.0,
                              data=values, point_count=count)  # fmt: skip
    return SimpleNamespace(channels=[channel], event_markers=markers, samples_per_second=100.0)


@pytest.fixture
def any_file(tmp_path: Path) -> Path:
    path = tmp_path / "s.acq"
    path.write_bytes(b"x")
    return path


def test_pauses_between_appended_segments_are_put_back(
    any_file: Path, monkeypatch: pytest.MonkeyPatch
):
    data = segments(0.0, 100.0, 130.0)
    monkeypatch.setattr(biopac, "_decode", lambda *_: (data, 30.0))
    found = load(any_file)
    np.testing.assert_allclose(signal(found, Kind.EDA).gaps(), [[9.99, 100.0], [109.99, 130.0]])
    assert [event.onset for event in found.events] == [0.0, 100.0, 130.0]
    assert "segments-appended" in codes(found)


def test_segments_without_dates_are_a_problem_that_is_said(
    any_file: Path, monkeypatch: pytest.MonkeyPatch
):
    data = segments(0.0, 100.0, dated=False)
    monkeypatch.setattr(biopac, "_decode", lambda *_: (data, 20.0))
    assert "segments-undated" in codes(load(any_file))


def test_without_the_library_the_error_names_the_extra(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "bioread", None)
    with pytest.raises(UsageError, match="bioread") as caught:
        load(shared_data / FILE)
    assert "arousal[devices]" in caught.value.hint


def test_bioread_does_not_write_to_the_terminal(
    shared_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    path = tmp_path / "cut.acq"
    path.write_bytes((shared_data / FILE).read_bytes()[:400_000])
    load(path)
    assert capfd.readouterr() == ("", "")
