"""manage.py queue."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from ghost.core.audit.models import AuditEvent
from ghost.core.jobs.entries import QueueEntry
from ghost.operations.dashboards import queue_state

pytestmark = pytest.mark.django_db


def said(*args: str) -> dict:
    out = io.StringIO()
    call_command("queue", *args, stdout=out, stderr=io.StringIO())
    return json.loads(out.getvalue())


def test_it_pauses_shows_and_resumes():
    states = [said(verb)["state"] for verb in ("show", "pause", "drain", "show", "resume")]

    assert states == ["active", "drained", "drained", "drained", "active"]
    events = AuditEvent.objects.order_by("pk").values_list("action", "actor_name")
    assert list(events) == [("queue.pause", "queue"), ("queue.resume", "queue")]


def test_it_waits_until_nothing_runs(monkeypatch):
    QueueEntry.objects.create(task_id="1", func="x", worker="one:1:1")
    monkeypatch.setattr("time.sleep", lambda _s: QueueEntry.objects.all().delete())

    assert said("drain", "--wait")["is_drained"] is True


def test_what_still_runs_after_its_time_is_a_failure():
    QueueEntry.objects.create(task_id="1", func="x", worker="one:1:1")

    with pytest.raises(CommandError, match="Still running: 1"):
        said("pause", "--wait", "--timeout", "0")


def test_who_waits_is_told_that_somebody_resumed_it(monkeypatch):
    QueueEntry.objects.create(task_id="1", func="x", worker="one:1:1")
    monkeypatch.setattr("time.sleep", lambda _s: queue_state.resume())

    with pytest.raises(CommandError, match="resumed"):
        said("drain", "--wait")
