"""The live page's words, in the language of whoever looks at it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from dashboards.live.told import sentences
from dashboards.messages import LANGUAGES, load_messages

__all__ = ["TERM_GROUPS", "choose_language", "live_words", "words_script"]

TERM_GROUPS = ("phase", "role", "protocol", "intervention")
"""Names that come from protocols; what a study named itself stays as it is."""


@cache
def live_words(language: str) -> Mapping[str, str]:
    """Return the catalogue of the live page: dotted key -> text."""
    text = files("dashboards").joinpath(f"messages_live_{language}.toml").read_text("utf-8")
    return dict(_flat(tomllib.loads(text)))


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _terms(language: str) -> dict[str, str]:
    """English name -> the language's, of everything that protocols bring along."""
    english, own = load_messages("en").texts, load_messages(language).texts
    groups = tuple(f"term.{group}." for group in TERM_GROUPS)
    return {text: own[key] for key, text in english.items() if key.startswith(groups)}


@cache
def words_script(language: str) -> bytes:
    """Return the catalogue as the page's module ``words.js``."""
    parts = {
        "WORDS": dict(live_words(language)),
        "TERMS": _terms(language),
        "TOLD": sentences(language),
    }
    lines = [f"export const {name} = {json.dumps(part)};\n" for name, part in parts.items()]
    return "".join(lines).encode()


def choose_language(accepted: str) -> str:
    """Choose by a browser's ``Accept-Language``; English if none of its languages is there.

    >>> choose_language("hu-HU,hu;q=0.9,en;q=0.8"), choose_language("fr, de;q=0.5")
    ('hu', 'de')
    """
    wanted: list[tuple[float, str]] = []
    for entry in accepted.split(","):
        name, _, weight = entry.strip().partition(";q=")
        try:
            wanted.append((float(weight or 1.0), name.partition("-")[0].strip().lower()))
        except ValueError:
            continue
    # A stable sort: of equal weights the first named comes first.
    ranked = [name for _, name in sorted(wanted, key=lambda w: -w[0])]
    return next((name for name in ranked if name in LANGUAGES), "en")
