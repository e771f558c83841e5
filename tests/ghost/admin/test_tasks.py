"""A failed task is run again or dismissed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success, Task

from ghost.core.jobs import pause
from tests import operators
from tests.ghost.admin.rows import one_of_each

pytestmark = pytest.mark.django_db


def test_a_failed_task_is_run_again(django_capture_on_commit_callbacks):
    browser = operators.client("Operator")
    failed = Task.objects.create(
        id="1", name="x", func="dht.tasks.run_probes", args=(7,), kwargs={}, result="boom",
        started=timezone.now(), stopped=timezone.now() + timedelta(seconds=2), success=False,
    )  # fmt: skip

    with django_capture_on_commit_callbacks(execute=True):
        answer = operators.act(browser, "django_q_failure", "retry", failed)

    queued = OrmQ.objects.get().task
    assert operators.told(answer) == ["1 task queued again."]
    assert (queued["func"], queued["args"]) == ("dht.tasks.run_probes", (7,))
    assert Failure.objects.count() == 0


def test_a_failed_task_that_nobody_will_run_again_is_dismissed():
    browser = operators.client("Operator")
    one_of_each(1)

    answer = operators.act(browser, "django_q_failure", "dismiss", Failure.objects.get())

    assert operators.told(answer) == ["1 failed task dismissed."]
    assert (Failure.objects.count(), Success.objects.count()) == (0, 1)


@pytest.mark.parametrize(
    ("model", "action"),
    [
        ("django_q_schedule", "pause"),
        ("django_q_failure", "retry"),
        ("django_q_failure", "dismiss"),
    ],
)
def test_a_viewer_neither_pauses_nor_retries_nor_dismisses(model, action):
    browser = operators.client("Viewer")
    one_of_each(1)
    row = (Schedule if model.endswith("schedule") else Failure).objects.get()

    operators.act(browser, model, action, row)

    assert Schedule.objects.get().repeats == -1
    assert (Failure.objects.count(), OrmQ.objects.count()) == (1, 1)


def test_operators_pause_the_queue_and_resume_it_by_post_alone():
    browser = operators.client("Operator")
    page = "/admin/ghost/queueentry/"
    browser.get(page + "pause/")
    unchanged = pause.look().state

    browser.post(page + "pause/")
    paused = browser.get(page).content.decode()
    browser.post(page + "resume/")

    assert unchanged == "active"
    assert "The queue is paused, and nothing runs." in paused
    assert f'action="{page}resume/"' in paused
    assert pause.look().state == "active"


def test_a_viewer_sees_that_it_is_paused_and_can_change_nothing():
    pause.pause()
    browser = operators.client("Viewer")

    shown = browser.get("/admin/ghost/queueentry/").content.decode()
    answer = browser.post("/admin/ghost/queueentry/resume/")

    assert "The queue is paused" in shown
    assert "queueentry/resume/" not in shown
    assert (answer.status_code, pause.look().state) == (403, "drained")
