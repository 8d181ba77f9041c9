"""The front door: commands parse, call and print. No logic lives here.

Every import beyond click happens inside a command, because importing the analysis takes seconds
and ``arousal --help`` must not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from arousal import __version__
from arousal.cli_bids import COMMANDS as BIDS
from arousal.cli_consent import COMMANDS as CONSENT
from arousal.cli_hypothesis import COMMANDS as HYPOTHESIS
from arousal.cli_live import COMMANDS as LIVE
from arousal.cli_protect import COMMANDS as PROTECT
from arousal.cli_protect import refuse_locked
from arousal.cli_recording import COMMANDS as RECORDING
from arousal.cli_session import COMMANDS as SESSION
from arousal.cli_study import COMMANDS as STUDY
from arousal.cli_study_data import COMMANDS as STUDY_DATA
from arousal.cli_study_page import COMMANDS as STUDY_PAGE
from arousal.terminal import clear_progress, ending, forgive_encodings, note

__all__ = ["cli", "main"]


SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Record": (*LIVE, *RECORDING),
    "One session": (*SESSION,),
    "Many sessions": (*STUDY_DATA, *STUDY, *STUDY_PAGE, *BIDS),
    "A hypothesis": (*HYPOTHESIS,),
    "Protection": (*CONSENT, *PROTECT),
}
"""Heading in ``--help`` -> commands, in the order in which somebody needs them."""


class _Commands(click.Group):
    """Commands in the order of a session's day instead of the alphabet, under headings."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [str(command.name) for commands in SECTIONS.values() for command in commands]

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the commands below their headings: each one's first sentence, in one column."""
        width = max(map(len, self.commands))
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(str(c.name).ljust(width), c.get_short_help_str(limit=200)) for c in commands]
                )


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="arousal")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Physiological arousal across the phases of a Balint group or another session.

    \b
    First steps:
      arousal simulate demo --seed 7     make a session to try things on
      arousal inspect demo               what is in it, what was recognised
      arousal report demo                the page to read

    \b
    Many recordings (docs/analysts.md):
      arousal study new STUDY            a folder with what is to be filled in
      arousal study add STUDY FILE...    say what would be added; --yes does it
      arousal process STUDY              tables of all its sessions
      arousal test STUDY                 the verdict on what was registered
    """  # noqa: D301 (click reads the backspace itself)


for _command in (command for commands in SECTIONS.values() for command in commands):
    cli.add_command(_command)

_EXPECTED = (
    click.ClickException,
    click.exceptions.Exit,
    click.Abort,
    KeyboardInterrupt,
    BrokenPipeError,
)
"""What needs no traceback, whatever ``--debug`` says."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process: with 0, or as `arousal.terminal.ending` says.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; default: the process's own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    forgive_encodings()
    try:
        refuse_locked(arguments)
        cli.main(args=arguments, prog_name="arousal", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:
        code, text = ending(error)
        if "--debug" in arguments and not isinstance(error, _EXPECTED):
            raise
        clear_progress()
        if text:
            note(text)
        sys.exit(code)
    sys.exit(0)


if __name__ == "__main__":
    main()
