"""Stream descriptions as XML, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.errors import DataError
from arousal.ingest.info_xml import info_xml, parseable_xml, read_info
from arousal.ingest.raw import StreamInfo

words = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12)


@given(
    name=words,
    maker=words,
    labels=st.lists(st.tuples(words, words), min_size=1, max_size=4),
    rate=st.floats(0, 1e5),
)
def test_any_announcement_survives_the_way_through_xml(name, maker, labels, rate):
    info = StreamInfo(
        name,
        "ECG",
        source_id=name[::-1],
        manufacturer=maker,
        channels=tuple(label for label, _ in labels),
        units=tuple(unit for _, unit in labels),
        rate=rate,
    )
    assert read_info(info_xml(info)) == info


def test_control_characters_do_not_make_a_description_unreadable():
    xml = info_xml(StreamInfo("Polar")).replace("Polar", "Pol\x01ar")
    assert read_info(xml).name == "Polar"


def test_a_description_that_parses_is_kept_word_for_word():
    xml = '<?xml version="1.0"?>\n<info>\n\t<name>ä &amp; b</name></info>'
    assert parseable_xml(xml) == xml


@pytest.mark.parametrize("count", ["0", "-1", "1.5", "many", "", "1e99", "nan"])
def test_a_channel_count_that_cannot_be_is_an_error(count):
    xml = info_xml(StreamInfo("Polar")).replace("_count>1<", f"_count>{count}<")
    with pytest.raises(DataError, match="Polar: channel_count"):
        read_info(xml)


def test_missing_labels_are_empty_and_extra_ones_are_dropped():
    xml = info_xml(StreamInfo("a", channels=("x", "y"), units=("", "")))
    assert read_info(xml.replace("_count>2<", "_count>3<")).channels == ("x", "y", "")
    assert read_info(xml.replace("_count>2<", "_count>1<")).channels == ("x",)
