"""Adding recordings: planned first, copied and compared, known again, whole or not at all."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from arousal.errors import ArousalError, DataError, UsageError
from arousal.ingest import load
from arousal.ingest.session_writer import write_session
from arousal.recording import Kind
from arousal.session import load_participants, load_session
from arousal.simulate import SimulationSettings, simulate
from arousal.study import adding_copy
from arousal.study.adding import Adding, Candidate, Wishes, candidates
from arousal.study.adding_text import planned_lines
from arousal.study.folder import new_study
from arousal.study.sources import changed_files, read_sources
from tests import small_session
from tests.ingest.made_e4 import e4
from tests.ingest.small_disk import fill, mounted
from tests.small_session import beats, markers, skin

TODAY = date(2026, 3, 12)
QUICK = SimulationSettings(signals=(Kind.RR,), minutes=20)


@pytest.fixture
def study(tmp_path):
    return new_study(tmp_path / "study", consent="held elsewhere")


@pytest.fixture
def evening(tmp_path):
    return small_session.write(tmp_path / "evening.xdf")


def contents(folder):
    """Every file below a folder with its bytes, to see that nothing changed."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def add(root, *paths, **wishes):
    adding = Adding.to(root)
    people = wishes.pop("people", {})
    found, _ = candidates(paths, people, tables="mapping" in wishes)
    done = []
    for candidate in found:
        planned = adding.plan(candidate, Wishes(**wishes))
        adding.carry_out(planned, TODAY)
        done.append(root / "sessions" / planned.id)
    return done


def signals(recording):
    return {
        (p.id, s.kind.value): (len(s), s.values.tobytes()) for p in recording for s in p.signals
    }


# ---- what it does


def test_a_plan_changes_nothing_and_tells_who_and_what(study, evening):
    before = contents(study)
    planned = Adding.to(study).plan(Candidate({"": evening}), Wishes(group="north", meeting=3))
    assert contents(study) == before
    assert (planned.id, planned.session.meeting, planned.session.group) == ("evening", 3, "north")
    assert planned.signals["P01"].startswith("rr (")
    assert set(planned.session.people) == {"P01", "P02"}
    assert planned.largest().sha256 == sha256(evening.read_bytes()).hexdigest()


def test_an_xdf_file_becomes_a_session_that_reads_like_it(study, evening):
    original = evening.read_bytes()
    [folder] = add(study, evening)
    session = load_session(folder / "session.toml")
    assert (session.id, session.recording, session.protocol) == (
        "evening",
        "recording.xdf",
        "balint-90",
    )
    assert {p: e.role for p, e in session.people.items()} == {"P01": "member", "P02": "member"}
    assert session.people["P01"].streams == {"rr": "RR P01", "eda": "EDA P01"}
    assert signals(load(folder)) == signals(load(evening))
    assert evening.read_bytes() == original == (folder / "recording.xdf").read_bytes()
    [source] = read_sources(folder)
    assert (source.file, source.name, source.added) == ("recording.xdf", "evening.xdf", TODAY)
    assert source.sha256 == sha256(original).hexdigest()
    assert str(evening.parent) not in (folder / "sources.tsv").read_text()
    assert (folder / "recording.xdf").stat().st_mode & 0o777 == 0o600
    assert (folder.stat().st_mode & 0o777, sorted(p.name for p in study.glob(".*"))) == (0o700, [])


def test_people_get_a_row_among_the_participants_once(study, evening, tmp_path):
    table = study / "participants.tsv"
    table.write_bytes(b"participant_id\tsex\r\nP02\tF")
    add(study, evening)
    assert table.read_bytes() == b"participant_id\tsex\r\nP02\tF\r\nP01\tn/a\r\n"
    assert set(load_participants(table)) == {"P01", "P02"}
    again = small_session.write(tmp_path / "next.xdf", [beats(1, 5), skin(1, 5), markers()])
    before = table.read_bytes()
    add(study, again)
    assert table.read_bytes() == before


def test_a_person_of_an_xdf_file_can_be_called_otherwise(study, evening):
    [folder] = add(study, evening, names=("P14=P01",))
    people = load_session(folder / "session.toml").people
    assert list(people) == ["P14", "P02"]
    read, original = load(folder), load(evening)
    assert signals(read)["P14", "rr"] == signals(original)["P01", "rr"]
    assert signals(read)["P02", "eda"] == signals(original)["P02", "eda"]


def test_a_session_folder_is_taken_over_with_all_that_people_wrote(study, tmp_path):
    made = simulate("balint-60", 6, 1, QUICK)
    folder = tmp_path / "m1"
    write_session(folder, made.recording, made.session, truth={"seed": 1}, protocol=made.protocol)
    (folder / "derivatives").mkdir()
    (folder / "derivatives" / "report.html").write_text("made")
    (folder / ".desk.json").write_text("secret")
    text = (folder / "session.toml").read_text() + "# ours\n"
    (folder / "session.toml").write_text(text)
    [added] = add(study, folder, group="north", meeting=2)
    session, before = (load_session(f / "session.toml") for f in (added, folder))
    assert (session.id, session.group, session.meeting) == ("m1", "north", 2)
    assert (session.people, session.consent) == (before.people, before.consent)
    assert "# ours" in (added / "session.toml").read_text()
    assert sorted(p.name for p in added.iterdir()) == [
        "recording.xdf",
        "session.toml",
        "sources.tsv",
        "truth.json",
    ]
    assert signals(load(added)) == signals(load(folder))


def test_a_folder_of_recordings_is_added_one_by_one_in_order(study, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("b", "a"):
        small_session.write(folder / f"{name}.xdf", [beats(ord(name), 3), markers()])
    e4(folder / "c")
    (folder / "notes.md").write_text("mine")
    (folder / ".hidden.xdf").write_text("")
    found, passed = candidates([folder], {})
    assert [c.place.name for c in found] == ["a.xdf", "b.xdf", "c"]
    assert [p.name for p in passed] == ["notes.md"]
    assert [f.name for f in add(study, folder)] == ["a", "b", "c"]


def test_recordings_in_folders_of_a_folder_are_found_and_other_studies_are_not(study, tmp_path):
    folder = tmp_path / "by-month"
    (folder / "march" / "first").mkdir(parents=True)
    small_session.write(folder / "march" / "first" / "a.xdf", [beats(1, 3), markers()])
    e4(folder / "april" / "left")
    (folder / "april" / "plan.txt").write_text("mine")
    (folder / "papers").mkdir()
    (folder / "papers" / "farkas.pdf").write_text("a paper")
    table = folder / "shared" / "dataset" / "sub-01" / "beh"
    table.mkdir(parents=True)
    (table / "sub-01_task-x_physio.tsv.gz").write_bytes(b"")
    new_study(folder / "old study")
    found, passed = candidates([folder], {})
    assert [c.place.relative_to(folder).as_posix() for c in found] == [
        "april/left",
        "march/first/a.xdf",
        "shared/dataset",
    ]
    assert [p.relative_to(folder).as_posix() for p in passed] == [
        "april/plan.txt",
        "old study",
        "papers",
    ]
    with pytest.raises(UsageError, match="this is a study"):
        candidates([folder / "old study"], {})


def test_data_that_nobody_claims_are_added_with_a_warning_unless_one_says_whose_they_are(
    study, tmp_path
):
    export = e4(tmp_path / "unnamed")
    adding = Adding.to(study)
    planned = adding.plan(Candidate({"": export}), Wishes(session="one"))
    assert list(planned.session.people) == ["P01"]
    [warning] = [f for f in planned.findings if f.code == "persons-numbered"]
    assert str(warning) == (
        "no file says whose data this is; called P01 (--person P04 says whose they are)"
    )
    assert f"warning: {warning}" in planned_lines(planned)
    told = Adding.to(study).plan(Candidate({"": export}), Wishes(session="two", names=("P04",)))
    assert list(told.session.people) == ["P04"]
    assert [f for f in told.findings if f.code == "persons-numbered"] == []


def test_wristbands_of_several_people_are_one_session(study, tmp_path):
    people = {"P01": e4(tmp_path / "left"), "P02": e4(tmp_path / "right", 1_700_000_060.0, seed=2)}
    [folder] = add(study, people=people, session="m3")
    assert folder.name == "m3"
    recording = load(folder)
    assert [p.id for p in recording] == ["P01", "P02"]
    assert recording.person("P02").signal(Kind.EDA).onset == 60.0
    names = {s.name for s in read_sources(folder)}
    assert {"left/EDA.csv", "right/EDA.csv"} < names
    assert not list(folder.rglob("info.txt"))


def test_a_zip_of_an_export_is_kept_as_it_is(study, tmp_path):
    e4(tmp_path / "P05")
    packed = shutil.make_archive(str(tmp_path / "P05"), "zip", tmp_path / "P05")
    [folder] = add(study, Path(packed))
    assert [s.file for s in read_sources(folder)] == ["recording/P05.zip"]
    assert signals(load(folder)) == signals(load(tmp_path / "P05"))


def test_a_table_keeps_its_mapping_and_its_table_of_marks(study, tmp_path):
    rows = "\n".join(f"{k / 4},{2 + (k % 7) / 100}" for k in range(400))
    (tmp_path / "table.csv").write_text(f"t,skin\n{rows}\n")
    (tmp_path / "marks.csv").write_text("onset,label\n1,phase/baseline\n")
    words = '[table]\ntime = "t"\n[[signal]]\ncolumn = "skin"\nkind = "eda"\nunit = "uS"\n'
    (tmp_path / "map.toml").write_text(words + '[events]\nfile = "marks.csv"\n')
    [folder] = add(study, tmp_path / "table.csv", mapping=tmp_path / "map.toml", names=("P07",))
    recording = load(folder)
    assert [(p.id, len(p.signals[0])) for p in recording] == [("P07", 400)]
    assert [e.label for e in recording.events] == ["phase/baseline"]
    assert load(folder).person("P07").signals[0].kind is Kind.EDA
    assert sorted(p.name for p in folder.iterdir()) == [
        "mapping.toml",
        "marks.csv",
        "recording",
        "session.toml",
        "sources.tsv",
    ]


def test_a_protocol_without_members_gives_the_role_that_is_nobodys_leader(study, evening):
    [folder] = add(study, evening, protocol="mbt-individual-50")
    session = load_session(folder / "session.toml")
    assert session.protocol == "mbt-individual-50"
    assert {e.role for e in session.people.values()} == {"patient"}


def test_a_study_of_ones_own_protocol_is_added_to(tmp_path, evening):
    source = Path(adding_copy.__file__).parents[1] / "protocols" / "balint-60.toml"
    own = tmp_path / "ours.toml"
    own.write_text(source.read_text().replace('"balint-60"', '"ours"'))
    root = new_study(tmp_path / "study", protocol=str(own))
    [folder] = add(root, evening)
    assert load_session(folder / "session.toml").protocol == "../../ours.toml"
    assert load(folder).persons
    [other] = add(root, e4(tmp_path / "band"), protocol=str(own))
    assert load_session(other / "session.toml").protocol == "ours.toml"
    assert (other / "ours.toml").read_bytes() == own.read_bytes()


# ---- what is refused


def test_the_same_data_are_refused_under_any_name_and_it_is_said_where_they_are(
    study, evening, tmp_path
):
    add(study, evening)
    twin = shutil.copy(evening, tmp_path / "twin.xdf")
    with pytest.raises(UsageError, match="in the study already, as session evening"):
        add(study, Path(twin))
    band = e4(tmp_path / "band")
    add(study, band)
    shutil.copytree(band, tmp_path / "other-name")
    with pytest.raises(UsageError, match="as session band"):
        add(study, tmp_path / "other-name")
    different = e4(tmp_path / "different", seed=5)  # info.txt and tags.csv are the same
    assert add(study, different)


def test_data_of_a_session_recorded_in_place_are_known_too(study, evening, tmp_path):
    place = study / "sessions" / "live"
    place.mkdir()
    (place / "session.toml").write_text('schema = 1\nid = "live"\n')
    shutil.copy(evening, place / "recording.xdf")
    with pytest.raises(UsageError, match="as session live"):
        add(study, evening)


def test_one_file_twice_in_one_call_is_refused_the_second_time(study, evening, tmp_path):
    shutil.copy(evening, tmp_path / "zwilling.xdf")
    adding = Adding.to(study)
    adding.plan(Candidate({"": evening}))
    with pytest.raises(UsageError, match="as session evening"):
        adding.plan(Candidate({"": tmp_path / "zwilling.xdf"}))


def test_two_sessions_never_get_one_id_whatever_its_letters(study, evening, tmp_path):
    add(study, evening)
    other = small_session.write(tmp_path / "EVENING.xdf", [beats(9, 3), markers()])
    before = contents(study)
    with pytest.raises(UsageError, match="id EVENING is taken") as error:
        add(study, other)
    assert "--session ID" in error.value.hint
    assert contents(study) == before
    assert [f.name for f in add(study, other, session="second")] == ["second"]


@pytest.mark.parametrize("name", ["../outside", "a/b", "", "-x", "x" * 65])
def test_an_id_that_is_none_is_refused(study, evening, name):
    with pytest.raises(ArousalError):
        add(study, evening, session=name)
    assert list((study / "sessions").iterdir()) == []


def test_what_looks_like_a_name_is_refused_without_repeating_it(study, tmp_path):
    made = simulate("balint-60", 6, 1, QUICK)
    folder = tmp_path / "m1"
    write_session(folder, made.recording, made.session)
    text = (folder / "session.toml").read_text().replace("P01", "Johanna")
    (folder / "session.toml").write_text(text.replace('"RR-Johanna"', '"RR-P01"'))
    with pytest.raises(UsageError, match="looks like a name") as error:
        add(study, folder)
    assert "Johanna" not in str(error.value)
    assert add(study, folder, any_pseudonym=True)


def test_an_address_in_a_files_or_groups_name_is_refused(study, evening, tmp_path):
    (tmp_path / "jo@clinic.org.xdf").write_bytes(evening.read_bytes())
    with pytest.raises(UsageError, match="an e-mail address"):
        add(study, tmp_path / "jo@clinic.org.xdf")
    with pytest.raises(UsageError, match="an e-mail address"):
        add(study, evening, group="jo@clinic.org")


def test_a_recording_in_which_nobody_is_found_is_refused_with_the_streams(study, tmp_path):
    path = small_session.write(tmp_path / "marks.xdf", [markers()])
    with pytest.raises(DataError, match="no signal of a person"):
        add(study, path)


def test_what_lies_in_the_study_already_is_not_added_to_it(study, evening):
    [folder] = add(study, evening)
    with pytest.raises(UsageError, match="lies in this study"):
        add(study, folder / "recording.xdf", session="again")


def test_a_mapping_whose_files_lie_elsewhere_is_refused(study, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "marks.csv").write_text("onset,label\n1,a\n")
    (tmp_path / "in" / "t.csv").write_text("t,skin\n" + "".join(f"{k},2\n" for k in range(99)))
    words = '[table]\ntime = "t"\n[[signal]]\ncolumn = "skin"\nkind = "eda"\nunit = "uS"\n'
    (tmp_path / "in" / "map.toml").write_text(words + '[events]\nfile = "../marks.csv"\n')
    with pytest.raises(UsageError, match="outside of its folder"):
        add(study, tmp_path / "in" / "t.csv", mapping=tmp_path / "in" / "map.toml")


def test_a_file_whose_own_names_count_cannot_be_renamed(study, tmp_path):
    rows = "".join(f"{k / 4},P0{1 + k % 2},2.5\n" for k in range(400))
    (tmp_path / "both.csv").write_text(f"t,who,skin\n{rows}")
    words = '[table]\ntime = "t"\nperson = "who"\n[[signal]]\ncolumn = "skin"\nkind = "eda"\n'
    (tmp_path / "map.toml").write_text(words + 'unit = "uS"\n')
    mapping = tmp_path / "map.toml"
    with pytest.raises(DataError, match="cannot be called otherwise"):
        add(study, tmp_path / "both.csv", mapping=mapping, names=("P14=P01",))
    [folder] = add(study, tmp_path / "both.csv", mapping=mapping)
    assert [p.id for p in load(folder)] == ["P01", "P02"]


def test_straps_that_announce_themselves_alike_are_not_guessed_at(study, tmp_path):
    info = replace(beats(1).info, name="H10", source_id="")
    twins = [replace(beats(n, 3), info=replace(info, uid=f"u{n}")) for n in (1, 2)]
    path = small_session.write(tmp_path / "twins.xdf", twins)
    with pytest.raises(DataError, match="cannot be told apart"):
        add(study, path)


@pytest.mark.parametrize("name", [b"ab\xff.csv", b"a\nb.csv"])
def test_a_name_that_cannot_be_written_down_is_refused(study, tmp_path, name):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    path.write_text("t,skin\n" + "".join(f"{k / 4},2\n" for k in range(99)))
    words = '[table]\ntime = "t"\n[[signal]]\ncolumn = "skin"\nkind = "eda"\nunit = "uS"\n'
    (tmp_path / "map.toml").write_text(words)
    with pytest.raises(UsageError, match="no letter in UTF-8"):
        add(study, path, mapping=tmp_path / "map.toml")


# ---- nothing half-written


def half_made(study):
    return [p.name for p in study.iterdir() if p.name.startswith(".")] + [
        p.name for p in (study / "sessions").iterdir()
    ]


def test_an_original_that_changes_meanwhile_is_noticed(study, evening):
    adding = Adding.to(study)
    planned = adding.plan(Candidate({"": evening}))
    with evening.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(DataError, match="changed while it was being added"):
        adding.carry_out(planned, TODAY)
    assert half_made(study) == []


def test_a_copy_that_does_not_read_like_the_original_is_not_kept(study, tmp_path, monkeypatch):
    adding = Adding.to(study)
    planned = adding.plan(Candidate({"": e4(tmp_path / "band")}))
    monkeypatch.setattr(adding_copy, "load", lambda _: load(e4(tmp_path / "other", minutes=2)))
    with pytest.raises(DataError, match="does not read like the original"):
        adding.carry_out(planned, TODAY)
    assert half_made(study) == []


def test_ctrl_c_leaves_nothing_half_made(study, evening, monkeypatch):
    adding = Adding.to(study)
    planned = adding.plan(Candidate({"": evening}))

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(adding_copy, "write_text", stop)
    with pytest.raises(KeyboardInterrupt):
        adding.carry_out(planned, TODAY)
    assert half_made(study) == []


def test_too_little_space_is_said_before_anything_is_written(tmp_path, evening):
    with mounted(tmp_path / "disk") as disk:
        root = new_study(disk / "study")
        fill(disk, 15 << 20)
        with pytest.raises(UsageError, match=r"MB are free"):
            add(root, evening)
        assert half_made(root) == []


def test_a_disk_that_fills_up_meanwhile_keeps_nothing_of_it(tmp_path, evening, monkeypatch):
    monkeypatch.setattr(adding_copy, "_check_space", lambda *_: None)
    with mounted(tmp_path / "disk") as disk:
        root = new_study(disk / "study")
        fill(disk, 20_000)
        with pytest.raises(UsageError, match="No space left on device"):
            add(root, evening)
        assert half_made(root) == []


def test_a_read_only_study_is_one_line(tmp_path, evening):
    with mounted(tmp_path / "disk") as disk:
        root = new_study(disk / "study")
        adding = Adding.to(root)
        planned = adding.plan(Candidate({"": evening}))
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(UsageError, match="cannot be written: Read-only file system"):
            adding.carry_out(planned, TODAY)


def test_a_run_that_is_killed_leaves_no_session_and_is_cleared_away_later(study, evening):
    code = (
        "import os, signal, sys\n"
        "from datetime import date\n"
        "from pathlib import Path\n"
        "from arousal.study.adding import Adding, Candidate\n"
        "adding = Adding.to(Path(sys.argv[1]))\n"
        "planned = adding.plan(Candidate({'': Path(sys.argv[2])}))\n"
        "Path.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "adding.carry_out(planned, date(2026, 3, 12))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, study, evening], check=False)
    assert done.returncode == -signal.SIGKILL
    [left] = half_made(study)
    assert left.startswith(adding_copy.MAKING)
    assert add(study, evening)
    assert left in half_made(study)  # it could be another run that is still at work
    for path in (study / left, *(study / left).rglob("*")):
        os.utime(path, (0, 0))
    assert adding_copy.left_behind(study) == (study / left,)
    add(study, e4(evening.with_name("band")))
    assert left not in half_made(study)


def test_a_file_changed_after_it_was_added_can_be_told(study, evening, tmp_path):
    [folder] = add(study, evening)
    assert changed_files(folder) == ()
    data = bytearray((folder / "recording.xdf").read_bytes())
    data[-1] ^= 1
    (folder / "recording.xdf").write_bytes(data)
    assert changed_files(folder) == ("recording.xdf",)
    (folder / "recording.xdf").unlink()
    assert changed_files(folder) == ("recording.xdf",)


# ---- real recordings


MINIMAL = (
    '[[signal]]\nstream = "SendDataC"\nchannel = 1\nkind = "temperature"\nunit = "degC"\n'
    'person = "P01"\n'
)


def test_real_recordings_of_every_maker_are_added_to_one_study(study, shared_data, tmp_path):
    words = tmp_path / "minimal.toml"
    words.write_text(MINIMAL)
    devicely = shared_data / "devices_devicely"
    real = {
        shared_data / "xdf_muse" / "sub-P031_ses-S001_task-Default_run-001_eeg.xdf": "xdf",
        devicely / "Empatica_test_data" / "test_data_read": "empatica-e4",
        shared_data / "opensignals_plux" / "eda_slow_signal.txt": "opensignals",
        shared_data / "biopac_bioread" / "physio-5.0.1.acq": "biopac",
        devicely / "Faros_test_data" / "testfile_read.EDF": "edf",
        devicely / "Faros_test_data" / "testdir_read": "faros-csv",
        devicely / "Shimmer_test_data" / "read_test_data.csv": "shimmer",
        devicely / "Everion_test_data": "everion",
        shared_data / "ppg_rr_welltory" / "subject_01": "welltory",
        shared_data / "rr_healthy_000" / "rr_ms.txt": "rr-text",
        shared_data
        / "bids_ds210"
        / "sub-01"
        / "func"
        / "sub-01_task-rest_run-01_physio.tsv.gz": "bids-physio",
    }
    for path, kind in real.items():
        before = {p: p.stat().st_mtime_ns for p in path.parent.rglob("*")}
        [folder] = add(study, path)
        assert {s.format for s in read_sources(folder)} == {kind}
        assert signals(load(folder)) == signals(load(path))
        assert changed_files(folder) == ()
        assert {p: p.stat().st_mtime_ns for p in path.parent.rglob("*")} == before
    for name, path in {
        "P31": devicely / "Faros_test_data" / "testfile_read.EDF",
        "P32": shared_data
        / "bids_ds210"
        / "sub-01"
        / "func"
        / "sub-01_task-rest_run-01_physio.tsv.gz",
        "P33": shared_data / "xdf_muse" / "sub-P031_ses-S001_task-Default_run-001_eeg.xdf",
    }.items():
        planned = Adding.to(new_study(tmp_path / name)).plan(
            Candidate({"": path}), Wishes(names=(name,))
        )
        assert set(planned.signals) == {name}
    with pytest.raises(DataError, match="SendDataC"):
        add(study, shared_data / "xdf_examples" / "minimal.xdf")
    [folder] = add(study, shared_data / "xdf_examples" / "minimal.xdf", mapping=words)
    assert [p.id for p in load(folder)] == ["P01"]
    assert len(list((study / "sessions").iterdir())) == len(real) + 1
