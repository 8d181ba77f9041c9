"""Commands that lock and unlock a study. They parse, call and print; no logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

__all__ = ["COMMANDS", "PASSPHRASE_VARIABLE", "refuse_locked"]

PASSPHRASE_VARIABLE = "AROUSAL_PASSPHRASE"  # noqa: S105 - its name, not its value
_PATH = click.Path(path_type=Path)


def _key_options(command: Callable[..., None]) -> Callable[..., None]:
    options = (
        click.option("-i", "--identity", multiple=True, type=_PATH, metavar="KEYFILE",
                     help="A key that opens it (may be repeated)."),
        click.option("--passphrase", is_flag=True,
                     help=f"Ask for a passphrase (or take {PASSPHRASE_VARIABLE})."),
        click.option("--passphrase-file", type=_PATH, metavar="FILE",
                     help="Take the first line of FILE as passphrase (/dev/fd/3 works)."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("file", type=_PATH)
def key(file: Path) -> None:
    """Make a key that opens locked studies.

    FILE is the key's file, outside any study. Print what stands in it, or copy it to a USB stick,
    and keep that in a safe: whoever loses every key loses the study.
    """
    from arousal.protect import make_key

    recipient = make_key(file)
    click.echo(f"{file} is the key; keep it secret", err=True)
    click.echo(recipient)


@click.command()
@click.argument("study", type=_PATH)
@_key_options
@click.option(
    "-r",
    "--recipient",
    multiple=True,
    metavar="age1...",
    help="Public half of another key that shall open it, too: the spare in the safe.",
)
def lock(
    study: Path,
    identity: tuple[Path, ...],
    passphrase: bool,
    passphrase_file: Path | None,
    recipient: tuple[str, ...],
) -> None:
    """Encrypt a study that nobody works on (age format); `arousal unlock` opens it again.

    STUDY is the study's folder. Every file x becomes x.age. An original goes only after its copy
    was decrypted again and found the same. Names of files and folders stay readable. If it is
    interrupted, run it again.

    \b
      arousal key /safe/study.key
      arousal key /stick/spare.key                  prints age1..., the spare's public half
      arousal lock study -i /safe/study.key -r age1...
    """  # noqa: D301 (click reads the backspace itself)
    from arousal.protect import lock_study, read_keys
    from arousal.terminal import clear_progress, note, progress

    keys = read_keys(identity)
    _warn_of_loose(identity)
    secret = _passphrase(passphrase, passphrase_file, confirm=True)
    done = lock_study(study, keys, recipients=recipient, passphrase=secret, tell=progress)
    clear_progress()
    if len(done.recipients) == 1:
        note("only one key opens it: lost key, lost study (-r adds a spare; docs/protection.md)")
    many = len(done.recipients)
    opens = "1 key opens" if many == 1 else f"{many} keys open"
    click.echo(f"{done.files} files, {done.size / 1e6:.1f} MB, locked; {opens} them")


@click.command()
@click.argument("study", type=_PATH)
@_key_options
def unlock(
    study: Path,
    identity: tuple[Path, ...],
    passphrase: bool,
    passphrase_file: Path | None,
) -> None:
    """Decrypt a locked study.

    STUDY is the locked study's folder; LOCKED.txt in it lists the public halves of the keys that
    fit. If it is interrupted, run it again.
    """
    from arousal.protect import read_keys, unlock_study
    from arousal.terminal import clear_progress, progress

    keys = read_keys(identity)
    _warn_of_loose(identity)
    secret = _passphrase(passphrase, passphrase_file, confirm=False)
    done = unlock_study(study, keys, passphrase=secret, tell=progress)
    clear_progress()
    click.echo(f"{done.files} files unlocked")


def _passphrase(asked: bool, file: Path | None, *, confirm: bool) -> str | None:
    """Take the passphrase from a file, the environment or the keyboard; never from an argument."""
    if file is not None:
        with file.open(encoding="utf-8") as opened:
            return opened.readline().rstrip("\r\n")
    if not asked:
        return None
    if (given := os.environ.get(PASSPHRASE_VARIABLE)) is not None:
        return given
    typed: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
    return typed


def _warn_of_loose(paths: tuple[Path, ...]) -> None:
    from arousal.protect import readable_by_others
    from arousal.terminal import note

    for path in filter(readable_by_others, paths):
        note(f"others on this computer may read the key {path} (chmod 600 {path})")


def refuse_locked(words: Sequence[str]) -> None:
    """Refuse, before a command begins, any argument that lies in a locked study.

    So it is the same line for every command, also for those that would make something there.
    """
    from arousal.locked import check_unlocked

    command = next((word for word in words if not word.startswith("-")), "")
    if command in {"", "key", "lock", "unlock"} or {"-h", "--help"}.intersection(words):
        return
    for word in words[words.index(command) + 1 :]:
        path = Path(word.partition("=")[2] if word.startswith("-") else word)
        if path.name and (path.exists() or path.is_absolute() or len(path.parts) > 1):
            check_unlocked(path)


COMMANDS: list[click.Command] = [key, lock, unlock]
