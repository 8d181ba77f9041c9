"""What recorder and server say, as the page says it: English sentence in, the language's own out.

The recorder speaks English, to its journal and to whoever asks. Two catalogues hold each sentence
by its code, with ``{value}`` where a number or a name stands: ``messages_live_findings.toml`` what
the recorder finds, ``messages_live_refusals.toml`` what the page is refused (code ``refusal``) and
what is remarked about the marks. The page matches the English one, takes the values and fills them
into its own. So nothing between the recorder and the page has to know of languages, and a sentence
that nobody translated is still shown, in English.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

__all__ = ["Sentence", "sentences", "tell"]

Sentence = tuple[str, tuple[str, ...], str]
"""Pattern of the English sentence (one group for each value), the values' names, the text."""
CATALOGUES = ("messages_live_findings.toml", "messages_live_refusals.toml")
_VALUE = re.compile(r"\{(\w+)\}")


@cache
def sentences(language: str) -> dict[str, tuple[Sentence, ...]]:
    """Return code -> its sentences in a language; patterns as Python and JavaScript read them."""
    found: dict[str, list[Sentence]] = {}
    for name in CATALOGUES:
        text = files("dashboards").joinpath(name).read_text("utf-8")
        for code, rows in tomllib.loads(text).items():
            found.setdefault(code, []).extend(_sentence(r["en"], r[language]) for r in rows)
    return {code: tuple(rows) for code, rows in found.items()}


def _sentence(english: str, own: str) -> Sentence:
    parts = _VALUE.split(english)  # text, name, text, name, ..., text
    pattern = "(.+?)".join(re.escape(part) for part in parts[::2])
    return f"^{pattern}$", tuple(parts[1::2]), own


def tell(code: str, text: str, language: str) -> str:
    """Say a sentence of a finding in a language; as it is if the catalogue does not know it.

    >>> tell("stream-silent", "no data for 12 s", "de")
    'seit 12 s keine Daten'
    """
    for pattern, names, own in sentences(language).get(code, ()):
        found = re.match(pattern, text, re.DOTALL)
        if found:
            return own.format_map(dict(zip(names, found.groups(), strict=True)))
    return text
