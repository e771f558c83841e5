"""The heartbeat that a worker host's watch writes."""

from __future__ import annotations

import os

import pytest

from dht.engine import session
from ghost.core.heartbeats import processes
from ghost.core.heartbeats.models import Heartbeat
from ghost.operations.chores import watch, worker_heartbeat
from tests.ghost.operations.figures.moments import told

pytestmark = pytest.mark.django_db


def test_a_beat_says_who_lives_and_what_this_host_sees():
    worker_heartbeat.beat()

    row = Heartbeat.objects.get()
    assert (row.kind, row.pid) == ("worker", os.getppid())
    assert row.facts["libtorrent"] == ""
    assert row.facts["disks"][0]["free_bytes"] > 0
    assert f":{os.getpid()}" in {p["name"][p["name"].rindex(":") :] for p in row.processes}
    assert told("workers") == ("ok", "workers.alive")


def test_a_second_beat_renews_the_row():
    worker_heartbeat.beat()
    before = Heartbeat.objects.get()

    worker_heartbeat.beat()

    after = Heartbeat.objects.get()
    assert after.last_seen_at > before.last_seen_at
    assert after.started_at == before.started_at


def test_a_host_without_libtorrent_says_so(monkeypatch):
    monkeypatch.setattr(session, "lt", None)

    worker_heartbeat.beat()

    assert "libtorrent" in Heartbeat.objects.get().facts["libtorrent"]


def test_the_watch_does_it():
    assert "heartbeat" in {chore.name for chore in watch.CHORES}


def test_it_remembers_when_a_worker_was_seen_last(monkeypatch):
    roles = iter(["worker", "guard", "guard"])
    monkeypatch.setattr(processes, "below", lambda parent: [os.getpid()])
    monkeypatch.setattr(processes, "role", lambda pid: next(roles))

    seen = []
    for _ in range(3):
        worker_heartbeat.beat()
        seen.append(Heartbeat.objects.get().facts["workers_seen_at"])

    assert len(set(seen)) == 1


def test_it_asks_redis_where_there_is_to_be_one(configure, redis_server):
    configure(redis_url=redis_server.url)
    worker_heartbeat.beat()
    there = told("redis")
    redis_server.stop()
    worker_heartbeat.beat()

    assert (there, told("redis")) == (("ok", "redis.answers"), ("degraded", "redis.away"))
