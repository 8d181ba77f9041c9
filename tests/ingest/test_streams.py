"""Running LSL streams into a recording, on the loopback interface only."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arousal.errors import DeviceError, UsageError
from arousal.ingest.streams import discover, pull
from arousal.recording import Kind
from arousal.session import PersonInSession, SessionFile
from tests.lsl_isolation import CONFIGURATION, LslIsolation

pytestmark = pytest.mark.lsl


class Sender:
    """Outlets that send a known ramp: the value is the time since the start in samples."""

    def __init__(self) -> None:
        import pylsl

        self.lsl: Any = pylsl
        self.outlets: list[tuple[Any, float, float]] = []
        self.marks: Any = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def add(self, name: str, typed: str, rate: float, unit: str, base: float) -> None:
        info = self.lsl.StreamInfo(name, typed, 1, rate, "float32", f"id-{name}")
        channel = info.desc().append_child("channels").append_child("channel")
        channel.append_child_value("label", typed)
        channel.append_child_value("unit", unit)
        self.outlets.append((self.lsl.StreamOutlet(info), rate, base))

    def add_marks(self, name: str) -> None:
        info = self.lsl.StreamInfo(name, "Markers", 1, 0.0, "string", f"id-{name}")
        self.marks = self.lsl.StreamOutlet(info)

    def remove(self, place: int) -> None:
        del self.outlets[place]

    def _run(self) -> None:
        start = self.lsl.local_clock()
        sent = [0] * len(self.outlets)
        while not self._stop.wait(0.02):
            now = self.lsl.local_clock()
            for n, (outlet, rate, base) in enumerate(list(self.outlets)):
                while sent[n] < (now - start) * rate:
                    outlet.push_sample([base + 0.001 * sent[n]], start + sent[n] / rate)
                    sent[n] += 1

    @contextmanager
    def running(self) -> Iterator[Sender]:
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()
            self.outlets.clear()
            self.marks = None


@pytest.fixture
def sender(lsl: LslIsolation) -> Iterator[Sender]:
    made = Sender()
    yield made
    made.outlets.clear()
    made.marks = None


def test_discover_lists_running_streams_with_type_rate_and_id(sender: Sender):
    sender.add("gsr-04", "EDA", 8.0, "microsiemens", 2.0)
    sender.add_marks("ArousalMarkers")
    found = {info.name: info for info in discover(1.5)}
    assert found["gsr-04"].type == "EDA"
    assert found["gsr-04"].rate == 8.0
    assert found["gsr-04"].source_id == "id-gsr-04"
    assert found["ArousalMarkers"].is_text


def test_pull_makes_a_recording_with_persons_units_times_and_marks(sender: Sender):
    sender.add("gsr-04", "EDA", 8.0, "microsiemens", 2.0)
    sender.add("strap-09", "ECG", 130.0, "millivolts", 0.5)
    sender.add_marks("ArousalMarkers")
    session = SessionFile(
        id="t",
        people={
            "P04": PersonInSession(streams={"eda": "gsr-04"}, eda_site="palm"),
            "P09": PersonInSession(streams={"ecg": "id-strap-09"}),
        },
    )
    with sender.running():
        started = time.monotonic()

        def over() -> bool:
            if time.monotonic() - started > 2.0 and not marked:
                marked.append(sender.marks.push_sample(["phase/discussion id=m1"]))
            return False

        marked: list[object] = []
        recording = pull(2.0, until=over, streams=["gsr-04", "id-strap-09", "ArousalMarkers"],
                         session=session)  # fmt: skip
    assert [p.id for p in recording] == ["P04", "P09"]
    eda = recording.person("P04").signal(Kind.EDA)
    ecg = recording.person("P09").signal(Kind.ECG)
    assert eda is not None
    assert ecg is not None
    assert (eda.rate, eda.site, ecg.rate, ecg.original_unit) == (8.0, "palm", 130.0, "mV")
    # Each value is its own send time in samples: none lost, none twice, none out of place.
    np.testing.assert_allclose(np.diff(eda.values), 0.001, atol=1e-6)
    np.testing.assert_allclose(np.diff(ecg.values), 1.0, atol=1e-3)
    np.testing.assert_allclose(np.diff(ecg.times), 1 / 130, atol=2e-4)
    first = ecg.times[0] - (ecg.values[0] / 1000 - 0.5) / 0.001 / 130
    other = eda.times[0] - (eda.values[0] - 2.0) / 0.001 / 8
    assert first == pytest.approx(other, abs=0.01)
    assert [(e.id, e.source) for e in recording.events] == [("m1", "ArousalMarkers")]
    assert recording.started is not None
    assert ecg.end - ecg.onset > 1.8


def test_a_sender_that_goes_while_pulled_is_said_and_its_samples_are_kept(sender: Sender):
    sender.add("gsr-04", "EDA", 8.0, "microsiemens", 2.0)
    sender.add("gsr-05", "EDA", 8.0, "microsiemens", 3.0)
    with sender.running():
        since: list[float] = []

        def end() -> bool:
            since.append(time.monotonic())
            if len(sender.outlets) == 2 and since[-1] - since[0] > 0.7:
                sender.remove(1)
            return since[-1] - since[0] > 4.0

        recording = pull(until=end, streams=["gsr-04", "gsr-05"])
    [lost] = [f for f in recording.findings if f.code == "stream-lost"]
    assert lost.where == "gsr-05"
    lengths = {p.signals[0].source: p.signals[0].end for p in recording}
    assert lengths["gsr-04"] > lengths["gsr-05"] + 1.5


def test_a_named_stream_that_is_not_there_is_a_device_error_with_its_name(sender: Sender):
    sender.add("gsr-04", "EDA", 8.0, "microsiemens", 2.0)
    with pytest.raises(DeviceError, match="nobody") as caught:
        pull(0.5, streams=["gsr-04", "nobody"], timeout=1.5)
    assert caught.value.exit_code == 6


def test_no_stream_at_all_is_a_device_error(tmp_path: Path):
    # In a process and an LSL session of its own, because other tests' streams may linger here.
    config = tmp_path / "lsl_api.cfg"
    config.write_text(CONFIGURATION.format(session_id=f"arousal-empty-{uuid.uuid4().hex}"))
    code = (
        "from arousal.errors import DeviceError\nfrom arousal.ingest.streams import pull\n"
        "try:\n    pull(0.5, timeout=0.8)\nexcept DeviceError as error:\n    print(error.message)"
    )
    environment = {**os.environ, "LSLAPICFG": str(config)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "no LSL stream was found in 0.8 s"


@pytest.mark.parametrize("arguments", [{}, {"seconds": 0.0}, {"seconds": 1.0, "timeout": -1.0}])
def test_calls_without_an_end_or_with_impossible_times_are_refused(arguments: dict[str, float]):
    with pytest.raises(UsageError):
        pull(**arguments)  # type: ignore[arg-type]
