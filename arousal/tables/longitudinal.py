"""The table of a study's longitudinal models: block contrasts over a course."""

from __future__ import annotations

from arousal.tables.declaration import Column, Table

__all__ = ["LONGITUDINAL"]

LONGITUDINAL = Table(
    "longitudinal",
    (
        Column("contrast", "str", "", "Id of the contrast in the hypothesis file"),
        Column("measure", "str", "", "What was measured or rated"),
        Column(
            "covariate",
            "str",
            "",
            "What the contrast is held against: meeting, psychoeducation, or score:<id> (the "
            "presenter's score at their first wave)",
        ),
        Column("unit", "str", "", "Unit of slope, low, high and se, such as 'bpm per meeting'"),
        Column(
            "model",
            "str",
            "",
            "mixed: random intercept per group or presenter (REML); regression: least squares; "
            "none: refused",
            levels=(
                "mixed, by group",
                "mixed, by presenter",
                "mixed, by presenter, groups held fixed",
                "regression",
                "regression, groups held fixed",
                "regression, presenters held fixed",
                "none",
            ),
        ),
        Column("adjusted", "str", "", "What the slope is adjusted for besides; empty for nothing"),
        Column("n_blocks", "int", "", "Case blocks in the model", low=0),
        Column(
            "n_units",
            "int",
            "",
            "Numbers in the model: blocks, or presenters (means of their blocks) for scores",
            low=0,
        ),
        Column("n_clusters", "int", "", "Clusters with a random intercept; 0 = none", low=0),
        Column("n_groups", "int", "", "Groups in the model that are told", low=0),
        Column("n_excluded", "int", "", "Case blocks without a value of the contrast", low=0),
        Column("n_untold", "int", "", "Case blocks with a value and without the covariate", low=0),
        Column("slope", "float", "", "Change of the contrast per unit of the covariate"),
        Column("low", "float", "", "Lower bound of its 95 % confidence interval (t)"),
        Column("high", "float", "", "Upper bound"),
        Column("se", "float", "", "Its standard error", low=0.0),
        Column("t", "float", "", "slope / se"),
        Column("df", "float", "", "Degrees of freedom: Kenward-Roger, or units less fixed terms"),
        Column("p", "float", "", "Two-sided p of t", 0.0, 1.0),
        Column("p_adjusted", "float", "", "The same, corrected for several tests", 0.0, 1.0),
        Column(
            "p_groups",
            "float",
            "",
            "p of a t test over the groups' own slopes, which need not be alike; NaN where fewer "
            "than five groups have three blocks",
            0.0,
            1.0,
        ),
        Column("correction", "str", "", "How: Benjamini-Hochberg, over how many tests"),
        Column("centre", "float", "", "Mean of the covariate over the units"),
        Column("mean", "float", "", "Mean of the contrast over the units"),
        Column(
            "found",
            "str",
            "",
            "What follows; exploratory in every case",
            levels=("rises", "falls", "cannot tell", "refused"),
        ),
        Column("why", "str", "", "Why it cannot be told or was refused; empty otherwise"),
    ),
    key=("contrast", "measure", "covariate"),
    meaning="One row per contrast, measure and covariate: its slope over case blocks.",
)
