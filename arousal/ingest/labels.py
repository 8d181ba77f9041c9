"""Free channel labels (``"EKG - ERS100C"``, ``"Accelerometer_X"``) -> kinds and axes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from arousal.ingest.devices import Catalogue
from arousal.recording import Kind

__all__ = ["COMPUTED", "find_axes", "kind_of_label"]

COMPUTED = re.compile(
    r"differentiat\w*|derivative|integrat\w*|phasic|tonic|rate|average\w*|calc\w*|power|scr",
    re.IGNORECASE,
)
"""Words of channels that software computed from others."""
_AXIS = re.compile(r"(.*?)[\s_.-]*([xyz])(?:[\s_.-]*axis)?", re.IGNORECASE)


def kind_of_label(label: str, catalogue: Catalogue) -> tuple[Kind | None, str]:
    """Say what a label names.

    Parameters
    ----------
    label : str
        As the file has it.
    catalogue : Catalogue
        Words that name kinds (`arousal.ingest.devices`).

    Returns
    -------
    kind : Kind or None
        ``None`` if no word names one, or if the channel was computed from others.
    reason : str
        Why not.
    """
    computed = COMPUTED.search(label.replace("_", " "))
    if computed and not re.search(r"heart ?rate", label, re.IGNORECASE):
        said = computed[0].lower()
        return None, f"computed from another channel ({said}); the measured one is used"
    for word in catalogue.words:
        if word.names(label):
            return word.kind, word.skip or ""
    return None, "its name is of no known kind"


def find_axes(labels: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Find triples that are the three axes of one sensor.

    Parameters
    ----------
    labels : sequence of str
        All of a file.

    Returns
    -------
    dict of str to tuple of int
        Name without the axis -> indices of x, y and z.

    Examples
    --------
    >>> find_axes(["ECG", "Acc_X", "Acc_Y", "Acc_Z"])
    {'Acc': (1, 2, 3)}
    """
    groups: dict[str, dict[str, int]] = {}
    for index, label in enumerate(labels):
        found = _AXIS.fullmatch(label.strip())
        if found:
            groups.setdefault(found[1], {})[found[2].lower()] = index
    return {
        name: (axes["x"], axes["y"], axes["z"]) for name, axes in groups.items() if len(axes) == 3
    }
