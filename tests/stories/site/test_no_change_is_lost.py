"""No change is forgotten, whatever other tasks and changes come between the steps of a task."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import combinations_with_replacement, product
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from builds import tasks
from builds.engine import pipeline
from builds.models import Build, BuildState
from ghost.core.catalog.models import Catalog
from ghost.core.errors import OutageError
from ghost.core.text.reasons import words
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db(transaction=True)
MOST_POINTS = 10
MOST_TASKS = 20


class Play:
    """Tasks on one stage: at each point that is reached, what the script says comes between."""

    def __init__(self, script, *, fails=False) -> None:
        self.script, self.fails = script, fails
        self.points = self.tasks = self.read = 0

    def point(self) -> None:
        self.points += 1
        for act in self.script.get(self.points, ""):
            self.change() if act == "c" else self.run_task()

    def change(self) -> None:
        Catalog.advance(words("test"))

    def run_task(self) -> bool:
        """Run the oldest queued task, as another worker would; False if there is none."""
        queued = OrmQ.objects.order_by("pk").first()
        if queued is None:
            return False
        queued.delete()
        self.tasks += 1
        assert self.tasks < MOST_TASKS
        with suppress(OutageError):
            tasks.build_when_quiet()
        return True

    def run_all(self) -> None:
        while self.run_task():
            pass

    def run(self, build, **kwargs):
        """In place of the pipeline: what it does to the rows, with points between."""
        self.point()
        build.revision = Catalog.get().revision
        BuildState.objects.update(synced_revision=build.revision, synced_as_of=timezone.now())
        self.read = max(self.read, build.revision)
        self.point()
        if self.fails:
            self.fails = False
            BuildState.fail(build, words("test"))
            self.point()
            raise OutageError("test")
        BuildState.succeed(build, Build.State.DONE, "token")
        self.point()
        return build


@pytest.fixture
def stage(configure, monkeypatch):
    """`stage(script)`: the rows of a new installation, and a play with that script."""
    configure(build_debounce_s=600, enable_scheduler=True)
    now: dict[Any, Any] = {}

    def pointed(function):
        def run(*args, **kwargs):
            now["play"].point()
            return function(*args, **kwargs)

        return run

    def restless_s(quiet_s):
        now["play"].point()
        return 0

    monkeypatch.setattr(tasks, "_restless_s", restless_s)
    monkeypatch.setattr(pipeline, "run", lambda build, **kw: now["play"].run(build, **kw))
    for name in ("get", "start_waiting", "stop_waiting"):
        monkeypatch.setattr(BuildState, name, pointed(getattr(BuildState, name)))
    monkeypatch.setattr(Catalog, "heard", pointed(Catalog.heard))
    for name in ("claim", "is_under_way", "is_calm"):
        monkeypatch.setattr(type(Build.objects), name, pointed(getattr(type(Build.objects), name)))

    def start(script, **kwargs):
        tables: tuple[Any, ...] = (OrmQ, Build, BuildState, Catalog)
        for model in tables:
            model.objects.all().delete()
        now["play"] = Play({})
        BuildState.get()
        now["play"] = Play(script, **kwargs)
        return now["play"]

    return start


def scripts():
    """What comes at which point: one act wherever a task can be, two at the earlier ones."""
    acts = ("c", "ct")  # a change; a change, and the oldest task runs
    for place, act in product(range(1, 2 * MOST_POINTS), acts):
        yield {place: act}
    pairs = combinations_with_replacement(range(1, MOST_POINTS), 2)
    for (one, other), (first, then) in product(pairs, product(acts, repeat=2)):
        script = {one: first}
        script[other] = script.get(other, "") + then
        yield script


@pytest.mark.parametrize("fails", [False, True], ids=["all succeed", "the first build fails"])
def test_no_interleaving_loses_a_wake_up(stage, fails):
    lost = []

    for script in scripts():
        play = stage(script, fails=fails)
        for _ in range(2):  # once more when all have ended
            play.change()
            play.run_all()
        if Catalog.get().revision > play.read:
            lost.append(script)

    assert lost == []


def test_a_task_that_finds_a_builder_leaves_the_announcement_to_him(stage):
    """Not a task for each change of a burst that comes while the first one is built."""
    play = stage({})
    build = present(Build.objects.claim("test"))
    play.change()
    play.run_all()

    play.change()

    assert OrmQ.objects.count() == 0
    tasks.carry_out(build)
    play.change()
    assert OrmQ.objects.count() == 1
    play.run_all()
    assert Catalog.get().revision == play.read


def test_a_burst_is_announced_once(configure):
    configure(build_debounce_s=600)

    for _ in range(3):
        Catalog.advance(words("change"))

    assert OrmQ.objects.count() == 1


def test_a_queue_that_cannot_be_written_to_makes_no_error_of_a_change(monkeypatch, caplog):
    def locked(*args, **kwargs):
        raise OperationalError("database is locked")

    monkeypatch.setattr("ghost.core.jobs.queue.async_task", locked)

    row = make.resource()

    assert BuildState.get().pending_changes
    assert type(row).objects.get() == row
    assert re.search("on_commit.*database is locked", caplog.text)
