"""What the public may see: takedown, withdrawal, review."""

from __future__ import annotations

from ghost.core.http.schema.parameters import IfMatch
from resources.api.answers import changeable, seen
from resources.api.routers import resources
from resources.models import Resource
from resources.publishing import etags, visibility
from resources.schemas import (
    ResourceId,
    ResourceOut,
    SendBackIn,
    TakedownIn,
)
from teams.auth import Bearer, TokenRequest
from teams.policy import Action


@resources.post(
    "/{int:resource_id}/takedown",
    auth=Bearer(Action.RESOURCE_TAKE_DOWN),
    response={200: ResourceOut},
    operation_id="resource_take_down",
    summary="Take a resource down",
)
def take_down(request: TokenRequest, resource_id: ResourceId, data: TakedownIn) -> Resource:
    """Remove a resource from the public site and block its info-hashes, so that nobody can publish it
    again. Only Admins may, and only they can change it while it is taken down.
    """
    with request.auth.turn():
        row = seen(request, resource_id)
        row.take_down(reason=data.reason, by=request.auth.display_name)
    return row


@resources.post(
    "/{int:resource_id}/restore",
    auth=Bearer(Action.RESOURCE_TAKE_DOWN),
    response={200: ResourceOut},
    operation_id="resource_restore",
    summary="Undo a takedown",
)
def restore(request: TokenRequest, resource_id: ResourceId) -> Resource:
    """Put a resource back that was taken down, and remove the blocks that the takedown made. Blocks that
    an operator made by hand stay.
    """
    with request.auth.turn():
        row = seen(request, resource_id)
        row.restore()
    return row


@resources.post(
    "/{int:resource_id}/withdraw",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={200: ResourceOut},
    operation_id="resource_withdraw",
    summary="Withdraw a resource from the public site",
)
def withdraw(request: TokenRequest, resource_id: ResourceId) -> Resource:
    """Make a resource a draft again: it leaves the public site within seconds. Nothing is blocked, and
    its torrent stays listed, so nobody else can publish it.
    """
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.withdraw(row)
    return row


@resources.post(
    "/{int:resource_id}/publish",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={200: ResourceOut},
    operation_id="resource_publish",
    summary="Publish a draft or scheduled resource now",
)
def publish(request: TokenRequest, resource_id: ResourceId) -> Resource:
    """Make a draft or scheduled resource public from now on; one that is public already stays as it is.

    `409`: the resource is taken down.
    """
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.publish(row, by=request.auth)
    return row


@resources.post(
    "/{int:resource_id}/approve",
    auth=Bearer(Action.RESOURCE_REVIEW),
    response={200: ResourceOut},
    operation_id="resource_approve",
    summary="Approve a resource that awaits review",
)
def approve(
    request: TokenRequest,
    resource_id: ResourceId,
    if_match: IfMatch = "",
) -> Resource:
    """Approve what a publisher whose work is reviewed has published or changed, so that it becomes public.
    With `If-Match` only the version that you have looked at is approved (`412`).

    `409`: the resource doesn't await review.
    """
    is_present = etags.condition(if_match)
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.approve_one(row, is_present)
    return row


@resources.post(
    "/{int:resource_id}/send-back",
    auth=Bearer(Action.RESOURCE_REVIEW),
    response={200: ResourceOut},
    operation_id="resource_send_back",
    summary="Send a resource back to its publisher",
)
def send_back(request: TokenRequest, resource_id: ResourceId, data: SendBackIn) -> Resource:
    """Refuse what awaits review: it becomes a draft, and its publisher reads the reason in `review_note`.
    Publishing it again asks for another review.

    `409`: the resource doesn't await review.
    """
    with request.auth.turn():
        row = changeable(request, resource_id)
        visibility.send_back_one(row, reason=data.reason)
    return row
