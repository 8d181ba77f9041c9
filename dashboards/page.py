"""The packer: one HTML file that holds everything it needs and can ask for nothing else.

The Content-Security-Policy allows exactly two scripts (ours and plotly.js) and our style sheet,
each by the hash of its text, and images that are made inside the page. There is no way for a
string from a data file to run, and none for the page to reach a network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from dashboards.plotly_bundle import TRACES, csp_hash, packed, plotly_bundle
from dashboards.theme import dark_partners

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["pack", "script_safe_json"]

EMPTY = csp_hash(b"")
"""plotly.js fills a style element by the CSSOM; only its (empty) text needs leave."""


def web_file(name: str) -> str:
    """Return the text of a file in ``dashboards/web``."""
    return files("dashboards").joinpath("web", name).read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Return the template engine: every value is escaped, an unknown name is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(web_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def pack(
    template: str,
    content: Mapping[str, Any],
    figures: Mapping[str, str],
    *,
    also: tuple[str, ...] = (),
) -> str:
    """Render a template into one self-contained page.

    Parameters
    ----------
    template : str
        Name of a template in ``dashboards/web``; it extends ``page.html.j2``.
    content : mapping
        Its values; escaped by the template engine.
    figures : mapping of str to str
        Figure name -> plotly JSON (or what a page's own script makes figures of).
    also : tuple of str
        Names of the page's own style sheets and scripts in ``dashboards/web``, beside the common
        ones; a script stands before the common one.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    ValueError
        If a figure has a trace of a type that the packed part of plotly.js does not draw.
    """
    _drawable(figures)
    own = {end: [web_file(n) for n in also if n.endswith(end)] for end in (".css", ".js")}
    style = "".join((web_file("report.css"), *own[".css"]))
    script = "".join((*own[".js"], web_file("report.js")))
    plotly = plotly_bundle()
    head = {
        "style": style,
        "script": script,
        "plotly": plotly,
        "policy": _policy(style, script, plotly.csp_hash),
        "figures": packed(_figures_json(figures)),
        "dark_json": script_safe_json(dark_partners()),
    }
    return environment().get_template(template).render(**content, **head)


def _drawable(figures: Mapping[str, str]) -> None:
    """Refuse here what a browser would draw as something else."""
    for name, text in figures.items():
        figure = json.loads(text)
        traces = figure.get("data") if "layout" in figure else None
        for kind in {trace.get("type", "scatter") for trace in traces or ()} - set(TRACES):
            raise ValueError(f"{name} has a trace of type {kind!r}; see TRACES in plotly_bundle.py")


def _policy(style: str, script: str, plotly_hash: str) -> str:
    # script.encode() must be exactly what stands between the tags.
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{csp_hash(script.encode())}' '{plotly_hash}'",
            f"style-src '{csp_hash(style.encode())}' '{EMPTY}'",
            # plotly.js sets style attributes that differ from version to version. A style
            # attribute cannot run or fetch anything, and all our texts are escaped.
            "style-src-attr 'unsafe-inline'",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _figures_json(figures: Mapping[str, str]) -> bytes:
    return ("{" + ",".join(f"{json.dumps(k)}:{v}" for k, v in figures.items()) + "}").encode()


def script_safe_json(value: Any) -> str:
    """Write JSON that may stand inside a script element: no ``<``, ``>`` or ``&`` in it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
