"""Removing what is old by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from dht.models import HealthSample
from ghost.core.audit.models import AuditEvent
from ghost.operations import cleanup, retention
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def clean(client):
    root = make.auth(make.admin())

    def send(**body):
        return client.post(
            "/api/ops/maintenance/cleanup", body, content_type="application/json", **root
        )

    return send


def samples(*days: int) -> None:
    row = make.resource()
    for each in days:
        at = timezone.now() - timedelta(days=each)
        HealthSample.objects.create(resource=row, checked_at=at, method="dht", status="Active")


def number(answer, name: str) -> int:
    return next(each["number"] for each in answer.json()["items"] if each["name"] == name)


def test_a_dry_run_says_what_the_same_without_it_removes(clean):
    samples(100, 40, 1)

    tried = clean(days=30, dry_run=True)
    there = HealthSample.objects.count()
    done = clean(days=30)

    assert (number(tried, "health-samples"), there) == (2, 3)
    assert (number(done, "health-samples"), HealthSample.objects.count()) == (2, 1)
    assert number(clean(days=30, dry_run=True), "health-samples") == 0
    assert AuditEvent.objects.filter(action="maintenance.cleanup").count() == 1


def test_more_days_than_it_is_kept_change_nothing(clean):
    samples(100, 40)

    assert number(clean(days=36_500), "health-samples") == 1


def test_nobody_shortens_the_audit_trail(clean):
    make.category()
    AuditEvent.objects.update(at=timezone.now() - timedelta(days=300))
    before = AuditEvent.objects.count()

    clean(days=1)

    assert AuditEvent.objects.filter(action__startswith="category").count() > 0
    assert AuditEvent.objects.count() > before


def test_what_is_more_than_a_request_can_wait_for_is_a_tasks(clean, monkeypatch):
    monkeypatch.setattr(cleanup, "AT_ONCE", 1)
    samples(100, 100, 100)

    answer = clean()

    assert (answer.status_code, number(answer, "health-samples")) == (202, 3)
    assert HealthSample.objects.count() == 3
    queued = OrmQ.objects.get()
    assert (queued.task_id(), queued.func()) == (
        answer.json()["task_id"], "ghost.operations.tasks.clean_up",
    )  # fmt: skip


def test_what_can_not_be_removed_is_told_and_keeps_nothing_else(clean, monkeypatch):
    def fail(_before):
        raise PermissionError("not yours")

    samples(100)
    broken = retention.cleaning.BOUNDS[-1]
    monkeypatch.setattr(
        retention.cleaning, "BOUNDS",
        (replace(broken, prune=fail), *retention.cleaning.BOUNDS[:-1]),
    )  # fmt: skip

    answer = clean()

    told = {each["name"]: each["error"] for each in answer.json()["items"] if each["error"]}
    assert told == {broken.name: "PermissionError: not yours"}
    assert HealthSample.objects.count() == 0


@pytest.mark.parametrize("body", [{"days": 0}, {"days": "3"}, {"dry": True}, {"dry_run": "yes"}])
def test_what_can_not_be_meant_is_refused_and_removes_nothing(clean, body):
    samples(100)

    assert (clean(**body).status_code, HealthSample.objects.count()) == (422, 1)
