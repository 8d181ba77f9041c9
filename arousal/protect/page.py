"""``LOCKED.txt``: what a person who finds a locked study has to know, and who can open it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from arousal.atomic import write_text
from arousal.locked import LOCK_PAGE, LOCK_TITLE

__all__ = ["recipients_on_page", "write_page"]

_TEXT = """{title}

Locked on {day}. Its files are encrypted in the age format (https://age-encryption.org/v1).

Open it:
    arousal unlock STUDY --identity KEYFILE
    arousal unlock STUDY --passphrase           (if arousal-lock-key.age lies here)
One file, without arousal:
    age --decrypt --identity KEYFILE recording.xdf.age > recording.xdf
    age --decrypt --identity arousal-lock-key.age recording.xdf.age > recording.xdf

It opens with any one of the keys whose public halves are:
{recipients}

Without a key nobody can open it, nor can the makers of arousal. What can be read without a key:
the names of files and folders (ids of sessions, pseudonyms), their sizes and dates, and this page.
If locking or unlocking was interrupted, some files are encrypted and some are not; none is lost.
Run the same command again.
"""


def write_page(study: Path, recipients: Sequence[str], today: date) -> None:
    """Write the page; from then on the study counts as locked."""
    listed = "\n".join(f"    {text}" for text in recipients)
    text = _TEXT.format(title=LOCK_TITLE, day=today.isoformat(), recipients=listed)
    write_text(study / LOCK_PAGE, text)


def recipients_on_page(study: Path) -> tuple[str, ...]:
    """Return who can open a study by its page; nothing if there is no page."""
    page = study / LOCK_PAGE
    if not page.is_file():
        return ()
    lines = (line.strip() for line in page.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line.startswith("age1"))
