"""Commands of one session or one file. They parse, call and print; no logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arousal.errors import UsageError, one_line
from arousal.terminal import clear_progress, note, progress, tell_findings

if TYPE_CHECKING:
    from arousal.pipeline import SessionInput, SessionResult

__all__ = ["COMMANDS"]

_PATH = click.argument("path", type=click.Path(path_type=Path))
_PROTOCOL = click.option(
    "--protocol",
    metavar="NAME|FILE",
    help="Phases and roles: a bundled name (balint-60, balint-90, ...) or your own .toml. "
    "Default: what session.toml names.",
)
_MAP = click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    help="A .toml that says what columns or streams are, where the file does not.",
)
_SETTINGS = click.option(
    "--settings",
    type=click.Path(path_type=Path),
    help="An arousal.toml with other thresholds or windows. Default: the one beside the data.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
NOTES_IN = "on the page, and in `arousal inspect`"


def _source_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (_SETTINGS, _MAP, _PROTOCOL, _PATH):
        command = option(command)
    return command


@click.command()
@_source_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write the page.")
@click.option(
    "--audience",
    type=click.Choice(["researcher", "leader", "person"]),
    help="Default: leader for a session with consents, researcher for a single file.",
)
@click.option("--person", metavar="P04", help="Whose own page, with --audience person.")
@click.option(
    "--language",
    type=click.Choice(["en", "de", "hu"]),
    help="Of the page. Default: the study's, else English.",
)
@click.option(
    "--dates",
    type=click.Choice(["absolute", "relative"]),
    default="absolute",
    show_default=True,
    help="relative: no date stands on the page.",
)
def report(
    path: Path,
    protocol: str | None,
    mapping: Path | None,
    settings: Path | None,
    output: Path | None,
    audience: str | None,
    person: str | None,
    **words: Any,
) -> None:
    """Make the self-contained page of one session.

    PATH is a session folder or a data file (XDF, Empatica E4 folder, CSV ...). A session's page
    and tables go to its derivatives/ folder, a single file's page to ./<stem>_report.html.
    The page opens in any browser, without a network.
    """
    from arousal.consent import Audience
    from arousal.derivatives import write_derivatives
    from arousal.outputs import check_output, output_path
    from arousal.pipeline import measure
    from dashboards.beyond import look_beyond
    from dashboards.report import write_report

    if (audience == "person") is not bool(person):
        raise UsageError("--audience person and --person P04 belong together")
    source = _open(path, protocol, mapping, settings)
    chosen = Audience(audience or _default_audience(source))
    source.consents.check_audience(chosen)
    page = "_".join(filter(None, ("report", chosen, person)))
    name = "report.html" if chosen is Audience.LEADER else f"{page}.html"
    target = output or output_path(source, path, name if source.folder else "report.html")
    check_output(target, ".html")
    measured = measure(source, progress=progress)
    clear_progress()
    now = datetime.now(UTC)
    result = measured.result(chosen.purpose)
    if source.folder is not None and output is None and not person:
        if measured.agreed("research"):
            write_derivatives(measured.result("research"), source.folder / "derivatives", now)
        else:
            note("no tables were written: nobody agreed to 'research'")
    beyond = look_beyond(measured, result, now) if chosen is Audience.RESEARCHER else None
    write_report(result, target, chosen, now, person=person or "", beyond=beyond, **words)
    tell_findings(result.findings, NOTES_IN)
    click.echo(str(target))


@click.command()
@_source_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write the table.")
def features(
    path: Path,
    protocol: str | None,
    mapping: Path | None,
    settings: Path | None,
    output: Path | None,
) -> None:
    """Write the table of features: one row per person and window.

    A TSV that opens in Excel, R or JASP, beside a JSON file that explains every column.
    """
    from arousal.derivatives import write_table
    from arousal.outputs import check_output, output_path
    from arousal.tables import FEATURES

    source = _open(path, protocol, mapping, settings)
    target = output or output_path(source, path, "features.tsv")
    check_output(target, ".tsv")
    result = _analyse(source)
    write_table(result.features, FEATURES, target)
    tell_findings(result.findings, NOTES_IN)
    click.echo(str(target))


@click.command()
@_source_options
@_JSON
def phases(
    path: Path,
    protocol: str | None,
    mapping: Path | None,
    settings: Path | None,
    as_json: bool,
) -> None:
    """Print change from own baseline, phase by phase.

    For each person and for the members together, with n and coverage, or the reason why not.
    """
    from arousal.derivatives import phase_rows

    result = _analyse(_open(path, protocol, mapping, settings))
    rows = phase_rows(result)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        click.echo(_phase_lines(rows["rows"]))
    tell_findings(result.findings, NOTES_IN)


@click.command()
@_PATH
@_MAP
@_JSON
def inspect(path: Path, mapping: Path | None, as_json: bool) -> None:
    """Say what is in a file or folder and what is wrong.

    What was recognised as whose signal, what was not and why, gaps, marks, everything noticed.
    Nothing is analysed and no consent is needed: no values are shown.
    """
    from arousal.inspection import inspect_path

    inspection = inspect_path(path, mapping=mapping)
    if as_json:
        click.echo(json.dumps(inspection.as_json(), ensure_ascii=False))
    else:
        click.echo(inspection.as_text())


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--protocol", default="balint-90", metavar="NAME|FILE", show_default=True)
@click.option("--people", default=10, show_default=True, help="Leaders included.")
@click.option("--seed", default=7, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--signals",
    default="rr,eda,temperature,speech",
    show_default=True,
    metavar="KIND,...",
    help="What everyone wears: ecg, rr, eda, temperature, respiration, speech.",
)
@click.option(
    "--noise",
    type=click.Choice(["white+1/f", "ar80", "ar92", "ar98"]),
    default="white+1/f",
    show_default=True,
    help="Family of each person's own slow fluctuation.",
)
@click.option(
    "--drift", default=0.0, show_default=True, help="Common to all, in SD over the session."
)
@click.option("--speech-effect", default=0.7, show_default=True, help="Rise while talking, in SD.")
@click.option(
    "--effect", default=1.0, show_default=True, help="Factor on the planted phase effects."
)
@click.option("--artefacts", type=click.Choice(["none", "usual", "poor"]), default="usual")
@click.option("--dropouts", type=click.Choice(["none", "usual", "poor"]), default="usual")
@click.option("--minutes", type=float, help="Length of the meeting; default: the protocol's.")
def simulate(
    out: Path,
    protocol: str,
    people: int,
    seed: int,
    signals: str,
    **choices: Any,
) -> None:
    """Make a session with a known truth, to try things on.

    OUT is the session folder to be made. The planted effects, the beats and the skin responses
    that were made stand in OUT/truth.json.
    """
    from arousal.ingest.session_writer import write_session
    from arousal.simulate import SimulationSettings
    from arousal.simulate import simulate as make

    wanted: Any = tuple(kind.strip() for kind in signals.split(",") if kind.strip())
    made = make(protocol, people, seed, SimulationSettings(signals=wanted, **choices))
    write_session(
        out, made.recording, made.session, truth=made.truth.as_dict(), protocol=made.protocol
    )
    note(f"{len(made.recording.persons)} people, {made.recording.end / 60:.0f} min")
    click.echo(str(out))


def _open(
    path: Path, protocol: str | None, mapping: Path | None, settings: Path | None
) -> SessionInput:
    note(one_line(f"reading {path}"))
    from arousal.pipeline import open_session

    return open_session(path, protocol=protocol, mapping=mapping, settings=settings)


def _analyse(source: SessionInput) -> SessionResult:
    from arousal.pipeline import measure

    measured = measure(source, progress=progress)
    clear_progress()
    return measured.result("research")


def _default_audience(source: SessionInput) -> str:
    return "researcher" if source.consents.researcher_only else "leader"


def _phase_lines(rows: Sequence[dict[str, Any]]) -> str:
    """Lay the per-phase table out for a terminal."""
    head = (
        "person",
        "role",
        "block",
        "phase",
        "measure",
        "value",
        "unit",
        "n",
        "coverage",
        "reason",
    )
    cells = [head, *([_cell(row[k]) for k in head] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


COMMANDS: list[click.Command] = [simulate, inspect, report, phases, features]
