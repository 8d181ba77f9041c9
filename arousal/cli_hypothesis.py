"""Commands for hypotheses and their tests. They parse, call and print; no logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arousal.errors import UsageError
from arousal.terminal import StepTeller, clear_progress, tell_findings

if TYPE_CHECKING:
    from arousal.hypothesis.power import PowerRow
    from arousal.study.trajectory import StudyTest

__all__ = ["COMMANDS"]

_PATH = click.Path(path_type=Path)
_FAMILIES = ["white+1/f", "ar80", "ar92", "ar98"]
_CALIBRATED = ["trajectory", "events", "synchrony", "recovery"]
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
BAR = 40


@click.group()
def hypothesis() -> None:
    """Write down what you expect before you look.

    \b
      arousal hypothesis new my.toml       a commented file to start from
      arousal hypothesis check my.toml     what it predicts, what is wrong in it
      arousal register STUDY my.toml       fix it in a study, before data are read
      arousal power --study STUDY          how many case blocks it needs
      arousal test STUDY                   the verdict, over all sessions
    """  # noqa: D301 (click reads the backspace itself)


@hypothesis.command()
@click.argument("file", type=_PATH)
def new(file: Path) -> None:
    """Write a commented hypothesis FILE (.toml) to start from."""
    from arousal.hypothesis.hypothesis_file import new_hypothesis

    click.echo(str(new_hypothesis(file)))


@hypothesis.command(short_help="Read FILE, say what it predicts and what is wrong.")
@click.argument("file")
def check(file: str) -> None:
    """Read FILE (or a bundled name such as farkas2024), say what it predicts and what is wrong."""
    from arousal.hypothesis.hypothesis_file import load_hypothesis

    loaded = load_hypothesis(file)
    for contrast in loaded.hypothesis.contrasts:
        control = contrast.drift_control or f"never confirmatory: {contrast.drift_left} gets in"
        measures = ", ".join(contrast.measures)
        click.echo(f"{contrast.id}  {contrast.status}  {contrast.label} ({measures}): {control}")
    click.echo(f"sha256 {loaded.sha256}")


@click.command()
@click.argument("study", type=_PATH)
@click.argument("file")
def register(study: Path, file: str) -> None:
    """Fix a hypothesis in a study, before data are read: FILE is a .toml or a bundled name.

    A copy is kept in STUDY/hypotheses/; name, version, sha256 and time in STUDY/hypotheses.toml.
    """
    from arousal.hypothesis import registration
    from arousal.hypothesis.hypothesis_file import load_hypothesis

    entry = registration.register(study, load_hypothesis(file), datetime.now(UTC))
    click.echo(
        f"{entry.name} version {entry.version}, sha256 {entry.sha256[:12]}, "
        f"registered {entry.registered:%Y-%m-%d %H:%M} UTC"
    )


@click.command()
@click.argument("study", type=_PATH)
@click.option("--name", help="Which registered hypothesis; default: the last one.")
@click.option("--jobs", type=click.IntRange(1), help="Sessions at the same time; default: cores.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask cluster to do it: tcp://host:8786.")
@_JSON
def test(
    study: Path, name: str | None, jobs: int | None, scheduler: str | None, as_json: bool
) -> None:
    """Test the registered hypothesis over all sessions of a study.

    Sessions that changed are processed first (see `arousal process`). Writes contrasts.tsv,
    results.tsv, results.json and results.html to STUDY/derivatives/. A single session is never a
    test: the unit is the case block, from six on.
    """
    from arousal.study.parallel_reading import study_reader
    from arousal.study.trajectory import run_study_test
    from dashboards.results import write_results

    now = datetime.now(UTC)
    reader = study_reader(study, now, jobs=jobs, scheduler=scheduler, progress=StepTeller())
    result = run_study_test(study, now, name=name, reader=reader)
    clear_progress()
    write_results(result, study / "derivatives" / "results.html", now)
    tell_findings(result.findings, "in results.html")
    click.echo(json.dumps(result.as_json(), ensure_ascii=False) if as_json else _lines(result))


@click.command()
@click.option("--hypothesis", "file", default="farkas2024", show_default=True, metavar="NAME|FILE")
@click.option("--study", type=_PATH, help="Take the hypothesis that is registered in this study.")
@click.option("--contrast", help="Default: the first primary one.")
@click.option("--blocks", default="6:40", show_default=True, help="Case blocks, from:to or a,b,c.")
@click.option("--members", default=8, show_default=True, help="Beside the presenter.")
@click.option("--effect", default=0.8, show_default=True, help="Mean / SD of block contrasts (dz).")
@click.option("--noise", type=click.Choice(_FAMILIES), default="ar92", show_default=True)
@click.option("--drift", default=0.0, show_default=True, help="Common to all, in SD.")
@click.option("--speech-effect", default=0.7, show_default=True, help="Rise while talking, in SD.")
@click.option("--protocol", default="balint-90", show_default=True)
@click.option("--reps", default=1_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@_JSON
def power(
    file: str,
    study: Path | None,
    contrast: str | None,
    blocks: str,
    noise: str,
    drift: float,
    speech_effect: float,
    as_json: bool,
    **plan: Any,
) -> None:
    """How many case blocks the hypothesis needs, from simulated evenings with an effect."""
    from dataclasses import asdict

    from arousal.hypothesis.hypothesis_file import load_hypothesis
    from arousal.hypothesis.power import PowerPlan, power_curve, primary_of
    from arousal.hypothesis.registration import registered
    from arousal.hypothesis.simulated_blocks import Conditions

    loaded = registered(study)[0] if study else load_hypothesis(file)
    wanted = loaded.hypothesis.contrast(contrast) if contrast else primary_of(loaded.hypothesis)
    conditions = Conditions(noise, drift=drift, speech=speech_effect)
    asked = PowerPlan(blocks=_numbers(blocks), conditions=conditions, **plan)
    rows = power_curve(loaded.hypothesis, wanted, asked, _step)
    _clear()
    if as_json:
        click.echo(json.dumps({"contrast": wanted.id, "rows": [asdict(r) for r in rows]}))
        return
    click.echo(f"{loaded.hypothesis.name}, {wanted.id}: {wanted.label}")
    click.echo(_power_lines(rows))


@click.command()
@click.option("--what", type=click.Choice(_CALIBRATED), default="trajectory", show_default=True)
@click.option(
    "--reps", type=int, help="Simulated studies per cell; default 10000 (synchrony 1000)."
)
@click.option("--seed", default=1, show_default=True)
@click.option("--family", "families", multiple=True, type=click.Choice(_FAMILIES))
@click.option("-o", "--output", type=_PATH, help="Write the page here; default: to stdout.")
def calibrate(
    what: str, reps: int | None, seed: int, families: tuple[str, ...], output: Path | None
) -> None:
    """Count how often the tests find something where nothing is (takes minutes).

    This is how docs/calibration.md is made, and beside it calibration_events.md,
    calibration_synchrony.md and calibration_recovery.md.
    """
    from arousal.atomic import write_text
    from arousal.hypothesis.calibration_runs import run_calibration

    done = run_calibration(what, reps, seed, families, _step)
    _clear()
    if output is None:
        click.echo(done.page, nl=False)
    else:
        write_text(output, done.page)
        click.echo(str(output))
    _note(f"{done.broken} of {done.cells} cells out of bounds")


def _numbers(text: str) -> tuple[int, ...]:
    """``6:40`` or ``6,12,20`` as numbers."""
    if found := re.fullmatch(r"(\d+):(\d+)", text):
        return tuple(range(int(found[1]), int(found[2]) + 1))
    if re.fullmatch(r"\d+(,\d+)*", text):
        return tuple(int(part) for part in text.split(","))
    raise UsageError(f"--blocks is {text!r}, must be like 6:40 or 6,12,20")


def _power_lines(rows: tuple[PowerRow, ...]) -> str:
    from arousal.hypothesis.power import blocks_needed

    lines = ["blocks  one-sided        two-sided  Holm, all three  Holm, alone"]
    for r in rows:
        bar = "#" * round(BAR * r.one_sided)
        lines.append(
            f"{r.blocks:6d}  {r.one_sided:.3f} ± {1.96 * r.error:.3f}  {r.two_sided:9.3f}"
            f"  {r.holm:15.3f}  {r.alone:11.3f}  |{bar:<{BAR}}|"
        )
    needed = blocks_needed(rows)
    told = f"from {needed} blocks on" if needed else "in none of these"
    return "\n".join([*lines, f"power of one primary test is .80 or more {told}"])


def _lines(result: StudyTest) -> str:
    lines = [f"{result.name} version {result.version}: {result.counted}"]
    for row in result.results.to_dict(orient="records"):
        kind = "confirmatory" if row["confirmatory"] else "not confirmatory"
        tested = kind if row["p"] == row["p"] else "not tested"  # NaN is not itself
        lines.append(f"{row['contrast']} {row['measure']}: {row['verdict'].upper()} ({tested})")
        lines.append(f"    {row['label']}: {row['why']}")
    return "\n".join([*lines, "", result.methods])


def _note(text: str) -> None:
    click.echo(text, err=True)


def _step(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


COMMANDS: list[click.Command] = [hypothesis, register, test, power, calibrate]
