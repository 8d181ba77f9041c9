"""What the tests of ingest may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.recording_rig import end_recorders
from tests.ingest.small_disk import mounted


@pytest.fixture(autouse=True)
def _no_recorder_is_left() -> Iterator[None]:
    yield
    end_recorders()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 20 MB of its own; see `mounted` for where that is not allowed."""
    with mounted(tmp_path / "small") as place:
        yield place
