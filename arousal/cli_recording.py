"""Commands for the day of the recording. They parse, call and print; no logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

import math
from pathlib import Path

import click

__all__ = ["COMMANDS"]

_PATH = click.Path(path_type=Path)


def _over_zero(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise click.BadParameter(f"{value:g} is not a number over 0")
    return value


@click.command()
@click.argument("out", type=_PATH)
@click.option("--session", type=_PATH, help="Session folder: who wears what, who agreed.")
@click.option(
    "--minutes",
    default=120.0,
    show_default=True,
    callback=_over_zero,
    help="Planned length, for the disk.",
)
@click.option(
    "--stop-after",
    type=float,
    metavar="MINUTES",
    callback=_over_zero,
    help="Stop by itself.",
)
@click.option("--check", is_flag=True, help="Only compare the streams with the session's roster.")
def record(
    out: Path, session: Path | None, minutes: float, stop_after: float | None, check: bool
) -> None:
    """Record every LSL stream so that nothing is lost, until Ctrl-C or SIGTERM.

    OUT is a folder (recording.xdf and journal.jsonl are made in it) or a file ending in .xdf.
    Nothing that exists is overwritten. Streams that appear later or come back are recorded too.
    Needs no terminal: it runs as a service. At a terminal each line typed is a mark.
    """
    from arousal.errors import DeviceError, UsageError
    from arousal.findings import Severity
    from arousal.ingest.devices import load_catalogue
    from arousal.ingest.recorder import Recorder
    from arousal.ingest.recording_service import Speaker, check_roster, record_until_stopped
    from arousal.ingest.roster import load_roster

    if check:
        if session is None:
            raise UsageError(
                "--check needs --session FOLDER: without it nobody is expected",
                hint="`arousal streams` lists what is there",
            )
        findings = check_roster(load_roster(session, load_catalogue()))
        for finding in findings:
            click.echo(f"{finding.severity}: {finding}")
        problems = sum(finding.severity is Severity.PROBLEM for finding in findings)
        if problems:
            raise DeviceError(f"{problems} problems before the recording", where="roster")
        click.echo("the roster is complete")
        return
    speaker = Speaker(lambda line: click.echo(line, err=True))
    recorder = Recorder(out, session, planned=60 * minutes, tell=speaker.finding)
    try:
        summary = record_until_stopped(
            recorder, speaker, None if stop_after is None else 60 * stop_after
        )
    finally:
        if recorder.begun:
            _remove_who_withdrew(recorder.path, session)
    click.echo(str(summary.path))


def _remove_who_withdrew(recorded: Path, session: Path | None) -> None:
    from datetime import UTC, datetime

    from arousal.errors import DataError
    from arousal.forget import finish_withdrawals
    from arousal.session import load_session

    if session is None or not load_session(session / "session.toml").withdrawn:
        return
    if recorded.resolve().parent != session.resolve():
        raise DataError(
            "somebody withdrew, and what was written before is still in this file",
            where=recorded,
            hint="move it with its journal into the session's folder, then `arousal forget`",
        )
    for done in finish_withdrawals(session, today=datetime.now(UTC).date()):
        for line in done.lines:
            click.echo(line, err=True)


@click.command()
@click.option("--session", type=_PATH, help="Session folder: who should be there.")
@click.option(
    "--seconds",
    default=5.0,
    show_default=True,
    callback=_over_zero,
    help="How long to measure.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def streams(session: Path | None, seconds: float, as_json: bool) -> None:
    """List the LSL streams on the network: what they are, how fast they come, what is wrong."""
    from arousal.ingest.devices import load_catalogue
    from arousal.ingest.roster import load_roster
    from arousal.ingest.survey import survey
    from arousal.ingest.survey_text import survey_json, survey_lines

    found = survey(load_roster(session, load_catalogue()), seconds)
    if as_json:
        click.echo(survey_json(found))
        return
    for line in survey_lines(found):
        click.echo(line)


@click.command()
@click.argument("folder", type=_PATH, default=".")
@click.option(
    "--minutes",
    default=120.0,
    show_default=True,
    callback=_over_zero,
    help="Planned length, for the disk.",
)
def doctor(folder: Path, minutes: float) -> None:
    """Look at this computer before the session, and say what to do.

    FOLDER is where the recording will be written. Configuration, session, ports, multicast,
    discovery, disk, clock, versions.
    """
    from arousal.errors import DeviceError
    from arousal.findings import Severity
    from arousal.ingest.doctor import examine

    problems = 0
    for check in examine(folder, minutes):
        click.echo(f"{check.severity or 'ok':8} {check.name}: {check.text}")
        if check.hint:
            click.echo(f"{'':8} -> {check.hint}")
        problems += check.severity is Severity.PROBLEM
    if problems:
        raise DeviceError(f"{problems} things would keep a recording from working")


@click.command()
@click.argument("session", type=_PATH)
@click.option("--speed", default=1.0, show_default=True, help="Seconds of the session per second.")
@click.option("--loop", is_flag=True, help="Begin again at the end.")
@click.option("--fault", "faults", multiple=True, metavar="KIND[:STREAM]@SECONDS[+LENGTH][=VALUE]")
@click.option("--as", "devices", multiple=True, metavar="DEVICE", help="Send as this wearable.")
def replay(
    session: Path, speed: float, loop: bool, faults: tuple[str, ...], devices: tuple[str, ...]
) -> None:
    """Publish a recording as virtual wearables, to try everything without hardware.

    SESSION is a session folder or an XDF file, recorded or simulated.

    \b
    Faults:   dies:NAME@30+20   late:NAME@30   silent:NAME@30+10   twin:NAME@0   rate:NAME@0=0.8
              nan:NAME@30+5   flat:NAME@30+60   step:NAME@60=3.5   freeze@60+5
    Devices:  polar-h10 excite-o-meter smartwatch-stream e4 e4-suite shimmer opensignals emotibit
              muse nervous
    """  # noqa: D301 (click reads the backspace itself)
    from arousal.ingest.replay import Replay, virtual_streams
    from arousal.ingest.replay_service import replay_until_stopped
    from arousal.ingest.virtual_faults import parse_fault

    virtual = virtual_streams(session, devices)
    names = [stream.recorded_as for stream in virtual]
    parsed = [parse_fault(fault, names) for fault in faults]
    player = Replay(virtual, speed=speed, loop=loop, faults=parsed)
    sent = replay_until_stopped(player, lambda line: click.echo(line, err=True))
    for name, count in sent.items():
        click.echo(f"{name}: {count} samples sent", err=True)


COMMANDS: list[click.Command] = [record, streams, doctor, replay]
