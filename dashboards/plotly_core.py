"""The part of plotly.js that our figures need.

plotly.js draws 47 types of traces, globes and maps among them; we draw two. A browser compiles all
it is given and starts every type, which was most of the time that a page took to draw, so a page
carries only what is reachable from the core and from the types it may draw.

The minified file is one function that holds nothing but lazy modules (``var a=W((e,t)=>{...})`` for
CommonJS, ``var b=Ea(()=>{...})`` for ES modules with their functions before them, as esbuild writes
them) and ends with ``core.register([bar(), box(), ...])``. We shorten that list. Then a statement
that only declares a name is left out if the name occurs nowhere in what is kept: nothing that runs
can ask for it then, as local names are reached in no other way (an ``eval`` could not know what a
minifier calls them). Everything that does more than declare is kept. A name in a string or of a
property counts as an occurrence too; that keeps a little too much, never too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboards.javascript_statements import Statement, UndecidedError, statements

__all__ = ["UnknownBundleError", "plotly_core"]

BODY = "var Plotly=(()=>{"
NAME = r"[\w$]+"
WORDS = re.compile(NAME)
LAZY = (
    re.compile(
        rf"({NAME})=\((\w),(\w)\)=>\(\)=>.{{0,40}}?\3\|\|\2\(\(\3=\{{exports:\{{\}}\}}\)\.exports,\3\)"
    ),
    re.compile(rf"({NAME})=\((\w),(\w)(?:,\w)?\)=>\(\)=>.{{0,40}}?\2&&\(\3=\2\(\2=0\)\)"),
)
"""esbuild's two helpers that keep a function for later: only to call them runs nothing."""
GETTERS = re.compile(
    rf"({NAME})=\((\w),(\w)\)=>\{{for\(var (\w) in \3\){NAME}\(\2,\4,"
    r"\{get:\3\[\4\],enumerable:!0\}\)\}"
)
"""esbuild's helper that names what an ES module exports; it writes into its first argument."""
LATER = re.compile(rf"\((?:\((?:{NAME}(?:,{NAME})*)?\)|{NAME})=>\{{.*\}}\)", re.DOTALL)
VARIABLES = re.compile(rf"var ((?:{NAME},)*)({NAME})(?:=(\{{\}}|({NAME})\(\)))?;")
EXPORTS = re.compile(rf"({NAME})\(({NAME}),\{{(?:[\w$\"]+:\(\)=>{NAME},?)*\}}\);")
FUNCTION = re.compile(rf"\s*(?:async )?function\b\s*\*?\s*({NAME})\(")
REGISTERED = re.compile(rf"\.register\(\[((?:{NAME}\(\),?)+)\]\)")
ALIAS = re.compile(rf'(?:"use strict";)?{NAME}\.exports=({NAME})\(\)\}}\);')
TRACE = re.compile(r'moduleType:"trace",name:"(\w+)"')


class UnknownBundleError(Exception):
    """The file is not built as we know it; the message says what is different."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A statement and the name that it declares; ``None`` where it does more than declare."""

    text: str
    name: str | None


def plotly_core(source: str, traces: Iterable[str]) -> str:
    """Return what is needed of plotly.js to draw some types of traces.

    Parameters
    ----------
    source : str
        ``plotly.min.js``.
    traces : iterable of str
        Types of traces, such as ``scatter``.

    Returns
    -------
    str
        A part of the source, in its order, its licences included.

    Raises
    ------
    UnknownBundleError
        If the source is built in another way than plotly.js 3 to 4.1, or has no such trace.
    """
    found = source.find(BODY)
    if found < 0:
        raise UnknownBundleError(f"there is no {BODY}")
    first = found + len(BODY)
    try:
        cut, end = statements(source, first)
    except UndecidedError as error:
        raise UnknownBundleError(str(error)) from error
    parts = _parts(cut)
    kept = _reachable(_registering(parts, set(traces)))
    drawn = {name for part in kept for name in TRACE.findall(part.text)}
    if lacking := set(traces) - drawn:
        raise UnknownBundleError(f"there is no trace {', '.join(sorted(lacking))}")
    return "".join([source[:first], *(part.text for part in kept), source[end:]])


def _parts(cut: Sequence[Statement]) -> list[_Part]:
    helpers = "".join(s.text for s in cut[:40])
    lazy = {found[1] for pattern in LAZY if (found := pattern.search(helpers))}
    getters = GETTERS.search(helpers)
    if len(lazy) < len(LAZY) or getters is None:
        raise UnknownBundleError("esbuild's helpers are not where they were")
    return [part for s in cut for part in _declarations(s, lazy, getters[1])]


def _declarations(statement: Statement, lazy: set[str], getters: str) -> list[_Part]:
    """Return a statement's declarations one by one; itself if it does more than to declare.

    ``var a,b,c=Ea(()=>{a=1,...})``: whoever asks for ``a`` keeps ``a``, but what fills it only runs
    where somebody asks for ``c``.
    """
    text, outline = statement.text, statement.outline
    if function := FUNCTION.match(outline):
        return [_Part(text, function[1])]
    if exports := EXPORTS.fullmatch(text):
        return [_Part(text, exports[2] if exports[1] == getters else None)]
    found = VARIABLES.fullmatch(outline)
    if found is None or not (found[3] is None or _runs_nothing(found, text, lazy)):
        return [_Part(text, None)]
    plain = found[1].split(",")[:-1]
    last = f"var {text[found.start(2) :]}"
    return [*(_Part(f"var {name};", name) for name in plain), _Part(last, found[2])]


def _runs_nothing(variables: re.Match[str], text: str, lazy: set[str]) -> bool:
    """Tell whether a first value is an empty object or a function that is kept for later."""
    value, helper = text[variables.start(3) : -1], variables[4]
    if helper is None:
        return value == "{}"
    return helper in lazy and LATER.fullmatch(value[len(helper) :]) is not None


def _registering(parts: Sequence[_Part], traces: set[str]) -> list[_Part]:
    """Return the parts with the list of what is registered shortened to some traces."""
    where = [k for k, part in enumerate(parts) if ".register([" in part.text]
    if len(where) != 1:
        raise UnknownBundleError(f"traces are registered in {len(where)} places, not in one")
    at = where[0]
    declared = {part.name: part.text for part in parts if part.name}

    def shortened(found: re.Match[str]) -> str:
        names = WORDS.findall(found[1])
        wanted = [f"{n}()" for n in names if _trace(n, declared) in traces]
        return f".register([{','.join(wanted)}])"

    changed = _Part(REGISTERED.sub(shortened, parts[at].text), parts[at].name)
    return [*parts[:at], changed, *parts[at + 1 :]]


def _trace(name: str, declared: dict[str, str]) -> str:
    """Return the type of trace that a module defines, maybe by way of others; else nothing."""
    for _ in range(5):
        text = declared.get(name, "")
        body = ALIAS.search(text)
        if body is None:
            types = TRACE.findall(text)
            return types[0] if len(types) == 1 else ""
        name = body[1]
    return ""


def _reachable(parts: Sequence[_Part]) -> list[_Part]:
    """Return what runs by itself and what that names, directly or by way of others; in order."""
    places: dict[str, list[int]] = {}
    for k, part in enumerate(parts):
        if part.name is not None:
            places.setdefault(part.name, []).append(k)
    waiting = [k for k, part in enumerate(parts) if part.name is None]
    kept = set(waiting)
    while waiting:
        named = set(WORDS.findall(parts[waiting.pop()].text)) & places.keys()
        new = {k for name in named for k in places[name]} - kept
        kept |= new
        waiting += new
    return [part for k, part in enumerate(parts) if k in kept]
