"""Counters are right over several web processes that come and go."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing

import pytest
import requests

from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow
KEY = "the-key-of-this-monitor"
COUNTER = 'ghost_http_requests_total{area="torznab",code="4xx",method="GET"}'


@pytest.fixture
def place(tmp_path):
    with Installation(
        tmp_path, GHOST_METRICS_ENABLED="1", GHOST_METRICS_KEY=KEY,
        GUNICORN_CMD_ARGS="--max-requests 12 --max-requests-jitter 0",
    ) as installation:  # fmt: skip
        installation.start("web")
        yield installation


def ask(place: Installation, times: int) -> None:
    """So many requests of a kind that nobody else makes."""
    for _ in range(times):
        assert requests.get(f"{place.url}/api/torznab/api", timeout=60).status_code == 401


def counted(place: Installation) -> float:
    """As the monitor reads it, of whichever process answers."""
    answer = requests.get(f"{place.url}/metrics", headers={"X-Ghost-Metrics-Key": KEY}, timeout=60)
    lines = [line for line in answer.text.splitlines() if line.startswith(COUNTER)]
    return float(lines[0].split()[-1]) if lines else 0.0


def test_what_processes_counted_is_kept_when_they_end(place):
    ask(place, 40)  # each process ends after twelve
    place.stop("web")
    place.start("web")
    after_their_end = counted(place)

    ask(place, 5)
    wait_for("the next writing", lambda: counted(place) == 45)
    ask(place, 5)
    place.stop("web", signal.SIGKILL)
    with closing(sqlite3.connect(place.folder / "ghost.db")) as database:
        row = database.execute(
            "SELECT value FROM ghost_countervalue WHERE series = 'ghost_http_requests|torznab|GET|4xx|'"
        ).fetchone()

    assert after_their_end == 40
    assert 45 <= row[0] <= 50
