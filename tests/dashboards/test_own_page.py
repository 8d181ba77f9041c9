"""A person's own page holds that person's course and nothing of anybody else."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from arousal.consent import Audience
from arousal.errors import UsageError
from dashboards.report import render_report
from tests.dashboards import synthetic
from tests.dashboards.reading import figures_of, text_of

EVERYONE = [f"P{k:02d}" for k in range(1, 11)]


def pairs_of(values: np.ndarray) -> set[tuple[float, float]]:
    """Neighbours in a course; one value alone may be anybody's by chance, two are not."""
    single = np.asarray(values, dtype=np.float32)
    known = single[np.isfinite(single)].tolist()
    return set(pairwise(known))


def packed_pairs(page: str) -> set[tuple[float, float]]:
    lines = [t for f in figures_of(page).values() for t in f["data"]]
    return set().union(*(pairs_of(np.ravel(t["y"])) for t in lines))


def bare(page: str) -> str:
    """The page with its figures unpacked and without what is packed by others."""
    return re.sub(r'octet-stream" id="[^>]+>[^<]+', "", page) + str(figures_of(page))


def test_it_draws_the_own_line_and_tells_the_own_numbers(pages):
    kinds = {t["meta"] for t in figures_of(pages["own"])["curve"]["data"]}
    text = text_of(pages["own"])
    assert kinds == {"own"}
    assert "How aroused was I, phase by phase?" in text
    assert "For P06 alone" in text
    assert "Your highest phase was Presentation, your lowest Return." in text
    assert "mostly above your quiet start" in text
    assert "The expected pattern" not in text


def test_no_other_pseudonym_and_no_group_stands_anywhere_in_its_bytes(pages):
    unpacked = bare(pages["own"])
    for person in EVERYONE:
        assert (person in unpacked) is (person == "P06")
    for words in ("median of the members", "members", "Protects the presenter"):
        assert words not in text_of(pages["own"])


def test_no_value_of_anybody_else_is_packed_into_it(pages):
    result = synthetic.session_result(purpose="own_view")
    curves = result.curves[np.isfinite(result.curves["change"])]
    packed = packed_pairs(pages["own"])
    for person, rows in curves.groupby("person"):
        for _, course in rows.groupby("measure"):
            found = pairs_of(course["change"].to_numpy()) - {(0.0, 0.0)} & packed
            assert bool(found) is (person == "P06")


def test_it_is_refused_without_consent_to_the_own_view_or_for_a_stranger():
    session = synthetic.session(EVERYONE, consent=("record", "group_view"))
    wrong = synthetic.session_result(session_file=session)
    with pytest.raises(UsageError, match="made from tables for 'own_view', not 'research'"):
        render_report(wrong, Audience.PERSON, now=synthetic.NOW, person="P06")
    mine = synthetic.session_result(purpose="own_view")
    with pytest.raises(UsageError, match="there is no own page for 'P99'"):
        render_report(mine, Audience.PERSON, now=synthetic.NOW, person="P99")
    with pytest.raises(UsageError, match="needs that person"):
        render_report(mine, Audience.PERSON, now=synthetic.NOW)
    group = synthetic.session_result(purpose="group_view")
    with pytest.raises(UsageError, match="no other page takes one"):
        render_report(group, Audience.LEADER, now=synthetic.NOW, person="P06")


def test_it_has_no_certainty_words_and_no_rank(pages):
    text = text_of(pages["own"])
    for pattern in (r"\bclearly\b", r"\blikely\b", r"\brank", r"emotion", r"\bstress"):
        assert not re.search(pattern, text.split("Words used here")[0].split("Methods")[0])


@pytest.mark.parametrize("language", ["de", "hu"])
def test_it_speaks_the_readers_language(language):
    page = render_report(
        synthetic.session_result(purpose="own_view"),
        Audience.PERSON,
        now=synthetic.NOW,
        person="P06",
        language=language,
    )
    assert {"de": "Wie aktiviert war ich", "hu": "Mennyire voltam aktivált"}[language] in page
    assert "quiet start" not in text_of(page)
