"""Small studies on disk, made by hand, for tests that process them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from arousal.ingest.xdf_writer import write_xdf
from arousal.study import process as process_module
from arousal.study.process import ProcessReport, process_study
from arousal.study.session_job import run_job
from tests.small_session import beats, markers, skin

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = ("P01", "P02")
STUDY = 'schema = 1\nname = "small"\nprotocol = "balint-60"\n'


def add_session(
    study: Path, name: str, seed: int = 1, ident: str = "", people: Sequence[str] = PEOPLE
) -> Path:
    """Write a session of two people, each with a heart and a skin."""
    folder = study / "sessions" / name
    folder.mkdir(parents=True)
    streams = [make(seed + k) for k in range(len(people)) for make in (beats, skin)]
    write_xdf(folder / "recording.xdf", [*streams, markers()])
    lines = ["schema = 1", f'id = "{ident or name}"', 'group = "G1"']
    for k, person in enumerate(people):
        heart, conductance = f"RR P{seed + k:02}", f"EDA P{seed + k:02}"
        lines += [f"[people.{person}]", f'streams = {{ rr = "{heart}", eda = "{conductance}" }}']
    for person in people:
        lines += [f"[consent.{person}]", "record = 2026-01-01", "research = 2026-01-01"]
    (folder / "session.toml").write_text("\n".join(lines) + "\n")
    return folder


def make_study(root: Path, names: Iterable[str] = ("s1", "s2", "s3")) -> Path:
    """Write a study with these sessions."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "study.toml").write_text(STUDY)
    for k, name in enumerate(names):
        add_session(root, name, 1 + 2 * k)
    return root


def in_this_process(monkeypatch) -> None:
    """Run jobs here and now instead of on workers, so that a test can reach into them."""
    monkeypatch.setattr(
        process_module,
        "run_on_workers",
        lambda function, jobs, _workers: ((job, function(job)) for job in jobs),
    )


def run(study: Path, **options) -> ProcessReport:
    return process_study(study, NOW, **options)


def made(study: Path) -> dict[str, str]:
    """Checksum of every table that a run made; time and code of a provenance aside."""
    found = {}
    for path in sorted([*study.glob("derivatives/**/*"), *study.glob("sessions/*/derivatives/*")]):
        name = path.relative_to(study).as_posix()
        if not path.is_file() or "/jobs/" in name:
            continue
        content = path.read_bytes()
        if path.name == "provenance.json":
            told = json.loads(content)
            del told["made_at"], told["code_sha256"]
            content = json.dumps(told).encode()
        found[name] = hashlib.sha256(content).hexdigest()
    return found


def half_written(study: Path) -> list[Path]:
    """Temporary files and folders that somebody left behind."""
    return [p for p in study.rglob("*") if p.name.startswith(".") or p.name.endswith(".tmp")]


__all__ = [
    "NOW",
    "PEOPLE",
    "add_session",
    "half_written",
    "in_this_process",
    "made",
    "make_study",
    "run",
    "run_job",
]
