"""A simulated session is complete, repeatable, and honest about itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from arousal.consent import Consents
from arousal.errors import SettingsError, UsageError
from arousal.marks import parse_mark
from arousal.protocol import bundled_protocols, load_protocol
from arousal.recording import Kind, Recording
from arousal.simulate import (
    Level,
    SimulatedSession,
    SimulationSettings,
    SpeechForm,
    simulate,
)

PARTS = ("planted", "speech", "drift", "noise", "chance")


@pytest.fixture(scope="module")
def evening() -> SimulatedSession:
    return simulate("balint-90", people=10, seed=7)


def _assert_same(a: Recording, b: Recording) -> None:
    assert a.events == b.events
    assert [p.id for p in a] == [p.id for p in b]
    for one, other in zip(a, b, strict=True):
        for s, t in zip(one.signals, other.signals, strict=True):
            assert (s.kind, s.source, s.rate) == (t.kind, t.source, t.rate)
            np.testing.assert_array_equal(s.times, t.times)
            np.testing.assert_array_equal(s.values, t.values)


def test_the_same_seed_gives_the_same_session(evening: SimulatedSession) -> None:
    again = simulate("balint-90", people=10, seed=7)
    _assert_same(evening.recording, again.recording)
    assert evening.session == again.session
    assert evening.truth.as_dict() == again.truth.as_dict()


def test_another_seed_gives_another_session(evening: SimulatedSession) -> None:
    other = simulate("balint-90", people=10, seed=8)
    ours, theirs = (s.recording.person("P03").signal(Kind.RR) for s in (evening, other))
    assert ours is not None
    assert theirs is not None
    assert len(ours) != len(theirs)


def test_a_further_person_and_a_further_signal_leave_the_others_hearts_alone() -> None:
    # Without speech effect, because who talks does depend on who is there.
    plain = SimulationSettings(signals=(Kind.RR,), speech_effect=0, dropouts=Level.NONE, minutes=20)
    more = SimulationSettings(
        signals=(Kind.ECG, Kind.RR), speech_effect=0, dropouts=Level.NONE, minutes=20
    )
    nine, ten = simulate("balint-60", 9, 7, plain), simulate("balint-60", 10, 7, more)
    assert nine.truth.latent.presenters == ten.truth.latent.presenters
    for person in nine.recording:
        same = ten.recording.person(person.id).signal(Kind.RR)
        assert same is not None
        np.testing.assert_array_equal(same.times, person.signals[0].times)


@pytest.mark.parametrize("name", bundled_protocols())
def test_every_bundled_protocol_can_be_simulated(name: str) -> None:
    people = 2 if name == "mbt-individual-50" else 8
    settings = SimulationSettings(minutes=30)
    session = simulate(name, people, 5, settings)
    protocol = load_protocol(name)
    protocol.check_people(session.session.people, name)
    marked = [m.args[0] for m in _marks(session) if m.verb == "phase"]
    assert set(marked) == {p.id for p in protocol.phases}
    presenters = [m.args[0] for m in _marks(session) if m.verb == "presenter"]
    assert len(set(presenters)) == len(presenters) == protocol.case_blocks
    assert all(len(s) > 0 for p in session.recording for s in p.signals)


def _marks(session: SimulatedSession):
    return [parse_mark(event.label) for event in session.recording.events]


def test_a_users_own_protocol_is_simulated_by_path(tmp_path) -> None:
    path = tmp_path / "stress.toml"
    path.write_text(
        """
        id = "stress"
        name = "Stress test"
        minutes = 15
        case_blocks = 0
        leader_roles = []
        baseline_phases = ["rest"]
        [roles]
        subject = "Subject"
        [[phase]]
        id = "rest"
        name = "Rest"
        minutes = [4, 6]
        quiet = true
        [[phase]]
        id = "task"
        name = "Task"
        minutes = [8, 12]
        """
    )
    session = simulate(path, people=1, seed=1)
    assert [p.phase for p in session.truth.latent.timetable.phases] == ["rest", "task"]
    assert session.session.protocol == "stress.toml"
    assert session.session.people["P01"].role == "subject"


@pytest.mark.parametrize(
    ("protocol", "people", "allowed"),
    [
        ("balint-90", 5, "6 to 12"),
        ("balint-90", 13, "6 to 12"),
        ("mbt-group-90", 2, "6 to 12"),
        ("mbt-individual-50", 3, "allowed 2"),
        ("mbt-individual-50", 1, "allowed 2"),
    ],
)
def test_a_wrong_number_of_people_is_refused(protocol: str, people: int, allowed: str) -> None:
    with pytest.raises(UsageError, match=f"people is {people}, .*{allowed}"):
        simulate(protocol, people, 1)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signals", ("eeg",)),
        ("noise", "brown"),
        ("artefacts", "some"),
        ("minutes", 5.0),
        ("noise_sd", -1.0),
        ("leaders", 3),
        ("ecg_rate", 50.0),
        ("drift", float("nan")),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_and_range(key: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"{key} is .*allowed"):
        SimulationSettings(**{key: value})  # type: ignore[arg-type]


def test_a_negative_seed_and_an_unknown_protocol_are_refused() -> None:
    with pytest.raises(UsageError, match="seed is -1"):
        simulate(seed=-1)
    with pytest.raises(SettingsError, match="no protocol 'balint-95'"):
        simulate("balint-95")


def test_two_leaders_lead_and_a_member_presents(evening: SimulatedSession) -> None:
    roles = [p.role for p in evening.session.people.values()]
    assert roles[:2] == ["leader", "co_leader"]
    assert set(roles[2:]) == {"member"}
    assert evening.session.people[evening.truth.latent.presenters[1]].role == "member"


def test_two_cases_have_two_presenters_each_in_their_own_block() -> None:
    session = simulate("balint-90-two-cases", 8, 3, SimulationSettings(signals=(Kind.RR,)))
    first, second = session.truth.latent.presenters.values()
    assert first != second
    planned = {
        (e.person, e.block): e.planted
        for e in session.truth.effects
        if e.phase == "presentation" and e.measure == "heart_rate"
    }
    assert planned[first, 1] > 2 * planned[first, 2]
    assert planned[second, 2] > 2 * planned[second, 1]


def test_a_fishbowl_has_an_outer_circle_that_does_not_present() -> None:
    session = simulate("balint-fishbowl", 10, 3, SimulationSettings(minutes=20))
    outer = {p for p, entry in session.session.people.items() if entry.role == "observer"}
    assert len(outer) >= 2
    assert not outer & set(session.truth.latent.presenters.values())


def test_marks_tell_the_phases_when_slips_are_undone(evening: SimulatedSession) -> None:
    events = evening.recording.events
    marks = [parse_mark(e.label) for e in events]
    undone = {m.of for m in marks if m.verb == "undo"}
    assert len(undone) == 1
    told = [
        (m.args[0], e.onset - m.ago)
        for m, e in zip(marks, events, strict=True)
        if m.verb == "phase" and m.id not in undone
    ]
    phases = evening.truth.latent.timetable.phases
    assert [phase for phase, _ in told] == [p.phase for p in phases]
    np.testing.assert_allclose([t for _, t in told], [p.onset for p in phases], atol=1e-3)
    assert [m.ago for m in marks if m.ago] == [20.0]
    assert marks[-1].verb == "end"
    assert [m.id for m in marks] == [e.id for e in events]
    assert len({m.id for m in marks}) == len(marks)


def test_the_presenter_is_marked_within_the_invitation(evening: SimulatedSession) -> None:
    (event,) = [e for e in evening.recording.events if e.label.startswith("presenter/")]
    invitation = next(p for p in evening.truth.latent.timetable.phases if p.phase == "invitation")
    assert invitation.onset < event.onset < invitation.end
    assert parse_mark(event.label).args == (evening.truth.latent.presenters[1],)


def test_leaders_intervene_and_everyone_rates_themselves(evening: SimulatedSession) -> None:
    marks = _marks(evening)
    leaders = {"P01", "P02"}
    interventions = [m for m in marks if m.verb == "intervention"]
    assert len(interventions) >= 5
    assert {m.args[1] for m in interventions} <= leaders
    probes = [m for m in marks if m.verb == "probe"]
    assert {m.args[0] for m in probes} == {p.id for p in evening.recording}


def test_without_slips_every_mark_stands_as_it_was_sent() -> None:
    session = simulate("balint-60", 6, 1, SimulationSettings(minutes=20, slips=False))
    assert not [m for m in _marks(session) if m.ago or m.verb == "undo"]


@pytest.mark.parametrize("form", list(SpeechForm))
def test_speech_comes_as_signal_or_as_marks_or_not_at_all(form: SpeechForm) -> None:
    settings = SimulationSettings(minutes=20, speech_form=form, baseline_minutes=2)
    session = simulate("balint-60", 6, 1, settings)
    marks = [m for m in _marks(session) if m.verb == "speech"]
    signals = [s for p in session.recording for s in p.of(Kind.SPEECH)]
    assert bool(signals) == (form is SpeechForm.SIGNAL)
    assert len(marks) == (2 * len(session.truth.latent.turns) if form is SpeechForm.MARKS else 0)


def test_five_members_have_usable_signals_in_every_phase(evening: SimulatedSession) -> None:
    members = {s.person for s in evening.truth.latent.seats if not s.leads}
    members -= set(evening.truth.latent.presenters.values())
    for planned in evening.truth.latent.timetable.phases:
        length = planned.end - planned.onset
        for kind in (Kind.RR, Kind.EDA):
            lost = dict.fromkeys(members, 0.0)
            for f in evening.truth.faults:
                if f.kind is kind and f.person in members:
                    overlap = min(f.end, planned.end) - max(f.onset, planned.onset)
                    lost[f.person] += max(overlap, 0.0)
            assert sum(seconds < 0.1 * length for seconds in lost.values()) >= 5


def test_a_lost_strap_is_a_gap_in_the_times(evening: SimulatedSession) -> None:
    gaps = [f for f in evening.truth.faults if f.what == "gap"]
    assert max(f.end - f.onset for f in gaps) > 300
    for fault in gaps:
        rr = evening.recording.person(fault.person).signal(Kind.RR)
        assert rr is not None
        assert not ((rr.times >= fault.onset) & (rr.times < fault.end)).any()
    (person,) = {f.person for f in gaps}
    rr = evening.recording.person(person).signal(Kind.RR)
    assert rr is not None
    assert len(rr.gaps()) >= len(gaps)


def test_at_the_poor_level_everyone_loses_minutes_of_everything() -> None:
    settings = SimulationSettings(
        signals=(Kind.RR, Kind.EDA), dropouts=Level.POOR, artefacts=Level.POOR
    )
    session = simulate("balint-60", 8, 2, settings)
    for person in session.recording:
        for signal in person.signals:
            assert np.diff(signal.times).max() >= 60
    ectopic = [b.beats.ectopic.mean() for b in session.truth.bodies]
    assert np.mean(ectopic) == pytest.approx(0.03, abs=0.006)


def test_at_level_none_nothing_is_lost_or_spoiled() -> None:
    settings = SimulationSettings(minutes=20, dropouts=Level.NONE, artefacts=Level.NONE)
    session = simulate("balint-60", 8, 2, settings)
    assert session.truth.faults == ()
    assert not any(b.beats.ectopic.any() or b.beats.missed.any() for b in session.truth.bodies)
    assert all(len(s.segments()) == 1 for p in session.recording for s in p.signals)


def test_everyone_consented_and_the_presenters_release_is_over_its_delay(
    evening: SimulatedSession,
) -> None:
    consents = Consents(evening.session)
    presenter = evening.truth.latent.presenters[1]
    assert all(consents.allows(p.id, "group_view") for p in evening.recording)
    assert not consents.released(presenter, datetime(2026, 3, 13, tzinfo=UTC))
    assert consents.released(presenter, datetime(2026, 11, 22, tzinfo=UTC))
    assert not consents.released("P01", datetime(2026, 11, 22, tzinfo=UTC))


def test_the_parts_of_every_effect_add_up_to_the_total(evening: SimulatedSession) -> None:
    assert len(evening.truth.effects) == 10 * 9 * 4
    for effect in evening.truth.effects:
        total = sum(getattr(effect, part) for part in PARTS)
        assert effect.total == pytest.approx(total, abs=1e-9)


def test_planted_effects_are_the_course_in_natural_units() -> None:
    settings = SimulationSettings(signals=(Kind.RR,), effect_spread=0)
    session = simulate("balint-90", 10, 7, settings)
    planted = {
        (e.role, e.phase, e.measure): e.planted for e in session.truth.effects if e.block == 1
    }
    # Two SD while presenting, at 3 bpm, 1.8 responses/min, .10 ln uS and -.12 ln ms per SD.
    assert planted["presenter", "presentation", "heart_rate"] == pytest.approx(6.0)
    assert planted["presenter", "presentation", "scr_rate"] == pytest.approx(3.6)
    assert planted["presenter", "presentation", "ln_scl"] == pytest.approx(0.20)
    assert planted["presenter", "presentation", "ln_rmssd"] == pytest.approx(-0.24)
    assert planted["leader", "discussion", "heart_rate"] == pytest.approx(0.9)
    # Members in the discussion: .7 to 1.4 to .5, so about 1.0 SD.
    assert planted["member", "discussion", "heart_rate"] == pytest.approx(3.0, abs=0.1)


def test_measured_heart_rate_agrees_with_the_truth(evening: SimulatedSession) -> None:
    phases = {p.phase: p for p in evening.truth.latent.timetable.phases}
    for person, body in zip(evening.recording, evening.truth.bodies, strict=True):
        beats = body.beats.times

        def rate(phase: str, beats=beats) -> float:
            planned = phases[phase]
            edge = 120 if phase == "discussion" else 60
            means = []
            for onset in np.arange(planned.onset + edge, planned.end - 60, 5.0):
                inside = beats[(beats >= onset) & (beats < onset + 60)]
                means.append(60 / np.diff(inside).mean())
            return float(np.mean(means))

        measured = rate("discussion") - rate("baseline")
        true = evening.truth.effect(person.id, "discussion", "heart_rate")
        assert measured == pytest.approx(true, abs=0.25)


def test_the_truth_fits_into_a_file(evening: SimulatedSession) -> None:
    text = json.dumps(evening.truth.as_dict(), allow_nan=False)
    again = json.loads(text)
    assert again["presenters"] == {"1": evening.truth.latent.presenters[1]}
    assert len(again["people"]) == 10
    assert len(text) < 200_000
