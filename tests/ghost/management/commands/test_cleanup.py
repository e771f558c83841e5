"""manage.py cleanup."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ghost.core.audit.models import AuditEvent
from ghost.core.jobs.models import Job
from ghost.operations.retention.cleaning import BOUNDS

pytestmark = pytest.mark.django_db


def run(*args: str) -> tuple[list[str], dict]:
    out = io.StringIO()
    call_command("cleanup", *args, stdout=out)
    *lines, last = out.getvalue().splitlines()
    return lines, json.loads(last)


def test_it_shows_each_bound_and_removes_only_without_dry_run():
    Job.objects.create(task_id="1", kind="probe", asked_at=timezone.now() - timedelta(days=40))

    lines, tried = run("--dry-run", "--days", "30")
    there = Job.objects.count()
    _lines, done = run("--days", "30")

    assert len(lines) == len(BOUNDS)
    assert next(line for line in lines if line.startswith("jobs ")).split() == [
        "jobs",
        "ghost.Job",
        "1",
    ]
    assert (tried, there) == ({"dry_run": True, "days": 30, "total": 1}, 1)
    assert (done["total"], Job.objects.count()) == (1, 0)
    assert AuditEvent.objects.get(action="maintenance.cleanup").actor_name == "cleanup"


@pytest.mark.parametrize("days", ["0", "-1", "x", "36501"])
def test_days_that_can_not_be_meant_are_refused(days):
    with pytest.raises(CommandError, match="number of days"):
        run("--days", days)
