"""The level behind a session is exactly what was planted, plus what is named beside it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from arousal.protocol import bundled_protocols, load_protocol
from arousal.simulate import COURSES, LatentSession, SimulationSettings, simulate_latent

QUIET = SimulationSettings(noise_sd=0, speech_effect=0, effect_spread=0)


def _people(name: str) -> int:
    return 2 if name == "mbt-individual-50" else 10


def _session(name: str = "balint-90", seed: int = 7, **changes: object) -> LatentSession:
    settings = SimulationSettings(**changes)  # type: ignore[arg-type]
    return simulate_latent(load_protocol(name), _people(name), seed, settings)


def _inside(session: LatentSession, phase: str, block: int = 1) -> slice:
    """Seconds of a phase after the 30 s in which the level passes into it."""
    planned = next(
        p for p in session.timetable.phases if p.phase == phase and p.block in {block, 0}
    )
    return slice(int(np.ceil(planned.onset + 30)), int(planned.end))


@pytest.mark.parametrize("name", bundled_protocols())
def test_without_noise_each_phase_has_the_planted_level(name: str) -> None:
    session = simulate_latent(load_protocol(name), _people(name), 7, QUIET)
    for planned in session.timetable.phases:
        inside = slice(int(np.ceil(planned.onset + 30)), int(planned.end))
        progress = (np.arange(inside.start, inside.stop) - planned.onset) / (
            planned.end - planned.onset
        )
        for row, seat in enumerate(session.seats):
            presents = session.presenters.get(planned.block) == seat.person
            key = "presenter" if presents else "leads" if seat.leads else seat.role
            arc = COURSES[key].get(planned.phase, (0.0, 0.0, 0.0))
            expected = np.interp(progress, [0, 0.5, 1], arc)
            np.testing.assert_allclose(session.level[row, inside], expected, atol=1e-12)


def test_the_presenter_follows_the_expected_order_of_phases() -> None:
    session = simulate_latent(load_protocol("balint-90"), 10, 7, QUIET)
    row = [s.person for s in session.seats].index(session.presenters[1])
    phases = ("presentation", "questions", "discussion", "return")
    means = [session.level[row, _inside(session, phase)].mean() for phase in phases]
    assert means == sorted(means, reverse=True)
    early = session.level[row, _inside(session, "discussion")][:300].mean()
    assert means[1] < (means[0] + early) / 2


def test_an_effect_of_zero_makes_the_null_hypothesis_true() -> None:
    session = _session(effect=0.0)
    assert not session.course.any()
    assert session.level.any()


def test_drift_is_common_to_all_with_the_size_asked_for() -> None:
    calm = _session(drift=0.0)
    drifting = _session(drift=1.5)
    added = drifting.level - calm.level
    np.testing.assert_allclose(added, np.broadcast_to(added[0], added.shape), atol=1e-12)
    assert added[0].mean() == pytest.approx(0.0, abs=1e-9)
    assert added[0].std() == pytest.approx(1.5)


def test_talking_raises_the_level_and_the_presenters_rises_one_and_a_half_times() -> None:
    session = _session(speech_effect=0.7, presenter_slope=1.5)
    for row, seat in enumerate(session.seats):
        slope = 1.05 if seat.person == session.presenters[1] else 0.7
        # Averaged over the whole meeting the slow rise and fall cancel.
        talked = session.speaking[row].mean()
        assert session.speech[row].mean() == pytest.approx(slope * talked, rel=1e-3)


def test_only_one_person_talks_at_a_time_and_nobody_in_silence() -> None:
    session = _session()
    assert all(a.end <= b.onset for a, b in pairwise(session.turns))
    assert session.speaking.sum(axis=0).max() <= 1.0 + 1e-9
    hush, over = session.timetable.silence
    recovery = _inside(session, "recovery")
    assert session.speaking[:, int(hush) + 1 : int(over)].sum() == 0
    assert session.speaking[:, recovery].sum() == 0
    assert session.speaking[:, 20:320].sum() == 0


def test_the_presenter_talks_while_presenting_and_is_silent_in_the_discussion() -> None:
    session = _session()
    row = [s.person for s in session.seats].index(session.presenters[1])
    assert session.speaking[row, _inside(session, "presentation")].mean() > 0.8
    assert session.speaking[row, _inside(session, "discussion")].sum() == 0


def test_speech_fractions_add_up_to_the_turns() -> None:
    session = _session(seed=3)
    for row, seat in enumerate(session.seats):
        lengths = sum(t.end - t.onset for t in session.turns if t.person == seat.person)
        assert session.speaking[row].sum() == pytest.approx(lengths)


def test_a_further_person_changes_nobodys_own_fluctuation() -> None:
    protocol = load_protocol("balint-90")
    nine = simulate_latent(protocol, 9, 7, SimulationSettings())
    ten = simulate_latent(protocol, 10, 7, SimulationSettings())
    np.testing.assert_array_equal(ten.noise[:9], nine.noise)
    assert nine.timetable == ten.timetable


def test_phases_fill_the_meeting_and_follow_each_other() -> None:
    session = _session("balint-90-two-cases", seed=4)
    phases = session.timetable.phases
    assert all(a.end == b.onset for a, b in pairwise(phases))
    meeting = [p for p in phases if p.phase not in {"baseline", "recovery"}]
    assert meeting[-1].end - meeting[0].onset == pytest.approx(90 * 60, abs=0.2)
    assert phases[0].end - phases[0].onset == 420.0
    assert phases[-1].end - phases[-1].onset == 300.0


def test_a_session_can_be_short_and_without_quiet_sitting() -> None:
    session = _session(minutes=12.0, baseline_minutes=0.0, recovery_minutes=0.0)
    phases = session.timetable.phases
    assert {p.phase for p in phases}.isdisjoint({"baseline", "recovery"})
    assert phases[-1].end - phases[0].onset == pytest.approx(720.0, abs=0.2)
