"""The live page says everything in every language, and its scripts name no word that is missing."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from arousal.monitor.seats import WORDS
from arousal.protocol import INCIDENTS
from arousal.session import PURPOSES
from dashboards.live.words import choose_language, live_words, words_script
from dashboards.messages import LANGUAGES
from tests.dashboards.test_languages import BANNED

OTHERS = [name for name in LANGUAGES if name != "en"]
SCRIPTS = {
    f.name: f.read_text("utf-8")
    for f in files("dashboards").joinpath("web", "live").iterdir()
    if f.name.endswith((".js", ".html"))
}
MADE = {"purpose", "site", "incident"}
"""Sections whose keys are put together from the recorder's own words."""


def values_of(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def used() -> set[str]:
    """Keys that the scripts name: whole, or chosen by a condition, or counted."""
    found: set[str] = set()
    for text in SCRIPTS.values():
        found |= set(re.findall(r"\"((?:[a-z_]+)\.[a-z_]+)\"", text))
        found |= {f"before.{w}" for w in ("person", "role", "sensors", "now")}
        found |= {f"after.{w}" for w in ("stream", "person", "arrived", "on_disk")}
        found |= {f"after.{w}" for w in ("began_at", "what", "mark", "remove")}
    return {key for key in found if key.partition(".")[0] in _sections()}


def _sections() -> set[str]:
    return {key.partition(".")[0] for key in live_words("en")}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys_and_values(language: str) -> None:
    english, own = live_words("en"), live_words(language)
    assert own.keys() == english.keys()
    assert {k: values_of(v) for k, v in own.items()} == {
        k: values_of(v) for k, v in english.items()
    }
    assert own["page.language"] == language
    assert all(text.strip() for text in own.values())


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_left_in_english_and_no_word_names_a_feeling(language: str) -> None:
    english, own = live_words("en"), live_words(language)
    assert not {k for k, v in own.items() if v == english[k] and len(v.split()) > 3}
    everything = " ".join(own.values()).lower()
    assert not [word for word in BANNED[language] if re.search(word, everything)]


def test_the_scripts_name_every_word_and_no_other() -> None:
    words = {re.sub(r"\.(one|many)$", "", key) for key in live_words("en")}
    fixed = {k for k in words if k.partition(".")[0] not in {*MADE, "brief"}}
    assert used() - words == set()
    assert fixed - used() == set()


def test_what_the_recorder_says_in_a_word_or_two_has_its_words() -> None:
    words = live_words("en")
    assert {f"brief.{w}" for w in WORDS.values()} <= words.keys()
    assert {f"purpose.{p}" for p in PURPOSES} <= words.keys()
    assert {f"incident.{i}" for i in INCIDENTS} <= words.keys()
    assert all(k == f"brief.{v}" for k, v in words.items() if k.startswith("brief."))


def test_the_page_gets_words_and_the_names_of_phases_and_roles() -> None:
    script = words_script("de").decode()
    words, terms = (
        json.loads(line.partition(" = ")[2].rstrip(";")) for line in script.split("\n")[:2]
    )
    assert words["before.start"] == "Aufnahme beginnen"
    assert terms["Presentation"] == "Fallvorstellung"
    assert all(terms.values())


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("hu-HU,hu;q=0.9,en;q=0.8", "hu"),
        ("fr, de;q=0.5, en;q=0.3", "de"),
        ("en-GB,de", "en"),
        ("xx;q=nonsense, *", "en"),
        ("", "en"),
    ],
)
def test_the_browsers_language_is_taken_if_there_is_one(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language
