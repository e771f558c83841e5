"""Health tells of real processes: that they work, that they died, and that they are back."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from tests import webhook
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver():
    with webhook.receiving() as server:
        yield server


@pytest.fixture
def place(tmp_path, receiver):
    with Installation(
        tmp_path, GHOST_DHT_LISTEN_INTERFACES="127.0.0.1:0", GHOST_HEALTH_ALLOWLIST='["127.0.0.0/8"]',
        GHOST_ALERT_WEBHOOKS=f"{receiver.url}/hook", GHOST_ALERT_WEBHOOK_SECRET=webhook.SECRET,
        GHOST_DEADMAN_URL=f"{receiver.url}/ping",
    ) as installation:  # fmt: skip
        installation.start("worker")
        installation.start("web")
        yield installation


def health(place: Installation) -> dict[str, Any]:
    """What `/health` says, with its items by their names."""
    body: dict[str, Any] = requests.get(f"{place.url}/health", timeout=120).json()
    return body | {"items": {item["name"]: item for item in body["items"]}}


def status(place: Installation, name: str) -> str:
    return str(health(place)["items"][name]["status"])


def roles(place: Installation) -> set[str]:
    rows = health(place)["items"]["workers"]["rows"]
    return {process["role"] for row in rows for process in row["processes"]}


def silence_worker(place: Installation) -> None:
    """As if two minutes had passed since its last heartbeat, and since it looked after alerts."""
    place.write(f"UPDATE ghost_heartbeat SET last_seen_at = '{long_ago()}' WHERE kind = 'worker'")
    place.write(f"UPDATE ghost_alertwatch SET looked_at = '{long_ago()}'")


def long_ago() -> str:
    return (timezone.now() - timedelta(minutes=2)).strftime("%Y-%m-%d %H:%M:%S.%f")


def tell_soon(place: Installation) -> None:
    """As if what is well again had been so for two minutes."""
    place.write(f"UPDATE ghost_alert SET well_since = '{long_ago()}' WHERE well_since NOT NULL")
    place.write(f"UPDATE ghost_alertwatch SET looked_at = '{long_ago()}'")


def test_a_worker_that_dies_is_missed_and_told_of_by_the_web_server_until_it_is_back(
    place, receiver
):
    wanted = {"guard", "worker", "pusher", "monitor", "watch"}
    wait_for("all processes in the heartbeat", lambda: wanted <= roles(place))
    wait_for("the web server's heartbeat", lambda: status(place, "web") == "ok")
    wait_for("a site", lambda: status(place, "build") == "ok")
    wait_for("a sign of life", lambda: "/ping" in receiver.asked)
    before, told_before = health(place), receiver.events("worker-gone")

    place.stop("worker", signal.SIGKILL)
    silence_worker(place)
    wait_for("the loss", lambda: health(place)["status"] == "degraded")
    wait_for("the alert", lambda: receiver.events("worker-gone"))
    gone = wait_for("its item", lambda: health(place)["items"]["workers"].get("advice"))
    place.start("worker")
    wait_for("the return", lambda: health(place)["status"] == "ok")
    wait_for("its end", lambda: tell_soon(place) or len(receiver.events("worker-gone")) > 1)

    assert (before["status"], told_before) == ("ok", [])
    assert receiver.events("worker-gone") == ["firing", "over"]
    assert receiver.forged == []
    assert "Start the worker" in str(gone)


def test_it_answers_quickly_while_a_writer_holds_the_database(place):
    wait_for("a site", lambda: requests.get(f"{place.url}/ready", timeout=120).status_code == 200)
    with closing(sqlite3.connect(place.folder / "ghost.db", timeout=20)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        answers = [
            requests.get(f"{place.url}{path}", timeout=120) for path in ("/health", "/ready")
        ] * 3
        writer.rollback()

    assert {answer.status_code for answer in answers} == {200}
