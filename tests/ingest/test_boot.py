"""The word for a run of the computer stays, tells nothing, and is another after a restart."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from arousal.ingest import boot


def test_every_process_of_this_run_says_the_same_word():
    word = boot.run_of_computer()
    if sys.platform.startswith("linux"):
        assert re.fullmatch(r"[0-9a-f]{12}", word)
        assert word not in boot.LINUX.read_text().replace("-", "")
    code = "from arousal.ingest.boot import run_of_computer as run; print(run())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == word


@pytest.mark.skipif(sys.platform == "darwin", reason="reads no file there")
def test_another_run_has_another_word_and_an_unknown_one_has_none(tmp_path, monkeypatch):
    said = []
    for text in ("8a1c-one\n", "8a1c-two\n", ""):
        (tmp_path / "boot_id").write_text(text)
        monkeypatch.setattr(boot, "LINUX", tmp_path / "boot_id")
        said.append(boot.run_of_computer.__wrapped__())
    assert said[0] != said[1]
    assert said[2] == ""
    monkeypatch.setattr(boot, "LINUX", tmp_path / "nothing")
    assert boot.run_of_computer.__wrapped__() == ""
