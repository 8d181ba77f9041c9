"""Commands that share a study as a BIDS dataset, and make sessions of one. No logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

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
def export(
    study: Path,
    out: Path,
    dates: Literal["relative", "absolute"],
    sessions: tuple[str, ...],
    held_elsewhere: bool,
) -> None:
    """Write a study as a BIDS dataset, to share it or to keep it.

    Only people who agreed to share_raw are in it. Serial numbers, addresses and names of devices,
    computers and files never are, dates only if you ask for them.
    """
    from arousal.study.bids_export import export_bids

    done = export_bids(
        study,
        out,
        dates=dates,
        sessions=sessions,
        held_elsewhere=held_elsewhere,
        progress=progress,
    )
    clear_progress()
    for line in _left_out(done.left_out):
        note(line)
    if dates == "relative":
        for session, label in done.sessions:
            note(f"session {session} is ses-{label} (written nowhere)")
    note(f"{len(done.persons)} people, {len(done.sessions)} sessions")
    click.echo(str(done.place))


def _left_out(every: Iterable[LeftOut]) -> list[str]:
    return [f"left out: {left.person} in session {left.session}: {left.reason}" for left in every]


COMMANDS: list[click.Command] = [export]
