"""The paragraph of methods that a paper needs, from what was registered and what was found."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from arousal.hypothesis.agreement import Agreement
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS, Hypothesis, HypothesisFile
from arousal.hypothesis.registration import Ledger, Registration
from arousal.hypothesis.study_facts import StudyFacts
from arousal.tables import MEASURES

__all__ = ["methods_paragraph"]

LABELS = {m.id: m.label[0].lower() + m.label[1:] for m in MEASURES}
CLUSTERS = {
    "presenter": "blocks of one presenter were averaged (of one session where only members enter)",
    "session": "blocks of one session were averaged",
    "group": "blocks of one group were averaged",
    "none": "every block counted by itself",
}


def methods_paragraph(
    file: HypothesisFile,
    entry: Registration,
    ledger: Ledger,
    facts: StudyFacts,
    results: pd.DataFrame,
    agreed: Sequence[Agreement] = (),
) -> str:
    """Write the paragraph.

    Parameters
    ----------
    file, entry, ledger
        The hypothesis, its registration, and when data were read.
    facts : StudyFacts
        What the study was made of.
    results : DataFrame
        `arousal.tables.RESULTS`.
    agreed : sequence of Agreement
        How well raters agree on each polarity; empty without ratings.

    Returns
    -------
    str
        Plain sentences; what the files do not tell is left out and stands in the checklist.
    """
    h = file.hypothesis
    sentences = [
        _registered(file, entry, ledger),
        _data(facts),
        _measures(h, facts),
        _contrasts(h),
        _raters(agreed),
        _tests(h),
        _results(results),
    ]
    return " ".join(s for s in sentences if s)


def _registered(file: HypothesisFile, entry: Registration, ledger: Ledger) -> str:
    looks = ledger.looks_at(file.sha256)
    text = (
        f"The hypothesis {entry.name}, version {entry.version} (SHA-256 {entry.sha256[:12]}), was "
        f"registered in the study on {entry.registered:%Y-%m-%d}"
    )
    if ledger.first_read is not None:
        when = "after" if ledger.first_read < entry.registered else "before"
        text += f", {when} contrasts were first computed on {ledger.first_read:%Y-%m-%d}"
    text += "."
    if ledger.as_registered(file.sha256) != entry.sha256:
        text += (
            f" What was tested is not what was registered: the file was changed (SHA-256 now "
            f"{file.sha256[:12]}), and nothing is confirmatory."
        )
    sizes = sorted({look.sessions for look in looks})
    if len(sizes) > 1:
        text += (
            f" It was tested at {len(sizes)} sizes of the study ({', '.join(map(str, sizes))} "
            "sessions); p values are not corrected for these repeated looks."
        )
    return text


def _data(f: StudyFacts) -> str:
    groups = f" of {f.groups} groups" if f.groups > 1 else ""
    return (
        f"{f.used_sessions} of {f.sessions} recorded sessions{groups} ({', '.join(f.protocols)}) "
        f"could be analysed, with {f.blocks} case blocks and {f.people} people."
    )


def _measures(h: Hypothesis, f: StudyFacts) -> str:
    names = dict.fromkeys(m for c in h.contrasts for m in c.measures if not c.rated)
    told = ", ".join(LABELS[n] for n in names)
    text = f"Measures were {told}" if told else "Only ratings were tested"
    if f.windows:
        text += f", from windows of {' and '.join(f'{w:g}' for w in f.windows)} s"
    if f.corrected is not None:
        text += f"; the median share of corrected beats was {f.corrected:.1%}"
    if f.sites:
        text += f"; skin conductance was taken at: {', '.join(f.sites)}"
    return text + "."


def _contrasts(h: Hypothesis) -> str:
    e, x = h.edges, h.exclusions
    text = (
        "For each case block, each contrast is one number: weights over phases within each person, "
        "summing to zero, so that everybody is their own control. Windows lay wholly inside a "
        f"phase without its first {e.usual:g} s ({e.short:g} s in phases under four minutes, "
        f"{e.discussion:g} s of the discussion); a phase counted with at least {x.min_valid:.0%} "
        f"valid windows covering {x.min_seconds:g} s ({x.min_seconds_fast:g} s for heart rate and "
        f"skin responses), the members with at least {x.min_members} people. Nothing missing was "
        "filled in."
    )
    rules = {c.speech for c in h.contrasts}
    if "quiet" in rules:
        text += (
            f" Where speech had to be kept out, only windows with at most {h.speech.quiet_max:.0%} "
            "own speech counted."
        )
    if rules & {"adjusted", "matched"}:
        text += (
            " Own speech was adjusted for by each person's own slope, estimated within stretches "
            "of one phase."
        )
    return text


def _raters(agreed: Sequence[Agreement]) -> str:
    """How many raters, and how well they agree; empty without ratings."""
    if not agreed:
        return ""
    found = [a.icc for a in agreed if a.icc is not None]
    text = "The four polarities of mentalizing were rated per phase"
    if not found:
        return f"{text}; agreement could not be told ({agreed[0].reason})."
    raters = sorted({icc.raters for icc in found})
    values = [
        f"{a.measure.replace('_', '-')} {a.icc.mean:.2f} [{a.icc.mean_low:.2f}, "
        f"{a.icc.mean_high:.2f}]"
        for a in agreed
        if a.icc is not None
    ]
    told = " to ".join(str(n) for n in dict.fromkeys((raters[0], raters[-1])))
    return f"{text} by {told} raters; agreement of their mean, ICC(2,k): {', '.join(values)}."


def _tests(h: Hypothesis) -> str:
    which = "Student's t" if h.test == "t" else "the sign-flip test"
    return (
        f"The unit of analysis is the case block; {CLUSTERS[h.cluster]}. {which[0].upper()}"
        f"{which[1:]} decided at alpha {h.alpha:g} in the registered direction; equivalence was "
        "tested by two one-sided tests. Primary tests were corrected by Holm's method, named "
        "families likewise, all others by Benjamini and Hochberg's. Fewer than "
        f"{LEAST_BLOCKS} independent blocks were described and not tested. No p value was computed "
        "over windows."
    )


def _results(results: pd.DataFrame) -> str:
    tested = results[results["p"].notna()]
    if tested.empty:
        return "No contrast had enough case blocks to be tested."
    confirmatory = tested[tested["confirmatory"]]
    told = [
        f"{row['contrast']} ({LABELS.get(row['measure'], row['measure'])}): {row['verdict']}, "
        f"n = {row['n_units']}"
        for row in confirmatory.to_dict(orient="records")
    ]
    rest = len(tested) - len(confirmatory)
    text = "Confirmatory: " + "; ".join(told) + "." if told else "Nothing was confirmatory."
    return f"{text} {rest} further tests are not confirmatory." if rest else text
