"""What stands under a page's title: which session, when, how long, who; and when it was made."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from arousal import __version__

if TYPE_CHECKING:
    from dashboards.story import Story

__all__ = ["Dates", "heading", "undated"]

Dates = Literal["absolute", "relative"]
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-./_]?[01]\d[-./_]?[0-3]\d(?!\d)"
    r"(?:[T _]?\d\d[:.h]?\d\d(?:[:.]?\d\d(?:\.\d+)?)?)?(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d))?"
)


def undated(text: str) -> str:
    """Return a text without dates.

    Examples
    --------
    >>> undated("began 2026-03-12T18:00:00+01:00, file 20260312_evening.xdf")
    'began …, file …_evening.xdf'
    """
    return _DATE.sub("…", text)


def heading(story: Story, now: datetime, *, dated: bool) -> dict[str, Any]:
    """Return the facts under the title.

    Parameters
    ----------
    story : Story
        The page's numbers and words.
    now : datetime
        When the page is made.
    dated : bool
        Whether dates may stand on the page. Without them a session's id stands there only if it
        is none.
    """
    say, result = story.say, story.access.result
    name = result.recording.id
    if not dated and undated(name) != name:
        name = ""
    facts = [("session", name)]
    if result.session is not None and result.session.meeting is not None:
        facts.append(("meeting", str(result.session.meeting)))
    if dated and result.recording.started is not None:
        facts.append(("date", say.date(result.recording.started)))
    facts += [
        ("length", say("meta.minutes", n=f"{story.minutes:.0f}")),
        ("people", _people(story)),
        ("protocol", say.term("protocol", result.protocol.name)),
    ]
    made = say("meta.made_undated", version=__version__)
    if dated:
        made = say("meta.made", date=f"{now:%Y-%m-%d %H:%M %Z}", version=__version__)
    return {
        "id": name or say("meta.session"),
        "facts": [{"label": say(f"meta.{key}"), "text": text} for key, text in facts if text],
        "made": made,
    }


def _people(story: Story) -> str:
    say, result = story.say, story.access.result
    n = len(result.persons)
    leaders = set(result.persons) - story.access.members
    if leaders and n > 1:
        return say("meta.people_split", n=n, members=n - len(leaders), leaders=len(leaders))
    return say.count("meta.people_measured", n)
