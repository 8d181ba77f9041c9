"""What a command says on stderr, and with which code it ends.

Results go to stdout; progress, remarks and errors go to stderr, each on one line.
"""

from __future__ import annotations

import io
import math
import os
import sys
import time
from typing import TYPE_CHECKING

import click

from arousal.errors import ArousalError, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arousal.findings import Finding
    from arousal.study.process import Step

__all__ = [
    "StepTeller",
    "clear_progress",
    "ending",
    "forgive_encodings",
    "note",
    "progress",
    "tell_findings",
]

OFTEN, SELDOM = 0.2, 10.0
"""Seconds between two lines of progress: on a terminal, and in a log."""
STOPPED = 130
"""Exit code after Ctrl-C, as shells have it (128 + SIGINT)."""


def note(text: str) -> None:
    """Say something on stderr."""
    click.echo(text, err=True)


def progress(text: str) -> None:
    """Say how far the work is: in place on a terminal, else line by line."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)
    else:
        click.echo(text, err=True)


def tell_findings(findings: Iterable[Finding], notes_in: str) -> None:
    """Say what was noticed: problems and warnings one by one, notes as a number.

    Parameters
    ----------
    findings : iterable of Finding
        What was noticed.
    notes_in : str
        Where the notes can be read.
    """
    quiet = 0
    for finding in findings:
        if finding.severity == "note":
            quiet += 1
        else:
            note(f"{finding.severity}: {finding}")
    if quiet:
        note(f"and {quiet} note{'s' if quiet > 1 else ''} ({notes_in})")


class StepTeller:
    """Tells how far a long work is, but not more often than anybody reads."""

    def __init__(self) -> None:
        self.every = OFTEN if sys.stderr.isatty() else SELDOM
        self.told = -math.inf

    def __call__(self, step: Step) -> None:
        """Tell a step if it is time, or if it is the last."""
        now = time.monotonic()
        if now - self.told >= self.every or step.done == step.total:
            self.told = now
            progress(str(step))


def clear_progress() -> None:
    """Take the last progress away from a terminal."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


def forgive_encodings() -> None:
    """Write what a terminal has no letter for (µ) as an escape instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def ending(error: BaseException) -> tuple[int, str]:
    """Return the exit code that an error stands for, and what to say about it.

    Parameters
    ----------
    error : BaseException
        What ended the command.

    Returns
    -------
    code : int
        That of `arousal.errors`; 2 for a wrong call, 3 for a file that the system refuses, 130
        after Ctrl-C, 1 for a fault of ours.
    text : str
        One line (and an attachment of more, if the error has one); empty to say nothing.
    """
    match error:
        case ArousalError():
            attachment = f"\n\n{error.attachment}" if error.attachment else ""
            return error.exit_code, f"arousal: {error}{attachment}"
        case click.exceptions.Exit():
            return error.exit_code, ""
        case click.exceptions.NoArgsIsHelpError():
            return error.exit_code, error.format_message()
        case click.ClickException():
            return error.exit_code, f"arousal: {one_line(error.format_message())}{_help(error)}"
        case click.Abort() | KeyboardInterrupt():
            return STOPPED, "arousal: stopped"
        case BrokenPipeError():
            _silence_stdout()
            return 1, ""
        case OSError():
            place = error.filename or "the output"
            return 3, f"arousal: {one_line(f'{place}: {error.strerror or error}')}"
        case _:
            what = one_line(f"{type(error).__name__}: {error}")
            return 1, f"arousal: {what} (a fault of ours: please report it, with --debug)"


def _help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f" ({context.command_path} --help)" if context is not None else ""


def _silence_stdout() -> None:
    """Nobody reads on (``arousal phases x | head``): let Python's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
