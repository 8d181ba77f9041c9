"""The page of a study: its sessions, their curves and what was tested, for researchers.

>>> from dashboards.study import write_study                    # doctest: +SKIP
>>> write_study(read_overview(study), study / "derivatives/study.html", now)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arousal import __version__
from arousal.atomic import write_text
from arousal.errors import UsageError
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS
from dashboards.figures.forest import ForestRow, forest_figure
from dashboards.figures.study_layouts import study_layouts
from dashboards.messages import Messages, load_messages
from dashboards.page import pack
from dashboards.study_course import course_rows, slope_sentences
from dashboards.study_data import phase_columns, study_data
from dashboards.study_forest import forest_rows, test_rows
from dashboards.study_quality import SHORT, QualityRow, quality_rows, usable_words
from dashboards.study_summary import phase_rows

if TYPE_CHECKING:
    from arousal.study.overview import StudyOverview

__all__ = ["render_study", "write_study"]

OWN = ("study.css", "study_numbers.js", "study_figures.js", "study.js")
LEAST_MEMBERS = 3
"""Members with a value that a difference needs, as in the bundled hypothesis."""


def render_study(overview: StudyOverview, now: datetime, *, names: bool = True) -> str:
    """Render the page.

    Parameters
    ----------
    overview : StudyOverview
        From `arousal.study.overview.read_overview`; only persons who agree are in it.
    now : datetime
        Timezone-aware; stands on the page.
    names : bool
        Whether pseudonyms stand beside what their sensors did.

    Returns
    -------
    str
        Self-contained HTML, in English.

    Raises
    ------
    UsageError
        If ``now`` has no time zone.
    """
    if now.tzinfo is None:
        raise UsageError("now has no time zone", hint="datetime.now(UTC)")
    say = load_messages("en")
    columns = phase_columns(overview.protocols, say)
    columns = [{**c, "number": str(at)} for at, c in enumerate(columns, start=1)]
    matrix = quality_rows(overview, say, names=names)
    tests, slopes = test_rows(overview), course_rows(overview)
    data = {
        **study_data(overview, columns, say),
        "leastMembers": LEAST_MEMBERS,
        "whys": {r.session: {c.measure: c.why for c in r.cells} for r in matrix if r.cells},
        "tables": _tables(matrix, tests, slopes),
    }
    data["slopes"] = slope_sentences(overview, data["contrasts"])
    figures = {
        "study": json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False),
        "layouts": json.dumps(study_layouts(say), ensure_ascii=False),
    }
    forest = forest_rows(overview)
    if forest:
        figures["forest"] = forest_figure(forest, say).to_json()
    content = {
        "say": say,
        "body_class": "researcher study",
        "head": _head(overview, data),
        "notices": _notices(overview, data),
        "summary": _summary(overview, slopes),
        "filters": _filters(data),
        "matrix": matrix,
        "measures": list(SHORT.items()),
        "phases": _phase_table(data, say),
        "roles": any(s for s in data["means"].values() if any(s["presenter"])),
        "forest": _forest(forest, tests),
        "tests": tests,
        "untested": overview.untested,
        "slopes": slopes,
        "no_course": overview.no_course,
        "contrasts": data["contrasts"],
        "least": LEAST_BLOCKS,
        "least_members": LEAST_MEMBERS,
        "phase_key": columns,
        "made": f"arousal {__version__}, {now:%Y-%m-%d %H:%M %Z}",
    }
    return pack("study.html.j2", content, figures, also=OWN)


def write_study(overview: StudyOverview, path: Path, now: datetime, *, names: bool = True) -> None:
    """Render the page and write it whole or not at all; raises as `render_study`."""
    write_text(path, render_study(overview, now, names=names))


def _head(overview: StudyOverview, data: Mapping[str, Any]) -> dict[str, Any]:
    done = [s for s in overview.sessions if s.state == "processed"]
    people = {p for s in done for p in s.people}
    groups = {s.group for s in overview.sessions} - {""}
    meetings = {(s.group, s.meeting) for s in overview.sessions if s.meeting is not None}
    blocks = sum(block > 0 for _, block in data["units"])
    return {
        "name": overview.name,
        "facts": (
            ("Sessions", f"{len(overview.sessions)} ({len(done)} processed)"),
            ("Meetings with a number", str(len(meetings))),
            ("Groups", str(len(groups)) if groups else "not told"),
            ("People", str(len(people))),
            ("Case blocks", str(blocks)),
        ),
    }


def _notices(overview: StudyOverview, data: Mapping[str, Any]) -> list[str]:
    notes = []
    done = sum(s.state == "processed" for s in overview.sessions)
    blocks = sum(block > 0 for _, block in data["units"])
    if not overview.sessions:
        notes.append("This study has no session yet. Add one with arousal study add.")
    elif not done:
        notes.append("No session was processed yet, so there are no curves. Run arousal process.")
    elif blocks < LEAST_BLOCKS:
        notes.append(
            f"{blocks} case blocks: everything here is description. Tests and intervals need "
            f"{LEAST_BLOCKS} independent case blocks."
        )
    return notes


def _summary(
    overview: StudyOverview, slopes: Sequence[Mapping[str, Any]]
) -> list[tuple[str, list[str]]]:
    """In one minute: what is usable, what was tested, what changed over the course, what lacks."""
    usable = [f"{name}: {share}" for name, share in usable_words(overview)]
    primaries = [
        f"{r['contrast']}, {r['measure_label']}: {r['verdict']} ({r['n_blocks']} case blocks)"
        for r in test_rows(overview)
        if r["status"] == "primary"
    ]
    found = [s for s in slopes if s["found"] in {"rises", "falls"}]
    told = [
        f"{s['contrast']}, {s['measure_label']} {s['found']} ({s['covariate_label']})"
        for s in found
    ]
    counted = f"{sum(s['found'] != 'refused' for s in slopes)} slopes were estimated"
    over = [
        f"{counted}; exploratory.",
        *(told or ["None clearly rises or falls (corrected over all)."]),
    ]
    return [
        ("Usable: people with at least half of their windows, over all sessions", usable),
        ("Primary tests", primaries if overview.tested else [f"None: {overview.untested}."]),
        ("Over the course", over if overview.course else [f"Nothing: {overview.no_course}."]),
        ("What is missing", _missing(overview)),
    ]


def _missing(overview: StudyOverview) -> list[str]:
    states = [s.state for s in overview.sessions]
    done = [s for s in overview.sessions if s.state == "processed"]
    lacking = (
        (states.count("not processed"), "sessions that were not processed"),
        (states.count("failed"), "sessions that could not be analysed"),
        (states.count("unreadable"), "sessions that cannot be read"),
        (states.count("no consent"), "sessions in which nobody agreed to research"),
        (
            sum(s.withheld for s in done),
            "people who did not agree to research, summed over sessions",
        ),
        (sum(not s.group for s in overview.sessions), "sessions that do not tell their group"),
        (
            sum(s.meeting is None for s in overview.sessions),
            "sessions that do not tell their meeting",
        ),
        (sum(not s.blocks for s in done), "processed sessions without a case block"),
    )
    words = [f"{what}: {count}" for count, what in lacking if count]
    references: dict[str, int] = {}
    for session in done:
        for name, count in session.references.items():
            references[name] = references.get(name, 0) + count
    other = {k: v for k, v in references.items() if k not in {"baseline", "none"}}
    if other:
        parts = ", ".join(f"{k} {v}" for k, v in sorted(other.items()))
        words.append(
            f"changes not counted from the quiet start: {parts} of {sum(references.values())} "
            "(one per person, session and measure)"
        )
    if none := references.get("none", 0):
        words.append(f"{none} of {sum(references.values())} have nothing to be counted from")
    return words or ["Nothing that matters here."]


def _forest(rows: Sequence[ForestRow], tests: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    left = len(tests) - len(rows)
    caption = f"{len(rows)} of {len(tests)} tests."
    if left:
        caption += (
            f" The other {left} have fewer than {LEAST_BLOCKS} independent units, or no value."
        )
    text = "; ".join(r.text for r in rows)
    return {"text": text, "caption": caption}


def _filters(data: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    def counted(key: str) -> list[tuple[str, str]]:
        found: dict[str, int] = {}
        for session in data["sessions"]:
            name = session[key] or "not told"
            found[name] = found.get(name, 0) + 1
        return [("", "all"), *((name, f"{name} ({n})") for name, n in sorted(found.items()))]

    return {
        "protocol": counted("protocol"),
        "group": counted("group"),
        "role": [("members", "members"), ("presenter", "presenter"), ("leaders", "leaders")],
        "measure": [(m["id"], m["label"]) for m in data["measures"]],
    }


def _phase_table(data: Mapping[str, Any], say: Messages) -> dict[str, Any]:
    measures = data["measures"]
    if not measures:
        return {"rows": [], "caption": ""}
    first = measures[0]
    return {
        "rows": phase_rows(data, first, say),
        "caption": f"{first['label']}: mean [95 % interval], n",
    }


def _tables(
    matrix: Sequence[QualityRow],
    tests: Sequence[Mapping[str, Any]],
    slopes: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """What is downloaded as it stands, whatever was filtered (but for sessions)."""
    columns = ["session", "protocol", "group", "meeting", "people", "withheld", "case_blocks"]
    own = ["measure", "state", "median_share_percent", "people_with_half", "people_expected", "why"]
    rows: list[list[Any]] = []
    for row in matrix:
        head = list(astuple(row)[:7])
        cells = [[c.measure, c.state, c.percent, c.usable, c.people, c.why] for c in row.cells]
        none = [[None, row.state, None, None, None, row.reason]]
        rows += [head + cell for cell in cells or none]
    return {
        "quality": {"columns": columns + own, "rows": rows},
        "forest": _plain(tests),
        "slopes": _plain(slopes),
    }


def _plain(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The stored columns of a table; what was added for reading stays out."""
    names = rows[0]["stored"] if rows else ()
    return {"columns": list(names), "rows": [[row[n] for n in names] for row in rows]}
