"""A study to be shared: two evenings of four people, with everything an export must not tell."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from arousal.ingest.raw import RawStream, StreamInfo
from arousal.ingest.xdf_writer import write_xdf
from tests.small_session import MARKS, START, beats, skin

HOST, MAC, SERIAL, BARE = "LAB-PC7", "A0:9E:1A:3C:55:01", "A0123456", "A09E1A3C5502"
DAYS = ("2026-03-12", "2026-03-26")
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
"""When the releases of both days have been over for long."""
PLANTED = (
    HOST,
    MAC,
    SERIAL,
    BARE,
    "2026-03",
    "12.03.2026",
    "Balint 2026",
    "beltbox",
    "acc-0042",
    "Rita",
)
"""What no byte of an export with relative dates may hold."""
PEOPLE = ("P01", "P02", "P-03", "P04")
SHARING = PEOPLE[:3]
"""P04 agreed to everything but sharing."""
WORDS = (
    *MARKS,
    (60.0, "probe/P04/7 id=m90"),
    (65.0, "undo"),
    (70.0, "probe/P01/3 id=m91"),
    (200.0, "presenter/P02"),
    (300.0, f"a note of {HOST} on 2026-03-12"),
    (400.0, "intervention/empathy/P01/P04"),
    (500.0, "speech/P04/start"),
    (530.0, "speech/P04/end"),
    (540.0, "7"),
    (545.0, "move of=m77 ago=9"),
    (600.0, "speech/P02/start"),
    (620.0, "speech/P02/end"),
    (640.0, "speech/P01/start"),
    (645.0, "undo"),
)


def _named(stream: RawStream, name: str, ident: str) -> RawStream:
    info = stream.info
    named = StreamInfo(
        name, info.type, ident, f"uid-{ident}", HOST, "Polar", info.channels, info.units, info.rate,
        info.format,
    )  # fmt: skip
    return RawStream(named, stream.values, stream.times, stream.stamps)


def _late(stream: RawStream, first: float, last: float, late: float) -> RawStream:
    """Lose a stretch of samples, and let what follows be late by a part of a period."""
    kept = (stream.times < START + first) | (stream.times >= START + last)
    times = np.where(stream.times >= START + last, stream.times + late, stream.times)[kept]
    return RawStream(stream.info, stream.values[kept], times, times)


def _motion(person: int) -> RawStream:
    times = START + np.arange(14 * 60 * 8) / 8
    rng = np.random.default_rng(person)
    values = rng.normal(0, 0.05, (times.size, 3)) + np.array([0.0, 0.0, 1.0])
    info = StreamInfo("ACC", "ACC", channels=("x", "y", "z"), units=("g",) * 3, rate=8.0)
    return RawStream(info, values.astype(np.float32), times, times)


def marks(words: tuple[tuple[float, str], ...] = WORDS) -> RawStream:
    """Make the marker stream, which is named after the computer."""
    ordered = sorted(words)
    times = START + np.array([t for t, _ in ordered], dtype=float)
    texts = np.array([[label] for _, label in ordered], dtype=object)
    name = f"Marks-{HOST}"
    info = StreamInfo(name, "Markers", f"{name}-id", hostname=HOST, format="string")
    return RawStream(info, texts, times, times)


def _streams(evening: int) -> list[RawStream]:
    streams = [marks()]
    for number, person in enumerate(PEOPLE, start=1):
        seed = 10 * evening + number
        ident = {1: MAC, 2: SERIAL, 3: BARE}.get(number, f"box-{number}")
        pulse = _named(beats(seed), f"Polar H10 {ident} {person}", ident)
        level = _named(skin(seed), f"beltbox-{number}-{person}", f"beltbox-{number}")
        if number == 2:
            level = _late(level, 300.0, 340.0, 0.1)
        if number == 3:
            pulse = _late(pulse, 400.0, 420.0, 0.0)
        streams += [pulse, level]
    streams.append(_named(_motion(evening), "ACC P01", "acc-0042"))
    return streams


def _session(day: str) -> str:
    text = (
        f'schema = 1\nid = "{day}"\nprotocol = "../../ours.toml"\ngroup = "G1 {day}"\n'
        f"started = {day}T18:00:00+01:00\nmeeting = {DAYS.index(day) + 1}\n"
        '[markers]\ncodes = { "7" = "incident/movement/P02" }\n'
    )
    roles = dict.fromkeys(PEOPLE, "member") | {"P01": "leader"}
    for number, person in enumerate(PEOPLE, start=1):
        ident = {1: MAC, 2: SERIAL, 3: BARE}.get(number, f"box-{number}")
        acc = ', acceleration = "acc-0042"' if number == 1 else ""
        text += (
            f'[people.{person}]\nrole = "{roles[person]}"\neda_site = "finger"\n'
            f'streams = {{ rr = "{ident}", eda = "beltbox-{number}"{acc} }}\n'
        )
    return text + f"[release]\nP02 = {day}T20:30:00+01:00\n"


def make_study(root: Path, days: tuple[str, ...] = DAYS) -> Path:
    """Write the study; return its folder."""
    root.mkdir()
    (root / "study.toml").write_text('schema = 1\nname = "Balint 2026"\nprotocol = "ours.toml"\n')
    purposes = ("record", "research", "own_view", "group_view", "small_group_view", "share_raw")
    head = ["participant_id", "age_band", "sex", "wears", *(f"consent_{p}" for p in purposes)]
    lines = ["\t".join(head)]
    for person in PEOPLE:
        share = "2026-03-01" if person in SHARING else "n/a"
        wears = f"{MAC} since 12.03.2026" if person == "P01" else "n/a"
        lines.append("\t".join([person, "30-39", "F", wears, *["2026-03-01"] * 5, share]))
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    (root / "participants.json").write_text('{"wears": {"Description": "since 2026-03-12"}}')
    scores = root / "phenotype"
    scores.mkdir()
    rows = [f"{p}\t1\t{n}" for n, p in enumerate(PEOPLE, start=1)]
    head_of = "participant_id\twave\tcertainty\n"
    (scores / "rfq.tsv").write_text(head_of + "\n".join(rows) + "\n")
    (scores / "rfq.json").write_text(
        '{"MeasurementToolMetadata": {"Description": "RFQ, filled in on 12.03.2026"}, '
        '"certainty": {"Description": "six items", "Minimum": 0, "Maximum": 9}}'
    )
    protocol = Path(__file__).parents[2] / "arousal" / "protocols" / "balint-60.toml"
    text = protocol.read_text(encoding="utf-8").replace('id = "balint-60"', 'id = "ours-60"')
    (root / "ours.toml").write_text(text, encoding="utf-8")
    (root / "arousal.toml").write_text("[windows]\nstep = 10.0\n")
    for number, day in enumerate(days):
        folder = root / "sessions" / day
        folder.mkdir(parents=True)
        (folder / "session.toml").write_text(_session(day))
        write_xdf(folder / "recording.xdf", _streams(number))
        (folder / "ratings.tsv").write_text(
            "onset\tduration\trater\tperson\tautomatic_controlled\tself_other\t"
            "external_internal\taffective_cognitive\n"
            "200\t60\tRita\tP02\t-0.5\t-0.5\t\t-1\n200\t60\tRita\tP04\t1\t1\t1\t1\n"
            "500\t60\tRita\tgroup\t0\t0\t0\t0\n"
        )
        (folder / "timeline.tsv").write_text(
            "row\tmark\taction\tonset\tlabel\tmade_at\n"
            f"1\tc1\tadd\t830\tphase/closing\t{day}T20:41:00+01:00\n"
            f"2\tc2\tadd\t700\tprobe/P04/8\t{day}T20:42:00+01:00\n"
        )
    return root
