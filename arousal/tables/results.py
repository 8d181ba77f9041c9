"""Tables of a study's tests: contrasts per case block, results, and raters' polarities."""

from __future__ import annotations

from arousal.tables.declaration import Column, Table

__all__ = ["CONTRASTS", "RATINGS", "RESULTS"]

_TEST = (
    Column("contrast", "str", "", "Id of the contrast in the hypothesis file"),
    Column("measure", "str", "", "What was measured or rated"),
)

CONTRASTS = Table(
    "contrasts",
    (
        Column("session", "str", "", "Session id"),
        Column("group", "str", "", "Pseudonym of the group; empty if not told"),
        Column("block", "int", "", "Case block from 1; 0 = the whole session is left out", low=0),
        Column("presenter", "str", "", "Pseudonym of the presenter; empty if none was marked"),
        *_TEST,
        Column(
            "value",
            "float",
            "",
            "The contrast, in the measure's unit, signed so that up = more arousal; NaN = excluded",
        ),
        Column("unit", "str", "", "Unit of value"),
        Column("n_windows", "int", "", "Valid windows of everybody who entered", low=0),
        Column("n_members", "int", "", "Members with a value", low=0),
        Column("excluded", "bool", "", "Whether the block does not enter the test"),
        Column("reason", "str", "", "Why it is excluded; empty otherwise"),
    ),
    key=("session", "block", "contrast", "measure"),
    meaning="One number per case block, contrast and measure: what is tested.",
)

RESULTS = Table(
    "results",
    (
        *_TEST,
        Column("claim", "str", "", "Which claim of the source it stands for"),
        Column("label", "str", "", "Name that a person reads"),
        Column(
            "status", "str", "", "As registered", levels=("primary", "secondary", "exploratory")
        ),
        Column("who", "str", "", "Whose contrast: presenter, members or the difference"),
        Column(
            "direction",
            "str",
            "",
            "Expected direction",
            levels=("greater", "less", "two-sided", "equivalence"),
        ),
        Column("unit", "str", "", "Unit of mean, low, high and reference"),
        Column("n_blocks", "int", "", "Case blocks with a value", low=0),
        Column("n_units", "int", "", "Independent units among them: what is tested", low=0),
        Column("mean", "float", "", "Mean over units"),
        Column("low", "float", "", "Lower bound of its 95 % confidence interval (t)"),
        Column("high", "float", "", "Upper bound"),
        Column("g", "float", "", "Hedges g: mean / SD over units, corrected for small n"),
        Column("g_low", "float", "", "Lower bound of its 95 % interval (noncentral t)"),
        Column("g_high", "float", "", "Upper bound"),
        Column("t", "float", "", "Student's t (equivalence: the smaller of the two)"),
        Column("df", "float", "", "Its degrees of freedom"),
        Column("p_t", "float", "", "p of t (equivalence: the larger of the two)", 0.0, 1.0),
        Column("p_flip", "float", "", "p of the sign-flip test", 0.0, 1.0),
        Column("p_mixed", "float", "", "p of the mixed model, where asked for", 0.0, 1.0),
        Column("p", "float", "", "The p that the file lets decide", 0.0, 1.0),
        Column("p_adjusted", "float", "", "The same, corrected for several tests", 0.0, 1.0),
        Column("correction", "str", "", "How: Holm or Benjamini-Hochberg, over how many tests"),
        Column(
            "reference",
            "float",
            "",
            "Smallest effect that would matter, or the margin of equivalence",
        ),
        Column("confirmatory", "bool", "", "Whether the result may be called confirmatory"),
        Column("why_not", "str", "", "Why it may not; empty otherwise"),
        Column(
            "verdict",
            "str",
            "",
            "What follows",
            levels=("supported", "not supported", "cannot tell"),
        ),
        Column("why", "str", "", "The verdict's reason in words"),
    ),
    key=("contrast", "measure"),
    meaning="One row per contrast and measure: the test over case blocks and what follows from it.",
)

RATINGS = Table(
    "ratings",
    (
        Column("onset", "float", "s", "The rated stretch begins, recording time"),
        Column("duration", "float", "s", "Length of the rated stretch", low=0.0),
        Column("rater", "str", "", "Pseudonym of the rater"),
        Column("person", "str", "", "Pseudonym of the rated person, or 'group' for everybody"),
        Column(
            "automatic_controlled",
            "float",
            "",
            "-1 = automatic, +1 = controlled, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column(
            "self_other",
            "float",
            "",
            "-1 = about oneself, +1 = about others, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column(
            "external_internal",
            "float",
            "",
            "-1 = external, +1 = internal, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column(
            "affective_cognitive",
            "float",
            "",
            "-1 = affective, +1 = cognitive, 0 = balanced; NaN = not codable",
            -1.0,
            1.0,
        ),
        Column("quality", "float", "", "Quality of mentalizing, 0-4; NaN = not rated", 0.0, 4.0),
        Column(
            "mode",
            "str",
            "",
            "Non-mentalizing mode where one was seen; empty otherwise",
            levels=("", "pretend", "psychic_equivalence", "teleological"),
        ),
    ),
    key=("rater", "person", "onset"),
    meaning="One row per rater and rated stretch: the four polarities of mentalizing.",
)
