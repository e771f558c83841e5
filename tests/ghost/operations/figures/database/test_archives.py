"""Whether there is a backup, how old it is, whether it was proven, and where it lies."""

from __future__ import annotations

import pytest
from django_q.models import Schedule

from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.core.text.reasons import words
from ghost.operations import schedules
from ghost.operations.backups.models import Backup
from ghost.operations.backups.proof import Proof
from tests.ghost.operations.figures.moments import ago, item, told

pytestmark = pytest.mark.django_db(transaction=False)


@pytest.fixture(autouse=True)
def scheduled():
    schedules.sync()


def backup(**when: float) -> Backup:
    at = ago(**when)
    return Backup.objects.create(
        name=f"ghost-{at:%Y%m%d%H%M%S}.tar.gz", host="ghost-1", created_at=at, bytes=5, is_encrypted=False
    )  # fmt: skip


def run(name: str = "back up", **values) -> None:
    ScheduleRun.objects.filter(name=name).update(**values)


def test_none_yet_on_a_new_installation():
    assert told("backups") == ("unknown", "backups.none_yet")


def test_a_recent_one_is_in_order():
    backup(hours=30)
    newest = backup(hours=2)

    found = item("backups")
    assert told("backups") == ("ok", "backups.done")
    assert (found.counts["kept"], found.counts["last_bytes"]) == (2, 5)
    assert found.counts["age_s"] == pytest.approx(7200, abs=60)
    assert found.rows[0]["name"] == newest.name


def test_a_name_from_the_future_hides_neither_a_backup_nor_that_none_came():
    backup(days=-1000)
    before = told("backups"), item("backups").counts
    newest = backup(hours=2)

    found = item("backups")

    assert before == (("unknown", "backups.none_yet"), {"kept": 1})
    assert told("backups") == ("ok", "backups.done")
    assert found.counts["age_s"] == pytest.approx(7200, abs=60)
    assert found.rows[0]["name"] == newest.name


def test_one_without_rows_is_no_backup():
    Backup.objects.create(
        name="ghost-schema-1.tar.gz", kind="schema", host="h", created_at=ago(hours=1), bytes=5, is_encrypted=False
    )  # fmt: skip

    assert told("backups") == ("unknown", "backups.none_yet")


def test_the_age_of_the_last_proof_is_told():
    row = backup(hours=30)
    before = item("backups").counts

    row.note_read()
    read = item("backups").counts
    row.note_proof(Proof(row.name, 3, 12, 4, is_restored=True))
    proven = item("backups").counts

    assert "verified_age_s" not in before
    assert read["verified_age_s"] < 60
    assert "proven_age_s" not in read
    assert proven["proven_age_s"] < 60
    assert (proven["is_proven"], proven["proven_rows"]) == (1, 12)


def test_one_that_could_not_be_restored_degrades_health_until_one_can(client):
    backup(hours=30).note_failed_proof(words("a table differs"))
    newest = backup(hours=2)
    failed, error = told("backups"), str(item("backups").last_error)
    word = client.get("/health").json()

    newest.note_proof(Proof(newest.name, 3, 12, 4, is_restored=True))

    assert (failed, word) == (("degraded", "backups.unproven"), {"status": "degraded"})
    assert error == "a table differs"
    assert told("backups") == ("ok", "backups.done")


@pytest.mark.parametrize(("is_encrypted", "code"), [(False, "proof_overdue"), (True, "done")])
def test_a_proof_that_never_comes_is_told_where_one_is_possible(is_encrypted, code):
    backup(hours=2)
    Backup.objects.update(is_encrypted=is_encrypted)
    run("prove a backup", expected_since=ago(days=9))

    assert told("backups")[1] == f"backups.{code}"


def test_a_second_place_that_stays_away_is_told_with_its_error(configure):
    row = backup(hours=2)
    configure(backup_copy_to="/mnt/other")
    row.note_failed_copy(words("no room"))
    once = told("backups")
    for _ in range(2):
        row.note_failed_copy(words("no room"))
    thrice, error = told("backups"), str(item("backups").last_error)
    row.note_copied("/mnt/other")

    assert once == ("ok", "backups.done")
    assert (thrice, error) == (("degraded", "backups.copy_failing"), "no room")
    assert told("backups") == ("ok", "backups.done")
    assert item("backups").counts["uncopied"] == 0


def test_none_in_time_is_overdue(client):
    backup(hours=26)
    run(expected_since=ago(days=9))

    assert told("backups") == ("degraded", "backups.overdue")
    assert client.get("/health").json() == {"status": "degraded"}


def test_one_that_never_came_is_overdue_too():
    run(expected_since=ago(hours=26))

    assert told("backups") == ("degraded", "backups.overdue")


def test_a_failure_degrades_health_until_one_is_made(client):
    backup(hours=20)
    run(is_ok=False, ended_at=ago(hours=1), result="The backup could not be written: disk full.")
    failed, error = told("backups"), str(item("backups").last_error)
    word = client.get("/health").json()
    backup(minutes=1)

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
