"""The audit trail through the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from ghost.core.audit import people
from ghost.core.audit.models import ActorKind, AuditEvent
from ghost.core.http import pagination
from ghost.core.http.schema.schemas import MAX_ID, Moment, MomentIn, Out, Page, Text
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["audit"])


class AuditOut(Out):
    """A change that somebody made."""

    id: int
    """The event's number."""
    at: Moment
    """When the change was made."""
    actor_kind: ActorKind
    """What made it: a `token` of this API, an `operator` in the admin, a `command` on the command
    line, the `system` itself, or `anonymous`: somebody who was refused."""
    actor_name: str
    """Name of the token, operator or command; empty for the system."""
    actor_key: int | None
    """Number of the token or operator; null for commands and the system."""
    action: str
    """What was done, as `<object>.<verb>`."""
    object_type: str
    """What kind of object was changed, such as `resource`."""
    object_key: str
    """Number of the object."""
    object_name: str
    """What the object was called then."""
    changes: dict[str, list[Any]]
    """By field its value before and after; those of people are hidden here."""
    request_id: str
    """The `X-Request-ID` of the request that made the change; empty if none did."""
    times: int
    """How often it was within a minute: more than once only for what was refused."""

    example: ClassVar = {
        "id": 12,
        "at": "2026-01-31T10:00:00+00:00",
        "actor_kind": "token",
        "actor_name": "Ada",
        "actor_key": 3,
        "action": "resource.update",
        "object_type": "resource",
        "object_key": "7",
        "object_name": "Big Buck Bunny",
        "changes": {"title": ["Big Buck Bunny", "Big Buck Bunny (2008)"]},
        "request_id": "9f1c2b7a4d5e6f70",
        "times": 1,
    }


class AuditFilter(Page):
    """Which events to list: those that meet all of these conditions."""

    action: Text | None = Field(None, max_length=60)
    """Only this action."""
    actor_kind: ActorKind | None = None
    """Only changes made by this kind of actor."""
    actor_key: int | None = Field(None, ge=1, le=MAX_ID)
    """Only changes made by the token or operator with this number; name the kind too."""
    object_type: Text | None = Field(None, max_length=30)
    """Only changes of this kind of object."""
    object_key: Text | None = Field(None, max_length=64)
    """Only changes of the object with this number."""
    request_id: Text | None = Field(None, max_length=64)
    """Only changes that this request made."""
    since: MomentIn | None = None
    """Only changes made at this moment or later."""

    example: ClassVar = {
        **Page.example,
        "action": "resource.update",
        "actor_kind": "token",
        "actor_key": 3,
        "object_type": "resource",
        "object_key": "7",
        "request_id": "9f1c2b7a4d5e6f70",
        "since": "2026-01-31T00:00:00Z",
    }


@router.get(
    "/admin/audit",
    auth=Bearer(Action.AUDIT_LIST),
    response={200: list[AuditOut]},
    operation_id="audit_event_list",
    summary="List audit events",
)
def list_audit(
    request: TokenRequest, response: HttpResponse, wanted: Query[AuditFilter]
) -> list[AuditEvent]:
    """List who changed what and when, newest first: each change made through the API, the admin and
    the command line, who signed in, and who was refused. Texts above 2,000 characters are cut, and secrets are left out.
    """
    asked = wanted.model_dump(exclude={"limit", "cursor"})
    rows = pagination.cut(AuditEvent.objects.matching(**asked), wanted, request, response)
    for row in rows:
        row.changes = people.masked(row.object_type, row.changes)
    return rows
