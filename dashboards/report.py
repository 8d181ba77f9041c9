"""The page of one session: a single HTML file that opens anywhere, without a network.

>>> from dashboards.report import write_report           # doctest: +SKIP
>>> write_report(result, Path("report.html"), Audience.LEADER, datetime.now(UTC))  # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arousal.atomic import write_text
from arousal.consent import Audience
from arousal.errors import UsageError
from arousal.findings import Finding
from arousal.hypothesis.course import Course, load_course
from arousal.tables import INDEX_ID
from dashboards import sections
from dashboards.access import Access
from dashboards.bands import Band, distinct
from dashboards.beyond import Beyond, beyond_tables
from dashboards.figures import Mark, phase_figure, progress_figure, time_figure
from dashboards.figures.ribbon import ribbon_figure
from dashboards.heading import Dates, heading, undated
from dashboards.messages import load_messages
from dashboards.own import OwnStory
from dashboards.page import pack
from dashboards.panels import phase_time_strands, presenter_name, switches, time_panels
from dashboards.rated import rated_lead, rated_ribbon
from dashboards.story import Story

if TYPE_CHECKING:
    from arousal.pipeline import SessionResult

__all__ = ["render_report", "write_report"]

MANY_PHASES = 10
"""With more than this, a leader's print leaves out the figure that repeats the table's numbers."""


def render_report(
    result: SessionResult,
    audience: Audience,
    *,
    now: datetime,
    person: str = "",
    language: str | None = None,
    dates: Dates = "absolute",
    beyond: Beyond | None = None,
) -> str:
    """Render the page of one session.

    Parameters
    ----------
    result : SessionResult
        Tables of the persons who agreed: ``Measured.result("group_view")`` for a leader,
        ``Measured.result("own_view")`` for one person, ``Measured.result("research")`` for a
        researcher.
    audience : Audience
        For whom; decides what may stand on the page.
    now : datetime
        Timezone-aware; stands on the page and decides whether a release's delay is over.
    person : str
        Whose own page it is, for the audience ``person``; empty otherwise.
    language : {"en", "de", "hu"}, optional
        Default: the study's, else English.
    dates : {"absolute", "relative"}
        Relative: no date of the session stands on the page, nor when the page was made; times
        count from the recording's beginning in any case.
    beyond : Beyond, optional
        From `dashboards.beyond.look_beyond`: synchrony, recovery, self-reports and the reporting
        checklist. Only on a researcher's page, whoever passes it.

    Returns
    -------
    str
        Self-contained HTML.

    Raises
    ------
    UsageError
        If nobody agreed to such a page, the tables are of another purpose, the person is not in
        them, there is no such language, or ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise UsageError("now has no time zone", hint="datetime.now(UTC)")
    study = result.source.study
    say = load_messages(language or (study.language if study is not None else "en"))
    access = Access(result, audience, now, person)
    story = OwnStory(access, say) if person else Story(access, say)
    course = None if person else _course(story)
    figures, drawn = _figures(story, course)
    many = len(distinct(story.bands)) > MANY_PHASES
    content = _content(story, course, now, dated=dates == "absolute")
    content["body_class"] = f"{audience} many-phases" if many else str(audience)
    content["curve"] |= drawn
    content["phases"]["drawn"] = "phases" in figures
    content["progress"] = "progress" in figures
    shown = beyond is not None and access.everything
    content["beyond"] = beyond_tables(story, beyond) if shown and beyond is not None else None
    content["rated"] = rated_lead(say) if "rated" in figures else ""
    return pack("report.html.j2", content, figures)


def write_report(
    result: SessionResult,
    path: Path,
    audience: Audience,
    now: datetime,
    *,
    person: str = "",
    language: str | None = None,
    dates: Dates = "absolute",
    beyond: Beyond | None = None,
) -> None:
    """Render the page and write it whole or not at all.

    Parameters
    ----------
    result, audience, now, person, language, dates, beyond
        As `render_report`.
    path : Path
        The file; readable by its owner only.

    Raises
    ------
    UsageError
        As `render_report`, or if the place cannot be written to.
    """
    page = render_report(
        result, audience, now=now, person=person, language=language, dates=dates, beyond=beyond
    )
    write_text(path, page)


def _course(story: Story) -> Course | None:
    """Return the expected course if it says anything about a phase of this session."""
    course = load_course()
    phases = {band.phase for band in story.bands}
    return course if any(s.phase in phases for s in course.stretches) else None


def _figures(story: Story, course: Course | None) -> tuple[dict[str, str], dict[str, Any]]:
    """Draw what this reader may see; return plotly JSON by name, and the curve's switches."""
    access, say, bands = story.access, story.say, story.bands
    panels = time_panels(access, bands, course, say)
    figures, drawn = {}, {"drawn": bool(panels), "switches": switches(access, panels, say)}
    if panels:
        marks = tuple(Mark(m["minute"], m["type"]) for m in sections.interventions(story))
        figures["curve"] = time_figure(panels, bands, marks, say).to_json()
    rows = story.index_cells
    if any(cell.value.shown for _, cell in rows):
        unit = say(f"unit.{INDEX_ID}")
        figures["phases"] = phase_figure(
            rows,
            say("figure.phase_axis" if story.from_quiet_start else "figure.phase_axis_narrow"),
            unit,
            say("figure.windows" if access.person else "figure.people"),
            say,
        ).to_json()
    if access.everything and bands and panels:
        strands = phase_time_strands(access, bands, course, say)
        unit = say(f"unit.{INDEX_ID}")
        figures["progress"] = progress_figure(strands, bands, unit, say).to_json()
    if (ribbon := rated_ribbon(access, bands)) is not None:
        figures["rated"] = ribbon_figure(ribbon, bands, say).to_json()
    return figures, drawn


def _content(story: Story, course: Course | None, now: datetime, *, dated: bool) -> dict[str, Any]:
    access, say = story.access, story.say
    everything = access.everything
    own = bool(access.person)
    lead = "own_lead" if own else "lead_small" if access.group.level == "small" else "lead"
    reading = ("own_scale_me", "own_use") if own else ("own_scale", "group", "use")
    return {
        "say": say,
        "title": say(f"page.{_title(story)}"),
        "edition": say(f"page.edition_{access.audience}", person=access.person),
        "everything": everything,
        "notices": _notices(story),
        "meta": heading(story, now, dated=dated),
        "summary": story.summary(),
        "baseline": story.baseline(),
        "bands": [_band_key(story, b) for b in distinct(story.bands)],
        "curve": {"lead": _curve_lead(story), "alt": story.curve_alt(), "parts": story.parts()},
        "interventions": sections.interventions(story),
        "phases": _phases(story)
        | {
            "lead": say(f"phases.{lead}", since=story.since),
            "caption": say("phases.own_caption" if own else "phases.caption", since=story.since),
        },
        "persons": sections.person_table(story) if everything and story.bands else None,
        "trust": sections.trust(story),
        "has_expected": not own,
        "expected": sections.expected(story, course),
        "reading": ["activation", "confounds", *reading],
        "record": sections.record(story) if everything else None,
        "findings": _dateless(sections.findings(story), dated=dated),
        "details": _dateless(sections.details(story, now), dated=dated),
    }


def _title(story: Story) -> str:
    access = story.access
    if access.person:
        return "title_own"
    if access.group.level == "none" and not access.everything:
        # A released curve is one person's, and the page is about it.
        return "title_one" if len(access.presenters) == 1 else "title_none"
    return "title" if len(access.result.persons) > 1 else "title_one"


def _phases(story: Story) -> dict[str, Any]:
    """Return the phase table; not a leader's without any number, which only repeats why."""
    table = sections.phase_table(story)
    told = any(cell["shown"] for row in table["rows"] for cell in row["cells"])
    leaders = not (story.access.everything or story.access.person)
    return table | {"left_out": leaders and bool(table["rows"]) and not told}


def _notices(story: Story) -> list[str]:
    if story.access.person:
        return [story.say("page.own_notice")]
    if not story.access.everything:
        return []
    notices = [story.say("page.researcher_warning")]
    if story.access.result.consents.researcher_only:
        notices.append(story.say("page.only_researcher"))
    return notices


def _curve_lead(story: Story) -> str:
    say, view = story.say, story.access.group
    if story.access.person:
        return say("curve.own_lead")
    if len(view.persons) == 1 and story.access.everything:
        return say("curve.lead_one")
    if story.access.everything:
        return f"{say('curve.lead_researcher')} {story.people_behind()}"
    if view.level == "none":
        none = say("curve.lead_none", reason=story.refusal(view))
        if not story.access.presenters:
            return none
        name = presenter_name(story.access, story.access.presenters[0], say)
        return f"{none} {say('curve.lead_own', name=name)}"
    lead = say(f"curve.lead_{view.level}", n=len(view.persons), fewest=say("curve.fewest"))
    return f"{lead} {story.people_behind()}"


def _band_key(story: Story, band: Band) -> dict[str, Any]:
    about = "" if band.certain else story.say("phases.approximate")
    return {
        "number": band.number,
        "name": band.name,
        "colour": band.colour,
        "from": f"{about}{band.onset:.0f}",
        "to": f"{band.end:.0f}",
    }


def _dateless(content: Any, *, dated: bool) -> Any:
    """Return a section's values without dates, where the page shall hold none."""
    if dated:
        return content
    match content:
        case str():
            return undated(content)
        case dict():
            return {key: _dateless(value, dated=dated) for key, value in content.items()}
        case list() | tuple():
            return [_dateless(value, dated=dated) for value in content]
        case Finding():
            message, where = undated(content.message), undated(content.where)
            return replace(content, message=message, where=where, hint=undated(content.hint))
        case _:
            return content
