"""Commands that make a study and bring data into it. They parse, call and print.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from arousal.errors import ArousalError, DataError, UsageError
from arousal.terminal import clear_progress, note, progress

if TYPE_CHECKING:
    from arousal.study.adding import Adding, Candidate, Wishes

__all__ = ["COMMANDS"]

_PATH = click.Path(path_type=Path)


class _Steps(click.Group):
    """Commands in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


@click.group(cls=_Steps)
def study() -> None:
    """Make a study, add recordings to it, see what is in it.

    \b
      arousal study new STUDY              the folder, with what is to be filled in
      arousal study add STUDY FILE...      say what would be done
      arousal study add STUDY FILE... --yes    do it
      arousal study show STUDY             what is there, and what is missing
    """  # noqa: D301 (click reads the backspace itself)


@study.command(short_help="Make a study: settings, participants, templates for scores.")
@click.argument("folder", type=_PATH)
@click.option("--name", help="What the study is called. Default: the folder's name.")
@click.option(
    "--protocol",
    default="balint-90",
    show_default=True,
    metavar="NAME|FILE",
    help="Of its sessions; a file is copied into the study.",
)
@click.option(
    "--consent",
    type=click.Choice(["per person", "held elsewhere"]),
    default="per person",
    show_default=True,
    help="Where the consents are: in participants.tsv, or with another institution.",
)
@click.option("--language", type=click.Choice(["en", "de", "hu"]), default="en", show_default=True)
def new(folder: Path, name: str | None, protocol: str, consent: str, language: str) -> None:
    """Make a study: settings, a table of participants, templates for scores.

    FOLDER is new or empty; nothing is overwritten. Its README says what is where.
    """
    from arousal.study.folder import new_study

    new_study(folder, name=name, protocol=protocol, consent=consent, language=language)
    click.echo(str(folder))


@study.command(short_help="Add recordings: first only say what would be done, then --yes.")
@click.argument("study", type=_PATH)
@click.argument("files", nargs=-1, type=_PATH, metavar="[FILE]...")
@click.option("--yes", is_flag=True, help="Do it. Without --yes nothing is changed.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done (the default).")
@click.option("--session", metavar="ID", help="The session's id. Default: from the file's name.")
@click.option("--group", metavar="NAME", help="Pseudonym of the group that met.")
@click.option(
    "--meeting",
    type=click.IntRange(min=1),
    metavar="N",
    help="Which meeting it was; several files are counted on from N, in the order given.",
)
@click.option("--protocol", metavar="NAME|FILE", help="Default: the study's.")
@click.option("--map", "mapping", type=_PATH, help="What columns or streams are; kept with it.")
@click.option(
    "--person",
    "persons",
    multiple=True,
    metavar="P04[=...]",
    help="P04: whose the one file is. P04=P01: who is P01 in the file is P04. P04=FILE: that is "
    "P04's own recording; repeat it for each wristband of one session.",
)
@click.option("--yes-pseudonyms", is_flag=True, help="What looks like a name or address is none.")
def add(
    study: Path,
    files: tuple[Path, ...],
    yes: bool,
    dry_run: bool,
    persons: tuple[str, ...],
    yes_pseudonyms: bool,
    **said: object,
) -> None:
    """Add recordings to a study: first only say what would be done, with --yes do it.

    FILE is a recording (XDF, Empatica E4, BIDS, OpenSignals, BIOPAC, EDF, Shimmer, CSV with --map
    ...), a session folder, or a folder that holds several of them. Files are copied and compared;
    the originals are never touched. The same data are never added twice. One that cannot be added
    does not stop the others.

    \b
      arousal study add STUDY recordings/ --yes
      arousal study add STUDY evening.xdf --group north --meeting 3
      arousal study add STUDY --session m3 --person P01=E4/left --person P02=E4/right
    """  # noqa: D301 (click reads the backspace itself)
    from arousal.study.adding import Adding, Wishes, candidates
    from arousal.study.adding_people import person_words

    if yes and dry_run:
        raise UsageError("--yes and --dry-run contradict each other")
    own, names = person_words(persons)
    wishes = Wishes(names=names, any_pseudonym=yes_pseudonyms, **said)  # type: ignore[arg-type]
    found, passed = candidates(files, own, tables=wishes.mapping is not None)
    if len(found) > 1 and (wishes.session is not None or names):
        raise UsageError(
            f"--session and --person are about one recording, and there are {len(found)}",
            hint="several people's recordings of one session: --person P01=FILE --person P02=FILE",
        )
    for path in passed:
        note(f"passed over, no recording: {path}")
    _add_all(Adding.to(study), found, wishes, do=yes)


def _add_all(adding: Adding, found: list[Candidate], wishes: Wishes, *, do: bool) -> None:
    from dataclasses import replace

    failed: list[ArousalError] = []
    for number, candidate in enumerate(found):
        progress(f"{number + 1} of {len(found)}: {candidate.title}")
        meeting = None if wishes.meeting is None else wishes.meeting + number
        try:
            _add_one(adding, candidate, replace(wishes, meeting=meeting), do=do)
        except ArousalError as error:
            clear_progress()
            failed.append(error)
            if len(found) > 1:
                note(f"not added: {error}")
    clear_progress()
    if len(found) == 1 and failed:
        raise failed[0]
    count = f"{len(found) - len(failed)} of {len(found)}"
    note(f"{count} added" if do else f"{count} can be added; nothing was changed (--yes does it)")
    if failed:
        raise DataError(f"{len(failed)} of {len(found)} cannot be added; the reasons are above")


def _add_one(adding: Adding, candidate: Candidate, wishes: Wishes, *, do: bool) -> None:
    from arousal.study.adding_text import planned_lines

    planned = adding.plan(candidate, wishes)
    clear_progress()
    click.echo(planned_lines(planned))
    if not do:
        return
    new_people = adding.carry_out(planned, datetime.now(UTC).date())
    click.echo(f"  added: {adding.study.sessions / planned.id}")
    if new_people:
        click.echo(f"  new in participants.tsv, to be filled in: {', '.join(new_people)}")


@study.command(short_help="Say what is in a study, and what is wrong or missing in it.")
@click.argument("study", type=_PATH)
@click.option("--verify", is_flag=True, help="Hash every added file again: was one changed?")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def show(study: Path, verify: bool, as_json: bool) -> None:
    """Say what is in a study, and what is wrong or missing in it. Nothing is analysed."""
    from arousal.study.inventory import take_inventory

    inventory = take_inventory(study, verify=verify)
    text = json.dumps(inventory.as_json(), ensure_ascii=False) if as_json else inventory.as_text()
    click.echo(text)
    if inventory.problems:
        raise DataError(f"to be put right: {len(inventory.problems)}, as listed", where=study)


COMMANDS: list[click.Command] = [study]
