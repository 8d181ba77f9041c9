"""Protocols are data: six bundled, one's own by path, and what contradicts itself is refused."""

from itertools import pairwise
from pathlib import Path

import pytest

from arousal.errors import SettingsError
from arousal.protocol import bundled_protocols, load_protocol
from arousal.session import PersonInSession

CASE = ["invitation", "presentation", "questions", "discussion", "return"]


def test_the_six_protocols_of_the_specification_are_bundled():
    assert set(bundled_protocols()) == {
        "balint-60",
        "balint-90",
        "balint-90-two-cases",
        "balint-fishbowl",
        "mbt-group-90",
        "mbt-individual-50",
    }


@pytest.mark.parametrize("name", bundled_protocols())
def test_every_plan_fills_the_meeting_without_holes(name):
    protocol = load_protocol(name)
    plan = protocol.plan()
    assert plan[0].onset == 0
    assert all(a.end == b.onset for a, b in pairwise(plan))
    inside = [p for p in plan if p.phase not in {"baseline", "recovery"}]
    assert sum(p.end - p.onset for p in inside) == pytest.approx(60 * protocol.minutes)


def test_balint_phases_follow_the_published_order():
    plan = load_protocol("balint-90").plan()
    assert [p.phase for p in plan] == ["baseline", "opening", *CASE, "closing", "recovery"]
    assert [p.block for p in plan] == [0, 0, 1, 1, 1, 1, 1, 0, 0]


def test_two_cases_make_two_blocks_with_all_case_phases():
    plan = load_protocol("balint-90-two-cases").plan()
    case = [(p.phase, p.block) for p in plan if p.block]
    assert case == [(p, b) for b in (1, 2) for p in CASE]


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("discussion", "discussion"),
        ("Push-Back", "discussion"),
        ("PUSH BACK", "discussion"),
        ("Allowing Emotional Vulnerability", "presentation"),
        ("Fallvorstellung", "presentation"),
        ("esetbemutatás", "presentation"),
        ("Rückkehr", "return"),
        ("visszateres", "return"),
        ("kérdések", "questions"),
        ("lunch", None),
        ("", None),
    ],
)
def test_a_marker_may_use_any_of_a_phases_names(word, phase):
    assert load_protocol("balint-90").find_phase(word) == phase


def test_roles_are_the_protocols_own():
    protocol = load_protocol("mbt-individual-50")
    protocol.check_people({"P01": PersonInSession(role="therapist")}, "session.toml")
    with pytest.raises(SettingsError, match=r"P01\.role is 'leader'.*therapist, patient"):
        protocol.check_people({"P01": PersonInSession(role="leader")}, "session.toml")


OWN = """
schema = 1
id = "speech-task"
name = "A task"
minutes = 20
case_blocks = 0
ordered = true
baseline_phases = ["rest"]
leader_roles = []
[roles]
participant = "Participant"
[[phase]]
id = "rest"
name = "Rest"
minutes = [5, 5]
quiet = true
implicit = true
[[phase]]
id = "task"
name = "Task"
minutes = [10, 15]
aliases = ["2"]
"""


def test_a_users_own_protocol_works_by_path(tmp_path):
    (tmp_path / "own.toml").write_text(OWN)
    protocol = load_protocol(tmp_path / "own.toml")
    assert protocol.find_phase("2") == "task"
    assert load_protocol("own.toml", folder=tmp_path) == protocol


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('id = "task"', 'id = "rest"', "share the id"),
        ('aliases = ["2"]', 'aliases = ["REST"]', "names both"),
        ("minutes = [10, 15]", "minutes = [15, 10]", "shortest, longest"),
        ("minutes = [10, 15]", "minutes = [15]", "phase.1.minutes"),
        ("case_blocks = 0", "case_blocks = 1", "case phases: 0"),
        ('baseline_phases = ["rest"]', 'baseline_phases = ["sleep"]', "sleep"),
        ("leader_roles = []", 'leader_roles = ["boss"]', "boss"),
        ("minutes = 20", "minutes = 20\nlength = 3", "length is not a known key"),
        ("minutes = 20", "minutes = inf", "minutes"),
        ('aliases = ["2"]', 'aliases = ["--"]', "no letter or digit"),
        ("leader_roles = []", 'leader_roles = []\npresenter_role = "participant"', "of the roles"),
    ],
)
def test_a_protocol_that_contradicts_itself_is_refused(tmp_path, old, new, word):
    assert old in OWN
    (tmp_path / "own.toml").write_text(OWN.replace(old, new, 1))
    with pytest.raises(SettingsError, match=word) as caught:
        load_protocol(tmp_path / "own.toml")
    assert "own.toml" in str(caught.value)


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(SettingsError, match=r"balint-60.*your own"):
        load_protocol("balint-45")


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("discusion", "discussion"),
        ("Presentation 2", "presentation"),
        ("xyz", None),
        ("", None),
    ],
)
def test_a_mistyped_word_is_near_its_phase(word: str, phase: str | None) -> None:
    assert load_protocol("balint-90-two-cases").closest_phase(word) == phase


def test_another_number_is_another_code_and_no_spelling(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'schema = 1\nid = "own"\nname = "Own"\nminutes = 5\ncase_blocks = 0\nbaseline_phases = []\n'
        '[[phase]]\nid = "rest"\nname = "Rest"\nminutes = [1, 2]\naliases = ["tag6"]\n'
    )
    protocol = load_protocol(path)
    assert protocol.closest_phase("tag7") is None
    assert protocol.closest_phase("tg6") == "rest"
