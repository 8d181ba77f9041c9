"""Commands about consent. They parse, call and print; no logic lives here.

`COMMANDS` is registered by `arousal.cli`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

__all__ = ["COMMANDS"]

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("place", type=_PATH, metavar="STUDY|SESSION")
@click.argument("person")
@click.option("--session", metavar="ID", help="Of a study only this session. Default: all of it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(place: Path, person: str, session: str | None, yes: bool) -> None:
    """Remove a person who withdraws: samples, words, name, and all that was made of them.

    The first argument is a study's folder or, outside of a study, that of one session; PERSON is
    the pseudonym. Recordings are rewritten without that person's streams and compared with what
    they were; tables and pages are deleted, and a leader's page is made again only if enough
    members remain. This cannot be undone. Copies elsewhere (backups, exports, pages that were
    passed on) are yours to delete. If it is interrupted, run it again.

    A session that is being recorded: the person's streams are closed at once, and what was written
    before is removed when the recording ends.

    \b
      arousal forget study P04                        from the whole study
      arousal forget study P04 --session 2026-03-12   from one of its sessions
      arousal forget evening P04                      from a session that lies in no study
    """  # noqa: D301 (click reads the backspace itself)
    from arousal.errors import DataError, DeviceError
    from arousal.forget import forget as forget_person
    from arousal.study.remaining import drop_made_of

    whole = session is None and (place / "study.toml").exists()
    scope = "the whole study" if whole else f"session {session or place.name}"
    if not yes:
        click.confirm(f"Remove {person} from {scope} for good?", abort=True)
    today = datetime.now(UTC).date()
    done = forget_person(
        place,
        person,
        session=session,
        today=today,
        reissue=_reissue,
        drop_tables=drop_made_of,
    )
    for line in done.lines:
        click.echo(line)
    if done.unconfirmed:
        raise DeviceError(
            f"the recorder of {', '.join(done.unconfirmed)} did not confirm that it closed the "
            "person's streams",
            hint="end that recording, then run this again",
        )
    if done.leftovers:
        files = ", ".join(str(path) for path in done.leftovers)
        raise DataError(
            f"{len(done.leftovers)} other files still name the person: {files}",
            where=place,
            hint="this program does not know them: correct or delete them by hand",
        )
    if done.sessions:
        many = len(done.sessions)
        changed = "1 session" if many == 1 else f"{many} sessions"
        click.echo(f"{changed} changed; nothing there names the person any more")


def _reissue(folder: Path) -> bool:
    """Make a session's leader's page again if what remains allows a group figure."""
    from arousal.consent import Audience
    from arousal.errors import NothingUsableError
    from arousal.pipeline import measure, open_session
    from dashboards.access import Access
    from dashboards.report import write_report

    now = datetime.now(UTC)
    try:
        source = open_session(folder)
        if source.consents.researcher_only:
            return False
        result = measure(source).result("group_view")
    except NothingUsableError:
        return False
    if Access(result, Audience.LEADER, now).group.level == "none":
        return False
    write_report(result, folder / "derivatives" / "report.html", Audience.LEADER, now)
    return True


COMMANDS: list[click.Command] = [forget]
