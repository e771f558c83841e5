"""A build under way is followed."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Task

from tests import operators
from tests.builds.admin.asides import START, build

pytestmark = pytest.mark.django_db


def test_what_was_asked_for_is_followed_to_its_end():
    browser, page = operators.client("Operator"), operators.list_of("builds_build")
    browser.post(reverse(START))

    waiting = browser.get(page)
    again = browser.post(reverse(START))
    task = OrmQ.objects.get()
    Task.objects.create(
        id=task.task_id(), name="x", func="x", started=timezone.now(), stopped=timezone.now(), success=True
    )  # fmt: skip
    ended = browser.get(page, headers={"HX-Request": "true"})

    assert b"Your request is waiting for a worker." in waiting.content
    assert b"every 1s" in waiting.content
    assert operators.told(again)[-1].startswith("Another build is running or queued")
    assert b"every 1s" not in ended.content
    assert ended.headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("page", ["form", "list", "dashboard"])
def test_a_running_build_is_followed_on_every_page(page):
    browser, row = operators.client("Viewer"), build("running")
    row.steps.create(name="export", is_ok=True, ended_at=timezone.now())
    row.steps.create(name="hugo", done=12_000, total=30_000)
    url = {
        "form": operators.form_of("builds_build", row.pk),
        "list": operators.list_of("builds_build"),
        "dashboard": reverse("admin:index"),
    }[page]

    text = browser.get(url).content.decode()

    wanted = [
        "Render pages",
        "12,000 of 30,000",
        'max="30000" value="12000"',
        'hx-trigger="every 1s"',
    ]
    assert [part for part in wanted if part not in text] == []


def test_a_build_is_followed_until_it_is_deployed_but_not_for_ever():
    browser, row = operators.client("Viewer"), build("done")
    step = row.steps.create(name="deploy")
    url = operators.form_of("builds_build", row.pk)

    deploying = browser.get(url).content
    row.steps.filter(pk=step.pk).update(started_at=timezone.now() - timedelta(days=1))
    abandoned = browser.get(url).content

    assert b'hx-trigger="every 1s"' in deploying
    assert b'hx-trigger="every 1s"' not in abandoned
    assert b"never ended" in abandoned
