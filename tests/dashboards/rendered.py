"""Pages of the synthetic session, rendered once."""

from __future__ import annotations

from functools import cache

from arousal.consent import Audience
from dashboards.report import render_report
from tests.dashboards import synthetic


@cache
def rendered_pages() -> dict[str, str]:
    everyone = [f"P{k:02d}" for k in range(1, 11)]
    released = synthetic.session(everyone, released=("P03", "P05"))
    leader = {"purpose": "group_view"}
    results = {
        "researcher": (synthetic.session_result(), Audience.RESEARCHER),
        "leader": (synthetic.session_result(**leader), Audience.LEADER),
        "released": (
            synthetic.session_result(session_file=released, **leader),
            Audience.LEADER,
        ),
        "small": (synthetic.session_result(6, **leader), Audience.LEADER),
        "none": (synthetic.session_result(4, **leader), Audience.LEADER),
        "plain": (synthetic.without_markers(), Audience.RESEARCHER),
    }
    pages = {
        name: render_report(result, audience, now=synthetic.NOW)
        for name, (result, audience) in results.items()
    }
    told = results["released"][0]
    for language in ("de", "hu"):
        pages[language] = render_report(told, Audience.LEADER, now=synthetic.NOW, language=language)
    two = synthetic.session_result(session_file=released, line=synthetic.two_cases(), **leader)
    pages["two"] = render_report(two, Audience.LEADER, now=synthetic.NOW, language="de")
    mine = synthetic.session_result(purpose="own_view")
    pages["own"] = render_report(mine, Audience.PERSON, now=synthetic.NOW, person="P06")
    return pages
