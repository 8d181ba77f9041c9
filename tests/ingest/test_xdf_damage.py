"""XDF files that are cut, zeroed, flipped or lack parts: what can be read is read, and said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arousal.errors import ArousalError
from arousal.ingest.xdf import XdfFile, read_xdf
from arousal.ingest.xdf_cut import check_cut, cut_xdf, stored_streams
from arousal.ingest.xdf_raw import RawXdf, read_raw
from tests.ingest.xdf_files import XdfBytes, header_xml, journal_lines

HEADERS = 4
"""Parts of `session` before the first samples: magic, file header, two stream headers."""
WORDS = ["phase/presentation", "phase/discussion", "end"]


def session(*, every: int = 25, n: int = 600, footer: bool = True) -> XdfBytes:
    """An ECG stream that counts its samples (200.0, 200.5, ...) and a few markers."""
    file = XdfBytes().begin().stream(1, "double64", name="ecg", rate=10.0)
    file.stream(2, "string", name="marks", kind="Markers", rate=0.0)
    for k, at in enumerate(range(0, n, every)):
        here = np.arange(at, min(at + every, n))
        file.samples(1, 200.0 + here[:, None] / 2, 1000.0 + here / 10.0)
        if k % 3 == 0:
            file.offset(1, 1000.0 + at / 10.0, 0.0).offset(2, 1000.0 + at / 10.0, 0.0)
        if k % 5 == 0:
            file.samples(2, [[WORDS[k % 3]]], [1000.01 + at / 10.0]).boundary()
    if footer:
        file.footer(1, 1000.0, 1000.0 + (n - 1) / 10.0, n).footer(2, 1000.01, 1051.01, 5)
    return file


def codes(file: XdfFile | RawXdf) -> set[str]:
    return {finding.code for finding in file.findings}


def counts(raw: RawXdf, stream: int = 0) -> list[int]:
    """Which samples of the counting stream are there; each with its own stamp."""
    found = raw.streams[stream]
    numbers = np.rint((found.values[:, 0] - 200.0) * 2).astype(int)
    np.testing.assert_allclose(found.stamps, 1000.0 + numbers / 10.0, atol=1e-9)
    return numbers.tolist()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def samples_before(content: bytes, cut: int, file: XdfBytes) -> int:
    """Whole samples of the counting stream before a byte: 17 bytes each behind the chunk's head."""
    total = 0
    for start, part in zip(file.places, file.parts, strict=False):
        is_samples = part[2:8] == b"\x03\0\x01\0\0\0" or part[5:11] == b"\x03\0\x01\0\0\0"
        if is_samples:
            body = len(part) % 17 or 17
            n = (len(part) - body) // 17
            total += min(n, max(0, (cut - start - body) // 17))
    return total


def test_a_file_cut_at_any_byte_behind_its_header_yields_all_that_precedes(tmp_path: Path):
    file = session(n=90, every=10)
    content, path = file.content, tmp_path / "a.xdf"
    for cut in range(file.places[2], len(content)):
        raw = read_raw(write(path, content[:cut]))
        assert raw.truncated
        assert "xdf-truncated" in codes(raw)
        expected = samples_before(content, cut, file) if raw.streams else 0
        assert (counts(raw) if raw.streams else []) == list(range(expected)), cut
    whole = read_raw(write(path, content))
    assert not whole.truncated
    assert len(counts(whole)) == 90


def test_a_cut_inside_a_chunk_is_said_with_its_byte(tmp_path: Path):
    file = session()
    place = file.places[-3]
    raw = read_raw(write(tmp_path / "a.xdf", file.content[: place + 9]))
    (finding,) = [f for f in raw.findings if f.code == "xdf-truncated"]
    assert f"at byte {place} of {place + 9}" in finding.message


@pytest.mark.slow
@pytest.mark.parametrize("name", ["clock_resets", "empty_streams", "minimal"])
def test_real_files_cut_anywhere_load(shared_data: Path, tmp_path: Path, name: str):
    content = (shared_data / "xdf_examples" / f"{name}.xdf").read_bytes()
    rng = np.random.default_rng(11)
    whole = read_xdf(write(tmp_path / "a.xdf", content))
    for cut in rng.integers(120, len(content), 25).tolist():
        part = read_xdf(write(tmp_path / "a.xdf", content[:cut]))
        assert part.truncated
        for some, every in zip(part.streams, whole.streams, strict=False):
            n = some.stamps.size
            np.testing.assert_array_equal(some.stamps, every.stamps[:n])
            np.testing.assert_array_equal(some.values, every.values[:n])


@given(start=st.integers(0, 40_000), length=st.sampled_from([1, 100, 512, 4096]))
@settings(max_examples=80)
def test_zeroed_bytes_cost_no_more_than_the_chunks_they_touch(tmp_path_factory, start, length):
    file = session(n=1500)
    begin = file.places[HEADERS] + start % (len(file.content) - file.places[HEADERS] - length)
    content = bytearray(file.content)
    content[begin : begin + length] = bytes(length)
    raw = read_raw(write(tmp_path_factory.mktemp("zero") / "a.xdf", bytes(content)))
    kept = counts_where_untouched(file, begin, begin + length)
    found = next(s for s in raw.streams if s.info.name == "ecg")
    numbers = set(np.rint((found.values[:, 0] - 200.0) * 2).astype(int).tolist())
    assert numbers >= kept


def counts_where_untouched(file: XdfBytes, begin: int, end: int) -> set[int]:
    kept: set[int] = set()
    n = 0
    for start, part in zip(file.places, file.parts, strict=False):
        if part[5:11] == b"\x03\0\x01\0\0\0":
            size = (len(part) - (len(part) % 17 or 17)) // 17
            if end <= start or begin >= start + len(part):
                kept |= set(range(n, n + size))
            n += size
    return kept


def test_a_zeroed_page_drops_its_chunks_and_yields_no_false_value(tmp_path: Path):
    file = session(n=1500)
    content = bytearray(file.content)
    content[8192:12288] = bytes(4096)
    raw = read_raw(write(tmp_path / "a.xdf", bytes(content)))
    lost = set(range(1500)) - set(counts(raw))
    assert 240 <= len(lost) <= 300  # 4096 bytes are 241 samples, chunks hold 25
    assert {"xdf-damaged"} <= codes(raw)
    assert any(f.code == "xdf-samples-lost" for f in raw.streams[0].findings)


def test_a_zeroed_page_inside_one_large_chunk_yields_no_false_value(tmp_path: Path):
    # Unstamped samples of zeros look right byte by byte: the page's sharp edges give them away.
    file = XdfBytes().begin().stream(1, "double64", rate=10.0)
    numbers = np.arange(3000)
    stamps = [1000.0, *[None] * 2999]
    file.samples(1, 200.0 + numbers[:, None] / 2, stamps)
    file.samples(1, [[1700.0]], [1300.0]).footer(1, 1000.0, 1300.0, 3001)
    content = bytearray(file.content)
    content[8192:12288] = bytes(4096)
    raw = read_raw(write(tmp_path / "a.xdf", bytes(content)))
    assert counts(raw) == [3000]


def test_samples_without_stamps_behind_a_loss_are_not_placed_by_guess(tmp_path: Path):
    file = XdfBytes().begin().stream(1, "double64", rate=10.0)
    for at in range(0, 400, 40):
        stamps = [1000.0 + at / 10 if at in (0, 200) else None, *[None] * 39]
        file.samples(1, 200.0 + (at + np.arange(40)[:, None]) / 2, stamps)
    file.footer(1)
    content = bytearray(file.content)
    third = file.places[5]
    content[third + 3 : third + 9] = bytes(6)
    raw = read_raw(write(tmp_path / "a.xdf", bytes(content)))
    assert counts(raw) == [*range(80), *range(200, 400)]
    assert any("carry no stamp" in f.message for f in raw.streams[0].findings)


def test_a_flipped_length_costs_its_own_chunk_only(tmp_path: Path):
    for part in range(HEADERS + 3, HEADERS + 9):
        file = session(footer=False)
        if file.parts[part][5:7] != b"\x03\0":
            continue
        for bit in range(8):
            content = bytearray(file.content)
            content[file.places[part] + 1] ^= 1 << bit
            raw = read_raw(write(tmp_path / "a.xdf", bytes(content)))
            assert len(set(range(600)) - set(counts(raw))) <= 25, (part, bit)


def test_damage_to_a_checked_block_is_found_even_where_nothing_looks_wrong(tmp_path: Path):
    file = session()
    (tmp_path / "journal.jsonl").write_text(journal_lines(file.content, file.places))
    content = bytearray(file.content)
    victim = HEADERS + 4
    content[file.places[victim] + 60] ^= 0x10  # a bit of a value
    raw = read_raw(write(tmp_path / "recording.xdf", bytes(content)))
    assert "xdf-checksum" in codes(raw)
    assert len(counts(raw)) == 575
    clean = read_raw(write(tmp_path / "recording.xdf", file.content))
    assert clean.findings == ()
    assert len(counts(clean)) == 600


@given(data=st.data())
@settings(max_examples=60)
def test_no_value_is_wrong_where_checksums_are_known(tmp_path_factory, data):
    file = session(n=300)
    folder = tmp_path_factory.mktemp("crc")
    (folder / "journal.jsonl").write_text(journal_lines(file.content, file.places))
    content = bytearray(file.content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(file.places[2], len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    raw = read_raw(write(folder / "recording.xdf", bytes(content)))
    for stream in raw.streams:
        if stream.info.name == "ecg" and stream.info.format == "double64":
            counts(raw, raw.streams.index(stream))


def header_lines(file: XdfBytes) -> str:
    """What the recorder's journal says beside the checksums: a copy of each stream's header."""
    xml = {1: header_xml("ecg", fmt="double64", rate=10.0), 2: header_xml("marks", fmt="string")}
    lines = [{"type": "stream-found", "stream": n, "header": text} for n, text in xml.items()]
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_lost_page_with_every_header_costs_its_own_chunks_where_the_journal_has_copies(
    tmp_path: Path,
):
    file = session()
    first, content = file.places[HEADERS], bytearray(file.content)
    content[:first] = bytes(first)
    path = write(tmp_path / "recording.xdf", bytes(content))
    with pytest.raises(ArousalError):
        read_raw(path)
    told = journal_lines(file.content, file.places)
    (tmp_path / "journal.jsonl").write_text(header_lines(file) + told)
    raw = read_raw(path)
    assert [s.info.name for s in raw.streams] == ["ecg", "marks"]
    assert len(counts(raw)) == 600
    assert {"xdf-header-spare", "xdf-magic", "xdf-checksum"} <= codes(raw)
    assert len(set(raw.findings)) == len(raw.findings)
    assert stored_streams(path).keys() == {1, 2}
    (tmp_path / "elsewhere").mkdir()
    copy = tmp_path / "elsewhere" / "copy.xdf"
    cut_xdf(path, copy, frozenset({2}), str)
    check_cut(path, copy, frozenset({2}), str)
    assert len(counts(read_raw(copy))) == 600


def test_headers_of_a_journal_are_left_alone_where_the_file_has_its_own_or_no_checksum_fits(
    tmp_path: Path,
):
    file = session()
    wrong = header_lines(file).replace('"double64', '"x').replace("ecg", "wrong")
    told = journal_lines(file.content, file.places)
    (tmp_path / "journal.jsonl").write_text(wrong + told)
    raw = read_raw(write(tmp_path / "recording.xdf", file.content))
    assert raw.findings == ()
    assert raw.streams[0].info.name == "ecg"
    content = bytes(file.places[3] - file.places[2])
    content = file.content[: file.places[2]] + content + file.content[file.places[3] :]
    write(tmp_path / "recording.xdf", content)
    (tmp_path / "journal.jsonl").write_text(header_lines(file))
    assert [s.info.name for s in read_raw(tmp_path / "recording.xdf").streams] == ["marks"]


def test_a_journal_of_another_file_is_not_used(tmp_path: Path):
    file = session()
    (tmp_path / "journal.jsonl").write_text(journal_lines(b"x" * 9999, [0, 50, 100, 200]))
    raw = read_raw(write(tmp_path / "recording.xdf", file.content))
    assert codes(raw) == {"journal-foreign"}
    assert len(counts(raw)) == 600


def test_lines_of_a_journal_that_cannot_be_read_are_counted(tmp_path: Path):
    file = session()
    lines = journal_lines(file.content, file.places)
    odd = '{"type":"block","offset":-1,"length":"x"}\n[1]\nnot json\n{"type":"blo'
    (tmp_path / "journal.jsonl").write_text(lines + odd)
    raw = read_raw(write(tmp_path / "recording.xdf", file.content))
    (finding,) = raw.findings
    assert finding.code == "journal-unreadable"
    assert finding.message.startswith("3 lines")


def test_a_header_that_is_no_xml_is_said_and_its_samples_are_left_out(tmp_path: Path):
    file = session()
    file.parts[2] = XdfBytes().raw_header(1, b"\x01\x02 no xml at all <<").parts[1]
    raw = read_raw(write(tmp_path / "a.xdf", file.content))
    assert [s.info.name for s in raw.streams] == ["marks"]
    assert {"xdf-header", "xdf-orphans"} <= codes(raw)


def test_a_damaged_header_is_read_as_far_as_samples_need_it(tmp_path: Path):
    file = session()
    xml = header_xml("ecg", fmt="double64", rate=10.0).replace("<desc />", "<desc><a><b></desc>")
    file.parts[2] = XdfBytes().raw_header(1, xml.encode()).parts[1]
    raw = read_raw(write(tmp_path / "a.xdf", file.content))
    assert len(counts(raw)) == 600
    assert raw.streams[0].info.rate == 10.0
    assert codes(raw) == {"xdf-header"}


@pytest.mark.parametrize(
    "xml",
    [
        header_xml(fmt="complex128"),
        header_xml(channels=0),
        header_xml(channels=10**9),
        header_xml(rate=float("nan")),
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb">]><info><name>&b;</name></info>',
    ],
    ids=["format", "no channels", "too many channels", "rate", "entities"],
)
def test_an_impossible_header_is_said(tmp_path: Path, xml: str):
    file = session()
    file.parts[2] = XdfBytes().raw_header(1, xml.encode()).parts[1]
    raw = read_raw(write(tmp_path / "a.xdf", file.content))
    assert [s.info.name for s in raw.streams] == ["marks"]
    assert "xdf-header" in codes(raw)


def test_a_zeroed_beginning_costs_the_headers_it_held(tmp_path: Path):
    file = session()
    content = bytearray(file.content)
    content[: file.places[2]] = bytes(file.places[2])
    raw = read_raw(write(tmp_path / "a.xdf", bytes(content)))
    assert len(counts(raw)) == 600
    assert raw.started is None
    assert {"xdf-magic", "xdf-file-header"} <= codes(raw)


def test_missing_footers_are_said(tmp_path: Path):
    raw = read_raw(session(footer=False).write(tmp_path / "a.xdf"))
    assert raw.truncated
    assert [f.code for f in raw.findings] == ["xdf-truncated"]
    assert "footers of 2 of 2 streams" in raw.findings[0].message


def test_fewer_samples_than_the_footer_says_are_said(tmp_path: Path):
    file = XdfBytes().begin().stream(1).samples(1, [[1.0]], [5.0]).footer(1, 5.0, 5.0, 3)
    raw = read_raw(file.write(tmp_path / "a.xdf"))
    assert [f.code for f in raw.streams[0].findings] == ["xdf-samples-lost"]


def test_offsets_and_stamps_that_are_no_numbers_are_left_out(tmp_path: Path):
    file = XdfBytes().begin().stream(1, rate=0.0).offset(1, 5.0, 0.5).offset(1, 6.0, np.inf)
    file.samples(1, [[1.0], [2.0], [3.0]], [5.0, np.inf, 6.0]).footer(1, 5.0, 6.0, 3)
    stream = read_raw(file.write(tmp_path / "a.xdf")).streams[0]
    assert stream.offset_values.tolist() == [0.5]
    assert stream.values[:, 0].tolist() == [1.0, 3.0]


def test_chunks_of_an_unknown_kind_are_passed_over(tmp_path: Path):
    file = session()
    file.parts.insert(6, b"\x01\x06\x63\x00abcd")
    raw = read_raw(file.write(tmp_path / "a.xdf"))
    assert len(counts(raw)) == 600
    assert raw.findings == ()


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage of one of the kinds that disks, copies and crashes make, and some that none makes."""
    data = bytearray(content)
    at = int(rng.integers(0, len(data)))
    size = int(rng.choice([1, 2, 8, 64, 512, 4096]))
    kind = rng.integers(0, 6)
    if kind == 0:
        data[at : at + size] = rng.bytes(min(size, len(data) - at))
    elif kind == 1:
        del data[at : at + size]
    elif kind == 2:
        data[at:at] = rng.bytes(size)
    elif kind == 3:
        data[at:] = b""
    elif kind == 4:
        data[at] ^= 1 << int(rng.integers(0, 8))
    else:
        data[at : at + size] = data[: min(size, len(data) - at)]
    return bytes(data)


def fuzz(contents: list[bytes], path: Path, times: int, seed: int) -> int:
    """Damage files at random; each must load or be refused, sound in itself."""
    rng = np.random.default_rng(seed)
    loaded = 0
    for k in range(times):
        content = contents[k % len(contents)]
        for _ in range(int(rng.integers(1, 4))):
            content = mutate(content, rng) or b"X"
        try:
            file = read_xdf(write(path, content))
        except ArousalError:
            continue
        loaded += 1
        for stream in file.streams:
            assert stream.values.shape == (stream.times.size, len(stream.info.channels))
            assert stream.stamps.shape == stream.times.shape
            steps = np.diff(stream.times)
            assert np.isfinite(stream.times).all()
            assert (steps >= 0).all() if stream.info.is_text else (steps > 0).all()
    return loaded


def fuzz_seeds() -> list[bytes]:
    short = session(n=120, every=10)
    mixed = XdfBytes().begin().stream(1, "int16", channels=3, rate=64.0).stream(2, "float32")
    for at in range(0, 128, 16):
        stamps = [9.0 + at / 64, *[None] * 15]
        mixed.samples(1, np.arange(48).reshape(16, 3), stamps).offset(1, 9.0 + at / 64, -2.0)
        mixed.samples(2, np.ones((4, 1)), 1.7e9 + at / 64 + np.arange(4) / 130)
    return [short.content, mixed.content]


def test_damaged_files_load_or_are_refused(tmp_path: Path):
    assert fuzz(fuzz_seeds(), tmp_path / "a.xdf", 250, seed=1) > 120


@pytest.mark.slow
def test_damaged_real_files_load_or_are_refused(shared_data: Path, tmp_path: Path):
    paths = [*shared_data.glob("xdf_muse/*.xdf"), *shared_data.glob("xdf_examples/[em]*.xdf")]
    contents = [path.read_bytes() for path in sorted(paths)] + fuzz_seeds()
    assert fuzz(contents, tmp_path / "a.xdf", 600, seed=2) > 300


@given(content=st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_behind_a_valid_beginning_load_or_are_refused(tmp_path_factory, content):
    head = session(n=0, footer=False).content
    path = tmp_path_factory.mktemp("bytes") / "a.xdf"
    file = read_xdf(write(path, head + content))
    assert len(file.streams) >= 2
