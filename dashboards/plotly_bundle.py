"""plotly.js for a page without a network: gzip, base64, and the hash that lets it run.

The Python package carries the full minified plotly.js (4.8 MB). Packed it is 1.96 MB, and a
browser unpacks it with ``DecompressionStream`` in well under half a second.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["PlotlyBundle", "csp_hash", "packed", "plotly_bundle"]


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
    """

    packed: str
    csp_hash: str
    version: str
    style_ids: tuple[str, ...]


def csp_hash(text: bytes) -> str:
    """Return ``sha256-<base64>`` of an inline script's or style's exact bytes."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}"


def packed(content: bytes) -> str:
    """Return gzip, then base64; the same bytes every time."""
    return base64.b64encode(gzip.compress(content, compresslevel=9, mtime=0)).decode("ascii")


@cache
def plotly_bundle() -> PlotlyBundle:
    """Pack the installed plotly.js; the same package gives the same bytes every time."""
    source = files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()
    head = source[:200].decode("utf-8")
    version = next(word[1:] for word in head.split() if word.startswith("v") and "." in word)
    ids = re.findall(rb'getElementById\("([0-9a-f]{64})"\)', source)
    style_ids = tuple(sorted({name.decode() for name in ids}))
    return PlotlyBundle(packed(source), csp_hash(source), version, style_ids)
