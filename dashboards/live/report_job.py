"""Make the researcher's report of a session: ``python -m dashboards.live.report_job FOLDER``.

A process of its own, because the analysis keeps a processor busy and the page must not wait.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from arousal.consent import Audience
from arousal.errors import ArousalError

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Analyse, write the derivatives, write the page."""
    from arousal.derivatives import write_derivatives
    from arousal.pipeline import measure, open_session
    from dashboards.beyond import look_beyond
    from dashboards.report import write_report

    folder = Path(arguments[0])
    try:
        measured = measure(open_session(folder))
        result = measured.result("research")
        now = datetime.now(UTC)
        write_derivatives(result, folder / "derivatives", now)
        target = folder / "derivatives" / "report_researcher.html"
        beyond = look_beyond(measured, result, now)
        write_report(result, target, Audience.RESEARCHER, now, beyond=beyond)
    except ArousalError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
