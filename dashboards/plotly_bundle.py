"""plotly.js for a page without a network: gzip, base64, and the hash that lets it run.

The Python package carries the full minified plotly.js (4.8 MB). The part that draws our traces is
1.2 MB, and packed 0.54; a browser unpacks it with ``DecompressionStream``.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dashboards.plotly_core import UnknownBundleError, plotly_core

__all__ = ["TRACES", "PlotlyBundle", "csp_hash", "packed", "plotly_bundle"]

TRACES = ("scatter", "heatmap")
"""The types of traces that a page can draw; `dashboards.page.pack` refuses others."""


@dataclass(frozen=True, slots=True)
class PlotlyBundle:
    """The packed library.

    Parameters
    ----------
    packed : str
        gzip, then base64 (ASCII, no line breaks).
    csp_hash : str
        ``sha256-...`` of the unpacked text, as a Content-Security-Policy names it.
    version : str
        Of plotly.js.
    style_ids : tuple of str
        Ids of style elements that plotly.js would add for maps; where an element with such an id
        is there already it adds none, and the policy needs no leave for it.
    whole : str
        Why it is all of plotly.js and not only the part that draws `TRACES`: the installed version
        is built in a way that we do not know. It draws the same, later. Empty otherwise.
    """

    packed: str
    csp_hash: str
    version: str
    style_ids: tuple[str, ...]
    whole: str = ""


def csp_hash(text: bytes) -> str:
    """Return ``sha256-<base64>`` of an inline script's or style's exact bytes."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}"


def packed(content: bytes) -> str:
    """Return gzip, then base64; the same bytes every time."""
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")


@cache
def plotly_bundle() -> PlotlyBundle:
    """Pack the installed plotly.js; the same package gives the same bytes every time."""
    source = files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")
    version = next(w[1:] for w in source[:200].split() if w.startswith("v") and "." in w)
    text, whole = source, ""
    try:
        text = plotly_core(source, TRACES)
    except UnknownBundleError as error:
        whole = str(error)
    style_ids = tuple(sorted(set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', text))))
    script = text.encode("utf-8")
    return PlotlyBundle(packed(script), csp_hash(script), version, style_ids, whole)
