"""What a command says on stderr, and with which code it ends.

Results go to stdout; progress, remarks and errors go to stderr, each on one line.
"""

from __future__ import annotations

import io
import os
import sys

import click

from arousal.errors import ArousalError, one_line

__all__ = ["clear_progress", "ending", "forgive_encodings", "note", "progress"]

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
