"""The live server answers its own page and nobody else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from starlette.testclient import TestClient

from arousal.errors import UsageError
from dashboards.live import Door, make_app, serve
from tests.live_rig import Study

HOME = "http://127.0.0.1:8765"
OWN = {"Origin": HOME, "X-Arousal": "1", "Content-Type": "application/json"}


@pytest.fixture
def client(tmp_path):
    study = Study(tmp_path / "study", people=2)
    app = make_app(study.session, Door.of(["127.0.0.1", "localhost"], 8765))
    return TestClient(app, base_url=HOME)


def test_the_page_and_its_files_come_with_a_policy_that_lets_nothing_in_or_out(client):
    for place in ("/", "/static/live.js", "/static/live.css"):
        answer = client.get(place)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e%2fapp.py").status_code == 404


def test_everything_that_a_page_loads_is_small(client):
    names = [
        "live.css",
        *(f"{n}.js" for n in ("live", "core", "before", "during", "after", "draw")),
    ]
    size = sum(len(client.get(f"/static/{name}").content) for name in names)
    assert size < 1_000_000


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1:80", ""])
def test_another_host_name_is_refused(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    "change",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"X-Arousal": ""},
        {"Content-Type": "text/plain"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_foreign_page_cannot_mark_or_stop(client, change):
    headers = {k: v for k, v in {**OWN, **change}.items() if v}
    assert client.post("/api/stop", headers=headers, content="{}").status_code == 403


def test_the_own_page_may_ask_and_is_told_in_words_that_no_recorder_is_there(client):
    answer = client.post("/api/mark", headers=OWN, json={"text": "phase/baseline", "key": "k"})
    assert answer.status_code == 503
    assert "recorder" in answer.json()["error"]
    assert client.post("/api/format_disk", headers=OWN, json={}).status_code == 409


def test_a_token_is_asked_for_once_and_then_kept_in_a_cookie(tmp_path):
    study = Study(tmp_path / "study", people=2)
    app = make_app(study.session, Door.of(["lab.local"], 8765, "s3cret"))
    client = TestClient(app, base_url="http://lab.local:8765", follow_redirects=False)
    assert client.get("/").status_code == 401
    assert client.get("/?token=guess").status_code == 401
    entered = client.get("/?token=s3cret")
    assert entered.status_code == 303
    assert "httponly" in entered.headers["set-cookie"].lower()
    assert "samesite=strict" in entered.headers["set-cookie"].lower()
    assert client.get("/").status_code == 200


def test_curves_are_hidden_unless_the_server_was_started_for_a_researcher(client, tmp_path):
    assert client.get("/api/curves").status_code == 403
    study = Study(tmp_path / "other", people=2)
    door = Door.of(["127.0.0.1"], 8765)
    open_one = TestClient(make_app(study.session, door, researcher=True), base_url=HOME)
    assert open_one.get("/api/curves").status_code == 503


def test_other_computers_are_let_in_only_with_a_token(tmp_path):
    with pytest.raises(UsageError, match="--token"):
        serve(tmp_path, print, host="0.0.0.0", open_browser=False)  # noqa: S104


def test_a_refused_host_leaves_no_study_and_no_recorder_behind(tmp_path):
    command = [sys.executable, "-m", "arousal.cli", "live", "new", "--host", "0.0.0.0"]  # noqa: S104
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert "needs --token" in found.stderr
    assert list(tmp_path.iterdir()) == []
