"""Whether the site gets built."""

from __future__ import annotations

import pytest

from builds.models import Build, BuildState
from ghost.core.catalog.models import Catalog
from ghost.core.heartbeats.models import Heartbeat
from ghost.core.text.reasons import words
from tests.ghost.operations.figures.moments import ago, heartbeat, item, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def built():
    heartbeat()
    Catalog.get()
    Catalog.objects.update(revision=5, changed_at=ago(days=3))
    BuildState.get()
    BuildState.objects.update(built_revision=5, last_build_at=ago(days=3))


def build(state: str = "done", **values) -> Build:
    moment = {"started_at": ago(days=3), "ended_at": ago(days=3)} | values
    return Build.objects.create(state=state, trigger="x", lease_until=ago(days=3), **moment)


def test_built_and_nothing_pending():
    build()

    assert told("build") == ("ok", "build.done")


def test_a_failed_build_degrades_health(client):
    BuildState.objects.update(last_error=words("hugo: exit 1"))

    assert told("build") == ("degraded", "build.failed")
    assert str(item("build").last_error) == "hugo: exit 1"
    assert client.get("/health").json() == {"status": "degraded"}


def test_so_does_one_whose_builder_died():
    build("failed", error=words("its worker died"))

    assert told("build") == ("degraded", "build.failed")


def test_it_is_forgiven_once_another_went_well():
    build("failed", error=words("its worker died"))
    build()

    assert told("build") == ("ok", "build.done")


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(1, ("ok", "build.pending")), (70, ("ok", "build.pending")), (80, ("degraded", "build.overdue"))],
)  # fmt: skip
def test_pending_changes_are_built_within_the_interval(minutes, expected):
    build()
    Catalog.objects.update(revision=6, changed_at=ago(minutes=minutes))

    assert told("build") == expected


def test_without_the_scheduler_changes_wait_for_somebody(configure):
    build()
    Catalog.objects.update(revision=6)
    configure(enable_scheduler=False)

    assert told("build") == ("ok", "build.pending")


def test_one_that_is_under_way_and_one_that_hangs():
    Catalog.objects.update(revision=6)
    running = build("running", started_at=ago(minutes=50), ended_at=None)
    before = told("build")
    Build.objects.filter(pk=running.pk).update(started_at=ago(hours=3))

    assert (before, told("build")) == (("ok", "build.running"), ("degraded", "build.long"))


def test_a_hold_needs_somebody_once_something_waits():
    build()
    BuildState.objects.update(held_at="#1")
    before = told("build")
    Catalog.objects.update(revision=6)

    assert (before, told("build")) == (("ok", "build.done"), ("degraded", "build.held"))


def test_a_new_installation_has_no_build_yet_and_is_not_late():
    BuildState.objects.all().delete()
    Heartbeat.objects.update(started_at=ago(seconds=9))

    assert told("build") == ("unknown", "build.never")


def test_one_that_never_gets_its_first_site_is_late():
    BuildState.objects.all().delete()

    assert told("build") == ("degraded", "build.overdue")
