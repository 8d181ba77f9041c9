"""Words of the analysis (quality codes, reasons) in the language of the page.

Tables carry codes and short English reasons; a page says them in its own language. What is not
known here (a reason of a later version, advice that a study wrote) is shown as it stands.
"""

from __future__ import annotations

import re

from arousal.features.quality import Quality, advice
from dashboards.messages import Messages

__all__ = ["advice_words", "quality_sentence", "reason_words"]

_MOSTLY = re.compile(r"(?P<reason>.+): mostly (?P<cause>.+)")
_WINDOWS = re.compile(r"(?P<share>\d+%) of its windows are valid, (?P<needed>\d+%) are needed")
_SECONDS = re.compile(r"(?P<seconds>\d+) s are covered by valid windows, (?P<needed>\d+) s are.*")


def quality_sentence(code: str, say: Messages) -> str:
    """Return what a quality code means, as a sentence."""
    return say(f"quality.{code}") if code in set(Quality) else code.replace("-", " ")


def advice_words(codes: str, given: str, say: Messages) -> str:
    """Return what to do about some codes (joined by ``;``); ``given`` stays if it is not ours."""
    known = [code for code in codes.split(";") if code in set(Quality)]
    if given != advice(Quality(code) for code in known):
        return given
    ordered = (code for code in Quality if code in known)
    return " ".join(dict.fromkeys(text for code in ordered if (text := say(f"advice.{code}"))))


def reason_words(reason: str, say: Messages) -> str:
    """Return why a cell of the per-phase table is empty."""
    if found := _MOSTLY.fullmatch(reason):
        cause = quality_sentence(found["cause"].replace(" ", "-"), say).rstrip(".")
        return say("reason.mostly", reason=reason_words(found["reason"], say), cause=cause)
    for key, pattern in (("windows", _WINDOWS), ("seconds", _SECONDS)):
        if found := pattern.fullmatch(reason):
            return say(f"reason.{key}", **found.groupdict())
    return say.term("reason", reason)
