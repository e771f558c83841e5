"""Whether what runs by the clock does so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Schedule

from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.operations import schedules
from tests.ghost.operations.figures.moments import ago, heartbeat, item, told

pytestmark = pytest.mark.django_db

FINE = ("ok", "schedules.run")
OVERDUE = ("degraded", "schedules.overdue")


@pytest.fixture
def table():
    """Schedules that all ran a moment ago."""
    heartbeat()
    heartbeat("web")
    schedules.sync()
    ScheduleRun.objects.update(
        expected_since=ago(days=9), began_at=ago(seconds=9), ended_at=ago(seconds=8), is_ok=True
    )


def row(name: str = "scan health"):
    return Schedule.objects.filter(name=name)


def run(name: str = "scan health"):
    return ScheduleRun.objects.filter(name=name)


def plain(name: str = "scan health") -> dict:
    return next(each for each in item("schedules").rows if each["name"] == name)


def test_all_in_order(table):
    assert told("schedules") == FINE
    assert plain()["next_run_at"] > timezone.now()
    assert plain()["last_run_at"] < timezone.now()


def test_three_hours_late_degrades_health(table, client):
    Schedule.objects.update(next_run=ago(hours=3))

    assert told("schedules") == OVERDUE
    assert item("schedules").counts["overdue"] == len(schedules.entries())
    assert client.get("/health").json() == {"status": "degraded"}


@pytest.mark.parametrize(("minutes", "expected"), [(1, FINE), (4, FINE), (6, OVERDUE)])
def test_some_minutes_late_is_nothing(table, minutes, expected):
    row().update(next_run=ago(minutes=minutes))

    assert told("schedules") == expected


def test_queued_again_and_again_but_never_run_is_overdue(table):
    """The clock goes on, so the next run is always to come; nobody takes what it queues."""
    run("probe what is due").update(began_at=ago(minutes=20), ended_at=ago(minutes=20))

    assert told("schedules") == OVERDUE
    assert plain("probe what is due")["is_overdue"]


def test_what_runs_for_long_is_not_overdue_but_what_hangs_is(table):
    run("build what changed").update(began_at=ago(minutes=50), ended_at=ago(hours=2))
    while_running = told("schedules")
    run("build what changed").update(began_at=ago(hours=1.5))

    assert (while_running, told("schedules")) == (FINE, OVERDUE)


def test_a_changed_period_gives_time_for_the_first_run(table, configure):
    run().update(ended_at=ago(hours=20))
    configure(dht_scan_interval_hr=1)

    schedules.sync()

    assert told("schedules") == FINE


def test_a_paused_one_is_not_overdue_nor_is_it_right_after_it_is_resumed(table):
    schedules.pause(row())
    row().update(next_run=ago(days=9))
    run().update(ended_at=ago(days=9))
    paused = told("schedules")
    is_paused = plain()["is_paused"], plain()["next_run_at"]

    schedules.resume(row())

    assert (paused, is_paused, told("schedules")) == (FINE, (True, None), FINE)


def test_without_the_scheduler_nothing_is_overdue(table, configure):
    Schedule.objects.update(next_run=ago(days=9))
    configure(enable_scheduler=False)

    assert told("schedules") == ("ok", "schedules.off")


def test_a_run_that_failed_degrades_it_until_one_goes_well(table):
    run().update(is_ok=False, result="no such host")
    failed, error = told("schedules"), str(item("schedules").last_error)
    run().update(is_ok=True, result=None)

    assert (failed, error, told("schedules")) == (
        ("degraded", "schedules.failed"), "no such host", FINE,
    )  # fmt: skip


def test_a_missing_schedule_degrades_it(table):
    row().delete()

    assert told("schedules") == ("degraded", "schedules.missing")


def test_a_new_installation_may_have_none_yet():
    heartbeat("web", started_ago=timedelta(seconds=5))

    assert told("schedules") == ("unknown", "nothing_seen")


def cron_ran(configure, **ended: float) -> None:
    """A schedule that is due once a day at a time of day that was an hour ago, and when it ended last."""
    at = ago(hours=1)
    configure(dht_scan_at=f"{at.minute} {at.hour} * * *")
    schedules.sync()
    run().update(expected_since=ago(days=9), began_at=ago(**ended), ended_at=ago(**ended))


@pytest.mark.parametrize(
    ("ended", "expected"),
    [({"minutes": 50}, FINE), ({"hours": 2}, OVERDUE), ({"hours": 26}, OVERDUE)],
)
def test_a_time_of_day_is_overdue_when_it_came_and_nobody_ran_it(table, configure, ended, expected):
    cron_ran(configure, **ended)

    assert told("schedules") == expected
    assert (plain()["every_minutes"], plain()["time_zone"]) == (None, "UTC")


def test_between_two_times_of_day_nothing_is_overdue(table, configure):
    """Once a month is no reason to ask for it each day."""
    at = ago(minutes=30)
    configure(dht_scan_at=f"{at.minute} {at.hour} {at.day} {at.month} *")
    schedules.sync()
    run().update(expected_since=ago(days=99), began_at=ago(minutes=20), ended_at=ago(minutes=20))

    assert told("schedules") == FINE
