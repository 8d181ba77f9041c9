"""Cut the text of a script into its top-level statements, without understanding more of it.

Needed is only where brackets, strings, templates, comments and regular expressions begin and end
(ECMAScript 2026, clause 12). What cannot be told without parsing the whole language is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

__all__ = ["Statement", "UndecidedError", "statements"]

PAIRS = {"(": ")", "[": "]", "{": "}"}
OPENING = {shut: begun for begun, shut in PAIRS.items()}

STRING = r"""\"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'"""
PLAIN = r"[^()\[\]{}\"'`/]++"


def _group(inside: str) -> str:
    return rf"\((?:{inside})*+\)|\[(?:{inside})*+\]|\{{(?:{inside})*+\}}"


FLAT = f"{PLAIN}|{STRING}"
GROUP = _group(f"{FLAT}|{_group(FLAT)}")
RUN = re.compile(f"(?:{FLAT}|({GROUP}))*+([()\\[\\]{{}}`/\"'])", re.DOTALL)
"""What can be passed in one step (strings, and groups of at most two levels without a slash or
template: most of a minified text), its last group, and the sign that needs a closer look."""
TOKEN = re.compile(f"{STRING}|[([{{`/\"')\\]}}]", re.DOTALL)
TEMPLATE = re.compile(r"(?:[^`\\$]++|\\.|\$(?!\{))*+(`|\$\{)", re.DOTALL)
REGEX = re.compile(r"/(?:[^/\\\[\n]++|\\.|\[(?:[^\]\\\n]++|\\.)*+\])++/[a-z]*+")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*+", re.DOTALL)
WORD_BEFORE = re.compile(r"(\.?)([\w$]+)\s*\Z")
BEFORE_A_VALUE = frozenset("([{,;=:?&|!~^%*<>")
"""After these a slash begins a regular expression; after a value it divides."""
WORDS_BEFORE_A_VALUE = frozenset(
    [
        *("return", "typeof", "case", "in", "of", "delete", "void"),
        *("throw", "else", "do", "instanceof", "new", "yield", "await"),
    ]
)
AFTER_A_VALUE = frozenset("]\"'`")
HEADS = frozenset(("if", "while", "for", "with"))
"""Their bracket is followed by a statement, not by an operator."""
OUTLINES = {"(": "()", "[": "[]", "{": "{}", "`": "``", '"': '""', "'": '""'}

NAME = r"(?:[^\W\d]|\$)[\w$]*+"
CUT = re.compile(rf"\s*+(?:async )?function\b\s*\*?\s*{NAME}\(\)\{{\}}|[^;]++(?:;|\Z)|;")
"""One statement of an outline: a function, or all up to the next semicolon."""


Span = tuple[int, int]
"""Where a group, string, template, regular expression or comment begins and ends."""


class UndecidedError(Exception):
    """The text cannot be cut with certainty; the message says where."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement at the top level of a text.

    Parameters
    ----------
    outline : str
        Its text with all groups emptied: ``var a=f(),b={};``. A string is ``""`` here, a regular
        expression ``//``, a comment a space.
    text : str
        Its whole text.
    """

    outline: str
    text: str


def statements(text: str, first: int) -> tuple[list[Statement], int]:
    """Cut a block into its statements.

    Parameters
    ----------
    text : str
        JavaScript.
    first : int
        Where the block's inside begins, after its ``{``.

    Returns
    -------
    cut : list of Statement
        In order; their texts together are the inside of the block.
    end : int
        Where its ``}`` stands.

    Raises
    ------
    UndecidedError
        If brackets do not match, a string does not end, or a slash may mean two things.
    """
    pieces, end = _pieces(text, first)
    outline, place = _outline(text, first, end, pieces)
    cut, begin = [], first
    for found in CUT.finditer(outline):
        stop = place(found.end())
        cut.append(Statement(found[0], text[begin:stop]))
        begin = stop
    return cut, end


def _pieces(text: str, first: int) -> tuple[list[Span], int]:
    """Return the pieces at the top level of a block, and where its closing bracket stands."""
    pieces: list[Span] = []
    at, last = first, (-1, -1)
    while token := TOKEN.search(text, at):
        begin, at = token.span()
        sign = text[begin]
        if sign in PAIRS:
            at = _group_end(text, begin)
        elif sign in OPENING:
            if sign != "}":
                raise UndecidedError(f"the block at {first} ends with a {sign}")
            return pieces, begin
        elif at == begin + 1:
            at = _end(text, begin, last)
            if sign == "/" and at == begin + 1:  # a division
                continue
        last = (begin, at)
        pieces.append(last)
    raise UndecidedError(f"the block at {first} does not end")


def _group_end(text: str, first: int) -> int:
    """Return where the group that begins with the bracket at ``first`` ends."""
    opened = [first]
    at, last = first + 1, (-1, -1)
    while True:
        for token in RUN.finditer(text, at):
            sign = token[2]
            at = token.end()
            if sign in PAIRS:
                opened.append(at - 1)
            elif sign in OPENING:
                last = (opened.pop(), at)
                if text[last[0]] != OPENING[sign]:
                    raise UndecidedError(f"the brackets at {last[0]} and {at - 1} do not match")
                if not opened:
                    return at
            else:
                at = _end(text, at - 1, max(last, token.span(1), key=itemgetter(1)))
                if at != token.end():
                    break
        else:
            raise UndecidedError(f"the group at {first} does not end")


def _end(text: str, at: int, last: Span) -> int:
    """Return where a template, comment or regular expression ends; after a slash that divides."""
    if text[at] == "`":
        return _template_end(text, at)
    if text[at] != "/":
        raise UndecidedError(f"the string at {at} does not end")
    if text.startswith(("/*", "//"), at):
        found = COMMENT.match(text, at)
    elif _value_follows(text, at, last):
        found = REGEX.match(text, at)
    else:
        return at + 1
    if found is None:
        raise UndecidedError(f"what the slash at {at} begins does not end")
    return found.end()


def _template_end(text: str, at: int) -> int:
    at += 1
    while found := TEMPLATE.match(text, at):
        if found[1] == "`":
            return found.end()
        at = _group_end(text, found.end() - 1)
    raise UndecidedError(f"the template before {at} does not end")


def _value_follows(text: str, at: int, last: Span) -> bool:
    """Tell whether a value must stand at a slash, which then begins a regular expression."""
    before = text[max(0, at - 40) : at].rstrip()
    sign = before[-1:]
    if sign in BEFORE_A_VALUE or (sign in {"+", "-"} and before[-2:-1] != sign):
        return True
    if sign in AFTER_A_VALUE:
        return False
    if sign == ")" and text[last[1] - 1] == ")":
        head = WORD_BEFORE.search(text, max(0, last[0] - 40), last[0])
        return head is not None and not head[1] and head[2] in HEADS
    word = WORD_BEFORE.search(before)
    if word is None:  # a block's end, where an object's could be; a comment; a count up or down
        raise UndecidedError(f"the slash at {at} may divide or begin a regular expression")
    return not word[1] and word[2] in WORDS_BEFORE_A_VALUE


def _outline(
    text: str, first: int, end: int, pieces: list[Span]
) -> tuple[str, Callable[[int], int]]:
    """Return a block's outline, and a function from a place in it to the place in the text."""
    parts: list[str] = []
    length, begin = 0, first
    here, there = [0], [first]
    for start, stop in pieces:
        sign = text[start]
        comment = text.startswith(("/*", "//"), start)
        emptied = " " if comment else OUTLINES.get(sign, "//")
        parts += [text[begin:start], emptied]
        length += start - begin + len(emptied)
        begin = stop
        here.append(length)
        there.append(begin)
    parts.append(text[begin:end])

    def place(at: int) -> int:
        k = bisect_right(here, at) - 1
        return there[k] + at - here[k]

    return "".join(parts), place
