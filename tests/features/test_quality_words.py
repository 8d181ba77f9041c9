"""The vocabulary of quality: codes, sentences, advice."""

import numpy as np
import pytest

from arousal.features.quality import Quality, advice, explain, join_codes, split_codes


def test_every_code_has_a_sentence_that_a_person_can_read():
    for code in Quality:
        assert code.sentence.endswith(".")
        assert code.sentence[0].isupper()
        assert code not in code.sentence.split()


def test_every_code_says_what_to_do():
    assert all(c.advice.endswith(".") and c.advice != c.sentence for c in Quality)


def test_no_contact_tells_to_press_the_finger_sensor_on():
    assert "Press the finger sensor on" in Quality.NO_CONTACT.advice


def test_codes_are_joined_in_the_order_of_the_vocabulary():
    flags = {
        Quality.SPEECH: np.array([True, False, True]),
        Quality.GAP: np.array([True, False, False]),
    }
    assert join_codes(flags, 3).tolist() == ["gap;speech", "", "speech"]


def test_joined_codes_come_apart_again():
    assert split_codes("gap;speech") == (Quality.GAP, Quality.SPEECH)
    assert split_codes("") == ()


def test_an_unknown_code_is_an_error():
    with pytest.raises(ValueError, match="purple"):
        split_codes("purple")


def test_the_same_advice_is_given_once():
    text = advice([Quality.IRREGULAR, Quality.IRREGULAR, Quality.SPEECH])
    assert text == f"{Quality.IRREGULAR.advice} {Quality.SPEECH.advice}"
    assert explain("gap;speech") == f"{Quality.GAP.sentence} {Quality.SPEECH.sentence}"
