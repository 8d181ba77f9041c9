"""What the page says of each machine's clock."""

from __future__ import annotations

import platform

import pytest

from arousal.ingest.raw import StreamInfo
from arousal.ingest.stream_rules import State, StreamHealth
from arousal.monitor.state import clock_state

FAR = "other-laptop"


def readings(*offsets: float | None, host: str = FAR, age: float | None = 2.0) -> list:
    return [
        StreamHealth(
            number,
            StreamInfo(f"strap-{number}", "ECG", f"s{number}", hostname=host),
            state=State.LIVE,
            offset=offset,
            offset_age=None if offset is None else age,
        )
        for number, offset in enumerate(offsets)
    ]


@pytest.mark.parametrize(
    ("offsets", "age", "level", "word"),
    [
        ((-41.0001, -41.0, -40.9995), 2.0, "good", "good"),
        ((-41.004, -41.0), 2.0, "good", "fair"),
        ((-41.02, -41.0), 2.0, "weak", "slow or busy network"),
        ((-41.0, -41.0), 21.0, "none", "last answer 21 s ago"),
        ((None, None), None, "weak", "not measured yet"),
    ],
)
def test_a_far_machines_clock_is_judged_by_how_alike_and_how_old_its_offsets_are(
    offsets, age, level, word
):
    (clock,) = clock_state(readings(*offsets, age=age))
    assert (clock["host"], clock["here"], clock["streams"]) == (FAR, False, len(offsets))
    assert (clock["level"], clock["word"]) == (level, word)


def test_this_computers_own_clock_is_known_however_busy_it_is():
    (clock,) = clock_state(readings(-0.009, 0.0, 0.03, host=platform.node(), age=30.0))
    assert clock["here"]
    assert (clock["level"], clock["word"]) == ("good", "good")
    # Another machine that calls itself the same is not this one.
    (clock,) = clock_state(readings(7.0, 7.03, host=platform.node()))
    assert clock["level"] == "weak"


def test_every_machine_is_told_apart_and_what_is_gone_is_not_counted():
    mixed = [*readings(-41.0), *readings(0.0, host=platform.node())]
    gone = StreamHealth(9, StreamInfo("strap-9", "ECG", "s9", hostname="third"), state=State.LOST)
    assert sorted(c["host"] for c in clock_state([*mixed, gone])) == sorted([FAR, platform.node()])
