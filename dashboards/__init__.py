"""What people look at: self-contained pages and their figures.

>>> from dashboards import render_report                  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboards.report import render_report, write_report

__all__ = ["render_report", "write_report"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'dashboards' has no attribute {name!r}")
    from dashboards import report

    return getattr(report, name)
