"""What a researcher's page shows beside the curves: exploratory, said so, and for nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from arousal.consent import Audience
from arousal.ingest.session_writer import write_session
from arousal.pipeline import Measured, measure, open_session
from arousal.recording import Kind
from arousal.simulate import SimulationSettings, simulate
from dashboards.beyond import Beyond, look_beyond
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
    return look_beyond(measured, measured.result("research"))


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


@pytest.mark.parametrize("audience", [Audience.LEADER, Audience.PERSON])
def test_nobody_else_sees_it_even_if_it_is_handed_over(
    measured: Measured, beyond: Beyond, audience: Audience
) -> None:
    told = page(measured, beyond, audience)
    assert 'id="beyond"' not in told
    assert "half-recovery" not in text_of(told).lower()
    assert "checklist" not in text_of(told).lower()


def test_it_is_said_in_the_pages_own_language(measured: Measured, beyond: Beyond) -> None:
    text = text_of(page(measured, beyond, Audience.RESEARCHER, "hu"))
    assert "Feltáró eredmények" in text
    assert "Exploratory" not in text


def test_the_same_session_has_the_same_numbers_in_every_run(
    measured: Measured, beyond: Beyond
) -> None:
    again = look_beyond(measured, measured.result("research"))
    assert repr(again.synchrony) == repr(beyond.synchrony)
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
    found = look_beyond(fewer, fewer.result("research"))
    assert all(r.found.person != "P04" for r in found.explored.recoveries)
    assert all(p.person != "P04" for p in found.explored.probes)
    assert all("P04" not in group.persons for group in found.explored.groups)
