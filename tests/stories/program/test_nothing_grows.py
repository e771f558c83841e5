"""A year of changes, a clock of ours, and the retention after each: no table and no folder grows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from django_q.models import Task

from builds.models import Build, BuildState, Step
from dht.models import HealthSample, NodeCount, Scan
from dht.models.scan import ScanPart
from ghost.accounts.links.first_operator import FirstOperatorLink
from ghost.accounts.links.reset_links import ResetRequest
from ghost.core.audit.models import FORBIDDEN, AuditEvent
from ghost.core.catalog.models import Catalog, Change
from ghost.core.circuits import Circuit, Kind
from ghost.core.events.models import Event, EventKind
from ghost.core.events.subscriptions import Stream
from ghost.core.heartbeats.models import Heartbeat
from ghost.core.http.idempotency import KeptAnswer
from ghost.core.http.limits.rate_limit import Usage
from ghost.core.jobs.models import Job, JobPart
from ghost.core.measurements.models import SlowCall
from ghost.operations import retention
from ghost.operations.alerts.models import Alert
from ghost.operations.channels.models import Delivery
from ghost.operations.retention.cleaning import BOUNDS
from ghost.operations.samples.models import Sample
from ghost.operations.workers.models import WorkerReplacement
from resources.models import Resource
from resources.torrents import metadata
from teams.models import Attempt, Token
from teams.roles import Role
from tests import make

pytestmark = pytest.mark.django_db

STEPS = 400 if os.environ.get("CI") else 100
STEP = timedelta(hours=22 * 400 // STEPS)
"""A year of 22 hours at a time; while somebody waits, four of them at once."""
FOLDERS = ("cover_dir", "magnet_metadata_dir", "magnet_tmp_dir", "backup_dir")


class Clock:
    """What everybody takes for now."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def go_on(self) -> None:
        self.at += STEP


@pytest.fixture
def clock(monkeypatch):
    ours = Clock()

    class OurDatetime(datetime):
        @classmethod
        def now(cls, tz=None):
            return ours.at.astimezone(tz)

    monkeypatch.setattr(timezone, "datetime", OurDatetime)
    monkeypatch.setattr(time, "time", lambda: ours.at.timestamp())
    return ours


class Year:
    """What one step leaves of each kind; `number` tells it from the others."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.number = clock, 0
        self.person = User.objects.create_user("zoe")
        self.resource, self.team = make.resource(), make.team()

    def step(self) -> None:
        self.clock.go_on()
        self.number += 1
        for leave in LEFT.values():
            leave(self, self.clock.at, str(self.number))

    def file(self, folder: str, name: str) -> None:
        path = Path(getattr(settings.GHOST, folder)) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left")
        for each in (path, path.parent):
            os.utime(each, (self.clock.at.timestamp(),) * 2)


def a_resource_that_is_deleted(year: Year, at: datetime, name: str) -> None:
    """As a build sees it that follows."""
    catalog = Catalog.get()
    Catalog.objects.update(revision=catalog.revision + 1)
    row = Resource.objects.get(pk=year.resource.pk)
    Change.objects.note(catalog.revision + 1, [row.pk, 1_000_000 + year.number])
    BuildState.get()
    BuildState.objects.update(synced_revision=catalog.revision + 1)


def a_build(year: Year, at: datetime, name: str) -> None:
    build = Build.objects.create(
        trigger="x", state="done", lease_until=at, started_at=at, ended_at=at
    )
    Step.objects.create(build=build, name="hugo")


def a_scan(year: Year, at: datetime, name: str) -> None:
    scan = Scan.objects.create(trigger="x", state="done", requested_at=at, ended_at=at)
    ScanPart.objects.create(scan=scan, resources=[1])


def a_job(year: Year, at: datetime, name: str) -> None:
    JobPart.objects.create(
        job=Job.objects.create(task_id=name, kind="probe", asked_at=at), subject="resource:1"
    )


def a_refusal(year: Year, at: datetime, name: str) -> None:
    AuditEvent.objects.create(
        action=FORBIDDEN, object_type="request", actor_kind="anonymous", request_id=name,
        address="192.0.2.1",
    )  # fmt: skip


def a_session(year: Year, at: datetime, name: str) -> None:
    Session.objects.create(session_key=name, session_data="", expire_date=at + timedelta(hours=12))
    UserSession.objects.create(user=year.person, session_key=name, ip="192.0.2.1", data={})


def an_invitation(year: Year, at: datetime, name: str) -> None:
    Token.objects.create(
        token_hash=name.rjust(64, "0"), prefix="ghost_", role=Role.TEAM_MEMBER,
        scope_team=year.team, display_name=f"Guest {name}", expires_at=at + timedelta(hours=1),
    )  # fmt: skip


def metadata_of_nothing(year: Year, at: datetime, name: str) -> None:
    year.file("magnet_metadata_dir", metadata.path_of(name.rjust(40, "0")).name)


def a_slow_call(year: Year, at: datetime, name: str) -> None:
    SlowCall.objects.create(
        kind="task", name="x", hour=at.replace(minute=0), calls=1, total_s=1, longest_s=1,
        longest_at=at,
    )  # fmt: skip


def a_sample(year: Year, at: datetime, name: str) -> None:
    Sample.objects.create(
        host="one", at=at, cores=2, cpu_percent=1, load_1m=1, load_5m=1, load_15m=1,
        memory_total_bytes=1, memory_available_bytes=1,
    )  # fmt: skip


def a_circuit(year: Year, at: datetime, name: str) -> None:
    Circuit.objects.create(kind=Kind.COVER_HOST, name=f"{name}.example", failed_at=at, failures=1)


def an_answer(year: Year, at: datetime, name: str) -> None:
    KeptAnswer.objects.create(token_id=1, key=name, fingerprint="f", nonce=b"n")


def a_host(year: Year, at: datetime, name: str) -> None:
    Heartbeat.objects.create(
        kind="worker", host=f"host-{name}", pid=7, version="1", started_at=at, last_seen_at=at
    )
    NodeCount.objects.create(host=f"host-{name}", counted_at=at)


def a_task(year: Year, at: datetime, name: str) -> None:
    Task.objects.create(id=name, name=name, func="x", started=at, stopped=at, success=False)


def an_edit(year: Year, at: datetime, name: str) -> None:
    LogEntry.objects.create(
        user=year.person, object_id="1", object_repr="x", action_flag=ADDITION, change_message="[]"
    )


def a_cover_of_nothing(year: Year, at: datetime, name: str) -> None:
    for file in (f"{name.rjust(16, '0')}.webp", f".{name.rjust(16, '0')}.abcd1234"):
        year.file("cover_dir", file)


LEFT: dict[str, Callable[[Year, datetime, str], object]] = {
    "addresses": lambda y, at, n: None,  # with `audit-events`
    "admin-history": an_edit,
    "alert-messages": lambda y, at, n: Delivery.objects.create(
        kind="alert", channel="mail", target=n, subject="x", text="x", key=n, created_at=at
    ),
    "alerts": lambda y, at, n: Alert.objects.create(
        rule="disk", subject=n, level="warning", state=Alert.State.OVER, since=at, ended_at=at
    ),
    "answers": an_answer,
    "attempts": lambda y, at, n: Attempt.objects.create(subject=n, scope="192.0.2.1"),
    "audit-events": a_refusal,
    "backup-drafts": lambda y, at, n: y.file("backup_dir", f".backup-{n}/ghost.db"),
    "builds": a_build,
    "changes": a_resource_that_is_deleted,
    "circuits": a_circuit,
    "covers": a_cover_of_nothing,
    "database-copies": lambda y, at, n: None,  # its folder is no test's own
    "dht-nodes": a_host,
    "event-streams": lambda y, at, n: Stream.objects.create(role="Admin", process="p"),
    "events": lambda y, at, n: Event.objects.create(kind=EventKind.TASK),
    "first-operator-links": lambda y, at, n: FirstOperatorLink.objects.create(
        digest=n, expires_at=at + timedelta(hours=24)
    ),
    "health-samples": lambda y, at, n: HealthSample.objects.create(
        resource=y.resource, checked_at=at, method="dht", status="Active"
    ),
    "heartbeats": lambda y, at, n: None,  # with `dht-nodes`
    "invites": an_invitation,
    "jobs": a_job,
    "metadata": metadata_of_nothing,
    "probe-files": lambda y, at, n: y.file("magnet_tmp_dir", n),
    "replacements": lambda y, at, n: WorkerReplacement.objects.create(
        at=at, host=n, pid=7, memory_mb=2000
    ),
    "reset-requests": lambda y, at, n: ResetRequest.objects.create(email="z@example.org"),
    "samples": a_sample,
    "scans": a_scan,
    "session-origins": lambda y, at, n: None,  # with `sessions`
    "sessions": a_session,
    "slow-calls": a_slow_call,
    "tasks": a_task,
    "usage": lambda y, at, n: Usage.objects.create(caller=n, window=int(time.time() // 60)),
}
"""By bound what a step leaves of what it ends."""


def sizes() -> dict[str, int]:
    """The rows of each table, and the entries of each folder."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    found = {model._meta.label: model._base_manager.count() for model in models}
    for name in FOLDERS:
        folder = Path(getattr(settings.GHOST, name))
        found[name] = sum(len(files) + len(below) for _at, below, files in os.walk(folder))
    return found


def test_every_bound_is_tried():
    assert {bound.name for bound in BOUNDS} == set(LEFT)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a clock of its own")
def test_in_the_middle_of_a_year_and_at_its_end_there_is_as_much(clock, configure):
    configure(audit_keep_days=120)
    year, seen, told = Year(clock), {}, []

    for number in range(1, STEPS + 1):
        year.step()
        if number == STEPS:
            told = [(each.name, each.number) for each in retention.preview()]
        outcomes = retention.clean()
        retention.require(outcomes)
        if number in (STEPS // 2, STEPS):
            seen[number] = sizes()

    before, after = seen.values()
    grown = {
        name: (before[name], after[name])
        for name in before
        if abs(after[name] - before[name]) > 0.05 * before[name]
    }
    assert grown == {}
    assert told == [(each.name, each.number) for each in outcomes]
    assert [name for name, number in told if not number] == ["database-copies"]
