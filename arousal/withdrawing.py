"""Note in ``session.toml`` that somebody withdrew, when their data cannot be removed yet.

While a session is being recorded its file cannot be rewritten. So the withdrawal is written down
where everything looks anyway, as ``withdrawn = ["P04"]``: from then on nothing is allowed for that
person any more (`arousal.consent`), a recorder that runs closes their streams
(`arousal.ingest.recorder`), and `arousal.forget` finishes what was begun and takes the line away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomlkit

from arousal.atomic import write_text
from arousal.session import load_session

__all__ = ["note_withdrawal"]


def note_withdrawal(folder: Path, person: str) -> bool:
    """Write a withdrawal down, if it does not stand there already.

    Parameters
    ----------
    folder : Path
        Session folder.
    person : str
        Pseudonym.

    Returns
    -------
    bool
        Whether it is new.

    Raises
    ------
    SettingsError
        If ``session.toml`` is missing or breaks a rule.
    """
    path = folder / "session.toml"
    if person in load_session(path).withdrawn:
        return False
    document: Any = tomlkit.parse(path.read_text(encoding="utf-8"))
    listed = [*document.get("withdrawn", []), person]
    if "withdrawn" in document:
        document["withdrawn"] = listed
        text = tomlkit.dumps(document)
    else:  # at the top: TOML's plain keys stand before its tables
        text = f"{tomlkit.dumps({'withdrawn': listed})}{tomlkit.dumps(document)}"
    write_text(path, text)
    load_session(path)
    return True
