"""Whether there is a backup, and how old it is."""

from __future__ import annotations

from datetime import UTC

import pytest
from django.conf import settings
from django_q.models import Schedule

from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.operations import backups, schedules
from ghost.operations.backups.archive import note_proof
from tests.ghost.operations.figures.moments import ago, item, told

pytestmark = pytest.mark.django_db(transaction=False)


@pytest.fixture(autouse=True)
def scheduled(configure):
    if settings.GHOST.database_url:
        pytest.skip("Ghost makes no backups of PostgreSQL")
    schedules.sync()


def archive(**when: float) -> None:
    folder = settings.GHOST.backup_dir
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{ago(**when).astimezone(UTC):{backups.STAMP}}"
    (folder / f"ghost-{stamp}.tar.gz").write_bytes(b"12345")


def run(**values) -> None:
    ScheduleRun.objects.filter(name="back up").update(**values)


def test_none_yet_on_a_new_installation():
    assert told("backups") == ("unknown", "backups.none_yet")


def test_a_recent_one_is_in_order():
    archive(hours=30)
    archive(hours=2)

    found = item("backups")
    assert told("backups") == ("ok", "backups.done")
    assert (found.counts["kept"], found.counts["last_bytes"]) == (2, 5)
    assert found.counts["age_s"] == pytest.approx(7200, abs=60)


def test_the_age_of_the_last_proof_is_told():
    archive(hours=30)
    newest = backups.list_all()[0]

    before = item("backups").counts
    note_proof(newest.path)

    assert "verified_age_s" not in before
    assert item("backups").counts["verified_age_s"] < 60


def test_none_in_time_is_overdue(client):
    archive(hours=26)
    run(expected_since=ago(days=9))

    assert told("backups") == ("degraded", "backups.overdue")
    assert client.get("/health").json() == {"status": "degraded"}


def test_one_that_never_came_is_overdue_too():
    run(expected_since=ago(hours=26))

    assert told("backups") == ("degraded", "backups.overdue")


def test_a_failure_degrades_health_until_one_is_made(client):
    archive(hours=20)
    run(is_ok=False, ended_at=ago(hours=1), result="The backup could not be written: disk full.")
    failed, error = told("backups"), str(item("backups").last_error)
    word = client.get("/health").json()
    archive(minutes=1)

    assert (failed, word) == (("degraded", "backups.failed"), {"status": "degraded"})
    assert "disk full" in error
    assert told("backups") == ("ok", "backups.done")


@pytest.mark.parametrize("how", ["paused", "off"])
def test_who_paused_them_is_not_told_that_none_comes(how, configure):
    run(expected_since=ago(days=9))
    if how == "off":
        configure(enable_scheduler=False)
    else:
        schedules.pause(Schedule.objects.filter(name="back up"))

    assert told("backups") == ("ok", "backups.paused")


def test_of_postgresql_nothing_is_known(configure):
    configure(database_url="postgresql://x/y")

    assert told("backups") == ("unknown", "backups.postgresql")
