"""What a report must tell, and whether the study's files tell it: filled, missing, not applicable.

The items are those of GRAPH (Quintana, Alvares & Heathers 2016, doi:10.1038/tp.2016.73), and, in
our words and our choice, of the committee reports on heart rate (Quigley et al. 2024,
doi:10.1111/psyp.14604) and on electrodermal measures (Boucsein et al. 2012,
doi:10.1111/j.1469-8986.2012.01384.x) of the Society for Psychophysiological Research.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from arousal.hypothesis.hypothesis_file import Hypothesis
from arousal.hypothesis.study_facts import StudyFacts

__all__ = ["Item", "State", "checklist"]

State = Literal["filled", "missing", "not applicable"]
GRAPH, QUIGLEY, SPR = "GRAPH 2016", "Quigley 2024", "SPR EDA 2012"
_Answer = Callable[[StudyFacts, Hypothesis], str]


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    Parameters
    ----------
    source, number, item : str
        Whose it is, and what it asks for.
    state : {"filled", "missing", "not applicable"}
        Whether the study's files tell it.
    text : str
        What they tell; for a missing one, what is asked of the authors.
    """

    source: str
    number: str
    item: str
    state: State
    text: str


def checklist(facts: StudyFacts, hypothesis: Hypothesis) -> tuple[Item, ...]:
    """Go through the items.

    Parameters
    ----------
    facts : StudyFacts
        What the study's files tell.
    hypothesis : Hypothesis
        What was registered.
    """
    return tuple(_item(q, facts, hypothesis) for q in _ITEMS)


@dataclass(frozen=True, slots=True)
class _Question:
    source: str
    number: str
    item: str
    answer: _Answer
    """Empty text = missing."""
    applies: Callable[[StudyFacts], bool]
    ask: str = "to be told by the authors"


def _item(q: _Question, facts: StudyFacts, hypothesis: Hypothesis) -> Item:
    if not q.applies(facts):
        return Item(q.source, q.number, q.item, "not applicable", "")
    text = q.answer(facts, hypothesis)
    return Item(q.source, q.number, q.item, "filled" if text else "missing", text or q.ask)


def _heart(f: StudyFacts) -> bool:
    return f.heart


def _skin(f: StudyFacts) -> bool:
    return f.skin


def _always(_: StudyFacts) -> bool:
    return True


def _never(_: StudyFacts) -> bool:
    return False


def _nothing(_f: StudyFacts, _h: Hypothesis) -> str:
    return ""


def _described(*wanted: str) -> _Answer:
    def answer(f: StudyFacts, _h: Hypothesis) -> str:
        found = [w for w in wanted if any(w in d.lower() for d in f.described)]
        return f"participants.tsv: {', '.join(found)}" if found else ""

    return answer


def _rates(*kinds: str) -> _Answer:
    def answer(f: StudyFacts, _h: Hypothesis) -> str:
        return ", ".join(r for r in f.rates if r.split()[0] in kinds)

    return answer


def _loss(f: StudyFacts, _h: Hypothesis) -> str:
    if f.usable is None:
        return ""
    return f"median usable share {f.usable:.0%}; reasons per signal in each session's quality.tsv"


def _corrected(f: StudyFacts, _h: Hypothesis) -> str:
    if f.corrected is None:
        return ""
    return f"Lipponen & Tarvainen (2019) as in NeuroKit2; median corrected {f.corrected:.1%}"


def _metrics(f: StudyFacts, h: Hypothesis) -> str:
    names = sorted({m for c in h.contrasts for m in c.measures if not c.rated})
    return f"{', '.join(names)}; {', '.join(f.versions)}"


def _windows(f: StudyFacts, _h: Hypothesis) -> str:
    if not f.windows or f.coverage is None:
        return ""
    lengths = " and ".join(f"{w:g}" for w in f.windows)
    heart, hrv, skin = f.coverage
    return (
        f"windows of {lengths} s; valid with {heart:.0%} (heart rate), {hrv:.0%} (HRV), {skin:.0%} "
        "(skin conductance) of usable data"
    )


def _exclusions(_f: StudyFacts, h: Hypothesis) -> str:
    named = len(h.exclusions.persons) + len(h.exclusions.sessions)
    return f"registered rules; {named} persons or sessions named in the file"


def _statistics(_f: StudyFacts, h: Hypothesis) -> str:
    return f"case blocks as units ({h.cluster}), {h.test}, alpha {h.alpha:g}, registered"


_ITEMS = (
    _Question(GRAPH, "1a", "Psychiatric group: recruitment, assessment", _nothing, _never),
    _Question(GRAPH, "1b", "Control group: recruitment, ruling out illness", _nothing, _never),
    _Question(GRAPH, "1c", "Inclusion criteria", _exclusions, _always),
    _Question(GRAPH, "1d", "Illness and medication", _described("medication", "illness"), _always),
    _Question(
        GRAPH, "1e", "Age, sex, activity, smoking", _described("age", "sex", "smok"), _always
    ),
    _Question(GRAPH, "2a", "Hardware and electrodes", _nothing, _heart, "brand and placement"),
    _Question(GRAPH, "2b", "Sampling rate", _rates("ecg", "ppg", "rr"), _heart),
    _Question(
        GRAPH, "2b", "Posture, instructions, time of day", _nothing, _heart, "seated? which hours?"
    ),
    _Question(
        GRAPH,
        "3a",
        "Interbeat intervals: how computed, resampled or not",
        lambda _f, _h: "beats from usable stretches, no difference across a gap, not resampled",
        _heart,
    ),
    _Question(
        GRAPH,
        "3b",
        "Artefacts: how identified",
        lambda _f, _h: (
            "Lipponen & Tarvainen (2019), irregularity and movement rules; no manual edit"
        ),
        _heart,
    ),
    _Question(GRAPH, "3c", "Lost intervals and why", _loss, _heart),
    _Question(GRAPH, "3d", "Cleaning and share of corrected beats", _corrected, _heart),
    _Question(GRAPH, "4a", "Metrics, software, transformation", _metrics, _heart),
    _Question(GRAPH, "4b", "Frequency bands", _nothing, _never),
    _Question(QUIGLEY, "segments", "Lengths of analysed segments", _windows, _heart),
    _Question(
        QUIGLEY, "breathing", "Breathing measured or considered", _rates("respiration"), _heart
    ),
    _Question(
        QUIGLEY,
        "speech",
        "Speech and movement during measurement",
        lambda f, _h: "own speech recorded and controlled as registered" if f.speech else "",
        _heart,
        "who spoke when is not recorded",
    ),
    _Question(
        QUIGLEY,
        "context",
        "Caffeine, nicotine, exercise, sleep beforehand",
        _described("caffeine", "nicotine", "exercise", "sleep"),
        _heart,
    ),
    _Question(QUIGLEY, "statistics", "Unit of analysis and planned tests", _statistics, _always),
    _Question(
        SPR,
        "site",
        "Recording site",
        lambda f, _h: ", ".join(f.sites),
        _skin,
        "eda_site in session.toml",
    ),
    _Question(SPR, "electrodes", "Electrodes, gel, hand preparation", _nothing, _skin),
    _Question(SPR, "sampling", "Sampling rate", _rates("eda"), _skin),
    _Question(
        SPR,
        "criterion",
        "Smallest response counted",
        lambda _f, _h: "absolute, by site: 0.05 uS palm, finger, foot; 0.01 uS wrist (by default)",
        _skin,
    ),
    _Question(
        SPR,
        "non-responders",
        "Treatment of non-responders",
        lambda _f, h: (
            "left out of skin measures" if h.exclusions.non_responders else "kept in all measures"
        ),
        _skin,
    ),
    _Question(
        SPR,
        "temperature",
        "Skin or room temperature",
        _rates("temperature"),
        _skin,
    ),
    _Question(SPR, "loss", "Artefacts and lost data", _loss, _skin),
)
