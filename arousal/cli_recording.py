"""Commands for the day of the recording. They parse, call and print; no logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["COMMANDS"]

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("out", type=_PATH)
@click.option("--session", type=_PATH, help="Session folder: who wears what, who agreed.")
@click.option("--minutes", default=120.0, show_default=True, help="Planned length, for the disk.")
@click.option("--stop-after", type=float, metavar="MINUTES", help="Stop by itself.")
@click.option("--check", is_flag=True, help="Only compare the streams with the session's roster.")
def record(
    out: Path, session: Path | None, minutes: float, stop_after: float | None, check: bool
) -> None:
    """Record every LSL stream so that nothing is lost, until Ctrl-C or SIGTERM.

    OUT is a folder (recording.xdf and journal.jsonl are made in it) or a file ending in .xdf.
    Nothing that exists is overwritten. Streams that appear later or come back are recorded too.
    Needs no terminal: it runs as a service. At a terminal each line typed is a mark.
    """
    from arousal.errors import DeviceError
    from arousal.findings import Severity
    from arousal.ingest.devices import load_catalogue
    from arousal.ingest.recorder import Recorder
    from arousal.ingest.recording_service import Speaker, check_roster, record_until_stopped
    from arousal.ingest.roster import load_roster

    if check:
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
    summary = record_until_stopped(
        recorder, speaker, None if stop_after is None else 60 * stop_after
    )
    click.echo(str(summary.path))


COMMANDS: list[click.Command] = [record]
