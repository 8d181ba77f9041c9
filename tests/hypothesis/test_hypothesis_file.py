"""A hypothesis file is read as written, or refused with one line that names the place."""

from __future__ import annotations

import copy
import tomllib

import pytest

from arousal.errors import SettingsError, UsageError
from arousal.hypothesis.hypothesis_file import load_hypothesis, new_hypothesis
from arousal.hypothesis.prediction import BENT, POLARITIES, RATERS

PLAIN = """
name = "plain"
version = "1"
date = 2026-01-01
author = "a"
source = "s"
provenance = "p"
statement = "st"
protocols = ["balint-90"]
[[contrast]]
id = "A"
claim = "C2"
label = "l"
status = "primary"
measures = ["heart_rate"]
who = "presenter-members"
direction = "greater"
terms = [
    { phase = "discussion", part = "first", weight = 1 },
    { phase = "discussion", part = "last", weight = -1 },
]
"""


def write(tmp_path, text):
    path = tmp_path / "h.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bundled_file_has_every_claim_of_the_specification():
    hypothesis = load_hypothesis("farkas2024").hypothesis
    assert {c.claim for c in hypothesis.contrasts} == {f"C{i}" for i in (*range(1, 8), 18)}
    primary = [c for c in hypothesis.contrasts if c.status == "primary"]
    assert [c.id for c in primary] == ["C2"]
    assert primary[0].measures == ("heart_rate", "scr_rate", "ln_rmssd")
    assert [(t.name, t.weight) for t in primary[0].terms] == [
        ("discussion/first", 1),
        ("discussion/last", -1),
    ]
    assert (primary[0].who, primary[0].speech) == ("presenter-members", "quiet")


def test_the_bundled_planned_contrast_has_the_specified_weights():
    c4 = load_hypothesis("farkas2024").hypothesis.contrast("C4")
    assert {t.phase: t.weight for t in c4.terms} == {
        "presentation": 1,
        "questions": 0.35,
        "discussion": -0.35,
        "return": -1,
    }
    assert (c4.who, c4.status) == ("presenter", "exploratory")


def test_only_presenter_minus_members_is_free_of_drift_and_ratings_have_one_of_their_own():
    contrasts = load_hypothesis("farkas2024").hypothesis.contrasts
    free = {c.id for c in contrasts if c.drift_control}
    assert free == {"C2", "C1-members", "C6-difference"}
    assert free == {c.id for c in contrasts if not c.drift_left}
    rated = {c.id for c in contrasts if c.drift_left == RATERS}
    assert rated == {"C18-late", "C18-questions", "C18-return"}


def test_the_bundled_polarities_are_four_with_holm_among_them():
    contrasts = [c for c in load_hypothesis("farkas2024").hypothesis.contrasts if c.claim == "C18"]
    assert all(c.measures == POLARITIES and c.family for c in contrasts)


def test_the_sha256_changes_with_a_comment(tmp_path):
    path = write(tmp_path, PLAIN)
    before = load_hypothesis(path).sha256
    path.write_text(PLAIN + "# a thought\n")
    assert load_hypothesis(path).sha256 != before


def test_a_new_file_loads_and_is_never_overwritten(tmp_path):
    path = new_hypothesis(tmp_path / "mine.toml")
    assert load_hypothesis(path).hypothesis.contrast("calms").status == "primary"
    with pytest.raises(UsageError, match="exists already"):
        new_hypothesis(path)
    with pytest.raises(UsageError, match=r"ends in \.toml"):
        new_hypothesis(tmp_path / "mine.txt")


def test_a_new_file_is_for_every_meeting_that_has_its_phases(tmp_path):
    loaded = load_hypothesis(new_hypothesis(tmp_path / "mine.toml"))
    assert loaded.protocol_ids == load_hypothesis("farkas2024").protocol_ids


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight = -1", "weight = -0.5", "A: the weights sum to 0.5, must be 0"),
        ("weight = 1 ", "weight = 0 ", "A: a weight is 0"),
        ("weight = 1 ", "weight = nan ", "finite"),
        ('part = "last"', 'part = "first"', "A: discussion/first stands twice"),
        ('part = "last"', 'part = "end"', "'first', 'middle' or 'last'"),
        ('phase = "discussion", part = "first"', 'phase = "talk"', "A: no phase 'talk' in balint"),
        ('["heart_rate"]', '["pulse"]', "A: no measure 'pulse'"),
        ('["heart_rate"]', '["heart_rate", "heart_rate"]', "named twice"),
        ('["heart_rate"]', '["heart_rate", "self_other"]', "ratings and bodies do not mix"),
        ('["heart_rate"]', "[]", "at least 1 item"),
        ('"presenter-members"', '"leaders"', "'presenter', 'members'"),
        ('"presenter-members"', '"group"', "A: who = 'group' is for ratings only"),
        ('"greater"', '"equivalence"', "A: equivalence without a margin for heart_rate"),
        ('"greater"', '"greater"\nmargin = { heart_rate = 3 }', "A: a margin, but direction"),
        ('"greater"', '"equivalence"\nmargin = { heart_rate = 0 }', "greater than 0"),
        ('"greater"', '"greater"\nsmallest = { ln_scl = 1 }', "A: smallest names 'ln_scl'"),
        ('"greater"', '"greater"\nlevel = true', "A: level = true is for ratings only"),
        ('"greater"', '"greater"\nspeech = "matched"', "A: speech = 'matched' compares exactly"),
        ('"greater"', '"greater"\nfamily = "x"', "A: primaries are one family already"),
        ('["balint-90"]', '["mbt-individual-50"]', "no phase 'discussion' in mbt-individual-50"),
        ('["balint-90"]', '["balint"]', "no protocol 'balint'"),
        ('["balint-90"]', "[]", "at least 1 item"),
        ('statement = "st"', 'statement = "st"\nalpha = 0.5', "less than or equal to 0.2"),
        ('statement = "st"', 'statement = "st"\nalhpa = 0.05', "alhpa is not a known key"),
        ('version = "1"', "", "version: Field required"),
    ],
)
def test_every_contradiction_is_one_line_that_names_it(tmp_path, old, new, said):
    assert old in PLAIN
    with pytest.raises(SettingsError) as error:
        load_hypothesis(write(tmp_path, PLAIN.replace(old, new, 1)))
    text = str(error.value)
    assert said in text
    assert "\n" not in text
    assert len(text) < 400


def test_two_contrasts_of_one_name_and_four_primaries_are_refused(tmp_path):
    contrast = PLAIN[PLAIN.index("[[contrast]]") :]
    with pytest.raises(SettingsError, match="two contrasts are called A"):
        load_hypothesis(write(tmp_path, PLAIN + contrast))
    more = contrast.replace('"A"', '"B"').replace('["heart_rate"]', '["scr_rate", "ln_rmssd"]')
    load_hypothesis(write(tmp_path, PLAIN + more))
    four = more.replace('["scr_rate", "ln_rmssd"]', '["scr_rate", "ln_rmssd", "ln_scl"]')
    with pytest.raises(SettingsError, match="4 primary tests"):
        load_hypothesis(write(tmp_path, PLAIN + four))


def test_a_template_without_variance_or_with_an_unknown_phase_is_refused(tmp_path):
    head = PLAIN + '[[template]]\nwho = "presenter"\nprovenance = "ours"\n'
    with pytest.raises(SettingsError, match="template without variance"):
        load_hypothesis(
            write(tmp_path, head + "heights = { presentation = 1.0, discussion = 1.0 }")
        )
    with pytest.raises(SettingsError, match="template: no phase 'talk'"):
        load_hypothesis(write(tmp_path, head + "heights = { presentation = 1.0, talk = 0.0 }"))


def test_a_presenter_is_refused_where_a_protocol_has_no_case(tmp_path):
    text = PLAIN.replace('["balint-90"]', '["mbt-group-90"]').replace("discussion", "session")
    with pytest.raises(SettingsError, match="mbt-group-90 has no case"):
        load_hypothesis(write(tmp_path, text))


def test_a_missing_file_an_unknown_name_and_a_broken_file_are_told(tmp_path):
    with pytest.raises(SettingsError, match="does not exist"):
        load_hypothesis(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="bundled: farkas2024"):
        load_hypothesis("farkas")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_hypothesis(write(tmp_path, "name ="))


def test_the_drawing_part_of_a_file_is_checked_too(tmp_path):
    raw = tomllib.loads(PLAIN)
    assert "display" not in copy.deepcopy(raw)
    bad = PLAIN + '[[display.stretch]]\nclaim = "C1"\ngroup = "leaders"\nphase = "x"\nz = [1, 2]\n'
    with pytest.raises(SettingsError, match=r"display\.stretch"):
        load_hypothesis(write(tmp_path, bad))


def test_a_balanced_shape_keeps_a_straight_drift_out_and_a_bent_one_in(tmp_path):
    bent = PLAIN.replace("presenter-members", "members").replace("weight = -1", "weight = -1")
    sloped = load_hypothesis(write(tmp_path, bent)).hypothesis.contrasts[0]
    assert (sloped.drift_control, sloped.drift_left) == ("", "a drift common to everyone")
    third = '{ phase = "discussion", part = "middle", weight = -2 },\n]'
    bent = bent.replace("weight = -1", "weight = 1").replace("\n]", f"\n    {third}")
    contrast = load_hypothesis(write(tmp_path, bent)).hypothesis.contrasts[0]
    assert (contrast.drift_control, contrast.drift_left) == ("", BENT)
