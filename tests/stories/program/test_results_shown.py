"""What a task returned is said in the language of whoever reads it: in the admin and in the API."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django_q.models import Schedule, Task

from builds import tasks
from builds.deploy.tasks import deploy_now
from builds.models import Build
from dht.models import Scan
from dht.tasks import run_scan
from ghost.core.jobs import queue, worker
from ghost.core.jobs.models import JobKind
from ghost.core.text.reasons import put_into_words
from ghost.operations import schedules
from resources.models import Resource
from tests import make, operators

pytestmark = pytest.mark.django_db


@pytest.fixture
def installation(configure, swarm, tmp_path):
    """Something to probe, to build, to deploy and to back up."""
    configure(
        build_debounce_s=0,
        db_path=tmp_path / "ghost.db",
        deploy_target=str(tmp_path / "there"),
        dht_scan_interval_hr=1,
    )
    with closing(sqlite3.connect(tmp_path / "ghost.db")) as database:
        database.execute("CREATE TABLE resources_resource (id)")
    make.resource()
    make.resource(is_probed=False, magnet_uri=swarm.seeds[0].magnet_uri)


def roll_back() -> object:
    row = Resource.objects.public().get()
    tasks.build_now("test", force=True)
    row.title = "Another"
    row.store()
    tasks.build_now("test")
    return tasks.roll_back(Build.objects.earliest("pk").pk, "test")


def build_twice() -> object:
    tasks.build_now("test")
    return tasks.build_now("test")


def build_beside_another() -> object:
    Build.objects.claim("another")
    return tasks.build_now("test")


def build_after_roll_back() -> object:
    roll_back()
    return tasks.build_when_quiet()


def deploy() -> object:
    tasks.build_now("test")
    return deploy_now()


QUEUED: dict[str, Callable[[], object]] = {
    "build": lambda: tasks.build_now("test"),
    "takedown": tasks.build_at_once,
    "unchanged": build_twice,
    "busy": build_beside_another,
    "held": build_after_roll_back,
    "roll back": roll_back,
    "not rolled back": lambda: tasks.roll_back(7, "test"),
    "deploy": deploy,
    "scan": lambda: run_scan(Scan.objects.ask(trigger="test").pk),
}
CLOCK = {entry.name: entry.task for entry in schedules.entries()}


def run(name: str) -> object:
    return QUEUED[name]() if name in QUEUED else import_string(CLOCK[name])()


def in_both(result: object) -> tuple[str, str]:
    with translation.override("zh-hans"):
        chinese = put_into_words(result)
    with translation.override("en"):
        return put_into_words(result), chinese


@pytest.mark.parametrize("name", [*CLOCK, *QUEUED])
@pytest.mark.usefixtures("installation")
def test_what_came_of_a_task_in_both_languages(client, name):
    if name == "back up" and connection.vendor != "sqlite":
        pytest.skip("pg_dump does not see the rows of a test's transaction")
    result = run(name)
    english, chinese = in_both(result)

    assert json.loads(json.dumps(result)) == result
    assert (bool(english), english != chinese) == (True, True)
    assert last_results(result) == (english.replace("\n", " "), chinese.replace("\n", " "))
    assert answers(client, result) == [english, chinese]


def last_results(result: object) -> tuple[str, str]:
    """The result as the list of schedules shows it in both languages."""
    now = timezone.now()
    Task.objects.create(
        id="1", name="x", func="x", result=result, success=True, started=now, stopped=now
    )
    Schedule.objects.all().delete()
    Schedule.objects.create(name="x", func="x", minutes=1, task="1")
    browser = operators.client()
    pages = []
    for language in ("en", "zh-hans"):
        browser.cookies["django_language"] = language
        cache.clear()
        page = browser.get(operators.list_of("django_q_schedule")).content.decode()
        cell = page.partition("field-last_result")[2].partition(">")[2].partition("</td>")[0]
        pages.append(" ".join(unescape(cell).split()))
    return pages[0], pages[1]


def answers(client, result: object) -> list[str]:
    """The result as the API says it in both languages."""
    task_id = queue.enqueue("builtins.len", kind=JobKind.OTHER)
    worker.begin({"id": task_id})
    worker.end({"id": task_id, "success": True, "result": result})
    headers = make.auth(make.admin())["headers"]
    found = [
        client.get(f"/api/tasks/{task_id}", headers=headers | {"Accept-Language": language})
        for language in ("en", "zh-hans")
    ]
    return [answer.json()["result"]["said"] for answer in found]
