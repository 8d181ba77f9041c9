"""Commands over a whole study. They parse, call and print; no logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arousal.terminal import StepTeller, clear_progress, note

if TYPE_CHECKING:
    from arousal.study.process import ProcessReport

__all__ = ["COMMANDS"]

_PATH = click.Path(path_type=Path)
_STUDY = click.argument("study", type=_PATH)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


@click.command()
@_STUDY
@click.option("--jobs", type=click.IntRange(1), help="Sessions at the same time; default: cores.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask cluster to do it: tcp://host:8786.")
@click.option("--only", metavar="PATTERN", help="Sessions whose names match, as 2026-03-*.")
@click.option("--force", is_flag=True, help="Compute again although nothing changed.")
@_JSON
def process(
    study: Path,
    jobs: int | None,
    scheduler: str | None,
    only: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Compute the tables of all sessions of a study; only what changed is computed again.

    Each session's own tables go to its derivatives/ folder; STUDY/derivatives/tables/ holds one
    Parquet dataset per kind. A session that fails is told at the end and stops nobody. Stop it
    with Ctrl-C whenever you like: the next run goes on from there. Ends with 3 if some sessions
    failed, with 5 if none could be used.
    """
    from arousal.study.process import process_study

    report = process_study(
        study,
        datetime.now(UTC),
        jobs=jobs,
        scheduler=scheduler,
        only=only,
        force=force,
        progress=StepTeller(),
    )
    clear_progress()
    _tell(report)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        click.echo(f"{report.counted} ({report.seconds:.1f} s)")
    report.check()


def _tell(report: ProcessReport) -> None:
    for failure in report.failures:
        note(f"failed: {failure.session}: {failure.reason}")
    for name in report.removed:
        note(f"removed: {name} (its folder is gone)")
    if report.remarks:
        count = sum(report.remarks.values())
        where = f"{len(report.remarks)} sessions (arousal inspect STUDY/sessions/ID)"
        note(f"{count} remarks in {where}")


@click.command()
@_STUDY
@click.argument("question", metavar="SQL")
@click.option("--csv", "csv_file", metavar="FILE|-", help="Write comma-separated; - is stdout.")
@click.option("--tsv", "tsv_file", metavar="FILE|-", help="Write tab-separated, missing as n/a.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write JSON, missing as null.")
def query(
    study: Path, question: str, csv_file: str | None, tsv_file: str | None, json_file: str | None
) -> None:
    """Ask the tables of a study one SELECT, in DuckDB's SQL.

    \b
    Tables: features, curves, group, phases, quality, contrasts (see `arousal columns`).
      arousal query STUDY "select session, person, value, n from phases
                           where phase = 'presentation' and measure = 'heart_rate'"

    It can read these tables and nothing else. Sessions where a consent changed since they were
    processed are left out, and named on stderr.
    """  # noqa: D301 (click reads the backspace itself)
    from arousal.study import export_table as forms
    from arousal.study.query import ask

    makers = ((csv_file, forms.as_csv), (tsv_file, forms.as_tsv), (json_file, forms.as_json))
    wanted = [(target, make) for target, make in makers if target]
    answer = ask(study, question)
    _tell_left_out(answer.left_out)
    for target, make in wanted:
        if target == "-":
            click.echo(make(answer), nl=False)
        else:
            forms.write_new(Path(target), make(answer))
            click.echo(target)
    if not wanted:
        click.echo(forms.as_lines(answer))


@click.command()
@_STUDY
@click.argument("out", type=_PATH)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "tsv", "parquet"]),
    default="csv",
    show_default=True,
)
@click.option("--only", "kinds", multiple=True, metavar="TABLE", help="May be given several times.")
def tables(study: Path, out: Path, form: str, kinds: tuple[str, ...]) -> None:
    """Write the tables of a study to the folder OUT, each as one file for other programs.

    Beside them columns.json, which explains every column. Nothing is overwritten.
    """
    from arousal.study.export_table import export_tables

    files, left_out = export_tables(study, out, form, kinds)
    _tell_left_out(left_out)
    for path in files:
        click.echo(str(path))


def _tell_left_out(sessions: tuple[str, ...]) -> None:
    if sessions:
        named = ", ".join(sessions[:5]) + (", ..." if len(sessions) > 5 else "")
        note(f"left out, as consents changed since `arousal process`: {named}")


@click.command()
@click.argument("table", required=False)
@_JSON
def columns(table: str | None, as_json: bool) -> None:
    """Explain every column of a study's tables, or of one TABLE: unit, definition, source."""
    from arousal.study.dictionary import as_lines, dictionary

    described = dictionary(table)
    click.echo(json.dumps(described, ensure_ascii=False) if as_json else as_lines(described))


@click.command()
@click.argument("session", type=_PATH)
@click.option("--protocol", metavar="NAME|FILE", help="As given when the tables were made.")
@click.option("--map", "mapping", type=_PATH, help="As given when the tables were made.")
@click.option("--settings", type=_PATH, help="As given when the tables were made.")
@_JSON
def reproduce(
    session: Path,
    protocol: str | None,
    mapping: Path | None,
    settings: Path | None,
    as_json: bool,
) -> None:
    """Compute a session again in memory, to see whether the numbers in its derivatives/ come out.

    Says "identical", or which file, version or setting changed and which columns differ by how
    much, and ends with 3 then. Nothing is written.
    """
    from arousal.study.reproduce import reproduce as compute_again

    found = compute_again(session, protocol=protocol, mapping=mapping, settings=settings)
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        for line in (*found.changes, *found.differences):
            click.echo(str(line))
        if found.identical:
            click.echo("identical" if not found.changes else "identical, in spite of that")
    found.check()


COMMANDS: list[click.Command] = [process, query, tables, columns, reproduce]
