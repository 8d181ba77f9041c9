"""Every row of the table of bridges, with its quirks, and what no rule knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arousal.errors import SettingsError
from arousal.ingest.assemble import Known, assemble
from arousal.ingest.devices import load_catalogue
from arousal.ingest.mapping import load_mapping
from arousal.ingest.raw import RawStream
from arousal.recording import Kind, Recording, Signal
from tests.ingest.made_streams import (
    beats,
    ecg,
    eda,
    heart_rate,
    made_stream,
    movement,
    pulse,
)

NONIN = ("PPG", "Frame Sync", "Perfusion", "Alarm", "Out Of Track", "Artifact", "Disconnect")


def read(*streams: RawStream) -> Recording:
    return assemble(streams, Known("test"))


def only(recording: Recording) -> Signal:
    [person] = recording.persons
    [signal] = person.signals
    return signal


def kinds(recording: Recording) -> list[str]:
    return sorted(str(s.kind) for p in recording for s in p.signals)


def codes(recording: Recording) -> set[str]:
    return {f.code for f in recording.findings}


def beat_times(intervals: np.ndarray) -> np.ndarray:
    return 100.0 + np.cumsum(intervals)


# ---------------------------------------------------------------- Polar


def test_polar_h10_ecg_is_microvolts_although_no_unit_is_sent():
    values = np.round(ecg())
    stream = made_stream("Anna's strap", values, typed="ECG", rate=130.0, source_id="myuid2424")
    signal = only(read(stream))
    assert (signal.kind, signal.rate, signal.site) == (Kind.ECG, 130.0, "chest")
    np.testing.assert_array_equal(signal.values, values)


def test_three_polar_straps_with_one_source_id_are_three_persons():
    streams = [
        made_stream(name, np.round(ecg()), typed="ECG", rate=130.0, source_id="myuid2424")
        for name in ("strap A", "strap B", "strap C")
    ]
    recording = read(*streams)
    assert [p.id for p in recording] == ["P01", "P02", "P03"]
    assert [p.signals[0].source for p in recording] == ["strap A", "strap B", "strap C"]
    assert "persons-numbered" in codes(recording)


@pytest.mark.parametrize(
    ("name", "typed", "rate"),
    [
        ("PolarH10_HR", "HR", 0.0),
        ("PolarHeartRate", "HEART_RATE", 1.0),
        ("PolarHRV", "HRV", 65.0),
        ("Polar", "ECG", 70.0),
    ],
)
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_polar_scripts_send_intervals_in_s_or_ms_under_any_type_and_rate(
    name: str, typed: str, rate: float, unit: str
):
    intervals = beats()
    sent = intervals if unit == "s" else intervals * 1000
    signal = only(
        read(made_stream(name, sent, typed=typed, rate=rate, times=beat_times(intervals)))
    )
    assert signal.kind is Kind.RR
    np.testing.assert_allclose(signal.values, intervals * 1000)


def test_polar_scripts_send_heart_rate_and_interval_in_one_sample():
    intervals = beats()
    both = np.stack([60 / intervals, intervals * 1000], axis=1)
    recording = read(made_stream("PolarH10_HR", both, typed="HR", times=beat_times(intervals)))
    [person] = recording.persons
    rr, hr = person.signal(Kind.RR), person.signal(Kind.HR)
    assert rr is not None
    assert hr is not None
    np.testing.assert_allclose(rr.values, intervals * 1000)
    np.testing.assert_allclose(hr.values, 60 / intervals)


# ---------------------------------------------------------------- Excite-O-Meter


@pytest.mark.parametrize("typed", ["ExciteOMeter", "Markers"])
def test_excite_o_meter_streams_typed_markers_are_signals_and_not_marks(typed: str):
    intervals = beats()
    own_id = "ExciteOMeter"
    time = np.arange(130 * 20) / 130.0
    recording = read(
        made_stream(
            "HeartRate", heart_rate(), typed=typed, times=100.0 + np.arange(60), source_id=own_id
        ),
        made_stream(
            "RRinterval", intervals, typed=typed, times=beat_times(intervals), source_id=own_id
        ),
        made_stream("RawECG", np.round(ecg()), typed=typed, times=100.0 + time, source_id=own_id),
    )
    assert kinds(recording) == ["ecg", "hr", "rr"]
    assert not recording.events
    [person] = recording.persons
    wave = person.signal(Kind.ECG)
    assert wave is not None
    assert wave.rate == 130.0


def test_two_excite_o_meters_on_two_computers_are_two_persons():
    intervals = beats()
    streams = [
        made_stream(name, values, typed="ExciteOMeter", times=times, source_id="eom", hostname=host)
        for host in ("pc-a", "pc-b")
        for name, values, times in (
            ("HeartRate", heart_rate(), 100.0 + np.arange(60)),
            ("RRinterval", intervals, beat_times(intervals)),
        )
    ]
    recording = read(*streams)
    assert [sorted(str(s.kind) for s in p.signals) for p in recording] == [["hr", "rr"]] * 2


def test_wearers_that_cannot_be_told_apart_are_a_problem_and_not_a_guess():
    streams = [
        made_stream(name, values, typed="ExciteOMeter", source_id="eom", uid=f"{name}{number}")
        for number in range(2)
        for name, values in (("HeartRate", heart_rate()), ("RRinterval", beats() * 1000))
    ]
    recording = read(*streams)
    assert len(recording.persons) == 4
    assert "stream-ambiguous" in codes(recording)


# ---------------------------------------------------------------- straps that repeat


def test_a_strap_that_repeats_its_last_interval_after_it_is_gone_is_cut_off():
    intervals = beats(40)
    gone = np.full(30, intervals[-1])
    times = np.concatenate([beat_times(intervals), beat_times(intervals)[-1] + 1 + np.arange(30)])
    stream = made_stream(
        "Ben", np.concatenate([intervals, gone]), typed="heart_ibi", rate=1.0, times=times
    )
    recording = read(stream)
    signal = only(recording)
    np.testing.assert_allclose(signal.values, intervals * 1000)
    assert "rr-repeated" in codes(recording)


# ---------------------------------------------------------------- Empatica on LSL


def test_e4_script_streams_are_one_person_with_known_units():
    recording = read(
        made_stream("acc", movement(g=64), typed="ACC", rate=32.0, source_id="acc"),
        made_stream("bvp", pulse(), typed="BVP", rate=64.0, source_id="bvp"),
        made_stream("gsr", eda(level=0.4), typed="GSR", rate=4.0, source_id="gsr"),
        made_stream("tmp", np.full(80, 33.1), typed="Temp", rate=4.0, source_id="tmp"),
    )
    assert kinds(recording) == ["acceleration", "eda", "ppg", "temperature"]
    [person] = recording.persons
    acc, skin = person.signal(Kind.ACCELERATION), person.signal(Kind.EDA)
    assert acc is not None
    assert skin is not None
    assert np.median(np.linalg.norm(acc.values, axis=1)) == pytest.approx(1.0, abs=0.02)
    assert (skin.site, skin.unit, skin.original_unit) == ("wrist", "uS", "")


def test_sensor_suite_names_carry_the_device_and_the_kind():
    def device(serial: str) -> list[RawStream]:
        intervals = beats()
        name, own_id = f"Empatica{serial}", f"lsl-{serial}"
        return [
            made_stream(f"{name}EDA", eda(), typed="EDA", rate=4.0, source_id=own_id),
            made_stream(f"{name}PPG", pulse(), typed="PPG", rate=64.0, source_id=own_id),
            made_stream(
                f"{name}IBI",
                intervals,
                typed="IBI",
                rate=1.0,
                times=beat_times(intervals),
                source_id=own_id,
            ),
            made_stream(f"{name}HR", heart_rate(), typed="HR", rate=1.0, source_id=own_id),
        ]

    recording = read(*device("A01"), *device("B02"))
    assert [sorted(str(s.kind) for s in p.signals) for p in recording] == [
        ["eda", "hr", "ppg", "rr"]
    ] * 2
    rr = recording.persons[1].signal(Kind.RR)
    assert rr is not None
    np.testing.assert_allclose(rr.values, beats() * 1000)
    assert rr.original_unit == "s"
    assert rr.rate is None


# ---------------------------------------------------------------- Shimmer


@pytest.mark.parametrize("typed", ["GSR", "Signals", "Physiological"])
@pytest.mark.parametrize("name", ["ShimmerGSR", "Shimmer_gsr", "Shimmer_Data"])
def test_shimmer_resistance_becomes_conductance(name: str, typed: str):
    conductance = eda(level=4.0)
    stream = made_stream(name, 1000 / conductance, typed=typed, rate=51.2, units=("kOhm",))
    signal = only(read(stream))
    np.testing.assert_allclose(signal.values, conductance)
    assert signal.original_unit == "kOhm"


def test_shimmer_ohms_without_a_unit_are_told_by_their_range_and_said():
    conductance = eda(level=4.0)
    recording = read(made_stream("ShimmerGSR", 1e6 / conductance, typed="GSR", rate=51.2))
    np.testing.assert_allclose(only(recording).values, conductance)
    [finding] = [f for f in recording.findings if f.code == "unit-guessed"]
    assert "Ohm" in finding.message


def test_shimmer_counts_are_listed_and_never_guessed():
    counts = np.round(20_000 + 3000 * np.sin(np.arange(600) / 50))
    recording = read(made_stream("Shimmer_Data", counts, typed="GSR", rate=51.2))
    assert not recording.persons
    [unknown] = recording.unknown
    assert "counts" in unknown.reason
    assert "--map" in unknown.reason


# ---------------------------------------------------------------- PLUX


def test_opensignals_tells_kinds_by_labels_only_and_its_type_is_the_device():
    labels = ("nSeq", "ECG0", "EDA1")
    columns = np.stack(
        [np.arange(2600) % 16, ecg() / 1000, np.interp(np.arange(2600), np.arange(80), eda(4, 20))],
        axis=1,
    )
    units = ("", "mV", "uS")
    streams = [
        made_stream("OpenSignals", columns, typed=mac, rate=130.0, labels=labels, units=units)
        for mac in ("00:07:80:4D:2E:76", "00:07:80:4D:2E:99")
    ]
    recording = read(*streams)
    assert [sorted(str(s.kind) for s in p.signals) for p in recording] == [["ecg", "eda"]] * 2
    wave = recording.persons[0].signal(Kind.ECG)
    assert wave is not None
    np.testing.assert_allclose(wave.values, ecg(), rtol=1e-12)
    assert "a counter or a digital line" in {u.reason for u in recording.unknown}


def test_biosignalsplux_microvolts_are_raw_counts_and_not_believed():
    skin_counts = np.round(12_000 + 500 * np.sin(np.arange(4000) / 200))
    heart_counts = np.round(32_768 + ecg(1000.0, 4.0, 9000))
    stream = made_stream(
        "biosignalsplux",
        np.stack([skin_counts, heart_counts], axis=1),
        typed="Physiological",
        rate=1000.0,
        labels=("EDA_1", "ECG_2"),
        units=("microvolts", "microvolts"),
    )
    recording = read(stream)
    assert not recording.persons
    assert {u.channels for u in recording.unknown} == {("EDA_1",), ("ECG_2",)}
    assert all("counts" in u.reason for u in recording.unknown)


def test_bitalino_calls_everything_eeg_and_microvolts_and_labels_decide():
    counts = np.round(500 + 100 * np.sin(np.arange(800) / 60))
    stream = made_stream(
        "BITalino",
        np.stack([counts, counts], axis=1),
        typed="EEG",
        rate=100.0,
        labels=("EDA", "A2"),
        units=("microvolts", "microvolts"),
    )
    recording = read(stream)
    assert not recording.persons
    reasons = {u.channels[0]: u.reason for u in recording.unknown}
    assert "counts" in reasons["EDA"]
    assert "no rule knows" in reasons["A2"]


# ---------------------------------------------------------------- EmotiBit


def test_emotibits_are_told_apart_by_serial_because_their_names_are_equal():
    def device(serial: str) -> list[RawStream]:
        own_id = serial
        return [
            made_stream("EDA", eda(15.0), typed="EDA", rate=15.0, source_id=own_id),
            made_stream("HR", heart_rate(), typed="HeartRate", source_id=own_id),
            made_stream(
                "PPG_RED", pulse(25.0, level=50_000), typed="PPGRed", rate=25.0, source_id=own_id
            ),
            made_stream("TEMP1", np.full(150, 31.2), typed="TEMP1", rate=7.5, source_id=own_id),
        ]

    recording = read(*device("MD-V5-0000317"), *device("MD-V5-0000412"))
    assert [sorted(str(s.kind) for s in p.signals) for p in recording] == [
        ["eda", "hr", "ppg", "temperature"]
    ] * 2


# ---------------------------------------------------------------- Muse, Nonin, Nervous, BIOPAC


def test_muse_has_three_light_channels_and_the_infrared_one_is_the_pulse():
    light = np.stack([np.full(1280, 1400.0), pulse(level=116_000), pulse(level=65_000)], axis=1)
    own_id = "Muse_00:55:DA:B7:E8:C3"
    recording = read(
        made_stream(
            "Muse",
            light,
            typed="PPG",
            rate=64.0,
            labels=("LUX", "IR", "RED"),
            units=("mmHg", "mmHg", "mmHg"),
            source_id=own_id,
        ),
        made_stream(
            "Muse", movement(52.0), typed="ACC", rate=52.0, units=("g", "g", "g"), source_id=own_id
        ),
        made_stream(
            "Muse",
            pulse(256.0),
            typed="EEG",
            rate=256.0,
            labels=("TP9",),
            units=("uV",),
            source_id=own_id,
        ),
    )
    assert kinds(recording) == ["acceleration", "ppg"]
    ppg = recording.persons[0].signal(Kind.PPG)
    assert ppg is not None
    assert ppg.source == "Muse:IR"
    np.testing.assert_allclose(ppg.values, light[:, 1])
    assert {u.channels for u in recording.unknown} == {("LUX", "RED"), ("TP9",)}


def test_nonin_has_seven_channels_of_which_six_are_status():
    columns = np.zeros((1500, 7))
    columns[:, 0] = pulse(75.0, level=30_000)
    name = "Nonin Medical Pulse Oximeter"
    recording = read(made_stream(name, columns, typed="PPG", rate=75.0, labels=NONIN))
    signal = only(recording)
    assert (signal.kind, signal.rate, signal.site) == (Kind.PPG, 75.0, "finger")
    np.testing.assert_array_equal(signal.values, columns[:, 0])
    [status] = recording.unknown
    assert status.channels == NONIN[1:]


@pytest.mark.parametrize(
    ("typed", "rate", "values", "unit", "kind"),
    [
        ("ECG", 512.0, ecg(512.0), "microvolts", Kind.ECG),
        ("EDA", 8.0, eda(8.0), "microsiemens", Kind.EDA),
    ],
)
def test_a_good_citizen_needs_no_rule_of_its_own(
    typed: str, rate: float, values: np.ndarray, unit: str, kind: Kind
):
    signal = only(read(made_stream("Nervous 17", values, typed=typed, rate=rate, units=(unit,))))
    assert signal.kind is kind
    np.testing.assert_allclose(signal.values, values)


def test_biopac_scripts_repeat_samples_and_the_repeats_are_dropped_and_said():
    rate = 500.0
    times = 100.0 + np.arange(5000) / rate
    again = np.sort(np.append(times, times[1000:1010]))
    values = np.interp(again, times, ecg(rate, 10.0))
    recording = read(
        made_stream("MP160", values, typed="ECG", rate=rate, times=again, units=("uV",))
    )
    signal = only(recording)
    np.testing.assert_array_equal(signal.times, times - 100.0)
    [finding] = [f for f in recording.findings if f.code == "stamps-dropped"]
    assert "10 of 5010" in finding.message


# ---------------------------------------------------------------- no rule


def test_a_slow_stream_typed_ecg_is_no_wave_and_is_listed():
    recording = read(made_stream("thing", heart_rate(), typed="ECG", rate=1.0))
    assert not recording.persons
    assert "no wave" in recording.unknown[0].reason


def test_the_label_of_a_channel_outweighs_the_stream_s_type():
    stream = made_stream(
        "box", eda(), typed="EEG", rate=4.0, labels=("skin conductance",), units=("uS",)
    )
    assert only(read(stream)).kind is Kind.EDA


def test_a_stranger_is_listed_with_what_is_known_about_it():
    recording = read(made_stream("Foo", np.arange(40.0), typed="Bar", rate=4.0, labels=("baz",)))
    [unknown] = recording.unknown
    assert (unknown.name, unknown.type, unknown.channels) == ("Foo", "Bar", ("baz",))
    assert (unknown.rate, unknown.samples) == (4.0, 40)
    assert "no-signals" in codes(recording)


def test_a_user_s_own_rules_come_before_the_bundled_ones(tmp_path: Path):
    (tmp_path / "ours.toml").write_text(
        '[[device]]\nid = "sock"\nlabel = "Our sock"\nname = "SockSense.*"\n'
        '[[device.channel]]\nnumber = [2]\nkind = "eda"\nunit = "nS"\nsite = "foot"\n'
        '[[device.channel]]\nskip = "a counter"\n',
        encoding="utf-8",
    )
    (tmp_path / "map.toml").write_text('devices = ["ours.toml"]\n', encoding="utf-8")
    mapping = load_mapping(tmp_path / "map.toml")
    columns = np.stack([np.arange(240.0), eda() * 1000], axis=1)
    recording = assemble(
        [made_stream("SockSense 3", columns, typed="EDA", rate=4.0)], Known("t", mapping)
    )
    signal = only(recording)
    assert signal.site == "foot"
    np.testing.assert_allclose(signal.values, eda())


def test_a_device_file_with_a_broken_expression_is_a_settings_error(tmp_path: Path):
    path = tmp_path / "ours.toml"
    path.write_text(
        '[[device]]\nid = "x"\nlabel = "X"\nname = "("\n[[device.channel]]\nskip = "s"\n'
    )
    with pytest.raises(SettingsError, match="regular expression"):
        load_catalogue([path])


def test_every_bundled_rule_has_an_id_of_its_own():
    ids = [rule.id for rule in load_catalogue().devices]
    assert len(ids) == len(set(ids)) > 20
