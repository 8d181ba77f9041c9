"""What `arousal test` left in a study, read back after asking everybody's consent again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arousal.errors import DataError, NothingUsableError
from arousal.study.roll import StudyRoll
from arousal.study.stored import read_table
from arousal.tables import CONTRASTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Tested", "load_tested", "stored_json"]

AGAIN = "run arousal test"


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """The stored answer of a study to its registered hypothesis.

    Parameters
    ----------
    name, version, sha256 : str
        The hypothesis.
    counted : str
        How many sessions and blocks, in words.
    rows : tuple of mapping
        Rows of `arousal.tables.RESULTS`; a missing number is ``None``.
    contrasts : DataFrame
        `arousal.tables.CONTRASTS`.
    contrasts_sha256 : str
        Of the file that they were read from.
    people : mapping
        Session id -> pseudonyms whose data are in it.
    findings : tuple of mapping
        What was noticed.
    """

    name: str
    version: str
    sha256: str
    counted: str
    rows: tuple[Mapping[str, Any], ...]
    contrasts: pd.DataFrame
    contrasts_sha256: str
    people: Mapping[str, tuple[str, ...]]
    findings: tuple[Mapping[str, Any], ...]


def load_tested(roll: StudyRoll) -> Tested:
    """Read ``results.json`` and ``contrasts.tsv``.

    Raises
    ------
    NothingUsableError
        If nothing was tested yet, or somebody in it does not agree (any more): numbers over
        several people cannot be taken apart again.
    DataError
        If a file is damaged or of an earlier version.
    """
    folder = roll.folder / "derivatives"
    content = stored_json(folder / "results.json", roll, AGAIN)
    table = folder / "contrasts.tsv"
    contrasts = read_table(table, CONTRASTS)
    told = content["hypothesis"]
    return Tested(
        told["name"],
        told["version"],
        told["sha256"],
        content["counted"],
        tuple(content["rows"]),
        contrasts,
        hashlib.sha256(table.read_bytes()).hexdigest(),
        {name: tuple(who) for name, who in content["people"].items()},
        tuple(content["findings"]),
    )


def stored_json(path: Path, roll: StudyRoll, again: str) -> dict[str, Any]:
    """Read a stored result whose ``people`` say whose data are in it, if they all still agree.

    Parameters
    ----------
    path : Path
        A JSON object.
    roll : StudyRoll
        Who agrees.
    again : str
        What makes the file anew.

    Raises
    ------
    NothingUsableError
        If it is not there, or somebody in it does not agree.
    DataError
        If it is no such object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NothingUsableError(
            f"there is no {path.name} yet", where=path.parent, hint=again
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"cannot be read: {error}", where=path, hint=again) from None
    if not isinstance(content, dict) or not isinstance(content.get("people"), dict):
        raise DataError("does not say whose data are in it", where=path, hint=again)
    unwilling = roll.unwilling(content["people"])
    if unwilling:
        count = len({p for who in unwilling.values() for p in who})
        raise NothingUsableError(
            f"{count} of the people in it no longer agree to its use for research "
            f"({len(unwilling)} sessions), so it is not shown",
            where=path,
            hint=again,
        )
    return content
