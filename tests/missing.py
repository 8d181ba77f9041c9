"""What a test needs and this computer lacks: skipped with the reason, and a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

__all__ = ["missing"]


def missing(reason: str, *, required: bool | None = None) -> NoReturn:
    """Skip the test, or fail it where nothing may be missing.

    Parameters
    ----------
    reason : str
        What is missing, and how to get it.
    required : bool, optional
        Whether it must be there; in CI (``CI=true``) if left out.
    """
    if os.environ.get("CI") == "true" if required is None else required:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
