"""`migrate` is all that a person has to run: the programs put the rest right, and wait for it."""

from __future__ import annotations

import pytest
import requests

from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow


def answer(place: Installation, path: str) -> requests.Response | None:
    try:
        return requests.get(place.url + path, timeout=120)
    except requests.RequestException:  # it begins
        return None


def status(place: Installation, path: str) -> int:
    found = answer(place, path)
    return 0 if found is None else found.status_code


def test_a_site_is_built_after_migrate_alone_though_the_programs_were_there_before(tmp_path):
    place = Installation(tmp_path, GHOST_DHT_LISTEN_INTERFACES="127.0.0.1:0")
    try:
        place.start("web", is_awaited=False)
        place.start("worker")
        wait_for("the line of the worker", lambda: "run manage.py migrate" in place.log("worker"))
        wait_for("the line of the web server", lambda: "run manage.py migrate" in place.log("web"))
        before = [(status(place, path)) for path in ("/health", "/ready")]
        told = answer(place, "/health")

        place.manage("migrate")

        wait_for("a site", lambda: status(place, "/ready") == 200)
        wait_for(
            "the web server's heartbeat",
            lambda: place.rows("SELECT * FROM ghost_heartbeat WHERE kind = 'web'"),
        )
        wait_for("health", lambda: status(place, "/health") == 200)
        (schedules,) = place.rows("SELECT count(*) FROM django_q_schedule")[0]
        (groups,) = place.rows("SELECT count(*) FROM auth_group")[0]
    finally:
        place.__exit__()
    assert before == [503, 503]
    assert told is not None
    assert told.json() == {"status": "loading"}
    assert (schedules > 5, groups) == (True, 3)
    assert (tmp_path / "secrets" / "admin-token").stat().st_mode & 0o777 == 0o600
    assert place.public("index.html")
    public = {tmp_path / "site", *(tmp_path / "site").rglob("*"), *tmp_path.glob("*.log")}
    private = set(tmp_path.rglob("*")) - public
    assert {path for path in private if path.stat().st_mode & 0o077} == set()
    assert "Traceback" not in place.log("web") + place.log("worker")
    assert "Service Unavailable" not in place.log("web")
