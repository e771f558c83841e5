"""Tasks of the whole installation, and what holds for every task."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core import serializers
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Task

from builds.models import Build, BuildState, Step
from dht.models import HealthSample
from ghost.core.catalog.models import Catalog
from ghost.core.jobs.models import Job
from ghost.operations import backups, schedules, tasks
from ghost.operations.backups.models import Backup
from resources.models import Category, Resource
from teams.models import Attempt
from teams.models.sign_in_attempt import WINDOW
from tests import make
from tests.results import said

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=91)


def test_back_up_makes_a_proven_backup(configure, tmp_path):
    configure(database_url="", db_path=tmp_path / "ghost.db", secrets_dir=tmp_path / "secrets")
    with closing(sqlite3.connect(tmp_path / "ghost.db")) as database:
        database.execute("CREATE TABLE resources_resource (id)")

    told = tasks.back_up()

    assert said(told).endswith("written and read again, 1 file")
    assert [row.name for row in Backup.objects.exclude(read_at=None)] == [
        archive.path.name for archive in backups.list_all()
    ]
    assert "restored and counted: tables 1" in said(tasks.prove_backup())
    assert Backup.objects.get().is_proven
    assert said(tasks.copy_backups()) == "nothing to do"


def test_ended_sessions_and_attempts_that_count_no_more_are_dropped():
    now = timezone.now()
    for name, ends_at in (("gone", now), ("there", now + timedelta(minutes=1))):
        Session.objects.create(session_key=name, session_data="", expire_date=ends_at)
    for at in (now - WINDOW, now):
        Attempt.objects.create(subject="ann", scope="192.0.2.1", at=at)

    told = tasks.drop_ended_sessions()

    assert said(told) == "ended sessions: 1\nattempts to sign in: 1"
    assert [row.session_key for row in Session.objects.all()] == ["there"]
    assert Attempt.objects.count() == 1


def test_prune_drops_what_is_old_and_keeps_the_rest():
    row = make.resource()
    for at in (LONG_AGO, timezone.now()):
        HealthSample.objects.create(resource=row, checked_at=at, method="dht", status="Active")
        build = Build.objects.create(trigger="x", state="done", lease_until=at, ended_at=at)
        Step.objects.create(build=build, name="hugo")
        Task.objects.create(
            id=f"{at:%j}", name=f"{at:%j}", func="x", started=at, stopped=at, success=True
        )
        Job.objects.create(task_id=f"{at:%j}", kind="probe", asked_at=at)

    told = tasks.prune()

    assert said(told) == "health samples: 1\nbuilds: 1\nended tasks: 1\njobs: 1"
    counts = [m.objects.count() for m in (HealthSample, Build, Step, Task, Job)]
    assert counts == [1, 1, 1, 1, 1]


def test_prune_keeps_the_newest_build_however_old():
    Build.objects.create(trigger="x", state="done", lease_until=LONG_AGO, ended_at=LONG_AGO)

    tasks.prune()

    assert Build.objects.count() == 1


def state() -> list[dict]:
    """Every row that a task may change, without the times of the look itself."""
    rows = []
    for model in (Resource, Category, Catalog, BuildState):
        for row in serializers.serialize("python", model.objects.order_by("pk")):
            row["fields"] = {
                k: v for k, v in row["fields"].items() if not k.endswith(("_at", "_as_of"))
            }
            rows.append(row)
    return rows


@pytest.mark.parametrize("entry", schedules.entries(), ids=lambda e: e.name)
@pytest.mark.django_db(transaction=True)
def test_every_scheduled_task_survives_being_run_twice(entry, configure, swarm, tmp_path):
    configure(build_debounce_s=0, database_url="", db_path=tmp_path / "ghost.db")
    with closing(sqlite3.connect(tmp_path / "ghost.db")) as database:
        database.execute("CREATE TABLE resources_resource (id)")
    row = make.resource(is_probed=False, magnet_uri=swarm.seeds[0].magnet_uri)
    task = import_string(entry.task)

    task()
    once = state()
    task()

    assert [r for r in state() if r["model"] != "resources.resource"] == [
        r for r in once if r["model"] != "resources.resource"
    ]
    assert Resource.objects.get().title == row.title
    assert Build.objects.filter(state="running").count() == 0
