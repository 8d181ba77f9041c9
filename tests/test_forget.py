"""Whoever withdraws is gone from every byte of the study, and nobody else has lost anything."""

from __future__ import annotations

import base64
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arousal.consent import Consents
from arousal.errors import UsageError
from arousal.forget import files as forget_module
from arousal.forget import forget
from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.xdf_raw import read_raw
from arousal.ingest.xdf_writer import write_xdf
from arousal.session import load_participants, load_session

TODAY = date(2026, 4, 1)
WITHDRAWN = "P04"
WORD = st.text("abcdefghijkmnpqrstuvwxyz0123456789", min_size=15, max_size=15).map("Q{}".format)
FORMATS = ("float32", "double64", "int16")
RUN = 8


def stream(name: str, ident: str, kind: str, seed: int) -> RawStream:
    rng = np.random.default_rng(seed)
    times = 1000.0 + np.arange(240) / 40 + seed * 1e-3
    values = rng.integers(-9000, 9000, (240, 1)).astype(np.float64)
    if kind != "int16":
        values = (values + 0.5) / (777.0 + seed)
    types = {"float32": np.float32, "double64": np.float64, "int16": np.int16}
    info = StreamInfo(name, "EDA", ident, f"uid-{ident}", rate=40.0, format=kind)
    return RawStream(info, values.astype(types[kind]), times - 3.0, times)


def renamed(made: RawStream, name: str) -> RawStream:
    info = replace(made.info, name=name, type="X", uid=f"{made.info.uid}-{made.info.format}")
    return replace(made, info=info)


def marks(person: str) -> RawStream:
    words = [
        "phase/presentation id=m1",
        f"presenter/{person} id=m2",
        f"speech/{person}/start",
        "intervention/empathy/K1/" + person,
        f"probe/{person}/7",
        f"speech/{person}/end",
        "phase/discussion id=m3",
        "probe/K1/3",
        "end",
    ]
    times = np.asarray(1000.0 + 6.0 * np.arange(len(words)), dtype=np.float64)
    texts = np.array([[w] for w in words], dtype=object)
    return RawStream(StreamInfo("Marks", "Markers", "mk", format="string"), texts, times, times)


def make_study(root: Path, person: str, ident: str) -> dict[str, RawStream]:
    """Three people, of whom one (named, or by a strap of their own name) is to be forgotten."""
    root.mkdir()
    (root / "study.toml").write_text('schema = 1\nname = "a study"\n')
    rows = [f"{p}\t30-39\t2026-03-01" for p in ("K1", person, "K2")]
    head = "participant_id\tage_band\tconsent_record"
    (root / "participants.tsv").write_text("\n".join([head, *rows]) + "\n")
    (root / "phenotype").mkdir()
    (root / "phenotype" / "srs.tsv").write_text(f"participant_id\tscore\nK1\t3\nsub-{person}\t4\n")
    theirs: dict[str, RawStream] = {}
    for number, session in enumerate(("s1", "s2")):
        made = make_session(root / "sessions" / session, person, ident, number)
        theirs |= {f"{session}{i}": m for i, m in enumerate(made)}
    write_derivatives(root / "derivatives", person, theirs["s10"].values[:, 0])
    return theirs


def make_session(folder: Path, person: str, ident: str, number: int = 0) -> list[RawStream]:
    """Make one session of these three people; return the streams of whoever is to be forgotten."""
    folder.mkdir(parents=True)
    first, *more = (stream(f"strap {ident}", f"id-{ident}", kind, 10 * number + k)
                    for k, kind in enumerate(FORMATS))  # fmt: skip
    mine = [first, *(renamed(m, f"{m.info.format}-{person}") for m in more)]
    others = [stream(f"EDA {p}", f"{p}-id", "float32", 50 + i) for i, p in enumerate(("K1", "K2"))]
    write_xdf(folder / "recording.xdf", [others[0], *mine, marks(person), others[1]])
    (folder / "session.toml").write_text(toml_of(folder.name, person, ident))
    write_journal(folder, person, ident)
    (folder / "timeline.tsv").write_text(
        "row\tmark\taction\tonset\tlabel\tmade_at\n"
        f"1\tm2\trelabel\tn/a\tpresenter/{person}\t2026-03-12T20:41:00+01:00\n"
        f"2\tc1\tadd\t9\tprobe/{person}/8\t2026-03-12T20:42:00+01:00\n"
    )
    write_derivatives(folder / "derivatives", person, mine[0].values[:, 0])
    return mine


def toml_of(session: str, person: str, ident: str) -> str:
    return (
        f'schema = 1\nid = "{session}"\npresenter = "{person}"  # {person} told the case\n'
        f'[people.K1]\nstreams = {{ eda = "EDA K1" }}\n[people.K2]\n'
        f'[people.{person}]\nstreams = {{ eda = "strap {ident}" }}\n'
        f"[consent.K1]\nrecord = 2026-03-01\n[consent.{person}]\nrecord = 2026-03-01\n"
        f"[release]\ndelay_hours = 24\n{person} = 2026-03-12T20:30:00+01:00\n"
    )


def write_journal(folder: Path, person: str, ident: str) -> None:
    data = (folder / "recording.xdf").read_bytes()
    half = len(data) // 2
    lines: list[dict] = [
        {"type": "start", "file": "recording.xdf", "host": "room"},
        {"type": "stream-found", "stream": 1, "name": "EDA K1", "uid": "uid-K1-id", "person": "K1"},
        {"type": "stream-found", "stream": 2, "name": f"strap {ident}", "uid": f"uid-id-{ident}",
         "source_id": f"id-{ident}", "person": person},
        {"type": "silence", "stream": 2, "state": "begins"},
        {"type": "block", "offset": 0, "length": half, "crc32": zlib.crc32(data[:half])},
        {"type": "mark", "text": f"presenter/{person} id=m2"},
        {"type": "mark", "text": f"probe/{person}/7"},
        {"type": "alarm", "state": "on", "where": f"strap {ident}", "message": f"{person}: weak"},
        {"type": "block", "offset": half, "length": len(data) - half,
         "crc32": zlib.crc32(data[half:])},
        {"type": "stop", "complete": True, "streams": [[1, 240, 240], [2, 240, 240]]},
    ]  # fmt: skip
    utc = datetime(2026, 3, 12, 19, tzinfo=UTC).isoformat()
    text = [{"seq": k, "utc": utc, "lsl": 1000.0 + k, **line} for k, line in enumerate(lines, 1)]
    (folder / "journal.jsonl").write_text("".join(json.dumps(t) + "\n" for t in text))


def write_derivatives(folder: Path, person: str, values: np.ndarray) -> None:
    folder.mkdir(parents=True)
    packed = base64.b64encode(gzip.compress(np.asarray(values, np.float32).tobytes())).decode()
    told = " ".join(map(repr, np.asarray(values, float).tolist()))
    (folder / "report.html").write_text(f'<i id="figures">{packed}</i>{person}')
    (folder / "features.tsv").write_text(f"person\tvalue\n{person}\t{told}\n")


def contents(root: Path) -> Iterator[bytes]:
    """Every byte of the study: names, files, and whatever is packed inside them."""
    for path in root.rglob("*"):
        yield str(path.relative_to(root)).encode()
        if path.is_file():
            yield from unpacked(path.read_bytes())


def unpacked(data: bytes) -> Iterator[bytes]:
    yield data
    if data[:2] == b"\x1f\x8b":
        yield from unpacked(gzip.decompress(data))
    for found in re.findall(rb"H4sI[A-Za-z0-9+/=]{16,}", data):
        yield from unpacked(gzip.decompress(base64.b64decode(found)))


def runs_of(stream: RawStream) -> Iterator[bytes]:
    """Every run of eight samples: as an XDF file has them, as bare numbers, and as text."""
    values = stream.values[:, 0]
    kinds = ("<f4", "<f8", *(("<i2",) if values.dtype.kind == "i" else ()))
    for start in range(0, values.size - RUN, RUN):
        part = slice(start, start + RUN)
        run = values[part]
        pairs = zip(stream.stamps[part], run, strict=True)
        yield b"".join(b"\x08" + stamp.tobytes() + value.tobytes() for stamp, value in pairs)
        yield from (run.astype(kind).tobytes() for kind in kinds)
        yield b" ".join(repr(v).encode() for v in run.astype(float).tolist())
        yield b"\n".join(str(v).encode() for v in run.tolist())


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(person=WORD, ident=WORD)
def test_no_byte_of_the_study_names_the_person_or_holds_their_samples(
    tmp_path_factory, person, ident
):
    if person == ident:
        return
    root = tmp_path_factory.mktemp("forget") / "study"
    values = list(make_study(root, person, ident).values())
    sessions = [root / "sessions" / name for name in ("s1", "s2")]
    assert_it_forgets(root, sessions, values, person, ident)
    assert (root / "withdrawals.tsv").read_text() == "date\tsessions\n2026-04-01\t2\n"


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(person=WORD, ident=WORD)
def test_no_byte_of_a_session_outside_of_a_study_does_either(tmp_path_factory, person, ident):
    if person == ident:
        return
    folder = tmp_path_factory.mktemp("forget") / "evening"
    values = make_session(folder, person, ident)
    assert_it_forgets(folder, [folder], values, person, ident)
    assert set(load_session(folder / "session.toml").people) == {"K1", "K2"}
    assert (folder / "withdrawals.tsv").read_text() == "date\tsessions\n2026-04-01\t1\n"


def assert_it_forgets(
    place: Path, sessions: list[Path], values: list[RawStream], person: str, ident: str
) -> None:
    """Forget somebody, and search every byte of the place for their names and samples."""
    before = b"\0".join(contents(place))
    assert person.encode() in before
    assert ident.encode() in before
    known = [list(runs_of(theirs)) for theirs in values]
    assert all(any(run in before for run in runs) for runs in known)
    done = forget(place, person, today=TODAY)
    after = b"\0".join(contents(place))
    assert done.leftovers == ()
    assert done.sessions == tuple(folder.name for folder in sessions)
    for word in (person, ident):
        assert word.encode() not in after
        assert word not in " ".join(done.removed)
    for folder in sessions:
        stored = read_raw(folder / "recording.xdf").streams
        assert {s.info.name for s in stored} == {"EDA K1", "EDA K2", "Marks"}
        held = {v for s in stored if not s.info.is_text for v in s.values[:, 0].tolist()}
        mine = {v for m in values for v in m.values[:, 0].tolist()}
        assert not held & mine
    assert not [run for runs in known for run in runs if run in after]


@pytest.fixture
def study(tmp_path):
    root = tmp_path / "study"
    make_study(root, "P04", "strapXYZ")
    return root


def test_everybody_elses_samples_stamps_and_clock_offsets_are_the_same(study):
    path = study / "sessions" / "s1" / "recording.xdf"
    before = {s.stream_id: s for s in read_raw(path).streams}
    forget(study, "P04", today=TODAY)
    after = read_raw(path)
    assert {f.code for f in after.findings} == set()
    assert not after.truncated
    for new in after.streams:
        old = before[new.stream_id]
        assert np.array_equal(old.offset_times, new.offset_times)
        assert np.array_equal(old.offset_values, new.offset_values)
        if not new.info.is_text:
            assert np.array_equal(old.values, new.values)
            assert np.array_equal(old.stamps, new.stamps)
            assert new.footer == old.footer


def test_marks_keep_their_time_and_lose_the_name_and_own_answers_are_gone(study):
    forget(study, "P04", today=TODAY)
    stored = read_raw(study / "sessions" / "s1" / "recording.xdf").streams
    words = next([str(w) for w in s.values[:, 0]] for s in stored if s.info.is_text)
    assert words == [
        "phase/presentation id=m1",
        "presenter/anonymous id=m2",
        "speech/anonymous/start",
        "intervention/empathy/K1/anonymous",
        "speech/anonymous/end",
        "phase/discussion id=m3",
        "probe/K1/3",
        "end",
    ]


def test_the_journal_keeps_its_numbers_and_clocks_and_its_checksums_fit(study):
    folder = study / "sessions" / "s1"
    forget(study, "P04", today=TODAY)
    lines = [json.loads(x) for x in (folder / "journal.jsonl").read_text().splitlines()]
    data = (folder / "recording.xdf").read_bytes()
    assert [line["seq"] for line in lines] == list(range(1, 11))
    kinds = [line["type"] for line in lines]
    assert kinds.count("withdrawn") == 4
    for block in (line for line in lines if line["type"] == "block"):
        piece = data[block["offset"] : block["offset"] + block["length"]]
        assert zlib.crc32(piece) == block["crc32"]
    assert lines[-1]["streams"] == [[1, 240, 240]]
    assert lines[5]["text"] == "presenter/anonymous id=m2"


def test_the_studys_own_files_stay_readable_and_hold_a_tombstone_without_a_name(study):
    forget(study, "P04", today=TODAY)
    assert set(load_participants(study / "participants.tsv")) == {"K1", "K2"}
    session = load_session(study / "sessions" / "s1" / "session.toml")
    assert set(session.people) == {"K1", "K2"}
    assert session.presenter is None
    assert session.release.people == {}
    assert (study / "phenotype" / "srs.tsv").read_text() == "participant_id\tscore\nK1\t3\n"
    assert (study / "withdrawals.tsv").read_text() == "date\tsessions\n2026-04-01\t2\n"
    timeline = (study / "sessions" / "s1" / "timeline.tsv").read_text()
    assert "presenter/anonymous" in timeline
    assert "probe" not in timeline


def test_only_one_session_can_be_taken_back(study):
    untouched = (study / "sessions" / "s2" / "recording.xdf").read_bytes()
    done = forget(study, "P04", session="s1", today=TODAY)
    assert done.sessions == ("s1",)
    assert done.leftovers == ()
    assert (study / "sessions" / "s2" / "recording.xdf").read_bytes() == untouched
    assert "P04" in load_participants(study / "participants.tsv")


def test_the_folder_of_a_session_in_a_study_means_this_session(study):
    done = forget(study / "sessions" / "s1", "P04", today=TODAY)
    assert done.sessions == ("s1",)
    assert not (study / "derivatives").exists()  # it was computed from this session, too
    assert (study / "withdrawals.tsv").is_file()
    assert not (study / "sessions" / "s1" / "withdrawals.tsv").exists()
    assert "P04" in load_session(study / "sessions" / "s2" / "session.toml").people


def test_a_session_out_of_which_all_consents_went_still_asks_for_them(tmp_path):
    folder = tmp_path / "evening"
    make_session(folder, "P04", "strapXYZ")
    forget(folder, "K1", today=TODAY)
    forget(folder, "P04", today=TODAY)
    consents = Consents(load_session(folder / "session.toml"))
    assert not consents.researcher_only
    assert not consents.allows("K2", "research")  # who never agreed: a withdrawal is no yes


@pytest.mark.parametrize("steps", range(1, 6))
def test_a_run_that_was_stopped_midway_is_finished_by_the_next(study, monkeypatch, steps):
    calls = []

    def stopped(*args):
        calls.append(args)
        if len(calls) == steps:
            raise KeyboardInterrupt
        return written(*args)

    written = forget_module.write_text  # type: ignore[attr-defined]
    monkeypatch.setattr(forget_module, "write_text", stopped)
    with pytest.raises(KeyboardInterrupt):
        forget(study, "P04", today=TODAY)
    monkeypatch.setattr(forget_module, "write_text", written)
    forget(study, "P04", today=TODAY)
    assert not [p for p in contents(study) if b"P04" in p or b"strapXYZ" in p]
    for session in ("s1", "s2"):
        assert read_raw(study / "sessions" / session / "recording.xdf").findings == ()


def test_a_page_is_made_again_only_where_there_was_one(study):
    (study / "sessions" / "s2" / "derivatives" / "report.html").unlink()
    asked = []

    def remake(folder):
        asked.append(folder.name)
        return True

    done = forget(study, "P04", today=TODAY, reissue=remake)
    assert asked == ["s1"]
    assert done.reissued == ("s1",)


def test_what_it_does_not_know_is_listed_and_left_to_a_person(study):
    (study / "notes.txt").write_text("P04 called on Monday")
    done = forget(study, "P04", today=TODAY)
    assert [p.name for p in done.leftovers] == ["notes.txt"]


def test_it_refuses_before_it_changes_anything(study):
    before = sorted(contents(study))
    with pytest.raises(UsageError, match="nobody here is called P99"):
        forget(study, "P99", today=TODAY)
    with pytest.raises(UsageError, match="no session 's9'"):
        forget(study, "P04", session="s9", today=TODAY)
    with pytest.raises(UsageError, match=r"no study\.toml and no session\.toml"):
        forget(study / "sessions", "P04", today=TODAY)
    with pytest.raises(UsageError, match="this is one session"):
        forget(study / "sessions" / "s1", "P04", session="s1", today=TODAY)
    toml = study / "sessions" / "s2" / "session.toml"
    shared = toml.read_text().replace('"EDA K1"', '"strap strapXYZ:B"')
    toml.write_text(shared)
    with pytest.raises(UsageError, match="several persons' channels"):
        forget(study, "P04", today=TODAY)
    toml.write_text(shared.replace('"strap strapXYZ:B"', '"EDA K1"'))
    assert sorted(contents(study)) == before


def test_what_raters_said_of_the_person_goes_and_the_rest_stays(study):
    folder = study / "sessions" / "s1"
    person = WITHDRAWN
    head = "onset\tduration\trater\tperson\tautomatic_controlled\tself_other"
    rows = [f"0\t60\tR1\t{person}\t0\t0", "0\t60\tR1\tgroup\t0.5\t0", f"0\t60\t{person}\tK2\t0\t1"]
    (folder / "ratings.tsv").write_text("\n".join([head, *rows]) + "\n")
    alone = study / "sessions" / "s2" / "ratings.tsv"
    alone.write_text(f"{head}\n{rows[0]}\n")
    done = forget(study, person, today=TODAY)
    assert "s1: ratings in ratings.tsv" in done.removed
    left = (folder / "ratings.tsv").read_text().splitlines()
    assert left == [head, rows[1], "0\t60\tanonymous\tK2\t0\t1"]
    assert not alone.exists()
    assert done.leftovers == ()


def test_a_name_in_a_registered_hypothesis_goes_too(study):
    from arousal.hypothesis.hypothesis_file import load_hypothesis
    from arousal.hypothesis.registration import register

    own = study / "own.toml"
    text = load_hypothesis("farkas2024").content.decode()
    rule = f'[exclusions]\npersons = {{ {WITHDRAWN} = "ill" }}\n'
    own.write_text(text.replace("[exclusions]\n", rule))
    register(study, load_hypothesis(own), datetime(2026, 3, 1, tzinfo=UTC))
    own.unlink()
    done = forget(study, WITHDRAWN, today=TODAY)
    assert "a name in the study's hypotheses, noted in hypotheses.toml" in done.removed
    assert done.leftovers == ()
