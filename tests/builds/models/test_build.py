"""What listeners hear of builds: everybody how far, only Admins what went wrong."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from builds import run as runs
from builds import tasks
from builds.models import Build, BuildState
from ghost.core import process
from ghost.core.events.models import Event, EventKind
from ghost.core.jobs.models import Job
from ghost.core.text.reasons import words
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def told() -> list[tuple]:
    """Of each event: state, stage."""
    events = Event.objects.filter(kind=EventKind.BUILD).order_by("id")
    return [(event.data["state"], event.data["stage"]) for event in events]


def test_build_is_told_from_its_beginning_to_its_end():
    make.resource()
    Event.objects.all().delete()

    tasks.build_now("somebody")

    stages = list(Build.objects.get().steps.values_list("name", flat=True))
    assert told() == [
        ("running", None),
        *(("running", stage) for stage in stages),
        ("done", None),
    ]
    assert all(Event.objects.filter(kind=EventKind.BUILD).values_list("is_for_all", flat=True))


def test_only_admins_hear_what_went_wrong_and_who_asked():
    build = present(Build.objects.claim("somebody"))
    BuildState.fail(build, words("boom"))

    event = present(Event.objects.last())
    for_all = json.loads(event.block(is_all=False).split(b"\n")[1][6:])
    for_admins = json.loads(event.block(is_all=True).split(b"\n")[1][6:])
    assert (for_all["state"], for_all["build_id"]) == ("failed", build.pk)
    assert {"error": "boom", "trigger": "somebody"}.items() <= for_admins.items()
    assert {"error", "trigger"} & for_all.keys() == set()


def test_progress_is_told_once_a_second(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    run = runs.Run(present(Build.objects.claim("test")), lambda step: None)
    with run.step("hugo"):
        for now in (0.5, 1.2, 1.5, 2.0, 2.3):
            clock[0] = now
            run.report(int(now * 10), 100)

    progress = [
        e.data["progress"] for e in Event.objects.filter(kind=EventKind.BUILD).order_by("id")
    ]
    assert progress == [None, None, {"done": 12, "total": 100}, {"done": 23, "total": 100}]


def test_builder_that_died_is_told_once():
    build = present(Build.objects.claim("test"))
    Build.objects.update(lease_until=timezone.now() - timedelta(hours=1))

    buried = [Build.objects.bury_dead(), Build.objects.bury_dead()]

    assert buried == [1, 0]
    assert told()[-1] == ("failed", None)
    assert build.pk


@pytest.mark.parametrize(
    ("builder", "is_waited_for"),
    [
        (process.name(), True),
        (f"{process.machine()}:4194303:1", False),
        ("elsewhere.00000000:7:1", True),  # of other machines nobody knows: by its lease
        ("", True),
    ],
    ids=["alive", "dead", "elsewhere", "nobody"],
)
def test_a_builder_of_this_machine_that_is_dead_is_not_waited_for(builder, is_waited_for):
    build = present(Build.objects.claim("test"))
    Build.objects.update(builder=builder)

    again = Build.objects.claim("test")

    assert (again is None) == is_waited_for
    assert (Build.objects.get(pk=build.pk).state == "running") == is_waited_for


def test_task_that_asked_for_a_build_hears_of_its_stages(client):
    admin = make.admin()
    body = client.post("/api/build/trigger?now=true", **make.auth(admin)).json()

    job = Job.objects.get(pk=body["task_id"])
    assert (job.kind, job.token_id) == ("build", admin.pk)
    assert told()[-1] == ("queued", None)
