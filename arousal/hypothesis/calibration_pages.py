"""The calibrations of events, synchrony and recovery as pages, and what they must not show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import fill

from arousal.hypothesis.calibration_row import CalibrationRow, rates_table
from arousal.hypothesis.event_tests import ALLOWANCE
from arousal.hypothesis.recovery_tests import GRANTED

__all__ = [
    "EVENTS_LIMIT",
    "RECOVERY_LIMIT",
    "SYNCHRONY_LIMITS",
    "Run",
    "events_page",
    "misses",
    "recovery_page",
    "synchrony_page",
]

EVENTS_LIMIT = 0.065
"""Error rate that a claim about events may have where events do nothing."""
SYNCHRONY_LIMITS = (0.04, 0.07)
"""... and a comparison of synchrony where nobody answers anybody."""
RECOVERY_LIMIT = 0.06
"""... and a claim about recovery where curves only wander."""
OURS = "event test"
WANDERING = "wandering"
WIDTH = 100
Keep = Callable[[CalibrationRow], bool]


@dataclass(frozen=True, slots=True)
class Run:
    """How a table was made.

    Parameters
    ----------
    what : str
        ``events``, ``synchrony`` or ``recovery``.
    reps, seed : int
        Studies per cell, and where their randomness began.
    seconds, processor : float
        How long it took by the clock, and of one core's time.
    day : datetime.date
        When.
    again : tuple of CalibrationRow
        Cells that were out of bounds, counted again with more studies.
    """

    what: str
    reps: int
    seed: int
    seconds: float
    processor: float
    day: date
    again: tuple[CalibrationRow, ...] = ()

    def told(self, *, pooled: bool = False) -> str:
        """Return the command, the day, the time and the standard error in two sentences.

        The latter only where studies share nothing, not where they are drawn from a pool.
        """
        command = f"`arousal calibrate --what {self.what} --reps {self.reps} --seed {self.seed}`"
        error = f"{(0.05 * 0.95 / self.reps) ** 0.5:.4f}".removeprefix("0")
        made = (
            f"Made by {command} on {self.day.isoformat()}, in {self.seconds / 60:.0f} min "
            f"({self.processor / 60:.0f} min of one core)."
        )
        return made if pooled else f"{made} The standard error of a rate of .05 is {error}."


def misses(rows: Sequence[CalibrationRow], slack: float = 0.0) -> tuple[CalibrationRow, ...]:
    """Cells that break what was promised.

    Promised: claims of the event test in at most `EVENTS_LIMIT` of studies, and of recovery in at
    most `RECOVERY_LIMIT` where curves only wander; each comparison of
    synchrony within `SYNCHRONY_LIMITS`, but for a shared agenda, which is above chance on purpose,
    and for both comparisons together, which is stricter than either. Against other sessions the
    lower limit is not asked of the windowed method below 12 blocks: the highest of several
    correlations is skewed.

    Parameters
    ----------
    rows : sequence of CalibrationRow
        Of `calibrate_events`, `calibrate_synchrony` or `calibrate_recovery`.
    slack : float
        Monte-Carlo standard errors that a rate may lie beyond its limit.
    """
    return tuple(r for r in rows if _missed(r, slack))


def _missed(row: CalibrationRow, slack: float) -> bool:
    if row.method.startswith(OURS):
        return row.rate - slack * _error(EVENTS_LIMIT, row) > EVENTS_LIMIT
    if row.method.startswith("recovery"):
        above = row.rate - slack * _error(RECOVERY_LIMIT, row) > RECOVERY_LIMIT
        return above and row.scenario.startswith(WANDERING)
    if not row.method.startswith("synchrony") or row.method.endswith(": both"):
        return False
    if row.scenario == "shared agenda" and row.method.endswith("shuffled segments"):
        return False
    low, high = SYNCHRONY_LIMITS
    if row.method == "synchrony, windowed: other sessions" and row.blocks < 12:
        low = 0.0
    above = row.rate - slack * _error(high, row) > high
    return above or row.rate + slack * _error(low, row) < low


def _error(rate: float, row: CalibrationRow) -> float:
    """Standard error where the truth is the bound: a rate of 0 has none of its own."""
    return float((rate * (1 - rate) / row.repetitions) ** 0.5)


def _range(rows: Sequence[CalibrationRow], keep: Keep) -> str:
    rates = [r.rate for r in rows if keep(r)]
    if not rates:
        return "not run"
    low, high = (f"{x:.3f}".removeprefix("0") for x in (min(rates), max(rates)))
    return f"{low}-{high}"


def _broken(rows: Sequence[CalibrationRow], promise: str) -> str:
    gone = misses(rows)
    if not gone:
        return promise
    told = ", ".join(
        f"{r.method} ({r.scenario}, {r.family}, {r.blocks}: {f'{r.rate:.3f}'.removeprefix('0')})"
        for r in gone
    )
    return f"**Out of bounds:** {told}."


def events_page(rows: Sequence[CalibrationRow], run: Run) -> str:
    """Write the page of events.

    Parameters
    ----------
    rows : sequence of CalibrationRow
        From `arousal.hypothesis.calibration_events.calibrate_events`.
    run : Run
        How they were made.
    """
    triggered = [r for r in rows if r.scenario != "events at random"]
    calms, arouses = (_range(rows, _of(f"{OURS}: {way}")) for way in ("calms", "arouses"))
    naive = _range(triggered, _of("naive, after minus before: calms"))
    check = _range(rows, lambda r: r.method.startswith("check"))
    kept = _broken(rows, "Every cell of the event test keeps it.")
    return _page(
        "# Calibration: events",
        f"""How often events that do nothing are said to calm or to arouse, at a nominal .05
        (one-sided over sessions). A session is 75 min of noise in three phases; a leader looks at
        the level of the last 30 s only (`arousal.hypothesis.calibration_events`). {run.told()}""",
        f"Goal: at most .065 wherever leaders act at high arousal. {kept}",
        f"""- **The event test**: calming {calms}, arousing {arouses}; the naive difference after
        minus before claims calming in {naive} where leaders act at high arousal.""",
        f"""- **It grants the method its own bias**, {ALLOWANCE:g} SD of sessions' numbers (a
        noncentral t, `arousal.hypothesis.allowance`). Level and slope are estimated within one
        session, which has few independent stretches. Each is off by about half an SD, in opposite
        directions: with the true slopes and estimated levels, calming would be claimed in up to .9
        of studies of 20 sessions. What they leave together is at most .08 SD and grows into .07 to
        .09 with 20 sessions if it is not granted. A half-panel jackknife made it worse: sessions
        are too short for the expansion that it rests on. The price is a test that is a little timid
        where there is no such bias.""",
        f"""- **The check by pseudo-events** needs no model and errs more ({check}): it is shown
        beside the test as a check of its sign and decides nothing.""",
        table=rates_table(rows),
    )


def synchrony_page(rows: Sequence[CalibrationRow], run: Run) -> str:
    """Write the page of synchrony.

    Parameters
    ----------
    rows : sequence of CalibrationRow
        From `arousal.hypothesis.calibration_synchrony.calibrate_synchrony`.
    run : Run
        How they were made.
    """
    strangers = [r for r in rows if r.scenario != "shared agenda"]
    agenda = [r for r in rows if r.scenario == "shared agenda"]
    drift = _range([r for r in strangers if "drift" in r.scenario], _of("naive"))
    plain = _range([r for r in strangers if "drift" not in r.scenario], _of("naive"))
    single = _range(strangers, _of("shuffled segments", 1))
    chance = _range(strangers, lambda r: r.blocks > 1 and r.method.endswith("shuffled segments"))
    few, many = (_range(rows, _of("other sessions", n)) for n in (6, 12))
    above, beyond = (_range(agenda, _of(what)) for what in ("shuffled", "other sessions"))
    claimed = _range(strangers, _of(": both"))
    kept = _broken(rows, "Every cell is in it.")
    return _page(
        "# Calibration: synchrony",
        f"""How often people who do not answer each other are called synchronous, at a nominal .05
        (one-sided). Each heart is slow noise of a family plus quick noise of its own; three people,
        30 min (one session) or 20 min (several). {run.told()}""",
        f"Goal: .04 to .07, a common drift included. {kept}",
        *([_counted_again(run.again)] if run.again else []),
        f"""- **One session against its own shuffled segments**: {single} over all methods, families
        and drift; the naive Pearson p says {plain} without a drift, {drift} with one.""",
        f"- **Several sessions against chance**: {chance}.",
        f"""- **Several sessions against other sessions** (pseudo-groups at the same phase time):
        {few} with 6 blocks, {many} with 12. The blocks are each other's strangers, so that their
        numbers depend on each other; Student's t is divided by what that makes of its standard
        error (`arousal.hypothesis.agenda`: with three people a block .966 for 6 blocks, .977 for
        12; without it .046 would be claimed instead of .05). A room's number is not quite normal
        either: where A goes with B and B with C, A goes with C, so that a mean over all pairs is
        skewed upwards (by .16 to .19 with three people, .27 with eight), and a one-sided t claims
        .043 to .044 with 6 blocks and .046 with 12 of eight people. The presenter's pairs close no
        such triangle; the highest over lags is skewed by itself. Timid, never liberal, and above
        .04.""",
        f"""- **A shared agenda** is above chance in {above} of studies and above other sessions in
        {beyond}: chance alone would call any common course synchrony. A claim needs `both`.""",
        f"""- **What a claim needs (`both`)** strangers meet in {claimed}: below the goal's .04,
        by construction, because two comparisons must succeed at once. The claim is timid, never
        liberal; where a shared agenda makes the first certain, the second alone decides.""",
        table=rates_table(rows),
    )


def _counted_again(again: Sequence[CalibrationRow]) -> str:
    low, high = (f"{f(r.rate for r in again):.4f}".removeprefix("0") for f in (min, max))
    left = misses(again)
    promise = "none of them is out of bounds" if not left else f"{len(left)} stay out of bounds"
    told = ", ".join(f"{r.rate:.4f}".removeprefix("0") for r in again)
    return (
        f"Of so many cells some lie outside by chance. **Counted again**, each with "
        f"{again[0].repetitions:,} other studies and by that comparison alone "
        f"(`arousal.hypothesis.calibration_recount`), {promise}: {low} to {high} (in the order "
        f"above: {told})."
    )


def recovery_page(rows: Sequence[CalibrationRow], run: Run) -> str:
    """Write the page of recovery.

    Parameters
    ----------
    rows : sequence of CalibrationRow
        From `arousal.hypothesis.calibration_recovery.calibrate_recovery`.
    run : Run
        How they were made.
    """
    nothing = [r for r in rows if r.scenario.startswith(WANDERING)]
    planted = [r for r in rows if not r.scenario.startswith(WANDERING)]
    plain, drift = (
        _range([r for r in nothing if ("drift" in r.scenario) is which], _of("recovery"))
        for which in (False, True)
    )
    kept = _broken(rows, "Every cell keeps it.")
    lost = _range(nothing, _of("presenter, blocks without"))
    error = f"{max((r.se for r in nothing if r.se == r.se), default=0.0):.3f}".removeprefix("0")
    slower, quicker = (
        [r for r in planted if r.scenario.startswith(way)] for way in ("slower", "quicker")
    )
    members, presenter = _of("recovery, members", 12), _of("recovery, presenter", 12)
    return _page(
        "# Calibration: recovery",
        f"""How often people whose level only wanders are said to come down slower, or quicker, from
        their peaks, at a nominal .05 (two-sided over blocks). A block is 75 min of noise in three
        phases, a presenter and five members (`arousal.hypothesis.calibration_recovery`).
        {run.told(pooled=True)} The largest standard error without an effect is {error}.""",
        """**Exploratory, and for researchers only.** Half-recovery is no registered hypothesis and
        is never confirmatory; it stands in the researcher's edition and in none of the leader's
        pages, and says nothing about anybody's robustness.""",
        f"Goal: at most .06 where there is nothing to be found. {kept}",
        f"""- **Wandering**: {plain}; with a drift of everyone by 1 SD over the block {drift}.""",
        f"""- **It grants the method its own bias**, {GRANTED:g} of the logarithm of the ratio of
        times (`arousal.hypothesis.recovery_tests`): surrogates get their spectrum from one block
        and are a little quicker than the person, by .01 to .03. That does not shrink with members
        and blocks, as standard errors do. The price is a timid test.""",
        """- **A drift is taken out first**, and the spectrum is that of the curve and its mirror
        image. Surrogates of the curve as it is turn a drift into a jump where its ends meet:
        whoever falls over the block then seems quick to recover, and whoever rises slow. Of studies
        of 20 blocks .6 to 1.0 claimed that of members before.""",
        f"""- **Blocks without a number** (fewer than three peaks) do not enter; of the presenter's
        curves {lost}. Numbers of blocks in the table are of those with a number.""",
        f"""- **What it finds**: rises of 3 SD in the discussion, one every five to ten minutes. Up
        in half a minute and half gone after four: {_range(slower, members)} of studies of 12 blocks
        find the members slower, {_range(slower, presenter)} the presenter. Up in four minutes and
        half gone after a quarter of one: {_range(quicker, members)} and
        {_range(quicker, presenter)} find them quicker. Who rises and falls equally slowly is not
        found: that is what noise does.""",
        table=rates_table(rows),
    )


def _page(heading: str, *parts: str, table: str) -> str:
    """Paragraphs and points, wrapped; points follow each other without a gap."""
    text = heading + "\n"
    for part in parts:
        point = part.startswith("- ")
        told = fill(" ".join(part.split()), WIDTH, subsequent_indent="  " if point else "")
        gap = "" if point and text.rsplit("\n\n", 1)[-1].startswith("- ") else "\n"
        text += f"{gap}{told}\n"
    return f"{text}\n{table}"


def _of(what: str, blocks: int = 0) -> Keep:
    return lambda r: what in r.method and blocks in {0, r.blocks}
