"""A build is requested in one way, whoever asks: the API, an operator, or the command line."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils.translation import override
from django_q.models import OrmQ

from builds import tasks
from builds.models import Build, BuildState, Extent
from builds.requests import request_build
from ghost.core.audit.models import AuditEvent
from ghost.core.catalog.models import Catalog
from ghost.core.errors import RevokedError
from tests import make, operators
from tests.presence import present

pytestmark = pytest.mark.django_db


def by_api(client):
    client.post("/api/build/trigger?now=true", **make.auth(make.admin(name="Root")))


def by_admin(client):
    operators.client("Operator").post(reverse("admin:builds_build_start"))


def by_command(client):
    call_command("build_site")


@pytest.fixture
def built():
    tasks.build_now("test")
    OrmQ.objects.all().delete()


@pytest.mark.parametrize("ask", [by_api, by_admin, by_command])
def test_whoever_asks_moves_the_revision_and_stands_in_the_trail(built, client, ask):
    before = Catalog.get().revision

    ask(client)

    event = AuditEvent.objects.get(action="build.trigger")
    assert Catalog.get().revision == before + 1
    assert set(event.changes) == {"reason", "extent", "now"}
    assert Catalog.get().reason.english.startswith("asked for by ")


@pytest.mark.parametrize("ask", [by_api, by_admin])
def test_a_request_is_pending_until_its_build_has_ended(built, client, ask):
    ask(client)

    assert BuildState.get().pending_changes
    (task,) = OrmQ.objects.all()
    name, args = task.func(), task.task["args"]
    assert getattr(name, "__name__", name).rpartition(".")[2] == "build_now"
    tasks.build_now(*args)
    assert not BuildState.get().pending_changes


def test_the_command_builds_what_it_asked_for(built, client):
    by_command(client)

    assert not BuildState.get().pending_changes
    assert present(Build.objects.first()).trigger == "manage.py build_site"


@pytest.mark.parametrize(
    ("extent", "task", "args"),
    [
        (Extent.CHANGES, tasks.build_now, ("Ada", False)),
        (Extent.EVERYTHING, tasks.build_now, ("Ada", True)),
        (Extent.VERIFICATION, tasks.verify_site, ("Ada",)),
    ],
)
def test_the_task_fits_what_is_asked_for(extent, task, args):
    state = request_build("Ada", extent=extent)

    (queued,) = OrmQ.objects.all()
    assert (queued.task["func"], queued.task["args"]) == (task, args)
    assert state.task_id == queued.task_id()


def test_a_build_at_once_has_no_other_queued_ahead_of_it(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        request_build("Ada", extent=Extent.EVERYTHING)

    assert [task.task["func"] for task in OrmQ.objects.all()] == [tasks.build_now]


def test_later_is_built_as_any_change_is(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        request_build("Ada", now=False)

    assert [task.func() for task in OrmQ.objects.all()] == ["builds.tasks.build_when_quiet"]


def test_what_the_command_asked_for_is_told_in_the_readers_language(built):
    call_command("build_site")

    with override("zh-hans"):
        assert str(Catalog.get().reason) == "由命令行发起"


def test_later_is_pending_without_a_task():
    state = request_build("Ada", reason="New logo", now=False)

    assert (state.task_id, OrmQ.objects.count()) == ("", 0)
    assert BuildState.get().pending_reason.english == "New logo"


def test_a_token_revoked_meanwhile_asks_for_nothing():
    make.admin(name="Another")
    token = make.admin()
    token.revoke()
    before = Catalog.get().revision

    with pytest.raises(RevokedError):
        request_build("Root", token=token)

    assert (Catalog.get().revision, OrmQ.objects.count()) == (before, 0)
