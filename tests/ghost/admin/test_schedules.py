"""Schedules belong to the code, and can be paused."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from dht import reasons
from ghost.core.jobs.models import Job
from ghost.core.jobs.schedule_runs import ScheduleRun
from ghost.operations import schedules
from tests import operators

pytestmark = pytest.mark.django_db


def test_schedules_belong_to_the_code_and_can_be_paused():
    browser = operators.client("Operator")
    schedules.sync()
    row = Schedule.objects.get(name="scan health")

    added = browser.post(reverse("admin:django_q_schedule_add"), {"func": "os.system"})
    changed = browser.post(operators.form_of("django_q_schedule", row.pk), {"func": "os.system"})
    operators.act(browser, "django_q_schedule", "pause", row)
    paused = Schedule.objects.get(pk=row.pk)
    schedules.sync()
    still = Schedule.objects.get(pk=row.pk).repeats
    operators.act(browser, "django_q_schedule", "resume", row)
    resumed = Schedule.objects.get(pk=row.pk)

    assert (added.status_code, changed.status_code) == (403, 403)
    assert (paused.func, paused.repeats, still) == ("dht.tasks.scan_health", 0, 0)
    assert resumed.repeats == -1


def shown(browser, name: str = "scan health") -> str:
    page = browser.get(operators.list_of("django_q_schedule")).content.decode()
    (row,) = (part for part in page.split("<tr") if f">{name}<" in part or f"{name}\n" in part)
    return row


@pytest.mark.parametrize(
    ("schedule", "run", "badge"),
    [
        ({}, {}, "in order"),
        ({"next_run": timezone.now() - timedelta(hours=3)}, {}, "overdue"),
        ({}, {"is_ok": False, "result": "disk full"}, "failed"),
        ({"repeats": schedules.PAUSED}, {}, "paused"),
    ],
)
def test_the_list_says_how_each_stands(schedule, run, badge):
    schedules.sync()
    Schedule.objects.filter(name="scan health").update(**schedule)
    ScheduleRun.objects.filter(name="scan health").update(
        began_at=timezone.now(), ended_at=timezone.now(), **run
    )

    row = shown(operators.client("Viewer"))

    assert badge in row
    assert "just now" in row
    assert ("disk full" in row) == (badge == "failed")


def test_names_and_results_are_in_the_reader_s_language():
    schedules.sync()
    said = reasons.COUNTED(number=7).plain()
    ScheduleRun.objects.filter(name="count DHT nodes").update(is_ok=True, result=said)
    browser = operators.client("Viewer")
    browser.cookies["django_language"] = "zh-hans"

    page = browser.get(operators.list_of("django_q_schedule")).content.decode()

    assert "统计 DHT 节点" in page
    assert "7 个 DHT 节点有响应" in page


def test_run_now_says_what_it_did_and_what_runs_already():
    browser = operators.client("Operator")
    schedules.sync()
    row = Schedule.objects.get(name="scan health")

    first = operators.told(operators.act(browser, "django_q_schedule", "run_now", row))
    second = operators.told(operators.act(browser, "django_q_schedule", "run_now", row))

    assert first == ["scan health: put into the queue."]
    assert second[1:] == ["scan health: It waits in the queue already."]
    assert OrmQ.objects.count() == 1


def test_times_are_those_of_the_zone_in_the_admin_alone(configure):
    configure(time_zone="Asia/Shanghai", dht_scan_at="30 2 * * *", enable_scheduler=True)
    schedules.sync()
    row = Schedule.objects.get(name="scan health")
    browser = operators.client("Viewer")

    page = browser.get(operators.form_of("django_q_schedule", row.pk)).content.decode()

    assert "30 2 * * * Asia/Shanghai" in page
    assert page.count(" 02:30") == 4  # the next run, and the next three
    assert "18:30" not in page
    assert timezone.get_current_timezone_name() == "UTC"


def test_what_is_old_is_shown_and_removed_by_post_alone():
    Job.objects.create(task_id="1", kind="probe", asked_at=timezone.now() - timedelta(days=91))
    viewer, operator = operators.client("Viewer"), operators.client("Operator")
    page = "/admin/django_q/schedule/cleanup/"

    shown = [browser.get(page).content.decode() for browser in (viewer, operator)]
    refused = viewer.post(page).status_code
    there = Job.objects.count()
    answer = operator.post(page)

    assert ["Remove now" in each for each in shown] == [False, True]
    assert all("health samples" in each for each in shown)
    assert (refused, there, Job.objects.count()) == (403, 1, 0)
    assert operators.told(answer) == ["Removed: 1."]
