"""Who did what: every write that somebody asked for, told once, without a secret."""

import json
import re

import pytest
from django.contrib.auth.models import User

from ghost.api.root import api
from ghost.core.audit.models import ActorKind, AuditEvent
from resources.models import Resource
from tests import make
from tests.presence import present
from tests.resources.prober import FakeProber
from tests.world import WRITES, World, fake_prober, new, send  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_prober")]

UNDOING = {"cover_delete"}
"""Tested with the operation that it undoes."""
READING = {"session_verify"}
"""POSTs that write nothing."""


def writing_operations():
    found = {}
    for bound in api._get_bound_routers():
        for view in bound.path_operations.values():
            for operation in view.operations:
                if operation.methods[0] != "GET":
                    found[operation.operation_id] = operation.methods[0]
    return found


def test_every_writing_operation_is_tried():
    assert set(writing_operations()) == set(WRITES) | UNDOING | READING


@pytest.mark.parametrize("operation", WRITES)
def test_a_write_leaves_one_event(client, operation):
    world = World()
    AuditEvent.objects.all().delete()
    path, body = WRITES[operation](world)
    AuditEvent.objects.all().delete()

    response = send(client, writing_operations()[operation], world.admin, path, body)

    [event] = AuditEvent.objects.all()
    assert 200 <= response.status_code < 300
    assert (event.actor_kind, event.actor_name) == (ActorKind.TOKEN, "Root")
    assert event.actor_key == world.admin.pk
    assert event.request_id == "request-12345"
    told = json.dumps(event.changes) + event.object_name + event.object_key
    assert re.search(r"ghost_[0-9A-Za-z]{40}", told) is None


def test_a_cover_that_is_removed_leaves_an_event(client):
    world = World()
    send(client, "PUT", world.ada, *WRITES["cover_upload"](world))

    client.delete(f"/api/resources/{world.row.pk}/cover", **make.auth(world.ada))

    actions = AuditEvent.objects.filter(actor_kind=ActorKind.TOKEN).values_list("action", flat=True)
    assert list(actions) == ["resource.remove_cover", "resource.upload_cover"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("resources", {"title": ""}), ("categories", {"name": ""}), ("teams", {"name": "x"})],
)
def test_what_is_refused_leaves_none(client, path, body):
    world = World()
    AuditEvent.objects.all().delete()

    response = send(client, "POST", world.admin, path, body)

    assert response.status_code >= 400
    assert AuditEvent.objects.count() == 0


def test_an_edit_that_changes_nothing_leaves_none(client):
    world = World()
    AuditEvent.objects.all().delete()

    response = send(
        client, "PATCH", world.ada, f"resources/{world.row.pk}", {"title": world.row.title}
    )

    assert response.status_code == 200
    assert AuditEvent.objects.count() == 0


def test_an_event_says_what_was_and_what_is(client):
    world = World()
    before = world.row.title

    send(client, "PATCH", world.ada, f"resources/{world.row.pk}", {"title": "New", "tags": ["x"]})

    event = present(AuditEvent.objects.filter(action="resource.update").first())
    assert event.changes == {"title": [before, "New"], "tags": [[], ["x"]]}
    assert (event.object_type, event.object_key) == ("resource", str(world.row.pk))


def test_what_is_rolled_back_was_not_done(client, monkeypatch):
    world = World()
    AuditEvent.objects.all().delete()
    FakeProber.is_able = False

    response = send(client, "POST", world.ada, "resources", new(world))

    assert response.status_code == 503
    assert AuditEvent.objects.count() == 0


def test_the_trail_is_read_by_admins_with_filters(client):
    world = World()
    send(client, "PATCH", world.ada, f"resources/{world.row.pk}", {"title": "New"})
    send(client, "POST", world.admin, f"resources/{world.row.pk}/takedown", {"reason": "Asked."})

    def listed(**query):
        response = client.get("/api/admin/audit", query, **make.auth(world.admin))
        return [each["action"] for each in response.json()]

    by_ada = {"actor_kind": "token", "actor_key": world.ada.pk}
    of_row = {"object_type": "resource", "object_key": world.row.pk, "actor_kind": "token"}
    assert listed(**by_ada) == ["resource.update"]
    assert listed(**of_row) == ["resource.take_down", "resource.update"]
    assert listed(action="resource.take_down", actor_kind="token") == ["resource.take_down"]
    assert listed(since="2999-01-01T00:00:00Z") == []
    assert client.get("/api/admin/audit", **make.auth(world.ada)).status_code == 403


def test_operators_are_named(client):
    user = User.objects.create_superuser("olga", password="x")
    client.force_login(user)
    row = make.resource()
    AuditEvent.objects.all().delete()

    client.post(
        "/admin/resources/resource/",
        {"action": "take_down", "_selected_action": [row.pk], "reason": "Asked."},
    )

    [event] = AuditEvent.objects.all()
    assert (event.actor_kind, event.actor_name) == (ActorKind.OPERATOR, "olga")
    assert Resource.objects.get().takedown_at
