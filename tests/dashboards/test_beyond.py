"""What a researcher's page shows beside the curves: exploratory, said so, and for nobody else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from arousal.consent import Audience
from arousal.hypothesis.hypothesis_file import load_hypothesis
from arousal.hypothesis.interventions import Left, SessionEvents
from arousal.hypothesis.registration import load_ledger, register
from arousal.ingest.session_writer import write_session
from arousal.pipeline import Measured, measure, open_session
from arousal.recording import Kind
from arousal.simulate import SimulationSettings, simulate
from dashboards.beyond import Beyond, look_beyond
from dashboards.messages import load_messages
from dashboards.report import render_report
from tests.dashboards import synthetic
from tests.dashboards.reading import text_of


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder = tmp_path_factory.mktemp("beyond") / "s1"
    made = simulate("balint-60", 6, 3, SimulationSettings(signals=(Kind.RR, Kind.EDA), minutes=30))
    write_session(folder, made.recording, made.session)
    return measure(open_session(folder))


@pytest.fixture(scope="module")
def beyond(measured: Measured) -> Beyond:
    return look_beyond(measured, measured.result("research"), synthetic.NOW)


def page(measured: Measured, beyond: Beyond, audience: Audience, language: str = "en") -> str:
    person = "P03" if audience is Audience.PERSON else ""
    result = measured.result(audience.purpose)
    return render_report(
        result, audience, now=synthetic.NOW, person=person, language=language, beyond=beyond
    )


def test_the_researchers_page_shows_it_and_says_that_it_is_exploratory(
    measured: Measured, beyond: Beyond
) -> None:
    text = text_of(page(measured, beyond, Audience.RESEARCHER))
    assert "Everything in this section is exploratory" in text
    for words in ("synchrony, phase by phase", "half-recovery", "Self-reports", "checklist"):
        assert words in text
    found = next(
        s for s in beyond.synchrony if s.phase == "discussion" and s.signal == "heart_rate"
    )
    assert f"{found.r:+.2f}".replace("-", "−").replace("+0.00", "0.00") in text


def test_answers_to_events_and_the_expectations_stand_there_with_what_chance_gives(
    measured: Measured, beyond: Beyond
) -> None:
    text = text_of(page(measured, beyond, Audience.RESEARCHER))
    assert "After interventions and silences" in text
    assert "This session against what is expected" in text
    assert "one session can neither confirm nor refute" in text
    assert beyond.expected is not None
    told = [s for s in beyond.expected if s.tests and all(np.isfinite(t.p) for t in s.tests)]
    assert told
    assert len(told) < len(beyond.expected)
    assert f"{len(beyond.expected) - len(told)} more could not be computed" in text
    test = max(told[0].tests, key=lambda t: t.p)
    say = load_messages("en")
    assert f"{say.number(test.low, 2)} to {say.number(test.high, 2)}" in text


def test_an_answer_to_an_event_stands_with_its_number_and_what_was_left_out(
    measured: Measured, beyond: Beyond
) -> None:
    left = (Left(300.0, "empathy", "an incident around it"),) * 3
    one = SessionEvents(
        "s1", "empathy", "heart_rate", "bpm", "presenter", value=-1.234, n=2, left=left
    )
    silent = SessionEvents("s1", "silence", "heart_rate", "bpm", "presenter", reason="no event")
    shown = replace(beyond, explored=replace(beyond.explored, events=(one, silent)))
    text = text_of(page(measured, shown, Audience.RESEARCHER))
    assert "Heart rate presenter −1.23 bpm – 2 0 3" in text
    assert "One more could not be computed." in text


def test_a_study_that_registered_nothing_is_not_looked_at_and_one_that_did_notes_the_look(
    measured: Measured, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    folder = study / "sessions" / "s1"
    assert measured.source.folder is not None
    shutil.copytree(measured.source.folder, folder)
    (study / "study.toml").write_text('schema = 1\nname = "T"\nconsent = "held elsewhere"\n')
    inside = replace(measured, source=replace(measured.source, folder=folder))
    before = look_beyond(inside, inside.result("research"), synthetic.NOW)
    assert before.expected is None
    assert load_ledger(study).looks == ()
    assert "No hypothesis is registered in this study" in text_of(
        page(inside, before, Audience.RESEARCHER)
    )
    register(study, load_hypothesis("farkas2024"), synthetic.NOW)
    after = look_beyond(inside, inside.result("research"), synthetic.NOW)
    assert after.expected
    assert [look.sessions for look in load_ledger(study).looks] == [1]


@pytest.mark.parametrize("audience", [Audience.LEADER, Audience.PERSON])
def test_nobody_else_sees_it_even_if_it_is_handed_over(
    measured: Measured, beyond: Beyond, audience: Audience
) -> None:
    told = page(measured, beyond, audience)
    assert 'id="beyond"' not in told
    assert "half-recovery" not in text_of(told).lower()
    assert "checklist" not in text_of(told).lower()
    assert "against what is expected" not in text_of(told)


def test_it_is_said_in_the_pages_own_language(measured: Measured, beyond: Beyond) -> None:
    text = text_of(page(measured, beyond, Audience.RESEARCHER, "hu"))
    assert "Feltáró eredmények" in text
    assert "Exploratory" not in text


def test_the_same_session_has_the_same_numbers_in_every_run(
    measured: Measured, beyond: Beyond
) -> None:
    again = look_beyond(measured, measured.result("research"), synthetic.NOW)
    assert repr(again.synchrony) == repr(beyond.synchrony)
    assert repr(again.expected) == repr(beyond.expected)
    assert repr(again.explored.recoveries) == repr(beyond.explored.recoveries)


def test_the_checklist_fills_in_what_the_files_tell(beyond: Beyond) -> None:
    told = {item.state for item in beyond.items}
    assert told == {"filled", "missing", "not applicable"}
    assert any("eda" in item.text for item in beyond.items if item.state == "filled")


def test_who_did_not_agree_to_research_is_in_none_of_it(measured: Measured) -> None:
    folder = measured.source.folder
    assert folder is not None
    path = Path(folder) / "session.toml"
    before = path.read_text()
    try:
        head, own = before.split("[consent.P04]")
        path.write_text(f"{head}[consent.P04]{own.replace('research = ', '# research = ', 1)}")
        fewer = measure(open_session(folder))
    finally:
        path.write_text(before)
    assert "P04" not in fewer.agreed("research")
    found = look_beyond(fewer, fewer.result("research"), synthetic.NOW)
    assert all(r.found.person != "P04" for r in found.explored.recoveries)
    assert all(p.person != "P04" for p in found.explored.probes)
    assert all("P04" not in group.persons for group in found.explored.groups)
