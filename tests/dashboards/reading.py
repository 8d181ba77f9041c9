"""Read a page as a person, a checker or a browser would."""

from __future__ import annotations

import base64
import gzip
import json
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import numpy as np

KINDS = {"f4": np.float32, "f8": np.float64, "i1": np.int8, "i2": np.int16, "i4": np.int32}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self._skip = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in {"script", "style"}:
            self._skip = tag
        self.words += [v for k, v in attrs if k in {"aria-label", "title", "alt"} and v]

    def handle_endtag(self, tag):
        if tag == self._skip:
            self._skip = ""

    def handle_data(self, data):
        if not self._skip:
            self.words.append(data)


@lru_cache(maxsize=32)
def _parsed(page: str) -> _Text:
    parser = _Text()
    # The packed library is half a megabyte of one script element that nobody reads.
    parser.feed(re.sub(r'(id="plotly-packed">)[^<]+', r"\1", page))
    return parser


def text_of(page: str) -> str:
    """Everything a reader sees or hears, single-spaced; scripts and styles left out."""
    return re.sub(r"\s+", " ", " ".join(_parsed(page).words))


def tags_of(page: str) -> list[str]:
    return _parsed(page).tags


@lru_cache(maxsize=32)
def figures_of(page: str) -> dict[str, Any]:
    """Plotly JSON of each figure, typed arrays unpacked."""
    found = re.search(r'id="figures">([^<]+)<', page)
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])), object_hook=_array)


def _array(item: dict[str, Any]) -> Any:
    if set(item) >= {"dtype", "bdata"}:
        return np.frombuffer(base64.b64decode(item["bdata"]), KINDS[item["dtype"]])
    return item
