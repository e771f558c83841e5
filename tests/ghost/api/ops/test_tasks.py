"""Tasks that ended of late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Task

from ghost.core.jobs.models import Job
from tests import make, operators

pytestmark = pytest.mark.django_db


def end(name: str, *, ok: bool = True, tries: int = 1, result: object = None, ago: int = 0) -> None:
    at = timezone.now() - timedelta(minutes=ago)
    Task.objects.create(
        id=name, name=name, func="dht.tasks.run_probes", started=at - timedelta(seconds=2),
        stopped=at, success=ok, attempt_count=tries, result=result,
    )  # fmt: skip


def test_they_are_told_newest_first_by_level(client):
    root = make.auth(make.admin())
    end("fine", ago=3, result="done")
    end("again", tries=2, ago=2)
    end("broken", ok=False, ago=1, result="boom : Traceback (most recent call last): secrets")
    Job.objects.create(task_id="fine", kind="probe")

    by_level = {
        level: client.get(f"/api/ops/tasks/recent?level={level}", **root).json()
        for level in ("info", "warning", "error")
    }

    assert [[each["task_id"] for each in rows] for rows in by_level.values()] == [
        ["broken", "again", "fine"], ["broken", "again"], ["broken"],
    ]  # fmt: skip
    broken, again, fine = by_level["info"]
    assert (broken["said"], broken["level"], broken["kind"]) == ("boom", "error", None)
    assert (again["level"], fine["kind"], fine["said"]) == ("warning", "probe", "done")
    assert fine["duration_s"] == 2.0
    assert len(client.get("/api/ops/tasks/recent?limit=1", **root).json()) == 1


def test_who_may_not_see_people_is_not_told_what_may_name_them():
    end("1", result="put back by olga")

    shown = [
        operators.client(group).get("/api/ops/tasks/recent").json()[0]["said"]
        for group in ("Viewer", None)
    ]

    assert shown == [None, "put back by olga"]


@pytest.mark.parametrize("query", ["level=loud", "limit=0", "limit=501"])
def test_what_can_not_be_meant_is_refused(client, query):
    answer = client.get(f"/api/ops/tasks/recent?{query}", **make.auth(make.admin()))

    assert answer.status_code == 422
