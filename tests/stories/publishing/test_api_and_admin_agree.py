"""What both the API and the admin can do, they do by one entry point: the same rows, audit events,
events for listeners and tasks come of it."""

from typing import Any

import pytest

from ghost.core.audit.models import AuditEvent
from ghost.core.events.models import Event
from resources.models import Block, Resource
from tests import make, operators

pytestmark = pytest.mark.django_db

SHOWN = (
    "probe_status", "probe_attempts", "probe_error", "takedown_reason", "published_at",
    "awaits_review", "review_note",
)  # fmt: skip


def awaiting() -> Resource:
    row = make.resource()
    row.alone().ask_review()
    return Resource.objects.get(pk=row.pk)


def taken_down() -> Resource:
    row = make.resource()
    row.take_down(reason="Because", by="Root")
    return row


def sent_back() -> Resource:
    row = awaiting()
    row.alone().send_back(reason="First")
    return row


WAYS = {
    "probe": (make.resource, "probe_again", {}),
    "takedown": (make.resource, "take_down", {"reason": "Because"}),
    "restore": (taken_down, "restore", {}),
    "approve": (awaiting, "approve", {}),
    "send-back": (awaiting, "send_back", {"reason": "Because"}),
}
"""By operation of the API: rows that it is for, the admin's action, and what both are told."""


@pytest.mark.parametrize("operation", WAYS)
def test_api_and_admin_do_the_same(
    call,
    prober,
    django_capture_on_commit_callbacks,
    operation,
):
    made, action, fields = WAYS[operation]
    by_api, by_admin = made(), made()
    before = last_ids()

    answer = call(make.admin(), "post", f"/resources/{by_api.pk}/{operation}", fields or None)
    with django_capture_on_commit_callbacks(execute=True):
        operators.act(
            operators.client("Operator"), "resources_resource", action, by_admin, **fields
        )

    assert answer.status_code in (200, 202)
    assert traces(by_api, before) == traces(by_admin, before)
    assert sorted(prober.queued) == ([by_api.pk, by_admin.pk] if operation == "probe" else [])


@pytest.mark.parametrize("operation", ["approve", "send-back"])
def test_what_was_sent_back_awaits_no_review_by_api_or_admin(call, operation):
    _made, action, fields = WAYS[operation]
    by_api, by_admin = sent_back(), sent_back()
    before = last_ids()

    answer = call(make.admin(), "post", f"/resources/{by_api.pk}/{operation}", fields or None)
    operators.act(operators.client("Operator"), "resources_resource", action, by_admin, **fields)

    assert answer.status_code == 409
    assert traces(by_api, before) == traces(by_admin, before)
    assert (by_api.state, by_api.review_note) == ("draft", "First")


def last_ids() -> tuple[int, int]:
    events = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    audit = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return events, audit


def traces(row: Resource, before: tuple[int, int]) -> dict[str, object]:
    """What came of it: columns, blocks, and what was written down, without keys and moments."""
    row.refresh_from_db()
    columns = {name: getattr(row, name) for name in SHOWN}
    columns["published_at"] = row.published_at is not None
    audited = AuditEvent.objects.filter(
        pk__gt=before[1], object_type="resource", object_key=str(row.pk)
    )
    told = Event.objects.filter(pk__gt=before[0], kind="resource")
    return {
        "columns": columns,
        "blocked": Block.objects.filter(info_hash__in=row.hashes).count(),
        "audited": [(event.action, sorted(event.changes)) for event in audited.order_by("pk")],
        "told": [
            event.data["change"]
            for event in told.order_by("pk")
            if any(item["resource_id"] == row.pk for item in event.data["resources"])
        ],
    }


CHANGES = {
    "edit": ("patch", "", {"title": "Other"}),
    "publish": ("post", "/publish", None),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_reviewed", [True, False])
def test_a_reviewed_publishers_change_asks_for_review(call, change, is_reviewed):
    token = make.publisher(needs_review=is_reviewed)
    published: dict[str, Any] = {} if change == "edit" else {"published_at": None}
    row = make.resource(publisher=token, **published)
    method, path, body = CHANGES[change]

    answer = call(token, method, f"/resources/{row.pk}{path}", body)

    assert answer.json()["state"] == ("review" if is_reviewed else "live")
