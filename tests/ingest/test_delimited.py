"""Tables with a mapping, and headers that leave no doubt."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from arousal.errors import DataError, FormatError, SettingsError
from arousal.ingest import load
from arousal.ingest.table_plan import MappingNeededError
from arousal.recording import Kind, Recording, Signal
from tests.ingest.made_streams import beats, ecg, eda


def write(folder: Path, name: str, *columns: object, header: str, sep: str = ",") -> Path:
    rows = zip(*(np.asarray(c).tolist() for c in columns), strict=True)
    lines = [header, *(sep.join(str(cell) for cell in row) for row in rows)]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def mapped(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def signal(recording: Recording, kind: Kind, person: str = "P01") -> Signal:
    found = recording.person(person).signal(kind)
    assert found is not None
    return found


NEUROKIT = """
person = "P07"
[table]
rate = 100.0
[[signal]]
column = "ECG"
kind = "ecg"
unit = "mV"
site = "chest"
[[signal]]
column = "EDA"
kind = "eda"
unit = "uS"
[[signal]]
column = "RSP"
kind = "respiration"
[events]
column = "Photosensor"
below = 2.6
label = "picture"
"""


def test_neurokit_s_event_related_recording_has_its_published_length_and_events(
    shared_data: Path, tmp_path: Path
):
    expected = json.loads((shared_data / "EXPECTED.json").read_text())["neurokit"]
    path = shared_data / "neurokit" / "bio_eventrelated_100hz.csv"
    recording = load(path, mapping=mapped(tmp_path, NEUROKIT))
    person = recording.person("P07")
    assert {s.kind for s in person.signals} == {Kind.ECG, Kind.EDA, Kind.RESPIRATION}
    eda_ = signal(recording, Kind.EDA, "P07")
    assert eda_.end - eda_.onset == pytest.approx(expected["bio_eventrelated"]["dur_s"])
    assert eda_.rate == 100.0
    assert eda_.values[0] == 13.196867709029974
    onsets = [round(e.onset * 100) for e in recording.events]
    assert onsets == expected["bio_eventrelated"]["events"]
    assert {e.label for e in recording.events} == {"picture"}
    assert signal(recording, Kind.ECG, "P07").original_unit == "mV"


@pytest.mark.parametrize(("sep", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", ",")])
def test_a_header_with_units_needs_no_mapping_whatever_separates_its_cells(
    tmp_path: Path, sep: str, decimal: str
):
    time = np.arange(240) / 4.0
    columns = [[str(v).replace(".", decimal) for v in array] for array in (time, eda())]
    header = sep.join(["time (s)", "EDA (uS)"])
    recording = load(write(tmp_path, "P03.csv", *columns, header=header, sep=sep))
    found = signal(recording, Kind.EDA, "P03")
    assert found.rate == 4.0
    np.testing.assert_allclose(found.values, eda())
    np.testing.assert_allclose(found.times, time)
    assert (recording.clock, recording.origin) == ("file", 0.0)


@pytest.mark.parametrize("header", ["time,EDA", "time (s),EDA", "time,EDA (uS)", "a,b"])
def test_a_header_that_leaves_a_doubt_is_answered_with_a_mapping_to_complete(
    tmp_path: Path, header: str
):
    path = write(tmp_path, "P03.csv", np.arange(240) / 4, eda(), header=header)
    with pytest.raises(MappingNeededError) as caught:
        load(path)
    error = caught.value
    assert error.exit_code == 3
    assert "\n" not in str(error)
    completed = (
        error.attachment.replace('kind = "?"', 'kind = "eda"')
        .replace('unit = "?"', 'unit = "uS"')
        .replace("rate = 100.0", "rate = 4.0")
    )
    assert "[[signal]]" in completed
    recording = load(path, mapping=mapped(tmp_path, completed))
    values = [s.values for s in recording.person("P01").signals]
    assert any(np.allclose(v, eda()) for v in values)


def test_lines_above_a_table_are_told_from_names_and_skipped_as_the_error_says(
    shared_data: Path, tmp_path: Path
):
    path = shared_data / "eda_artifact_aww" / "2013_06_10_1hour_walking.csv"
    with pytest.raises(FormatError, match="names 1 of 6 columns") as caught:
        load(path)
    assert "skip" in caught.value.hint
    assert "header = false" in caught.value.hint
    words = (
        "schema = 1\n[table]\nskip = 8\nheader = false\nrate = 8.0\n"
        '[[signal]]\ncolumn = "6"\nkind = "eda"\nunit = "uS"\nsite = "wrist"\n'
    )
    found = signal(load(path, mapping=mapped(tmp_path, words)), Kind.EDA)
    assert (found.values[:4].tolist(), found.rate) == ([1.614, 1.614, 1.62, 1.634], 8.0)


def test_a_column_without_a_name_is_no_block_of_the_mapping_to_complete(tmp_path: Path):
    path = write(tmp_path, "P03.csv", np.arange(240), np.arange(240) / 4, eda(), header=",time,EDA")
    with pytest.raises(MappingNeededError) as caught:
        load(path)
    assert caught.value.attachment.count("[[signal]]") == 1


def test_the_error_that_asks_for_a_mapping_survives_a_process_border():
    error = MappingNeededError("what", where="f.csv", hint="do", attachment="schema = 1")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(again), again.attachment) == (str(error), "schema = 1")


@pytest.mark.parametrize(
    ("unit", "cells"),
    [
        ("unix", lambda t: 1773333000 + t),
        ("unix-ms", lambda t: 1000 * (1773333000 + t)),
        ("iso", lambda t: [f"2026-03-12T16:{30 + int(s) // 60:02d}:{s % 60:06.3f}Z" for s in t]),
    ],
)
def test_dates_give_the_wall_clock(tmp_path: Path, unit: str, cells: object):
    time = np.arange(240) / 4.0
    stamps = cells(time)  # type: ignore[operator]
    path = write(tmp_path, "P03.csv", stamps, eda(), header="timestamp,EDA (uS)")
    words = f'[table]\ntime = "timestamp"\ntime_unit = "{unit}"\n[[signal]]\ncolumn = "EDA (uS)"\n'
    recording = load(path, mapping=mapped(tmp_path, words + 'kind = "eda"\nunit = "uS"\n'))
    assert recording.clock == "unix"
    assert recording.started is not None
    assert recording.started.isoformat() == "2026-03-12T16:30:00+00:00"
    np.testing.assert_allclose(signal(recording, Kind.EDA, "P03").times, time, atol=1e-3)


def test_dates_without_a_time_zone_tell_no_wall_clock_and_that_is_said(tmp_path: Path):
    stamps = [f"2026-03-12 18:00:{s:02d}" for s in range(60)]
    path = write(tmp_path, "P03.csv", stamps, eda(1.0), header="time (iso),EDA (uS)")
    recording = load(path)
    assert (recording.clock, recording.started) == ("file", None)
    assert "time-zone-unknown" in {f.code for f in recording.findings}
    assert signal(recording, Kind.EDA, "P03").end == 60.0


def test_a_long_table_has_one_person_per_name_in_its_person_column(tmp_path: Path):
    time = np.tile(np.arange(240) / 4.0, 2)
    who = np.repeat(["P02", "P01"], 240)
    values = np.concatenate([eda(level=3.0), eda(level=6.0)])
    path = write(tmp_path, "all.tsv", who, time, values, header="participant\tt\tgsr", sep="\t")
    words = '[table]\ntime = "t"\nperson = "participant"\n[[signal]]\ncolumn = "gsr"\n'
    recording = load(path, mapping=mapped(tmp_path, words + 'kind = "eda"\nunit = "uS"\n'))
    assert [p.id for p in recording] == ["P02", "P01"]
    np.testing.assert_allclose(signal(recording, Kind.EDA, "P01").values, eda(level=6.0))


def test_columns_may_be_different_persons_and_a_session_names_the_site(tmp_path: Path):
    write(tmp_path, "table.csv", eda(level=3), eda(level=6), header="left,right")
    words = "\n".join(
        f'[[signal]]\ncolumn = "{c}"\nkind = "eda"\nunit = "uS"\nperson = "{p}"'
        for c, p in (("left", "P01"), ("right", "P02"))
    )
    (tmp_path / "session.toml").write_text(
        'id = "s1"\nrecording = "table.csv"\n[people.P01]\n[people.P02]\neda_site = "palm"\n'
    )
    recording = load(tmp_path, mapping=mapped(tmp_path, f"[table]\nrate = 4.0\n{words}\n"))
    assert [signal(recording, Kind.EDA, p).site for p in ("P01", "P02")] == [None, "palm"]


def test_columns_are_whose_the_session_or_their_own_header_says(tmp_path: Path):
    write(tmp_path, "table.csv", np.arange(240) / 4, eda(level=3), eda(level=6), eda(level=9),
          header="time (s),EDA left (uS),EDA P02 (uS),EDA P55 (uS)")  # fmt: skip
    (tmp_path / "session.toml").write_text(
        'id = "s1"\nrecording = "table.csv"\n[people.P02]\n'
        '[people.P01]\nstreams = { eda = "EDA left (uS)" }\n'
    )
    recording = load(tmp_path)
    found = {p.id: [s.source for s in p.signals] for p in recording}
    assert found == {"P01": ["EDA left (uS)"], "P02": ["EDA P02 (uS)"]}
    assert [u.name for u in recording.unknown] == ["EDA P55 (uS)"]


def test_a_slow_column_among_empty_cells_is_its_own_slow_signal(tmp_path: Path):
    fast = ecg(128.0, 20.0)
    slow = np.full(fast.size, "", dtype=object)
    slow[::32] = [str(v) for v in eda(4.0, 20.0)]
    time = np.arange(fast.size) / 128.0
    path = write(tmp_path, "P01.csv", time, fast, slow, header="time (s),ECG (uV),EDA (uS)")
    recording = load(path)
    assert (signal(recording, Kind.EDA).rate, signal(recording, Kind.ECG).rate) == (4.0, 128.0)
    assert "column-sparse" in {f.code for f in recording.findings}


def test_empty_cells_in_a_signal_stay_invalid_samples(tmp_path: Path):
    cells = [str(v) for v in eda()]
    cells[10], cells[11] = "", "n/a"
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, cells, header="time (s),EDA (uS)")
    values = signal(load(path), Kind.EDA).values
    assert np.flatnonzero(np.isnan(values)).tolist() == [10, 11]


def test_intervals_alone_follow_each_other(tmp_path: Path):
    intervals = np.round(beats() * 1000)
    path = write(tmp_path, "P01.txt", intervals, header="RR (ms)")
    rr = signal(load(path), Kind.RR)
    np.testing.assert_allclose(rr.times, np.cumsum(intervals) / 1000)
    assert len(rr.segments()) == 1


def test_numbers_without_a_header_need_the_word_and_get_numbered_columns(tmp_path: Path):
    path = write(tmp_path, "P01.txt", *[np.round(beats() * 1000)[1:]], header="812.0")
    with pytest.raises(FormatError, match="header = false"):
        load(path)
    words = '[table]\nheader = false\n[[signal]]\ncolumn = "1"\nkind = "rr"\nunit = "ms"\n'
    assert len(signal(load(path, mapping=mapped(tmp_path, words)), Kind.RR)) == beats().size


def test_marks_come_from_changes_of_a_column(tmp_path: Path):
    marks = np.full(240, "", dtype=object)
    marks[40:44], marks[80], marks[81] = "Discussion", "end", "end"
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, eda(), marks,
                 header="time (s),EDA (uS),marker")  # fmt: skip
    events = load(path).events
    assert [(e.onset, e.label) for e in events] == [(10.0, "Discussion"), (20.0, "end")]


def test_marks_come_from_a_second_table_on_the_same_clock(tmp_path: Path):
    path = write(tmp_path, "P01.csv", 1773333000 + np.arange(240) / 4, eda(),
                 header="time (unix),EDA (uS)")  # fmt: skip
    (tmp_path / "events.tsv").write_text(
        "onset\tduration\ttrial_type\n1773333005.5\t5\tpresentation\n1773333030\tn/a\tdiscussion\n"
    )
    words = '[events]\nfile = "events.tsv"\nlabel_column = "trial_type"\nduration = "duration"\n'
    recording = load(path, mapping=mapped(tmp_path, words))
    assert [(e.onset, e.label, e.duration) for e in recording.events] == [
        (5.5, "presentation", 5.0),
        (30.0, "discussion", 0.0),
    ]
    assert [Path(s.path).name for s in recording.sources] == ["P01.csv", "events.tsv"]


def test_a_wrong_unit_in_the_header_refuses_the_column_and_says_so(tmp_path: Path):
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, 1000 / eda(), eda(),
                 header="time (s),EDA (uS),GSR (uS)")  # fmt: skip
    recording = load(path)
    assert [s.source for s in recording.person("P01").signals] == ["GSR (uS)"]
    assert recording.unknown[0].name == "EDA (uS)"
    assert "unit-contradicted" in {f.code for f in recording.findings}


def test_duplicated_and_backward_times_are_dropped_and_said(tmp_path: Path):
    time = np.arange(240) / 4
    time[50], time[100] = time[49], time[98]
    path = write(tmp_path, "P01.csv", time, eda(), header="time (s),EDA (uS)")
    recording = load(path)
    assert len(signal(recording, Kind.EDA)) == 238
    assert "stamps-dropped" in {f.code for f in recording.findings}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("time (s),EDA (uS)\n", "no line of data"),
        ("a;b,c\n1;2,3\n4;5,6\n", "both semicolon and comma"),
        ("a;b\n1,5;2.5\n", "decimal comma and some a decimal point"),
        ("EDA (uS),EDA (uS)\n1,2\n", "columns appear twice: EDA"),
        ("time (s),EDA (uS)\n1,2\n1,2,3\n", "same number of cells"),
    ],
)
def test_what_is_no_table_is_a_format_error_of_one_line(tmp_path: Path, content: str, message: str):
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        load(path)


def test_a_word_among_numbers_is_a_data_error_that_shows_it(tmp_path: Path):
    cells = [str(v) for v in eda()]
    cells[7] = "oops"
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, cells, header="time (s),EDA (uS)")
    with pytest.raises(DataError, match="holds 'oops'"):
        load(path)


def test_a_line_with_too_many_cells_far_down_is_a_data_error_with_its_number(tmp_path: Path):
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, eda(), header="time (s),EDA (uS)")
    with path.open("a") as file:
        file.write("61.0,4.0,5.0\n")
    with pytest.raises(DataError, match="line 242,"):
        load(path)


def test_cells_beyond_the_header_are_an_error_and_never_left_out_in_silence(tmp_path: Path):
    lines = [f"{i / 4},{v},9.9" for i, v in enumerate(eda())]
    path = tmp_path / "P01.csv"
    path.write_text("\n".join(["time (s),EDA (uS)", *lines]) + "\n")
    with pytest.raises(DataError, match="more cells than the header, which has 2"):
        load(path, mapping=mapped(tmp_path, '[table]\ndelimiter = ","\n'))


def test_separators_at_the_end_of_the_lines_are_no_cells(tmp_path: Path):
    lines = [f"{i / 4},{v}," for i, v in enumerate(eda())]
    path = tmp_path / "P01.csv"
    path.write_text("\n".join(["time (s),EDA (uS)", *lines]) + "\n")
    recording = load(path, mapping=mapped(tmp_path, '[table]\ndelimiter = ","\n'))
    np.testing.assert_allclose(signal(recording, Kind.EDA).values, eda())


def test_a_header_below_blank_lines_is_still_the_header(tmp_path: Path):
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, eda(), header="\n\ntime (s),EDA (uS)")
    np.testing.assert_allclose(signal(load(path), Kind.EDA).values, eda())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_office_programs_are_read(tmp_path: Path, encoding: str):
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, eda(), header="time (s),EDA (µS)")
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    np.testing.assert_allclose(signal(load(path), Kind.EDA).values, eda())


def test_a_stray_quote_above_the_header_swallows_no_lines(tmp_path: Path):
    lines = [f"{i / 4},{v}" for i, v in enumerate(eda())]
    path = tmp_path / "P01.csv"
    path.write_text("\n".join(['Sensor "left', "time (s),EDA (uS)", *lines]) + "\n")
    recording = load(path, mapping=mapped(tmp_path, "[table]\nskip = 1\n"))
    np.testing.assert_allclose(signal(recording, Kind.EDA).values, eda())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ('[table]\nrate = 4.0\n[[signal]]\ncolumn = "nope"\nkind = "eda"\n', "column 'nope'"),
        ('[[signal]]\nkind = "eda"\n', "either column"),
        ('[[signal]]\ncolumn = "a"\nkind = "eda"\nunit = "mV"\n', "no unit of eda"),
        ('[[signal]]\ncolumn = "a"\nkind = "mood"\n', "kind"),
        ("[events]\nabove = 1.0\n", "need a column"),
        ("[table]\ntime_unit = 'years'\n", "time_unit"),
        ("colour = 1\n", "colour is not a known key"),
        ('person = "Anna Smith"\n', "not a pseudonym"),
    ],
)
def test_a_wrong_mapping_is_a_settings_error_that_names_the_key(
    tmp_path: Path, words: str, message: str
):
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, eda(), header="time (s),EDA (uS)")
    with pytest.raises(SettingsError, match=message):
        load(path, mapping=mapped(tmp_path, words))


def test_times_that_are_no_unix_times_are_a_data_error(tmp_path: Path):
    path = write(tmp_path, "P01.csv", np.arange(240) / 4, eda(), header="time (unix),EDA (uS)")
    with pytest.raises(DataError, match="1990 to 2100"):
        load(path)
