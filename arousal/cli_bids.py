"""Commands that share a study as a BIDS dataset, and make sessions of one. No logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from arousal.errors import UsageError
from arousal.terminal import clear_progress, note, progress

if TYPE_CHECKING:
    from arousal.study.bids_session import LeftOut

__all__ = ["COMMANDS"]

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("study", type=_PATH)
@click.option("--bids", "out", type=_PATH, required=True, help="The dataset to be made.")
@click.option(
    "--dates",
    type=click.Choice(["relative", "absolute"]),
    default="relative",
    show_default=True,
    help="relative: the first session begins on 1 January 1900, and sessions are numbered.",
)
@click.option("--session", "sessions", multiple=True, metavar="ID", help="Only these sessions.")
@click.option(
    "--held-elsewhere",
    is_flag=True,
    help="Share data too whose consents another institution keeps: you answer for them.",
)
@click.option("--yes-pseudonyms", is_flag=True, help="What looks like a name is none.")
def export(
    study: Path,
    out: Path,
    dates: Literal["relative", "absolute"],
    sessions: tuple[str, ...],
    held_elsewhere: bool,
    yes_pseudonyms: bool,
) -> None:
    """Write a study as a BIDS dataset, to share it or to keep it.

    Only people who agreed to share_raw are in it. Serial numbers, addresses and names of devices,
    computers and files never are, dates only if you ask for them.
    """
    from arousal.study.bids_export import export_bids

    done = export_bids(
        study,
        out,
        datetime.now(UTC),
        dates=dates,
        sessions=sessions,
        held_elsewhere=held_elsewhere,
        any_pseudonym=yes_pseudonyms,
        progress=progress,
    )
    clear_progress()
    for line in _left_out(done.left_out):
        note(line)
    if dates == "relative":
        for session, label in done.sessions:
            note(f"session {session} is ses-{label} (written nowhere)")
    note(f"people: {len(done.persons)}, sessions: {len(done.sessions)}")
    click.echo(str(done.place))


def _left_out(every: Iterable[LeftOut]) -> list[str]:
    return [f"left out: {left.person} in session {left.session}: {left.reason}" for left in every]


@click.command("import")
@click.argument("dataset", type=_PATH)
@click.argument("study", type=_PATH)
@click.option("--yes", is_flag=True, help="Do it. Without --yes nothing is changed.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done (the default).")
@click.option("--session", "sessions", multiple=True, metavar="ID", help="Only these sessions.")
@click.option("--protocol", metavar="NAME", help="Default: the dataset's, else the study's.")
@click.option("--map", "mapping", type=_PATH, help="What columns are; kept with each session.")
@click.option("--yes-pseudonyms", is_flag=True, help="What looks like a name or address is none.")
def import_(
    dataset: Path,
    study: Path,
    yes: bool,
    dry_run: bool,
    sessions: tuple[str, ...],
    protocol: str | None,
    mapping: Path | None,
    yes_pseudonyms: bool,
) -> None:
    """Make sessions of a BIDS dataset: first only say what would be done, with --yes do it.

    DATASET is a folder with dataset_description.json, STUDY a study or a new folder. What arousal
    exported becomes the same sessions again. Of any other dataset each run with physiological
    recordings becomes a session, and its consents count as held elsewhere.
    """
    from arousal.study.adding_text import planned_lines
    from arousal.study.bids_import import carry_out, plan_import

    if yes and dry_run:
        raise UsageError("--yes and --dry-run contradict each other")
    plan = plan_import(
        dataset,
        study,
        protocol=protocol,
        mapping=mapping,
        sessions=sessions,
        any_pseudonym=yes_pseudonyms,
        progress=progress,
    )
    clear_progress()
    for planned in plan.sessions:
        click.echo(planned_lines(planned))
    if plan.new:
        note(f'a new study, consent = "{plan.study.settings.consent}"')
    if not yes:
        note(f"{len(plan.sessions)} can be added; nothing was changed (--yes does it)")
        return
    done = carry_out(plan, datetime.now(UTC).date(), progress)
    clear_progress()
    for name, why in done.left_out:
        note(f"left out: {name}: {why}")
    note(f"{len(done.sessions)} sessions added, {len(done.people)} people new")
    click.echo(str(study))


COMMANDS: list[click.Command] = [export, import_]
