"""What web and worker put right when they start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_q.models import Schedule

from builds.models import BuildState
from ghost.core.catalog.models import Catalog
from ghost.core.db import migrations_state
from ghost.core.jobs.models import Job
from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.operations import schedules
from ghost.operations.start import startup
from teams.models import Token
from tests.threads import together

pytestmark = pytest.mark.django_db

ALL = [
    "schedules", "operators' groups", "alert rules", "first Admin token", "first operator's link", "first build",
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_secrets(configure, tmp_path):
    configure(secrets_dir=tmp_path / "secrets")
    Catalog.get()


def test_what_a_new_installation_lacks_is_put_right_once(tmp_path):
    Catalog.objects.update(revision=1)

    first, second = startup.put_right(), startup.put_right()

    assert (first, second, startup.missing()) == (ALL, [], [])
    assert Schedule.objects.count() == len(schedules.entries())
    assert {g.name for g in Group.objects.all()} == {"Viewer", "Moderator", "Operator"}
    assert (tmp_path / "secrets" / "admin-token").read_text().strip()
    assert Job.objects.count() == 1


def test_a_changed_interval_takes_effect(configure):
    startup.put_right()
    configure(build_interval_min=7)

    done = startup.put_right()

    assert done == ["schedules"]
    assert ScheduleRun.objects.get(name="build what changed").timing == "every 7 min"


@pytest.mark.parametrize(
    "damage",
    [
        lambda: Schedule.objects.filter(name="scan health").delete(),
        lambda: Schedule.objects.create(name="stranger", func="os.system"),
        lambda: Schedule.objects.filter(name="scan health").update(func="os.system"),
        lambda: Schedule.objects.create(name="scan health", func="dht.tasks.scan_health"),
        lambda: ScheduleRun.objects.filter(name="scan health").delete(),
        lambda: Group.objects.get(name="Viewer").delete(),
        lambda: Group.objects.get(name="Viewer").permissions.clear(),
        lambda: Token.objects.all().delete(),
    ],
)
def test_what_went_missing_comes_back(damage):
    startup.put_right()
    damage()

    done = startup.put_right()

    assert (len(done), startup.missing()) == (1, [])


def test_no_build_is_asked_for_twice_nor_without_the_scheduler(configure):
    Catalog.objects.update(revision=1)
    startup.put_right()
    asked = startup.is_build_missing()
    Job.objects.all().delete()
    again = startup.is_build_missing()
    configure(enable_scheduler=False)

    assert (asked, again, startup.is_build_missing()) == (False, True, False)


def test_a_built_site_needs_no_first_build():
    state = BuildState.get()
    state.built_revision = Catalog.get().revision
    state.save()

    assert not startup.is_build_missing()


def test_it_waits_for_migrate_with_one_clear_line(caplog):
    start = startup.Start()
    row = MigrationRecorder.Migration.objects.filter(app="builds").get()
    row.delete()

    tried = [start.attempt(), start.attempt()]
    row.save(force_insert=True)

    assert tried == [False, False]
    assert [r.getMessage() for r in caplog.records if "migrate" in r.getMessage()] == [
        "The database is not migrated: run manage.py migrate; Ghost goes on by itself then."
    ]
    assert start.attempt()
    assert startup.missing() == []


def test_it_waits_for_a_database_that_is_away(monkeypatch, caplog):
    def away():
        raise DatabaseError("connection refused")

    monkeypatch.setattr(migrations_state, "is_migrated", away)

    assert not startup.Start().attempt()
    assert "connection refused" in caplog.text


def test_a_start_that_is_to_end_waits_no_longer(monkeypatch):
    monkeypatch.setattr(migrations_state, "is_migrated", lambda: False)
    monkeypatch.setattr(startup, "RETRY_S", 0)

    assert not startup.Start().wait(is_stopping=lambda: True)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_while_it_waited_is_made_anew(file_database, monkeypatch):
    monkeypatch.setattr(startup, "RETRY_S", 0)
    connection.ensure_connection()
    connection.connection.close()  # as a server that was restarted does
    looks = iter([False, False, True])

    assert startup.Start().wait(is_stopping=lambda: next(looks))


def test_of_many_that_start_at_once_one_puts_right(file_database, tmp_path):
    Catalog.get()
    Catalog.objects.update(revision=1)

    done = together(*[startup.put_right] * 4)

    assert sorted(done) == [[], [], [], ALL]
    assert (Token.objects.count(), Job.objects.count()) == (1, 1)
    assert Schedule.objects.count() == len(schedules.entries())
    kept = {p.name for p in Path(tmp_path / "secrets").iterdir()}
    assert kept == {"admin-token", "first-operator-link"}


def test_nothing_is_written_where_nothing_is_missing():
    startup.put_right()
    wrote = []

    def refuse(execute, sql, params, many, context):
        if not sql.lstrip().upper().startswith("SELECT"):
            wrote.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        startup.put_right()

    assert wrote == []


def test_what_was_missed_runs_now_but_for_what_is_paused():
    startup.put_right()
    long_ago = timezone.now() - timedelta(days=30)
    Schedule.objects.update(next_run=long_ago)
    schedules.pause([Schedule.objects.get(name="scan health")])

    late = schedules.catch_up()

    assert late == len(schedules.entries()) - 1
    assert Schedule.objects.filter(next_run=long_ago).count() == 1
    assert startup.missing() == []
