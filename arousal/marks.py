"""The words of a mark: what a marker stream carries, and how it is read back.

A mark is one line of text that any recorder can store and any person can read::

    phase/discussion id=m12 ago=20        the discussion began 20 s before this mark was sent
    presenter/P04 id=m13                  P04 presents the case of the current block
    role/P09/co_leader                    a role from now on
    intervention/empathy/P01/P04          type / who / towards whom (optional)
    silence/start   silence/end           the leader's or therapist's deliberate silence
    speech/P04/start   speech/P04/end     a speech turn
    probe/P04/7                           self-reported arousal, 1-9
    incident/movement/P04                 type / whom (optional)
    end                                   the session is over; the last phase ends here
    undo of=m12                           takes a mark back (without of=: the one before)
    move of=m12 ago=40                    the marked thing began 40 s before *this* mark

Whatever is not of this form is a plain word (``"Discussion"``, ``"3"``) and names a phase by the
protocol's aliases or the session's ``[markers].codes``. Marks are never rewritten: undo and move
are marks of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from arousal.errors import DataError

__all__ = ["VERBS", "Mark", "parse_mark"]

VERBS: dict[str, tuple[int, int]] = {
    "phase": (1, 1),
    "presenter": (1, 1),
    "role": (2, 2),
    "intervention": (1, 3),
    "silence": (1, 1),
    "speech": (2, 2),
    "probe": (2, 2),
    "incident": (1, 2),
    "end": (0, 0),
    "undo": (0, 0),
    "move": (0, 0),
}
"""Verb -> fewest and most arguments."""

_ATTRIBUTE = re.compile(r"\s+(id|ago|of)=(\S+)")


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark in words.

    Parameters
    ----------
    verb : str
        One of `VERBS`, or ``"word"`` for a plain word.
    args : tuple of str
        Arguments in order; for ``"word"`` the text itself.
    id : str
        The sender's own id; empty if it gave none.
    ago : float
        Seconds before the mark was sent at which the marked thing happened.
    of : str
        Id of the mark that an ``undo`` or ``move`` is about; empty = the mark before.
    """

    verb: str
    args: tuple[str, ...] = field(default=())
    id: str = ""
    ago: float = 0.0
    of: str = ""

    def __str__(self) -> str:
        text = "/".join(self.args) if self.verb == "word" else "/".join((self.verb, *self.args))
        if self.id:
            text += f" id={self.id}"
        if self.of:
            text += f" of={self.of}"
        if self.ago:
            text += f" ago={self.ago:g}"
        return text


def parse_mark(text: str) -> Mark:
    """Read a mark's text.

    Parameters
    ----------
    text : str
        As it arrived.

    Returns
    -------
    Mark
        With ``verb == "word"`` where the text is not of the grammar above.

    Raises
    ------
    DataError
        If the text begins with a known verb and ``/`` (or is ``undo``, ``move``) and then breaks
        the grammar: wrong number of arguments, ``ago`` not a number >= 0, a probe outside 1-9.

    Examples
    --------
    >>> parse_mark("phase/discussion id=m12 ago=20")
    Mark(verb='phase', args=('discussion',), id='m12', ago=20.0, of='')
    >>> parse_mark("Push-Back").args
    ('Push-Back',)
    """
    attributes = {m[1]: m[2] for m in _ATTRIBUTE.finditer(text)}
    head = _ATTRIBUTE.sub("", text).strip()
    verb, *args = head.split("/")
    is_verb = verb in VERBS and (bool(args) or VERBS[verb][0] == 0)
    ago = _seconds(attributes.get("ago", "0"), text)
    common = {"id": attributes.get("id", ""), "of": attributes.get("of", "")}
    if not is_verb:
        return Mark("word", (head,), ago=ago, **common)
    fewest, most = VERBS[verb]
    if not fewest <= len(args) <= most or not all(args):
        raise DataError(f"{verb} takes {fewest} to {most} arguments", where=f"mark {text!r}")
    if verb in {"silence", "speech"} and args[-1] not in {"start", "end"}:
        raise DataError(f"{verb} is start or end, not {args[-1]!r}", where=f"mark {text!r}")
    if verb == "probe" and args[1] not in set("123456789"):
        raise DataError(f"a probe is 1-9, not {args[1]!r}", where=f"mark {text!r}")
    return Mark(verb, tuple(args), ago=ago, **common)


def _seconds(value: str, text: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86400:
        raise DataError(f"ago={value} is not a number of seconds >= 0", where=f"mark {text!r}")
    return seconds
