from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from builds import reasons, requests, tasks
from builds.models import LEASE, Build, BuildState, Extent
from builds.render import hugo
from builds.tree import releases
from ghost.core.catalog.models import Catalog
from ghost.core.circuits import Circuit
from ghost.core.errors import OutageError
from ghost.operations import schedules
from resources.models import Resource
from tests import make
from tests.presence import present
from tests.results import said

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_pause(configure):
    configure(build_debounce_s=0)


def home() -> str:
    return (releases.public() / "index.html").read_text()


def states() -> list[str]:
    return [build.state for build in Build.objects.all()]


def queued() -> list[str]:
    return [task.func() for task in OrmQ.objects.all()]


def kill_builder() -> None:
    """What SIGKILL leaves: a running build whose lease nobody renews."""
    Build.objects.claim("killed")
    Build.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def pause_is_over() -> None:
    """As if the time of the next try had come."""
    BuildState.objects.update(next_try_at=timezone.now())


def test_a_change_is_built_once():
    make.resource(title="New")

    first, second = said(tasks.build_when_quiet()), said(tasks.build_when_quiet())

    assert "New" in home()
    assert first == f"build {Build.objects.get().pk}: done"
    assert second == "nothing to do"
    assert not BuildState.get().pending_changes


def test_a_change_during_a_build_is_built_after_it(monkeypatch):
    make.resource(title="First")
    told: list[Any] = []
    real = hugo.render

    def render(*args, **kwargs):
        if not told:
            make.resource(title="Meanwhile")
            told.append(tasks.build_when_quiet())  # the change's own task finds us building
        real(*args, **kwargs)

    monkeypatch.setattr(hugo, "render", render)

    tasks.build_when_quiet()

    assert told == [reasons.BUSY().plain()]
    assert "Meanwhile" not in home()
    assert queued() == ["builds.tasks.build_when_quiet"]
    tasks.build_when_quiet()
    assert "Meanwhile" in home()
    assert states() == ["done", "done"]
    assert not BuildState.get().pending_changes


@pytest.mark.parametrize("task", [tasks.build_when_quiet, tasks.build_now])
def test_under_steady_changes_a_task_builds_once_and_queues_the_next(monkeypatch, task):
    make.resource()
    real = hugo.render

    def render(*args, **kwargs):
        make.resource()
        real(*args, **kwargs)

    monkeypatch.setattr(hugo, "render", render)

    task()

    assert states() == ["done"]
    assert queued() == ["builds.tasks.build_when_quiet"]


def test_a_failed_build_leaves_what_it_has_not_read_to_the_queue(monkeypatch):
    make.resource()

    def render(*args, **kwargs):
        make.resource()
        raise OutageError("Hugo failed.")

    monkeypatch.setattr(hugo, "render", render)

    with pytest.raises(OutageError):
        tasks.build_when_quiet()

    assert queued() == ["builds.tasks.build_when_quiet"]


def test_a_failure_is_not_repeated_at_once_and_the_schedule_tries_again(configure):
    make.resource(title="New")
    configure(hugo_bin="/bin/false")
    with pytest.raises(OutageError):
        tasks.build_when_quiet()
    assert states() == ["failed"]
    assert queued() == []

    configure(hugo_bin="hugo")
    tasks.build_if_due()

    assert "New" in home()
    assert states() == ["done", "failed"]
    assert str(BuildState.get().last_error) == ""


def test_a_killed_builders_work_is_run_again():
    make.resource(title="New")
    kill_builder()

    tasks.note_published()

    assert "New" in home()
    assert [(b.state, str(b.error)) for b in Build.objects.all()] == [
        ("done", ""),
        ("failed", "The builder died."),
    ]


def test_a_killed_builder_that_somebody_else_buried_is_not_forgotten():
    make.resource(title="New")
    kill_builder()
    Build.objects.bury_dead()

    tasks.note_published()

    assert "New" in home()


def test_build_now_builds_what_has_not_changed():
    tasks.build_now("test")
    tasks.build_now("test")

    assert states() == ["unchanged", "done"]
    assert not BuildState.get().pending_changes


def test_build_now_forced_publishes_anew():
    tasks.build_now("test")
    tasks.build_now("test", force=True)

    assert states() == ["done", "done"]


def test_a_long_name_of_who_asked_is_cut():
    assert present(Build.objects.claim("x" * 150)).trigger == "x" * 100


def test_one_build_at_a_time():
    Build.objects.claim("somebody else")

    assert tasks.build_now("test") == reasons.BUSY().plain()
    assert states() == ["running"]


@pytest.mark.parametrize(
    ("ask", "task", "args"),
    [
        (lambda: tasks.build_now("Ada", force=True), "builds.tasks.build_now", ("Ada", True)),
        (lambda: tasks.verify_site("Ada"), "builds.tasks.verify_site", ("Ada",)),
    ],
)
def test_a_request_for_more_that_finds_a_build_is_queued_when_that_has_ended(ask, task, args):
    build = present(Build.objects.claim("somebody else"))

    told = ask()
    tasks.carry_out(build)

    (again,) = OrmQ.objects.all()
    assert told == reasons.POSTPONED().plain()
    assert (again.func(), again.task["args"]) == (task, args)
    ask()
    assert BuildState.get().postponed_extent == ""


def test_everything_is_a_verification_too():
    build = present(Build.objects.claim("somebody else"))

    tasks.build_now("Ada", force=True)
    tasks.verify_site("Eve")
    tasks.carry_out(build)

    assert queued() == ["builds.tasks.build_now"]


def test_a_resource_comes_out_when_its_hour_has_come():
    row = make.resource(title="Tomorrow", published_at=timezone.now() + timedelta(days=1))
    tasks.build_now("test")
    assert "Tomorrow" not in home()
    assert said(tasks.note_published()) == "0 scheduled resources came out"
    # The clock moves: what was built, was built before the hour that has come now.
    past = timezone.now() - timedelta(hours=2)
    BuildState.objects.update(built_as_of=past)
    Resource.objects.filter(pk=row.pk).update(published_at=past + timedelta(hours=1))

    assert said(tasks.note_published()) == "1 scheduled resource came out"

    assert str(BuildState.get().pending_reason) == "1 scheduled resource came out"
    assert said(tasks.note_published()) == "nothing to do"
    tasks.build_when_quiet()
    assert "Tomorrow" in home()


def test_a_cover_that_waits_for_another_try_is_tried_by_the_schedule():
    row = make.resource(cover_image_url="http://127.0.0.1:1/cover.png")
    tasks.build_when_quiet()
    assert said(tasks.localize_covers()) == "0 fetched, 0 failed, 0 waiting"
    Resource.objects.filter(pk=row.pk).update(cover_due_at=timezone.now())
    Circuit.objects.all().delete()  # its host was left alone for a while

    told = said(tasks.localize_covers())

    row.refresh_from_db()
    assert told == "0 fetched, 1 failed, 0 waiting"
    assert present(row.cover_due_at) > timezone.now() + timedelta(hours=3)
    assert "builds.tasks.localize_covers" in [entry.task for entry in schedules.entries()]


def test_a_burst_of_changes_is_waited_out(configure, monkeypatch):
    configure(build_debounce_s=300)  # longer than any build here, on any machine
    slept: list[float] = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            Catalog.objects.update(changed_at=timezone.now() - timedelta(seconds=300))

    monkeypatch.setattr(tasks, "sleep", sleep)
    overtaken(monkeypatch)

    tasks.build_when_quiet()

    assert slept == [1, 1]
    assert states() == ["done", "done"]


def overtaken(monkeypatch) -> None:
    """A build during which a change came that nobody has built yet."""
    make.resource()
    real = hugo.render

    def render(*args, **kwargs):
        make.resource(title="Meanwhile")
        real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(hugo, "render", render)
        tasks.build_now("test")


@pytest.fixture
def never_sleeps(monkeypatch):
    """A task that waits for quiet fails the test."""

    def sleep(seconds):
        pytest.fail("it waited for quiet")

    monkeypatch.setattr(tasks, "sleep", sleep)


def test_the_first_change_after_a_quiet_time_is_built_at_once(configure, never_sleeps):
    configure(build_debounce_s=600)
    make.resource(title="First")
    tasks.build_when_quiet()
    make.resource(title="Second")

    tasks.build_when_quiet()

    assert "Second" in home()
    assert states() == ["done", "done"]


def test_what_came_during_a_build_is_gathered_also_by_tasks_of_later_changes(
    configure, monkeypatch
):
    configure(build_debounce_s=600)
    overtaken(monkeypatch)
    BuildState.start_waiting(60)  # the task that the builder queued
    make.resource(title="Later")

    told = tasks.build_when_quiet()

    assert told == reasons.WAITING().plain()
    assert "Later" not in home()
    BuildState.stop_waiting()
    Catalog.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    tasks.build_when_quiet()
    assert "Meanwhile" in home()
    assert "Later" in home()


def test_one_task_waits_for_quiet_and_the_others_go(configure):
    configure(build_debounce_s=10)
    make.resource(title="New")
    BuildState.start_waiting(60)

    told = tasks.build_when_quiet()

    assert told == reasons.WAITING().plain()
    assert states() == []
    BuildState.stop_waiting()
    tasks.build_when_quiet()
    assert "New" in home()


def test_steady_changes_are_gathered_after_a_while(configure, monkeypatch):
    configure(build_debounce_s=5)
    monkeypatch.setattr(tasks, "MOST_AT_ONCE", 3)
    slept: list[float] = []
    monkeypatch.setattr(tasks, "sleep", slept.append)
    monkeypatch.setattr(tasks, "_restless_s", lambda quiet_s: 0.0 if slept else 1.0)

    for _ in range(4):
        make.resource()
        tasks.build_when_quiet()

    assert (states(), slept) == (["done"] * 4, [1.0])
    Build.objects.update(started_at=timezone.now() - timedelta(seconds=15))
    slept.clear()
    make.resource()
    tasks.build_when_quiet()
    assert slept == []


def test_after_a_failed_build_changes_are_gathered(configure, monkeypatch):
    configure(build_debounce_s=5, hugo_bin="/bin/false")
    make.resource()
    with pytest.raises(OutageError):
        tasks.build_when_quiet()
    slept: list[float] = []
    monkeypatch.setattr(tasks, "sleep", slept.append)
    monkeypatch.setattr(tasks, "_restless_s", lambda quiet_s: 0.0 if slept else 1.0)
    configure(hugo_bin="hugo")

    tasks.build_when_quiet()

    assert slept == [1.0]


def test_a_change_whose_task_was_lost_is_built_by_the_clock(configure):
    make.resource()
    tasks.build_now("test")
    make.resource(title="Forgotten")  # and its process died before it queued a task
    assert said(tasks.note_published()) == "nothing to do"
    Catalog.objects.update(changed_at=timezone.now() - timedelta(minutes=2))

    tasks.note_published()

    assert "Forgotten" in home()


def test_what_failed_is_not_built_by_the_clock_of_the_forgotten(configure):
    make.resource()
    configure(hugo_bin="/bin/false")
    with pytest.raises(OutageError):
        tasks.build_when_quiet()
    Catalog.objects.update(changed_at=timezone.now() - timedelta(minutes=2))

    assert said(tasks.note_published()) == "nothing to do"


def test_a_task_that_finds_a_dead_builder_takes_over():
    make.resource(title="New")
    kill_builder()

    tasks.build_when_quiet()

    assert states() == ["done", "failed"]


def test_an_endless_burst_is_not_waited_out(configure, monkeypatch):
    configure(build_debounce_s=2)
    clock = iter(range(0, 1000, 5))  # 10 × 2 s are over at the fifth look
    monkeypatch.setattr(tasks, "monotonic", lambda: next(clock))
    monkeypatch.setattr(tasks, "sleep", lambda seconds: None)
    Catalog.get()
    Catalog.objects.update(changed_at=timezone.now() + timedelta(days=1))

    tasks._wait_until_quiet()

    assert next(clock) == 25


def test_a_builder_that_died_while_the_clock_was_ahead_is_buried():
    make.resource()
    Build.objects.claim("killed")
    Build.objects.update(lease_until=timezone.now() + timedelta(hours=1))

    tasks.note_published()

    assert states() == ["done", "failed"]


def test_a_builder_whose_clock_is_a_little_ahead_lives():
    Build.objects.claim("other host")
    Build.objects.update(lease_until=timezone.now() + LEASE + timedelta(seconds=30))

    assert Build.objects.claim("test") is None


@pytest.mark.parametrize("seconds", [-1, 10**6], ids=["dead", "of a clock that ran ahead"])
def test_nobody_goes_for_a_task_that_does_not_wait_any_more(seconds):
    make.resource()
    BuildState.get()
    BuildState.objects.update(waited_for_until=timezone.now() + timedelta(seconds=seconds))

    tasks.build_when_quiet()

    assert states() == ["done"]


def test_a_takedown_whose_build_failed_is_tried_again_by_the_clock(configure):
    row = make.resource(title="Doomed")
    tasks.build_now("test")
    row.take_down(reason="asked", by="test")
    configure(hugo_bin="/bin/false")
    with pytest.raises(OutageError):
        tasks.build_at_once()

    configure(hugo_bin="hugo")
    tasks.note_published()
    assert "Doomed" in home()
    pause_is_over()
    tasks.note_published()

    assert "Doomed" not in home()
    assert said(tasks.note_published()) == "0 scheduled resources came out"


# -- what failed, died or was postponed is asked for again


def pause_s() -> int:
    """Seconds until the next try, to the nearest half minute."""
    left = present(BuildState.get().retry_at) - timezone.now()
    return round(left.total_seconds() / 30) * 30


def asked_again() -> list[str]:
    """What the watch queues, and nothing else."""
    OrmQ.objects.all().delete()
    tasks.ask_again()
    return queued()


def test_a_failed_build_is_asked_for_again_after_growing_pauses(configure):
    make.resource(title="New")
    configure(hugo_bin="/bin/false")
    pauses = []

    for _ in range(6):
        with pytest.raises(OutageError):
            tasks.build_again()
        pauses.append(pause_s())
        assert asked_again() == []
        pause_is_over()
        assert asked_again() == ["builds.tasks.build_again"]
        assert asked_again() == []

    assert pauses == [30, 60, 120, 300, 600, 600]
    configure(hugo_bin="hugo")
    tasks.build_again()
    assert "New" in home()
    assert (BuildState.get().attempts, BuildState.get().retry_at) == (0, None)


@pytest.mark.parametrize("extent", [Extent.EVERYTHING, Extent.VERIFICATION])
def test_what_was_more_than_changes_is_asked_for_again_as_what_it_was(configure, extent):
    tasks.build_now("test")
    configure(hugo_bin="/bin/false")
    build = {
        Extent.EVERYTHING: lambda: tasks.build_now("Ada", force=True),
        Extent.VERIFICATION: lambda: tasks.verify_site("Ada"),
    }[extent]
    with pytest.raises(OutageError):
        build()
    configure(hugo_bin="hugo")
    make.resource(title="New")
    tasks.build_when_quiet()  # changes alone make up for nothing
    pause_is_over()

    tasks.note_published()

    last = present(Build.objects.first())
    assert (last.trigger, last.state) == ("Ada", "done" if last.is_full else "unchanged")
    assert last.is_full == (extent == Extent.EVERYTHING)
    assert BuildState.get().postponed_extent == ""


def test_everything_that_a_killed_builder_was_at_is_asked_for_again(monkeypatch):
    tasks.build_now("test")
    build = present(Build.objects.claim("Ada"))

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("builds.engine.pipeline.run", killed)
        with pytest.raises(KeyboardInterrupt):
            tasks.carry_out(build, force=True)
    Build.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    pause_is_over()

    assert asked_again() == ["builds.tasks.build_again"]
    tasks.build_again()

    last = present(Build.objects.first())
    assert (last.trigger, last.is_full, last.state) == ("Ada", True, "done")


def test_a_takedown_goes_before_everything(configure):
    row = make.resource(title="Doomed")
    tasks.build_now("test")
    configure(hugo_bin="/bin/false")
    with pytest.raises(OutageError):
        tasks.build_now("Ada", force=True)
    configure(hugo_bin="hugo")
    row.take_down(reason="asked", by="test")

    tasks.build_again()

    assert not present(Build.objects.first()).is_full
    assert "builds.tasks.build_now" in queued()


def test_the_verification_waits_until_a_held_site_is_let_go():
    make.resource(title="One")
    tasks.build_now("test")
    make.resource(title="Two")
    tasks.build_now("test")
    tasks.put_back(None, "test")

    told = tasks.verify_site()

    assert told == reasons.POSTPONED_WHILE_HELD().plain()
    assert asked_again() == []
    tasks.build_now("somebody")
    assert queued() == ["builds.tasks.verify_site"]


def test_without_schedules_what_failed_waits_for_somebody(configure):
    configure(enable_scheduler=False, hugo_bin="/bin/false")
    make.resource()
    with pytest.raises(OutageError):
        tasks.build_now("Ada")
    pause_is_over()

    assert asked_again() == []


def test_a_request_whose_task_is_lost_is_asked_for_again():
    tasks.build_now("test")
    requests.request_build("Ada", extent=Extent.VERIFICATION)
    assert asked_again() == []
    pause_is_over()

    assert asked_again() == ["builds.tasks.build_again"]
    tasks.build_again()

    assert present(Build.objects.first()).steps.filter(name="verify").exists()
