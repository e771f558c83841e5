"""The audit trail through the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from ghost.core.audit.models import ActorKind, AuditEvent
from ghost.core.http import pagination
from ghost.core.http.schemas import MAX_ID, Moment, MomentIn, Out, Page, Text, problems
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["audit"])


class AuditOut(Out):
    """One deed; `changes` are `{field: [before, after]}`."""

    id: int
    at: Moment
    actor_kind: ActorKind
    actor_name: str
    actor_key: int | None
    action: str
    object_type: str
    object_key: str
    object_name: str
    changes: dict[str, list[Any]]
    request_id: str


class AuditFilter(Page):
    """Which of them."""

    action: Text | None = Field(None, max_length=60)
    actor_kind: ActorKind | None = None
    actor_key: int | None = Field(None, ge=1, le=MAX_ID, description="Of a token or a user.")
    object_type: Text | None = Field(None, max_length=30)
    object_key: Text | None = Field(None, max_length=64)
    request_id: Text | None = Field(None, max_length=64)
    since: MomentIn | None = None


@router.get(
    "/admin/audit",
    auth=Bearer(Action.AUDIT_LIST),
    response={200: list[AuditOut], **problems(422)},
    operation_id="audit_event_list",
    summary="List audit events",
)
def list_audit(
    request: TokenRequest, response: HttpResponse, wanted: Query[AuditFilter]
) -> list[AuditEvent]:
    """What the summary says."""
    asked = wanted.model_dump(exclude={"limit", "cursor"})
    return pagination.cut(AuditEvent.objects.matching(**asked), wanted, request, response)
