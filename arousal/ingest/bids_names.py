"""Names of BIDS files: ``sub-P04_ses-01_task-rest_recording-rr_physio.tsv.gz`` in its parts."""

from __future__ import annotations

import re

__all__ = ["entity", "label_of", "name_parts", "subject_label", "suffix_of"]


def name_parts(name: str) -> list[str]:
    """Parts of a file's name without suffix and extension.

    Examples
    --------
    >>> name_parts("sub-01_task-rest_physio.tsv.gz")
    ['sub-01', 'task-rest']
    """
    return name.split(".", maxsplit=1)[0].split("_")[:-1]


def suffix_of(name: str) -> str:
    """Return the last part of a file's name: ``physio``, ``events``.

    Examples
    --------
    >>> suffix_of("sub-01_task-rest_physio.tsv.gz")
    'physio'
    """
    return name.split(".", maxsplit=1)[0].rsplit("_", maxsplit=1)[-1]


def entity(name: str, key: str) -> str:
    """Return the label of one part of a file's name; empty if it has none.

    Examples
    --------
    >>> entity("sub-01_task-rest_physio.tsv.gz", "task"), entity("sub-01_physio.json", "ses")
    ('rest', '')
    """
    found = (p.removeprefix(f"{key}-") for p in name_parts(name) if p.startswith(f"{key}-"))
    return next(found, "")


def label_of(text: str) -> str:
    """Return what BIDS allows of a text as a label: its letters and digits.

    Examples
    --------
    >>> label_of("P-04"), label_of("2026-03-12"), label_of("balint-90")
    ('P04', '20260312', 'balint90')
    """
    return re.sub(r"[^0-9A-Za-z]", "", text)


def subject_label(person: str) -> str:
    """Return the ``sub-`` label of a pseudonym.

    Examples
    --------
    >>> subject_label("P-04"), subject_label("sub-01")
    ('P04', '01')
    """
    return label_of(person.removeprefix("sub-"))
