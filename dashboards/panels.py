"""Which lines stand in which panel of the curve, for one reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arousal.tables import INDEX_ID, MEASURES
from dashboards.figures import Panel, Strand, course_strands

if TYPE_CHECKING:
    from arousal.hypothesis.course import Course
    from dashboards.access import Access
    from dashboards.bands import Band
    from dashboards.messages import Messages

__all__ = ["kinds_of", "phase_time_strands", "time_panels"]

DASHES = ("solid", "dash", "dashdot", "longdash")
"""Presenters of the first, second ... case block."""


def time_panels(
    access: Access, bands: tuple[Band, ...], course: Course | None, say: Messages
) -> tuple[Panel, ...]:
    """Return the index panel and, beneath it, one panel for each of its parts that has data.

    Parameters
    ----------
    access : Access
        The reader.
    bands : tuple of Band
        The phases, over which the expected course is laid.
    course : Course or None
        The hypothesis to draw behind the index.
    say : Messages
        The catalogue.
    """
    panels = []
    for measure in (INDEX_ID, *(m.id for m in MEASURES), "device_heart_rate"):
        strands = measured_strands(access, measure, say)
        if not strands:
            continue
        is_index = measure == INDEX_ID
        if is_index and course is not None:
            strands = (*course_strands(course, bands, say("switch.course")), *strands)
        panels.append(
            Panel(
                title=say(f"measure.{measure}"),
                short=say(f"short.{measure}"),
                strands=strands,
                unit=say(f"unit.{measure}"),
                weight=2.6 if is_index else 1.0,
                turned=any(m.id == measure and m.sign < 0 for m in MEASURES),
                axis=say("figure.arousal_axis") if is_index else "",
            )
        )
    return tuple(panels)


def phase_time_strands(
    access: Access, bands: tuple[Band, ...], course: Course | None, say: Messages
) -> tuple[Strand, ...]:
    """Return the index on normalised phase time, the expected course behind it (researcher)."""
    lines = access.phase_time_lines(INDEX_ID)
    presenting = {p.person: p.block for p in access.presenters}
    strands = [] if course is None else list(course_strands(course, bands, say("switch.course")))
    for person, line in lines.items():
        if person in presenting:
            label = _presenter_label(access, person, presenting[person], say)
            strands.append(Strand(line, label, "presenter"))
        elif person:
            kind = "person" if person in access.members else "leaders"
            strands.append(Strand(line, person, kind, hidden=True))
    if "" in lines:
        strands.append(Strand(lines[""], say("switch.members"), "members"))
    return tuple(strands)


def measured_strands(access: Access, measure: str, say: Messages) -> tuple[Strand, ...]:
    """Return every measured line that this reader may see, from back to front."""
    strands = []
    if access.everything:
        strands += _persons(access, measure, say)
    for presenter in access.presenters:
        line = access.own_line(presenter.person, measure)
        if line is not None:
            dash = DASHES[(presenter.block - 1) % len(DASHES)]
            label = _presenter_label(access, presenter.person, presenter.block, say)
            strands.append(Strand(line, label, "presenter", dash=dash))
    line = access.members_line(measure)
    if line is not None:
        strands.append(Strand(line, say("switch.members"), "members"))
    return tuple(strands)


def _persons(access: Access, measure: str, say: Messages) -> list[Strand]:
    """Thin lines of everyone (hidden at first), the leaders on their own switch."""
    presenting = {p.person for p in access.presenters}
    strands = []
    for person in access.result.persons:
        line = access.own_line(person, measure)
        if line is None or person in presenting:
            continue
        kind = "person" if person in access.members else "leaders"
        label = person if kind == "person" else f"{person} ({say('switch.leaders')})"
        strands.append(Strand(line, label, kind, hidden=True))
    return strands


def _presenter_label(access: Access, person: str, block: int, say: Messages) -> str:
    name = say("switch.presenter")
    if len(access.presenters) > 1:
        name = say("curve.presenter_of", block=block)
    return f"{name} ({person})" if access.everything else name


def kinds_of(panels: tuple[Panel, ...]) -> list[dict[str, object]]:
    """Return the kinds of line that are drawn, each with whether it is shown at first."""
    shown: dict[str, bool] = {}
    for panel in panels:
        for strand in panel.strands:
            shown[strand.kind] = shown.get(strand.kind, False) or not strand.hidden
    order = ("members", "presenter", "leaders", "person", "course")
    return [{"kind": kind, "on": shown[kind]} for kind in order if kind in shown]
