"""What a computer lacks is skipped at home, and fails in CI."""

from __future__ import annotations

import pytest

from tests.missing import missing


def test_at_home_a_test_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no disk"):
        missing("no disk")


def test_in_ci_it_fails_with_the_reason(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no disk"):
        missing("no disk")


@pytest.mark.parametrize("value", ["true", "false"])
def test_who_asks_may_decide_otherwise(monkeypatch, value):
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        missing("no browser", required=True)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        missing("no browser", required=False)
