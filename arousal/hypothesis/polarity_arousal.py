"""Does mentalizing go with arousal? Within persons, one number per block, tested over blocks.

C17: high arousal goes with the automatic, self, external and affective poles: a person's slope of
rated polarity on their own arousal is below 0. C16: too much or too little arousal impairs: rated
quality against own arousal is an arch, its curvature below 0.

Both follow the phases, so over a whole block they would go together even if each only followed the
course of the evening. Beside the slope within persons therefore stands the slope within persons
*and* phases, which the common course cannot make; only that one speaks of a link. All exploratory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from arousal.errors import NothingUsableError
from arousal.hypothesis import inference
from arousal.hypothesis.panel import Panel, session_panel
from arousal.hypothesis.polarities import rating_quality
from arousal.hypothesis.prediction import POLARITIES
from arousal.hypothesis.session_windows import GROUP, SessionFrames
from arousal.hypothesis.several_tests import adjust
from arousal.hypothesis.units import Repeats, too_few_units

__all__ = [
    "BlockLink",
    "LinkTest",
    "block_links",
    "curvature_within",
    "link_tests",
    "slope_within",
]

FloatArray = NDArray[np.float64]
Within = Literal["person", "person and phase"]

LEAST_RATINGS = 5
"""Ratings with arousal beside them that a block needs in all."""
MIN_VALID = 0.5
"""Share of a rated stretch's windows that need a value."""
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class BlockLink:
    """One block's link between ratings and arousal.

    Parameters
    ----------
    session, block : str, int
    claim : {"C16", "C17"}
        Curvature of quality, or slope of a polarity.
    rated : str
        The polarity, or ``"quality"``.
    measure : str
        What stands for arousal.
    within : {"person", "person and phase"}
        What is held constant.
    value : float
        Slope per unit of the measure (signed so that up = more arousal), or curvature per squared
        own SD; NaN with a reason.
    n, persons : int
        Ratings and people behind it.
    reason : str
    """

    session: str
    block: int
    claim: Literal["C16", "C17"]
    rated: str
    measure: str
    within: Within
    value: float = np.nan
    n: int = 0
    persons: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LinkTest:
    """One link over blocks; expected below 0.

    Parameters
    ----------
    claim, rated, measure, within
        As `BlockLink`.
    n : int
        Independent units with a value: blocks, or sessions whose blocks have the same people.
    mean, low, high, g : float
        Mean, its 95 % interval, Hedges g.
    p_t, p_flip, p_adjusted : float
        One-sided by t and sign-flip; by t after Holm over the four polarities (C17).
    correction : str
        How it was corrected.
    reason : str
        Why nothing was tested.
    """

    claim: Literal["C16", "C17"]
    rated: str
    measure: str
    within: Within
    n: int = 0
    mean: float = np.nan
    low: float = np.nan
    high: float = np.nan
    g: float = np.nan
    p_t: float = np.nan
    p_flip: float = np.nan
    p_adjusted: float = np.nan
    correction: str = ""
    reason: str = ""
    status: Literal["exploratory"] = field(default="exploratory", init=False)


def slope_within(x: ArrayLike, y: ArrayLike, cells: Sequence[object]) -> float:
    """Least-squares slope with one constant per cell.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Without gaps.
    cells : sequence, length n
        Person, or person and phase.

    Returns
    -------
    float
        NaN where x does not vary within any cell.
    """
    own, other = _centred(x, cells), _centred(y, cells)
    size = float((own**2).sum())
    scale = float((np.asarray(x, dtype=np.float64) ** 2).sum())
    return float((own * other).sum() / size) if size > ROUNDING * max(scale, 1e-300) else np.nan


def curvature_within(
    x: ArrayLike, y: ArrayLike, persons: Sequence[object], cells: Sequence[object]
) -> float:
    """Coefficient of the square in ``y ~ cell + x + x²``, x in each person's own SD.

    Parameters
    ----------
    x, y, cells
        As `slope_within`.
    persons : sequence, length n
        Whose mean and SD ``x`` is counted in: too much is too much for *them*.

    Returns
    -------
    float
        Per squared SD, below 0 = an arch; NaN where it cannot be told from the slope.
    """
    z = _standardised(x, persons)
    kept = np.isfinite(z)
    inside = [c for c, k in zip(cells, kept, strict=True) if k]
    if not kept.any():
        return float("nan")
    columns = np.array([_centred(v, inside) for v in (z[kept], z[kept] ** 2)])
    own = _centred(np.asarray(y, dtype=np.float64)[kept], inside)
    products = columns @ columns.T
    # The square must not be a copy of the slope (or a constant).
    left = products[1, 1] - products[0, 1] ** 2 / products[0, 0] if products[0, 0] > 0 else 0.0
    if left <= 1e-6 * max(products[1, 1], 1e-300):
        return float("nan")
    return float(np.linalg.solve(products, columns @ own)[1])


def _centred(values: ArrayLike, cells: Sequence[object]) -> FloatArray:
    x = pd.Series(np.asarray(values, dtype=np.float64))
    return np.asarray((x - x.groupby(pd.Series(list(cells))).transform("mean")).to_numpy())


def _standardised(values: ArrayLike, persons: Sequence[object]) -> FloatArray:
    x = pd.Series(np.asarray(values, dtype=np.float64))
    by = x.groupby(pd.Series(list(persons)))
    spread = by.transform("std")
    z = (x - by.transform("mean")) / spread.where(spread > ROUNDING)
    return np.asarray(z.to_numpy())


def block_links(
    session: SessionFrames, ratings: pd.DataFrame, measure: str = "heart_rate"
) -> tuple[BlockLink, ...]:
    """Link ratings of people to their arousal, block by block.

    Parameters
    ----------
    session : SessionFrames
        An analysed session.
    ratings : DataFrame
        `arousal.tables.RATINGS` of the same session; ratings of the group have no body and do not
        enter. A rating's arousal is the mean over the windows whose middle lies in it.
    measure : str
        Of `arousal.tables.MEASURES`.

    Returns
    -------
    tuple of BlockLink
        Per block: four slopes (C17) and one curvature (C16), each within persons and within
        persons and phases.

    Raises
    ------
    NothingUsableError
        If the session has no windows of this measure.
    """
    panel = session_panel(session, measure)
    rows = _with_arousal(panel, session, ratings)
    found: list[BlockLink] = []
    for block in [b.index for b in session.timeline.blocks] or [0]:
        own = rows[rows["block"] == block]
        withins: tuple[Within, ...] = ("person", "person and phase")
        for within in withins:
            blank = BlockLink(session.id, block, "C17", "", measure, within)
            found += [_slope(replace(blank, rated=name), own) for name in POLARITIES]
            found.append(_arch(replace(blank, claim="C16", rated="quality"), own))
    return tuple(found)


def _with_arousal(panel: Panel, session: SessionFrames, ratings: pd.DataFrame) -> pd.DataFrame:
    """One row per person and rated stretch, mean over raters, with arousal, block and phase."""
    own = ratings[ratings["person"] != GROUP]
    own = own.assign(quality=rating_quality(own) if len(own) else np.nan)
    numbers = [*POLARITIES, "quality"]
    rows = own.groupby(["person", "onset", "duration"], sort=True)[numbers].mean().reset_index()
    end = rows["onset"] + rows["duration"]
    middle = (rows["onset"] + end).to_numpy(dtype=np.float64) / 2
    at = session.timeline.index_at(middle) if len(rows) else np.empty(0, dtype=np.int64)
    phases = session.timeline.phases
    inside = [
        bool(
            i >= 0
            and phases[i].certain
            and phases[i].onset <= a + 1e-6
            and b <= phases[i].end + 1e-6
        )
        for i, a, b in zip(at, rows["onset"], end, strict=True)
    ]
    arousal = [
        _arousal(panel, p, a, b) for p, a, b in zip(rows["person"], rows["onset"], end, strict=True)
    ]
    rows = rows.assign(
        arousal=np.array(arousal, dtype=np.float64) * panel.sign,
        block=[phases[i].block if i >= 0 else -1 for i in at],
        phase=[phases[i].phase if i >= 0 else "" for i in at],
    )
    return rows[np.array(inside, dtype=bool)]


def _arousal(panel: Panel, person: str, onset: float, end: float) -> float:
    row = panel.row(person)
    here = (panel.middle >= onset) & (panel.middle < end)
    if row is None or not here.any():
        return float("nan")
    values = panel.values[row, here]
    known = np.isfinite(values)
    return float(values[known].mean()) if known.mean() >= MIN_VALID else float("nan")


def _cells(rows: pd.DataFrame, within: Within) -> list[object]:
    if within == "person":
        return list(rows["person"])
    return list(rows["person"] + "\t" + rows["phase"])


def _slope(blank: BlockLink, rows: pd.DataFrame) -> BlockLink:
    good = rows[rows[blank.rated].notna() & rows["arousal"].notna()]
    told = _counted(blank, good)
    if told.reason:
        return told
    value = slope_within(good["arousal"], good[blank.rated], _cells(good, blank.within))
    return _told(told, value)


def _arch(blank: BlockLink, rows: pd.DataFrame) -> BlockLink:
    good = rows[rows["quality"].notna() & rows["arousal"].notna()]
    told = _counted(blank, good)
    if told.reason:
        return told
    cells = _cells(good, blank.within)
    value = curvature_within(good["arousal"], good["quality"], list(good["person"]), cells)
    return _told(told, value)


def _counted(blank: BlockLink, rows: pd.DataFrame) -> BlockLink:
    told = replace(blank, n=len(rows), persons=int(rows["person"].nunique()))
    if len(rows) < LEAST_RATINGS:
        return replace(told, reason=f"{len(rows)} ratings with arousal, needed {LEAST_RATINGS}")
    return told


def _told(link: BlockLink, value: float) -> BlockLink:
    if np.isfinite(value):
        return replace(link, value=value)
    return replace(link, reason=f"arousal does not vary enough within {link.within}")


def link_tests(links: Sequence[BlockLink], repeats: Repeats | None = None) -> tuple[LinkTest, ...]:
    """Test links over blocks.

    Parameters
    ----------
    links : sequence of BlockLink
        Of any number of sessions.
    repeats : Repeats, optional
        Which blocks count as one; default: none.

    Returns
    -------
    tuple of LinkTest
        One per claim, rating, measure and ``within``. Fewer than six units are described.
    """
    groups: dict[tuple[str, str, str, str], list[BlockLink]] = {}
    for link in links:
        key = (link.claim, link.rated, link.measure, link.within)
        groups.setdefault(key, []).append(link)
    tests = [_tested(rows, repeats or Repeats()) for rows in groups.values()]
    keys = [(f"{t.claim} {t.measure} {t.within}", "holm") for t in tests]
    corrected, told = adjust([t.p_t for t in tests], keys)
    return tuple(
        replace(t, p_adjusted=float(p), correction=c)
        for t, p, c in zip(tests, corrected, told, strict=True)
    )


def _tested(rows: Sequence[BlockLink], repeats: Repeats) -> LinkTest:
    first = rows[0]
    good = [r for r in rows if np.isfinite(r.value)]
    # Everybody's arousal enters, so that the presenter alone does not tell blocks apart.
    names = [repeats.unit(r.session, r.block, presenter=False) for r in good]
    values = inference.cluster_means([r.value for r in good], names) if good else np.empty(0)
    blank = LinkTest(first.claim, first.rated, first.measure, first.within, n=int(values.size))
    if not values.size:
        return replace(blank, reason=first.reason)
    blank = replace(blank, mean=float(values.mean()))
    if few := too_few_units(values.size, len(good)):
        return replace(blank, reason=few)
    try:
        low, high = inference.mean_interval(values)
        p_t = inference.student_t(values, "less")[2]
    except NothingUsableError as error:
        return replace(blank, reason=error.message)
    return replace(
        blank,
        low=float(low),
        high=float(high),
        g=float(inference.hedges_g(values)),
        p_t=float(p_t),
        p_flip=float(inference.sign_flip(values, "less")),
    )
