"""Once per person: which source is used, and what is found."""

import numpy as np
import pytest

from arousal.features import process_person
from arousal.findings import Severity
from arousal.recording import Kind, Person, Signal
from arousal.settings import Settings
from tests.features.records import intervals_signal, wave
from tests.features.waves import beat_times, breathing, ecg, eda, pulse, without

SETTINGS = Settings()
SECONDS = 240.0
TIMES = beat_times(SECONDS)


def used(*signals):
    return process_person(Person("P1", signals), SETTINGS).beats


def strap():
    return ecg(TIMES, SECONDS, 130.0)


def intervals():
    return intervals_signal(np.diff(TIMES) * 1000)


def test_ecg_comes_before_intervals_and_these_before_a_pulse_wave():
    clip = pulse(TIMES, SECONDS, 64.0)
    assert used(clip, intervals(), strap()).kind is Kind.ECG
    assert used(clip, intervals()).kind is Kind.RR
    assert used(clip).kind is Kind.PPG


def test_a_source_with_clearly_more_coverage_comes_before_a_better_kind():
    assert used(without(strap(), 60, 120), intervals()).kind is Kind.RR
    assert used(without(strap(), 60, 65), intervals()).kind is Kind.ECG


def test_a_little_more_coverage_does_not_outweigh_the_better_kind():
    assert used(without(strap(), 60, 110), without(intervals(), 60, 105)).kind is Kind.ECG
    assert used(without(strap(), 60, 110), without(intervals(), 60, 80)).kind is Kind.RR


def test_of_two_signals_of_a_kind_the_one_with_more_beats_is_used():
    broken = without(strap(), 30, 200)
    other = Signal(Kind.ECG, strap().values, strap().times, 130.0, "spare")
    assert used(broken, other).source == "spare"


def test_an_ecg_without_beats_gives_way_to_a_pulse_wave():
    dead = wave(Kind.ECG, np.zeros(int(SECONDS * 130)), 130.0)
    assert used(dead, pulse(TIMES, SECONDS, 64.0)).kind is Kind.PPG


def test_the_signals_that_were_used_are_named():
    skin, belt = eda(np.array([50.0]), SECONDS, 4.0), breathing(SECONDS, 14.0)
    ecg_signal = strap()
    person = process_person(Person("P1", (belt, skin, ecg_signal)), SETTINGS)
    assert person.used == (ecg_signal, skin, belt)
    assert person.findings == ()


def test_someone_without_signals_has_nothing_and_no_error():
    person = process_person(Person("P1"), SETTINGS)
    assert person.beats is None
    assert person.eda is None
    assert person.findings == ()


def findings(*signals):
    return {f.code: f for f in process_person(Person("P7", signals), SETTINGS).findings}


def test_a_person_whose_heartbeats_cannot_be_used_is_a_problem():
    found = findings(wave(Kind.ECG, np.zeros(5000), 130.0))
    assert found["no-beats"].severity is Severity.PROBLEM
    assert found["no-beats"].where == "P7"


def test_an_unknown_site_is_assumed_and_said():
    found = findings(eda(np.array([50.0]), SECONDS, 4.0, site=None))
    assert "finger assumed (0.05 uS)" in found["site-assumed"].message


@pytest.mark.parametrize(
    ("signal", "code"),
    [
        (eda(np.empty(0), 600.0, 4.0), "non-responder"),
        (wave(Kind.EDA, np.full(2400, 0.001), 4.0, "finger"), "no-eda"),
        (pulse(TIMES, SECONDS, 25.0), "heart-rate-only"),
    ],
)
def test_what_was_noticed_becomes_a_finding(signal, code):
    assert set(findings(signal)) == {code}


def test_results_do_not_depend_on_the_order_of_the_signals():
    signals = (strap(), eda(np.array([50.0]), SECONDS, 4.0))
    one = process_person(Person("P1", signals), SETTINGS)
    two = process_person(Person("P1", signals[::-1]), SETTINGS)
    assert one.beats is not None
    assert two.beats is not None
    np.testing.assert_array_equal(one.beats.times, two.beats.times)


def test_skin_temperature_of_the_same_site_judges_skin_conductance():
    skin = eda(np.array([50.0]), SECONDS, 4.0, site="finger")
    count = int(SECONDS * 4)
    warm = wave(Kind.TEMPERATURE, np.full(count, 33.0), 4.0, "wrist")
    hot = wave(Kind.TEMPERATURE, np.full(count, 45.0), 4.0, "finger")
    for order in ((skin, warm, hot), (skin, hot, warm)):
        person = process_person(Person("P1", order), SETTINGS)
        assert person.eda is not None
        assert person.eda.usable_seconds == 0.0
