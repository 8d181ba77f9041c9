"""The command for a running session: parses, calls, prints.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

__all__ = ["COMMANDS"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--session", metavar="ID", help="Default: the one that is prepared, else today's.")
@click.option("--protocol", default="balint-90", show_default=True, help="Of a study that is made.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: the first free from 8765.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Others need --token.")
@click.option("--token", is_flag=True, help="Ask for a token, which is printed once.")
@click.option("--tls", type=(_FILE, _FILE), metavar="CERT KEY", help="PEM files: serve over HTTPS.")
@click.option("--researcher", is_flag=True, help="Allow live curves: on a screen nobody else sees.")
@click.option("--language", type=click.Choice(["en", "de", "hu"]), help="Default: the browser's.")
@click.option("--no-browser", is_flag=True, help="Do not open the page.")
def live(study: Path, session: str | None, protocol: str, *, no_browser: bool, **page: Any) -> None:
    """Record a session on one screen: sensors' health, marks by key, corrections, the report.

    STUDY is a study's folder; an empty or new one becomes one. The recorder runs in a process of
    its own: closing this page or this command does not end a recording, and the same command
    attaches to it again.
    """
    from datetime import date

    from arousal.monitor.desk_process import attach
    from arousal.monitor.study_folder import (
        choose_session,
        is_recorded,
        open_study,
        prepare_session,
    )
    from dashboards.live import check_access, serve

    check_access(page["host"], token=page["token"], tls=page["tls"])
    root = open_study(study, protocol)
    name = session or choose_session(root, date.today())  # noqa: DTZ011 - the day on the wall
    folder = prepare_session(root, name)
    if not is_recorded(folder):
        attach(folder)
    click.echo(f"session {name}; Ctrl-C ends the page, not a recording", err=True)
    serve(folder, click.echo, open_browser=not no_browser, **page)


COMMANDS: list[click.Command] = [live]
