"""Which lines stand in which panel of the curve, for one reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arousal.tables import INDEX_ID, MEASURES
from dashboards.figures import Panel, Strand, course_strands

if TYPE_CHECKING:
    from arousal.hypothesis.course import Course
    from dashboards.access import Access, Presenter
    from dashboards.bands import Band
    from dashboards.messages import Messages

__all__ = ["phase_time_strands", "presenter_name", "switches", "time_panels"]

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
            strands = (*course_strands(course, bands, say), *strands)
        panels.append(
            Panel(
                title=_index_title(access, say) if is_index else say(f"measure.{measure}"),
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
    presenting = {p.person: p for p in access.presenters}
    strands = [] if course is None else list(course_strands(course, bands, say))
    for person, line in lines.items():
        if person in presenting:
            label = _presenter_label(access, presenting[person], say)
            strands.append(Strand(line, label, "presenter"))
        elif person:
            kind = "person" if person in access.members else "leaders"
            strands.append(Strand(line, person, kind, hidden=True))
    if "" in lines:
        strands.append(Strand(lines[""], say("switch.members"), "members"))
    return tuple(strands)


def measured_strands(access: Access, measure: str, say: Messages) -> tuple[Strand, ...]:
    """Return every measured line that this reader may see, from back to front."""
    if access.person:
        own = access.own_line(access.person, measure)
        return () if own is None else (Strand(own, say("switch.own"), "own"),)
    strands = []
    if access.everything:
        strands += _persons(access, measure, say)
    for presenter in access.presenters:
        line = access.own_line(presenter.person, measure)
        if line is not None:
            label = _presenter_label(access, presenter, say)
            strands.append(Strand(line, label, "presenter", dash=_dash(presenter.block)))
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


def _presenter_label(access: Access, presenter: Presenter, say: Messages) -> str:
    name = presenter_name(access, presenter, say)
    if len({p.block for p in access.presenters}) > 1:
        name = say("curve.presenter_of", block=presenter.block)
    return f"{name} ({presenter.person})" if access.everything else name


def presenter_name(access: Access, presenter: Presenter, say: Messages) -> str:
    """Return what a presenter (or the one patient of a dyad) is called on the page."""
    given = access.result.protocol.roles.get(presenter.role, "Presenter")
    key = say.term_key("role", given)
    return say(f"role_inline.{key}") if key else given


def switches(access: Access, panels: tuple[Panel, ...], say: Messages) -> list[dict[str, object]]:
    """Return a switch for each kind of line that is drawn: kind, label, whether on at first."""
    shown: dict[str, bool] = {}
    for panel in panels:
        for strand in panel.strands:
            shown[strand.kind] = shown.get(strand.kind, False) or not strand.hidden
    labels = {kind: say(f"switch.{kind}") for kind in shown}
    if "presenter" in shown:
        labels["presenter"] = _presenters(access, say)
    order = ("members", "own", "presenter", "leaders", "person", "course")
    return [{"kind": k, "label": labels[k], "on": shown[k]} for k in order if k in shown]


def _presenters(access: Access, say: Messages) -> str:
    """Return what the presenters' switch is called: with several cases, whose line looks how."""
    name = presenter_name(access, access.presenters[0], say)
    blocks = sorted({p.block for p in access.presenters})
    if len(blocks) < 2:
        return name
    return f"{name} ({', '.join(say(f'curve.dash.{_dash(b)}', block=b) for b in blocks)})"


def _dash(block: int) -> str:
    return DASHES[max(block - 1, 0) % len(DASHES)]


def _index_title(access: Access, say: Messages) -> str:
    """Return the index panel's title; a sole part is named, as it then is no index of several."""
    people = {*access.members, *(p.person for p in access.presenters)}
    people = {access.person} if access.person else people
    parts = {m for p in people for m in access.result.index_parts.get(p, ())}
    title = say(f"measure.{INDEX_ID}")
    if len(parts) == 1:
        return say("measure.index_of_one", title=title, part=say(f"part.{parts.pop()}"))
    return title
