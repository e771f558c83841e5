"""A worker host with Redis as its broker: nothing is lost with it."""

from __future__ import annotations

import time

import pytest

from tests.ghost.operations.workers.conftest import WorkerHost
from tests.installation import Installation, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def host(tmp_path, redis_server):
    variables = {
        "GHOST_REDIS_URL": redis_server.url,
        "GHOST_WORKERS": "2",
        "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
    }
    with Installation(tmp_path, **variables) as place:
        host = WorkerHost(place)
        host.start()
        yield host
        host.close()


def test_no_work_is_lost_with_redis(host, redis_server):
    marks = host.flood("forgotten", 30, 0.05)
    redis_server.client().flushall()
    host.kill("pusher")
    flushed_at = time.monotonic()
    wait_for("what Redis forgot", lambda: all(host.runs(mark) for mark in marks), 60)
    forgotten_s = time.monotonic() - flushed_at

    redis_server.stop()
    away_s = host.works_on("without-redis")
    redis_server.start()
    host.works_on("with-redis-again")
    wait_for("all results", lambda: not host.entries())

    assert (forgotten_s < 60, away_s < 30) == (True, True)
    assert host.stored() == len(marks) + 2
