"""How a study's own settings file is begun, for whoever makes a study: at the desk or by command.

A session names its protocol from its own folder, a study from the study's: `session_protocol`
turns one into the other.
"""

from __future__ import annotations

from pathlib import Path

import tomlkit

from arousal.errors import UsageError
from arousal.protocol import bundled_protocols
from arousal.session import StudyFile

__all__ = ["check_free", "session_protocol", "study_toml"]

_COMMENTS = {
    "protocol": (
        "What its sessions are: a bundled protocol, or your own .toml in this folder.",
        f"Bundled: {', '.join(bundled_protocols())}.",
    ),
    "consent": (
        '"per person": who agreed to what stands in participants.tsv (or a session.toml);',
        "without a date there, it is a no.",
        '"held elsewhere": another institution keeps the consents of these imported data.',
    ),
    "release_delay_hours": (
        "Hours between a person's release of their own curve and its first showing.",
    ),
    "language": ("Of the pages that people read: en, de or hu.",),
}


def study_toml(study: StudyFile) -> str:
    """Write a ``study.toml`` with a comment above each setting.

    Parameters
    ----------
    study : StudyFile
        What it shall say.
    """
    document = tomlkit.document()
    document.add(
        tomlkit.comment("A study of arousal. Read by every command that is given its folder.")
    )
    for key, value in study.model_dump(by_alias=True).items():
        if key in _COMMENTS:
            document.add(tomlkit.nl())
            for line in _COMMENTS[key]:
                document.add(tomlkit.comment(line))
        document[key] = value
    return tomlkit.dumps(document)


def check_free(folder: Path) -> None:
    """Refuse a folder that cannot become a study.

    Raises
    ------
    UsageError
        If it is a study or a session already, a file, or holds other things.
    """
    if (folder / "study.toml").exists():
        raise UsageError("is a study already; nothing was changed", where=folder)
    if (folder / "session.toml").is_file():
        hint = f"give its study, and --session {folder.name}"
        raise UsageError("this is a session, not a study", where=folder, hint=hint)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            "holds no study.toml and is not empty", where=folder, hint="name a new folder"
        )


def session_protocol(study: StudyFile) -> str:
    """Return the study's protocol as a session of it must name it.

    Examples
    --------
    >>> session_protocol(StudyFile(name="a", protocol="balint-60"))
    'balint-60'
    >>> session_protocol(StudyFile(name="a", protocol="ours.toml"))
    '../../ours.toml'
    """
    own = study.protocol.endswith(".toml") and not Path(study.protocol).is_absolute()
    return f"../../{study.protocol}" if own else study.protocol
