"""What tests of the page share."""

from __future__ import annotations

import pytest

from tests.dashboards.rendered import rendered_pages


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """Pages by name: researcher, leader, released (also de, hu), small, none, plain, own."""
    return rendered_pages()
