"""A missing consent is a no; a release counts after its delay; small groups are protected."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arousal.consent import Audience, Consents, group_view
from arousal.errors import UsageError
from arousal.session import PURPOSES, ConsentDates, Participant, SessionFile, StudyFile

SIGNED = date(2026, 3, 1)
RELEASED = datetime(2026, 3, 12, 20, 30, tzinfo=UTC)
PEOPLE = [f"P{i:02}" for i in range(1, 9)]


def session(consents, release=None, recorded=True, **extra):
    return SessionFile.model_validate(
        {
            "id": "s1",
            "people": {p: {} for p in PEOPLE},
            "consent": {
                p: dict.fromkeys([*["record"] * recorded, *purposes], SIGNED)
                for p, purposes in consents.items()
            },
            "release": release or {},
            **extra,
        }
    )


@given(st.sampled_from(PURPOSES), st.sampled_from(PURPOSES))
def test_a_purpose_is_allowed_only_if_signed_for_itself(signed, asked):
    consents = Consents(session({"P01": [signed]}))
    assert consents.allows("P01", asked) == (asked in {signed, "record"})
    assert not consents.allows("P02", asked)


@given(st.sampled_from(PURPOSES))
def test_who_did_not_agree_to_be_recorded_agreed_to_nothing(asked):
    others = [p for p in PURPOSES if p != "record"]
    assert not Consents(session({"P01": others}, recorded=False)).allows("P01", asked)


def test_in_a_study_a_missing_consent_is_a_no_even_without_any_consent_table():
    consents = Consents(session({}), StudyFile(name="Pilot"))
    assert not consents.researcher_only
    assert not any(consents.allows("P01", purpose) for purpose in PURPOSES)


def test_a_study_wide_consent_counts_where_the_session_has_none():
    row = Participant(participant_id="P02", consent=ConsentDates(record=SIGNED, research=SIGNED))
    consents = Consents(session({"P01": ["record"]}), StudyFile(name="x"), {"P02": row})
    assert consents.allows("P02", "research")
    assert not consents.allows("P02", "group_view")


def test_a_single_file_opens_for_its_researcher_only():
    consents = Consents()
    assert consents.allows("P01", "research")
    assert not consents.allows("P01", "group_view")
    consents.check_audience(Audience.RESEARCHER)
    with pytest.raises(UsageError, match=r"session\.toml"):
        consents.check_audience(Audience.LEADER)


def test_consent_held_elsewhere_covers_all_but_the_raw_data():
    consents = Consents(session({}, consent="held elsewhere"))
    assert consents.allows("P01", "group_view")
    assert not consents.allows("P01", "share_raw")


def test_an_unknown_purpose_is_an_error_and_not_a_no():
    with pytest.raises(UsageError, match="known: record"):
        Consents().allows("P01", "marketing")


def test_a_release_counts_only_after_its_delay():
    consents = Consents(session({"P01": ["group_view"]}, {"P01": RELEASED}))
    assert not consents.released("P01", RELEASED + timedelta(hours=23, minutes=59))
    assert consents.released("P01", RELEASED + timedelta(hours=24))
    assert not consents.released("P02", RELEASED + timedelta(days=400))


def test_a_release_from_before_the_session_is_none():
    begun = RELEASED + timedelta(minutes=1)
    early = Consents(session({"P01": ["group_view"]}, {"P01": RELEASED}, started=begun))
    assert not early.released("P01", RELEASED + timedelta(days=400))
    later = Consents(session({"P01": ["group_view"]}, {"P01": begun}, started=begun))
    assert later.released("P01", RELEASED + timedelta(days=400))


def test_a_consent_table_in_which_nobody_stands_is_a_no_for_everybody():
    asked = Consents(session({}))
    assert not asked.researcher_only
    assert not asked.allows("P01", "research")
    unasked = Consents(SessionFile.model_validate({"id": "s1", "people": {"P01": {}}}))
    assert unasked.researcher_only
    assert unasked.allows("P01", "research")


def test_a_release_without_the_group_view_shows_nothing():
    consents = Consents(session({"P01": ["research"]}, {"P01": RELEASED}))
    assert not consents.released("P01", RELEASED + timedelta(days=400))


def test_the_studys_delay_holds_where_the_session_names_none():
    study = StudyFile(name="x", release_delay_hours=72)
    given_by_session = session({}, {"delay_hours": 1})
    assert Consents(session({}), study).delay == timedelta(hours=72)
    assert Consents(given_by_session, study).delay == timedelta(hours=1)


@given(st.integers(0, 8), st.booleans())
def test_group_figures_follow_the_rule_of_five_and_three(count, ticked):
    purposes = ["group_view", *(["small_group_view"] if ticked else [])]
    who = PEOPLE[:count]
    view = group_view(
        PEOPLE, Consents(session(dict.fromkeys(who, purposes) or {"P08": ["record"]}))
    )
    assert view.persons == tuple(who)
    if count >= 5:
        assert (view.level, view.reason) == ("full", "")
    elif count >= 3 and ticked:
        assert (view.level, view.bin_seconds) == ("small", 120.0)
    else:
        assert view.level == "none"
    assert bool(view.reason) == (view.level != "full")


def test_one_member_without_the_tick_closes_the_small_view():
    consents = {p: ["group_view", "small_group_view"] for p in PEOPLE[:2]}
    consents["P03"] = ["group_view"]
    assert group_view(PEOPLE[:3], Consents(session(consents))).level == "none"
