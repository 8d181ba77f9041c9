"""session.toml, study.toml and participants.tsv: what they may say, and what is refused."""

from datetime import date

import pytest

from arousal.errors import SettingsError
from arousal.session import load_participants, load_session, load_study

SESSION = """
schema = 1
id = "2026-03-12"
protocol = "balint-90"
started = 2026-03-12T18:00:00+01:00

[people.P01]
role = "leader"
[people.P04]
eda_site = "finger"
streams = { ecg = "Polar-04", eda = "gsr-04" }

[consent.P04]
record = 2026-03-01
research = 2026-03-01

[release]
delay_hours = 48
P04 = 2026-03-12T20:30:00+01:00

[markers]
codes = { "1" = "presentation" }
"""


def write(tmp_path, text, name="session.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_session_file_is_read_whole(tmp_path):
    session = load_session(write(tmp_path, SESSION))
    assert session.people["P01"].role == "leader"
    assert session.people["P04"].role == "member"
    assert session.people["P04"].streams["ecg"] == "Polar-04"
    assert session.consent["P04"].record == date(2026, 3, 1)
    assert session.consent["P04"].group_view is None
    assert session.release.delay_hours == 48
    assert session.release.people["P04"].hour == 20
    assert session.markers.codes == {"1": "presentation"}


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('role = "leader"', 'role = "presenter"', "set by a marker"),
        ("[consent.P04]", "[consent.P05]", "P05 is not among"),
        ("[people.P01]", '[people."jane@clinic.org"]', "not a pseudonym"),
        ("[people.P01]", '[people."Jane Doe"]', "not a pseudonym"),
        ("delay_hours = 48", "delay_hours = -1", "delay_hours"),
        ("record = 2026-03-01", "recording = 2026-03-01", "recording is not a known key"),
        ("+01:00\n\n[people", "\n\n[people", "timezone"),
        ("schema = 1", "schema = 2", "schema"),
        (
            'id = "2026-03-12"',
            'id = "../../etc"',
            r"id: must begin with letters or digits, .*letters, digits, _, \. or -, .*64",
        ),
        ("record = 2026-03-01", "record = 0", r"consent\.P04\.record: is not a date"),
        ("record = 2026-03-01", "record = true", r"consent\.P04\.record: is not a date"),
        ("record = 2026-03-01", 'record = "yes"', r"consent\.P04\.record: is not a date"),
        ("P04 = 2026-03-12T20:30:00+01:00", "P04 = 0", "is not a time"),
        ("P04 = 2026-03-12T20:30:00+01:00", "P04 = 2026-03-12", "is not a time"),
        ("[people.P01]", "[people.members]", "several people"),
        ("[people.P01]", '[people."Jane Doe"]', r"people\.Jane Doe: is not a pseudonym"),
        ('ecg = "Polar-04"', 'ecg = ""', r"streams\.ecg"),
        ('ecg = "Polar-04"', 'heart = "Polar-04"', r"'heart' is no kind.*ecg, ppg, rr"),
        ('role = "leader"', 'streams = { eda = "gsr-04" }', "P01 and P04 both claim eda"),
        ("protocol =", 'recording = "../other/recording.xdf"\nprotocol =', "inside the session"),
        ("protocol =", 'recording = "/etc/passwd"\nprotocol =', "inside the session"),
        ("protocol =", "recording = 'C:\\data.xdf'\nprotocol =", "inside the session"),
        ("protocol =", 'recording = ""\nprotocol =', "inside the session"),
    ],
)
def test_a_wrong_session_file_is_refused_with_the_key(tmp_path, old, new, word):
    assert old in SESSION
    with pytest.raises(SettingsError, match=word) as caught:
        load_session(write(tmp_path, SESSION.replace(old, new, 1)))
    assert "session.toml" in str(caught.value)


def test_consent_may_be_held_elsewhere(tmp_path):
    text = 'schema = 1\nid = "x"\nconsent = "held elsewhere"\n'
    assert load_session(write(tmp_path, text)).consent == "held elsewhere"


def test_a_study_file_has_defaults_and_refuses_other_words(tmp_path):
    study = load_study(write(tmp_path, 'schema = 1\nname = "Pilot"\n', "study.toml"))
    assert (study.protocol, study.consent, study.release_delay_hours) == (
        "balint-90",
        "per person",
        24.0,
    )
    with pytest.raises(SettingsError, match="consent"):
        load_study(write(tmp_path, 'name = "x"\nconsent = "sure"\n', "study.toml"))


def test_participants_are_read_with_covariates_and_dated_consents(tmp_path):
    text = (
        "participant_id\tage_band\tsex\tcaffeine\tconsent_record\tconsent_research\n"
        "P01\t30-39\tF\tno\t2026-02-01\tn/a\n"
        "P02\tn/a\t\tyes\t\t\n"
    )
    people = load_participants(write(tmp_path, text, "participants.tsv"))
    assert list(people) == ["P01", "P02"]
    assert people["P01"].covariates == {"caffeine": "no"}
    assert people["P01"].consent.record == date(2026, 2, 1)
    assert people["P01"].consent.research is None
    assert people["P02"].age_band is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("id\nP01\n", "participant_id"),
        ("participant_id\tsex\nP01\n", "line 2"),
        ("participant_id\tsex\nP01\tF\textra\n", "line 2"),
        ("participant_id\nP01\nP01\n", "twice"),
        ("participant_id\tage_band\nP01\t34\n", "age band"),
        ("participant_id\tsex\nP01\tyes\n", "sex"),
        ("participant_id\tconsent_everything\nP01\t2026-01-01\n", "everything"),
        ("", "participant_id"),
        ("participant_id\tconsent_record\nP01\t0\n", "consent.record: is not a date"),
        ("participant_id\tconsent_record\nP01\t1767225600\n", "is not a date"),
        ("participant_id\tconsent_record\nP01\tno\n", "is not a date"),
        ("participant_id\tconsent_record\tconsent_record\nP01\t2026-01-01\tn/a\n", "twice"),
        ("participant_id\tFirst name\nP01\tJane\n", "identifies people"),
        ("participant_id\tage\nP01\t34\n", "age_band"),
    ],
)
def test_a_wrong_participants_table_is_refused_with_its_line(tmp_path, text, word):
    with pytest.raises(SettingsError, match=word):
        load_participants(write(tmp_path, text, "participants.tsv"))


def test_files_saved_on_windows_are_read(tmp_path):
    text = "\ufeff" + SESSION.replace("\n", "\r\n")
    assert load_session(write(tmp_path, text)).people["P04"].eda_site == "finger"
    rows = "\ufeffparticipant_id\tconsent_record\r\nP01\t2026-02-01\r\n"
    people = load_participants(write(tmp_path, rows, "participants.tsv"))
    assert people["P01"].consent.record == date(2026, 2, 1)


def test_a_folder_in_the_place_of_a_file_is_said(tmp_path):
    for load in (load_session, load_study, load_participants):
        with pytest.raises(SettingsError, match="cannot be read"):
            load(tmp_path)


def test_missing_files_are_said(tmp_path):
    for load in (load_session, load_study, load_participants):
        with pytest.raises(SettingsError, match="does not exist"):
            load(tmp_path / "none")
