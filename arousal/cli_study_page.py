"""Commands that show a study: its page, and its course. They parse, call and print.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arousal.terminal import clear_progress, note, progress

if TYPE_CHECKING:
    from arousal.study.longitudinal import Longitudinal
    from arousal.study.overview import StudyOverview

__all__ = ["COMMANDS"]

_STUDY = click.argument("study", type=click.Path(path_type=Path))


@click.command()
@_STUDY
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Default: STUDY/derivatives/study.html.",
)
@click.option("--no-names", is_flag=True, help="Leave pseudonyms out (why a sensor failed).")
def dashboard(study: Path, output: Path | None, no_names: bool) -> None:
    """Make the self-contained page of a study, for researchers.

    Shows what `arousal process`, `arousal test` and `arousal longitudinal` left in STUDY, with
    filters, and lets every figure's data be downloaded. Nothing is computed anew, and only people
    who agree to research at this moment are in it. The page opens in any browser, without a
    network.
    """
    from arousal.outputs import check_output
    from arousal.study.overview import read_overview
    from dashboards.study import write_study

    target = output or study / "derivatives" / "study.html"
    check_output(target, ".html")
    overview = read_overview(study, progress)
    clear_progress()
    write_study(overview, target, datetime.now(UTC), names=not no_names)
    _summarise(overview)
    click.echo(str(target))


@click.command()
@_STUDY
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def longitudinal(study: Path, as_json: bool) -> None:
    """Hold the tested contrasts against meeting, psychoeducation and scores.

    Starts from what `arousal test` left: one number per case block, never windows. A mixed model
    with a random intercept per group or presenter; exploratory in every case. Writes
    longitudinal.tsv and longitudinal.json to STUDY/derivatives/.
    """
    from arousal.study.longitudinal import run_longitudinal

    result = run_longitudinal(study)
    click.echo(json.dumps(result.as_json(), ensure_ascii=False) if as_json else _lines(result))


def _summarise(overview: StudyOverview) -> None:
    """Say on stderr what the page could not show."""
    done = sum(s.state == "processed" for s in overview.sessions)
    note(f"{done} of {len(overview.sessions)} sessions are processed")
    for session in overview.sessions:
        if session.state == "unreadable":
            note(f"problem: {session.id}: {session.reason}")
    if overview.untested:
        note(f"no test on the page: {overview.untested}")
    if overview.no_course:
        note(f"no slopes on the page: {overview.no_course}")


def _lines(result: Longitudinal) -> str:
    lines = [result.counted, *(f"{f.severity}: {f}" for f in result.findings)]
    for row in result.rows.to_dict(orient="records"):
        head = f"{row['contrast']} {row['measure']} against {row['covariate']}"
        why = f" ({row['why']})" if row["why"] else ""
        lines.append(f"{head}: {row['found'].upper()}{why}")
        if row["model"] != "none":
            lines.append(
                f"    {row['slope']:+.3g} {row['unit']} [{row['low']:+.3g}, {row['high']:+.3g}], "
                f"{row['n_blocks']} case blocks, {row['n_excluded']} without a value, "
                f"{row['n_untold']} without {row['covariate']}; {row['model']}"
            )
    return "\n".join([*lines, "", "Exploratory: no verdict on a hypothesis follows from these."])


COMMANDS: list[click.Command] = [dashboard, longitudinal]
