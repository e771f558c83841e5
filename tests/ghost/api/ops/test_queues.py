"""The state of the queue, as dashboards ask for it."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django_q.models import Task

from ghost.core.heartbeats.models import Heartbeat
from ghost.core.jobs.entries import QueueEntry
from ghost.operations import schedules
from tests import make

pytestmark = pytest.mark.django_db


def beat() -> None:
    now = timezone.now()
    doing = {
        "name": "worker:7", "state": "busy", "task": "dht.tasks.run_probes", "since": now.isoformat(),
    }  # fmt: skip
    Heartbeat.objects.create(
        kind="worker", host="one", pid=1, version="1", started_at=now, last_seen_at=now,
        processes=[doing],
    )  # fmt: skip


def test_it_tells_what_waits_runs_failed_and_who_works(client):
    beat()
    schedules.sync()
    now = timezone.now()
    QueueEntry.objects.create(task_id="1", func="x")
    QueueEntry.objects.create(task_id="2", func="x", worker="one:1:1", begun_at=now)
    Task.objects.create(id="a", name="a", func="x", started=now, stopped=now, success=False)

    found = client.get("/api/ops/queues", **make.auth(make.admin())).json()

    [queue], [worker] = found["queues"], found["workers"]
    assert found["status"] == "online"
    assert (queue["size"], queue["started"], queue["failed"], queue["deferred"]) == (1, 1, 1, 0)
    assert queue["scheduled"] == found["scheduler"]["scheduled_jobs"] == len(schedules.entries())
    assert (worker["name"], worker["host"], worker["state"], worker["current_task"]) == (
        "worker:7", "one", "busy", "dht.tasks.run_probes",
    )  # fmt: skip
    assert (found["scheduler"]["enabled"], found["scheduler"]["overdue"]) == (True, 0)


def test_it_says_where_each_secret_comes_from_and_never_what_it_is(client, settings):
    vault = client.get("/api/ops/queues", **make.auth(make.admin())).json()["vault"]

    names = {each["name"]: set(each) for each in vault["secrets"]}
    assert names["GHOST_TOKEN_PEPPER"] == {"name", "source", "ok"}
    assert settings.TOKEN_PEPPER not in str(vault)
    assert settings.SECRET_KEY not in str(vault)


def test_without_a_worker_it_is_offline_and_paused_it_is_degraded(client):
    root = make.auth(make.admin())
    offline = client.get("/api/ops/queues", **root).json()["status"]
    beat()
    QueueEntry.objects.create(task_id="1", func="x")

    answers = [client.post("/api/ops/queues/pause", **root).json() for _ in range(2)]
    found = client.get("/api/ops/queues", **root).json()
    resumed = client.post("/api/ops/queues/resume", **root).json()

    assert (offline, found["status"], found["queues"][0]["deferred"]) == ("offline", "degraded", 1)
    assert answers[0] == answers[1] == found["pause"]
    assert (answers[0]["state"], answers[0]["is_drained"]) == ("drained", True)
    assert (resumed["state"], resumed["paused_at"]) == ("active", None)
