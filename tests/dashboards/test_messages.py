"""Every language says everything, with the same values, and the English words are the program's."""

from __future__ import annotations

import re

import pytest

from arousal.errors import UsageError
from arousal.features.quality import Quality
from arousal.hypothesis.course import load_course
from arousal.protocol import INCIDENTS, INTERVENTIONS, bundled_protocols, load_protocol
from arousal.recording import Kind
from dashboards.messages import LANGUAGES, load_messages
from dashboards.terms import advice_words, quality_sentence, reason_words

ENGLISH = load_messages("en")
OTHERS = [name for name in LANGUAGES if name != "en"]


def values_of(text: str) -> list[str]:
    return sorted(set(re.findall(r"\{(\w+)\}", text)))


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_key_and_no_other(language):
    assert load_messages(language).texts.keys() == ENGLISH.texts.keys()


@pytest.mark.parametrize("language", OTHERS)
def test_a_text_names_the_values_that_the_english_one_names(language):
    texts = load_messages(language).texts
    assert {k: values_of(v) for k, v in texts.items()} == {
        k: values_of(v) for k, v in ENGLISH.texts.items()
    }


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_left_in_english(language):
    texts = load_messages(language).texts
    same = {k for k, v in texts.items() if v == ENGLISH.texts[k] and len(v.split()) > 3}
    assert same <= {"method.versions", "cell.value"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_empty_only_where_nothing_can_be_done(language):
    empty = {k for k, v in load_messages(language).texts.items() if not v.strip()}
    assert empty - {"format.thousands"} == {f"advice.{q.value}" for q in Quality if not q.advice}
    assert len(load_messages(language)("format.months").split()) == 12


def test_english_words_are_those_of_the_protocols_the_hypothesis_and_the_codes():
    for name in bundled_protocols():
        protocol = load_protocol(name)
        assert ENGLISH.term_key("protocol", protocol.name) == name
        assert all(ENGLISH.term_key("phase", phase.name) == phase.id for phase in protocol.phases)
        assert all(ENGLISH.term_key("role", role) for role in protocol.roles.values())
    assert all(ENGLISH(f"term.intervention.{k}") == v for k, v in INTERVENTIONS.items())
    assert all(ENGLISH.has(f"term.incident.{kind}") for kind in INCIDENTS)
    assert all(ENGLISH.has(f"term.kind.{kind}") for kind in Kind)
    course = load_course()
    told = (course.statement, course.provenance, *(e.statement for e in course.expectations))
    assert all(ENGLISH.term_key("course", text) for text in told)
    for code in Quality:
        assert quality_sentence(code, ENGLISH) == code.sentence
        assert advice_words(code, code.advice, ENGLISH) == code.advice


def test_every_role_has_a_word_for_the_middle_of_a_sentence():
    roles = {k.removeprefix("term.role.") for k in ENGLISH.texts if k.startswith("term.role.")}
    assert roles == {k.split(".")[1] for k in ENGLISH.texts if k.startswith("role_inline.")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_that_a_study_chose_itself_stays_as_it_is(language):
    say = load_messages(language)
    assert say.term("phase", "Warming up by the fire") == "Warming up by the fire"
    assert advice_words("gap", "Ask Mr X.", say) == "Ask Mr X."


def test_reasons_of_a_table_are_told_in_the_language():
    say = load_messages("de")
    reason = "30% of its windows are valid, 50% are needed: mostly no contact"
    told = "30% der Fenster sind gültig, 50% sind nötig: meist Der Hautsensor hatte keinen Kontakt"
    assert reason_words(reason, say).startswith(told)
    assert reason_words(reason, ENGLISH).startswith("30% of its windows are valid, 50% are needed:")
    assert reason_words("45 s are covered by valid windows, 120 s are needed", say).startswith("45")
    assert reason_words("too short: without its edge it holds no window", say).startswith("zu kurz")
    assert reason_words("something new", say) == "something new"


def test_an_unknown_language_is_refused():
    with pytest.raises(UsageError, match=r"no language 'fr'; there are: en, de, hu"):
        load_messages("fr")
