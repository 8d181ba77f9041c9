"""Many sessions: the registered hypothesis over all case blocks of a study.

A study is a folder with ``study.toml``, ``sessions/<id>/`` and, once a hypothesis is registered,
``hypotheses.toml``. What is computed goes to ``derivatives/``, which can always be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from arousal.errors import NothingUsableError
from arousal.findings import Finding, Severity
from arousal.hypothesis.agreement import agreement
from arousal.hypothesis.block_curves import BlockCurve, shape_phase, unit_curves
from arousal.hypothesis.checklist import checklist
from arousal.hypothesis.curve_test import curve_clusters, simultaneous_band
from arousal.hypothesis.hypothesis_file import LEAST_BLOCKS, Hypothesis, HypothesisFile
from arousal.hypothesis.inference import Alternative
from arousal.hypothesis.methods import methods_paragraph
from arousal.hypothesis.outcome import results_table
from arousal.hypothesis.registration import (
    Ledger,
    Registration,
    load_ledger,
    mark_read,
    registered,
    status_of,
)
from arousal.hypothesis.study_facts import StudyFacts
from arousal.places import sessions_of
from arousal.session import load_study, participants_of
from arousal.study.exploration import explore_study
from arousal.study.reading import SessionReading, read_session, repeats_of
from arousal.study.study_test import StudyCurve, StudyTest, write_study_test
from arousal.study.summary import StudySummary

__all__ = ["StudyCurve", "StudyTest", "run_study_test", "write_study_test"]

Progress = Callable[[str], None]
Reader = Callable[[Sequence[Path], HypothesisFile], Iterable[SessionReading]]


def run_study_test(
    folder: Path,
    now: datetime,
    *,
    name: str | None = None,
    progress: Progress = lambda _: None,
    reader: Reader | None = None,
) -> StudyTest:
    """Test a study's registered hypothesis and write what follows to ``derivatives/``.

    Parameters
    ----------
    folder : Path
        With ``study.toml`` and ``sessions/<id>/session.toml``.
    now : datetime
        Timezone-aware; the look at the data is noted in ``hypotheses.toml``.
    name : str, optional
        Which registered hypothesis; default: the last.
    progress : callable
        Called with a short line as the work goes on.
    reader : callable, optional
        Reads session folders for a hypothesis, for instance in parallel or from what was kept;
        default: `read_session`, one after the other.

    Raises
    ------
    SettingsError
        If the folder is no study, or nothing is registered.
    NothingUsableError
        If there is no session, or no case block gives any contrast a value.
    """
    load_study(folder / "study.toml")
    file, entry = registered(folder, name)
    sessions = sessions_of(folder)
    if not sessions:
        raise NothingUsableError("no session", where=folder / "sessions")
    mark_read(folder, file, len(sessions), now)
    readings = list((reader or _one_by_one(progress))(sessions, file))
    ledger = load_ledger(folder)
    result = _tested(readings, file, entry, ledger, _participants(folder))
    write_study_test(result, folder / "derivatives")
    if result.contrasts["excluded"].all():
        reason = result.contrasts["reason"].mode().iloc[0]
        raise NothingUsableError(
            f"no case block gives any contrast a value; most often: {reason}",
            where=folder,
            hint="derivatives/contrasts.tsv has every reason",
        )
    return result


def _one_by_one(progress: Progress) -> Reader:
    def read(sessions: Sequence[Path], file: HypothesisFile) -> Iterable[SessionReading]:
        for count, session in enumerate(sessions, start=1):
            progress(f"{session.name} ({count} of {len(sessions)})")
            yield read_session(session, file)

    return read


def _participants(folder: Path) -> frozenset[str]:
    """What ``participants.tsv`` tells of anybody."""
    people = participants_of(folder).values()
    told = {name for p in people for name in p.covariates}
    told |= {"age" for p in people if p.age_band} | {"sex" for p in people if p.sex}
    return frozenset(told)


def _tested(
    readings: Sequence[SessionReading],
    file: HypothesisFile,
    entry: Registration,
    ledger: Ledger,
    described: frozenset[str],
) -> StudyTest:
    import pandas as pd

    hypothesis = file.hypothesis
    contrasts = pd.concat([r.contrasts for r in readings], ignore_index=True)
    status = {c.id: status_of(c, file, entry, ledger) for c in hypothesis.contrasts}
    results = results_table(contrasts, hypothesis, status)
    summary = StudySummary()
    for reading in readings:
        summary.add(reading.tally)
    facts: StudyFacts = summary.facts(described)
    rated = [r.ratings for r in readings if r.ratings is not None]
    blocks = contrasts.loc[contrasts["block"] > 0, ["session", "block"]].drop_duplicates()
    return StudyTest(
        entry.name,
        entry.version,
        file.sha256,
        contrasts,
        results,
        tuple(_curves(readings, hypothesis)),
        methods_paragraph(file, entry, ledger, facts, results, agreement(rated) if rated else ()),
        checklist(facts, hypothesis),
        (
            *_changed(file, entry, ledger),
            *(f for r in readings for f in r.findings),
            *_looks(ledger, file),
        ),
        f"{facts.used_sessions} of {facts.sessions} sessions, {len(blocks)} case blocks",
        {r.session: r.tally.people for r in readings if r.tally is not None},
        explore_study(readings, hypothesis),
    )


def _changed(file: HypothesisFile, entry: Registration, ledger: Ledger) -> Iterable[Finding]:
    if ledger.as_registered(file.sha256) != entry.sha256:
        yield Finding(
            "hypothesis-changed",
            f"was changed after it was registered and data were read (SHA-256 registered "
            f"{entry.sha256[:12]}, now {file.sha256[:12]}): nothing is confirmatory",
            Severity.PROBLEM,
            entry.file,
            "put the registered text back, or register the new text under a new version",
        )


def _looks(ledger: Ledger, file: HypothesisFile) -> Iterable[Finding]:
    sizes = sorted({look.sessions for look in ledger.looks_at(file.sha256)})
    if len(sizes) > 1:
        yield Finding(
            "repeated-looks",
            f"computed with {', '.join(map(str, sizes))} sessions; p values are not corrected for "
            "looking more than once",
            hint="plan the number of case blocks beforehand: arousal power",
        )


def _curves(readings: Sequence[SessionReading], hypothesis: Hypothesis) -> Iterable[StudyCurve]:
    known = {c.id: c for c in hypothesis.contrasts}
    repeats = repeats_of(readings, hypothesis)
    found: dict[tuple[str, str], list[BlockCurve]] = {}
    for one in (c for r in readings for c in r.curves):
        found.setdefault((one.contrast, one.measure), []).append(one.curve)
    for (name, measured), curves in found.items():
        contrast = known[name]
        values = unit_curves(curves, contrast, repeats)
        if len(values) < LEAST_BLOCKS:
            continue
        band = simultaneous_band(values)
        way: Alternative = "two-sided"
        test = curve_clusters(values, way)
        yield StudyCurve(
            name,
            measured,
            shape_phase(contrast),
            tuple(band.mean.tolist()),
            tuple(band.low.tolist()),
            tuple(band.high.tolist()),
            tuple(band.n.tolist()),
            test.p,
            tuple((s.first, s.last, s.p) for s in test.stretches),
            len(curves),
        )
