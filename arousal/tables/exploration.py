"""Tables of what a study shows beside its registered hypothesis: all exploratory, for researchers.

None of these names a person, and none has a p value over windows.
"""

from __future__ import annotations

from arousal.tables.declaration import Column, Table, fraction

__all__ = [
    "AGREEMENT",
    "BANDS",
    "CASE_COURSE",
    "DISSOCIATION",
    "EVENTS",
    "EXPLORATION",
    "LINKS",
    "RECOVERY",
    "SYNCHRONY",
]


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name, "float", unit, meaning)


def _text(name: str, meaning: str) -> Column:
    return Column(name, "str", "", meaning)


def _count(name: str, meaning: str) -> Column:
    return Column(name, "int", "", meaning, low=0)


_REASON = _text("reason", "Why there is no test; empty otherwise")
_INTERVAL = (
    _number("low", "Lower bound of its 95 % interval (t)"),
    _number("high", "Upper bound"),
)

EVENTS = Table(
    "events",
    (
        _text("type", "Type of intervention, or silence (claims C9-C11)"),
        _text("measure", "What was measured"),
        _text("unit", "Unit of effect, low, high and matched"),
        Column(
            "direction",
            "str",
            "",
            "Expected direction of arousal",
            levels=("greater", "less", "two-sided"),
        ),
        _count("n", "Sessions (or clusters of them) with a value"),
        _count("events", "Events behind them"),
        _number("effect", "Mean change 60-180 s after, beyond what follows such a level"),
        *_INTERVAL,
        _number("g", "Hedges g over sessions"),
        fraction("p_t", "p of t over sessions, beyond the method's own bias (.06 SD)"),
        fraction("p_flip", "The same by sign-flip"),
        _number("matched", "The same by pseudo-events: a check of the sign"),
        _text("agrees", "Whether that check has the same sign: yes, no or not known"),
        _REASON,
    ),
    key=("type", "measure"),
    meaning="What follows interventions and silences, adjusted for the level at the trigger.",
)

SYNCHRONY = Table(
    "synchrony",
    (
        _text("phase", "Phase id"),
        _text("signal", "heart_rate or scr_rate"),
        _text("method", "leave-one-out, windowed or presenter-group"),
        _count("n", "Case blocks (those with the same people count as one) with both comparisons"),
        _number("above_chance", "Mean Fisher z beyond shuffled segments"),
        _number("above_agenda", "Mean Fisher z beyond pairs of different sessions"),
        _number("low", "Lower bound of the 95 % interval of above_agenda (t)"),
        _number("high", "Upper bound"),
        fraction("p_chance", "One-sided p against shuffled segments"),
        fraction("p_agenda", "One-sided p against other sessions at the same phase time"),
        fraction("p", "The larger of the two: a claim needs both"),
        fraction("p_flip", "The same by sign-flip"),
        _REASON,
    ),
    key=("phase", "signal", "method"),
    meaning="Synchrony of those who sat together, phase by phase, over case blocks.",
)

RECOVERY = Table(
    "recovery",
    (
        Column("who", "str", "", "Whose curves", levels=("presenter", "members")),
        _text("measure", "What was measured"),
        _count("n", "Case blocks (those with the same people count as one) with a value"),
        _count("curves", "Curves of persons behind them"),
        _count("peaks", "Peaks on these curves"),
        fraction("censored", "Share of peaks not come down when the phase or the data ended"),
        _number("seconds", "Mean half-recovery time, up to ten minutes", "s"),
        _number("expected", "The same of curves with the same spectrum and random phases", "s"),
        _number("ratio", "Mean log of seconds / expected; below 0 = quicker"),
        *_INTERVAL,
        fraction("p_t", "Two-sided p of t over blocks"),
        fraction("p_flip", "p of the sign-flip test"),
        _REASON,
    ),
    key=("who", "measure"),
    meaning="How quickly curves come down from their peaks, against curves that only wander (C12).",
)

LINKS = Table(
    "links",
    (
        Column(
            "claim",
            "str",
            "",
            "C16: rated quality is an arch over own arousal; C17: high arousal goes with the "
            "automatic, self, external and affective poles",
            levels=("C16", "C17"),
        ),
        _text("rated", "The polarity, or quality"),
        _text("measure", "What stands for arousal"),
        Column(
            "within",
            "str",
            "",
            "What is held constant; only 'person and phase' speaks of a link",
            levels=("person", "person and phase"),
        ),
        _count("n", "Case blocks (those with the same people count as one) with a value"),
        _number("mean", "Mean slope (C17) or curvature (C16); expected below 0"),
        *_INTERVAL,
        _number("g", "Hedges g over blocks"),
        fraction("p_t", "One-sided p of t"),
        fraction("p_flip", "p of the sign-flip test"),
        fraction("p_adjusted", "p of t after correction"),
        _text("correction", "How it was corrected"),
        _REASON,
    ),
    key=("claim", "rated", "measure", "within"),
    meaning="Whether rated mentalizing goes with arousal, within persons, over case blocks.",
)

AGREEMENT = Table(
    "agreement",
    (
        _text("measure", "The polarity"),
        _count("raters", "Raters who rated the same"),
        _count("targets", "Persons (or the group) in phases that all of them rated"),
        _number("single", "ICC(2,1), absolute agreement of one rater"),
        _number("single_low", "Lower bound of its 95 % interval"),
        _number("single_high", "Upper bound"),
        _number("mean", "ICC(2,k), of the raters' mean, which is what is tested"),
        _number("mean_low", "Lower bound of its 95 % interval"),
        _number("mean_high", "Upper bound"),
        _number("consistency", "ICC(3,1), without the raters' own levels"),
        _text("reason", "Why there is no number; empty otherwise"),
    ),
    key=("measure",),
    meaning="How well raters agree on each polarity of mentalizing.",
)

DISSOCIATION = Table(
    "dissociation",
    (
        _text("session", "Session id"),
        Column("block", "int", "", "Case block; 0 = outside", low=0),
        _text("phase", "Phase id; empty = between phases"),
        _number("mean", "Mean z(skin) - z(self-report) over probes; above 0 = more in the skin"),
        _count("n", "Probes with both"),
    ),
    key=("session", "block", "phase"),
    meaning="Self-reports beside the skin of the minute before (C13); described, never tested.",
)

BANDS = Table(
    "bands",
    (
        _text("phase", "Phase id"),
        _number("band_low", "Lower bound of everybody's band, display units"),
        _number("band_high", "Upper bound"),
        fraction("below", "Mean share of windows below it"),
        fraction("inside", "Mean share inside"),
        fraction("above", "Mean share above"),
        _count("n", "Persons in case blocks behind the means"),
    ),
    key=("phase",),
    meaning="Time inside a band around everybody's own quiet start: a display, no test.",
)

CASE_COURSE = Table(
    "case_course",
    (
        Column(
            "who", "str", "", "Whose course", levels=("presenter", "members", "group", "expected")
        ),
        _text("measure", "arousal_index (display units), or a polarity (-1 to 1)"),
        _text("phase", "Phase id"),
        Column("bin", "int", "", "Share of the phase's length, from 0", low=0),
        _number("progress", "Middle of that share, 0-1"),
        _number("mean", "Mean over case blocks; expected: our transcription, no data"),
        _number("sd", "Standard deviation over case blocks"),
        _count("n", "Case blocks behind it"),
    ),
    key=("who", "measure", "phase", "bin"),
    meaning="Mean course over the case on phase-normalised time, and rated mentalizing below it.",
)

EXPLORATION: tuple[Table, ...] = (
    EVENTS,
    SYNCHRONY,
    RECOVERY,
    LINKS,
    AGREEMENT,
    DISSOCIATION,
    BANDS,
    CASE_COURSE,
)
"""All of them, in the order of the page."""
