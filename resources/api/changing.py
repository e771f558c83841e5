"""Change a resource, and probe it again."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Status

from ghost.core.heartbeats import workers
from ghost.core.http.schema import response_headers
from ghost.core.http.schema.parameters import IfMatch, Prefer, Wait
from ghost.core.http.schema.schemas import problems
from resources.api.answers import patience_s, seen, versioned
from resources.api.routers import resources
from resources.models import Resource
from resources.publishing import etags
from resources.publishing import publish as submissions
from resources.schemas import (
    QueuedOut,
    ResourceChange,
    ResourceId,
    ResourceOut,
)
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

_CHANGED: dict[int, Any] = {
    200: ResourceOut,
    **problems(409),
}


@resources.put(
    "/{int:resource_id}",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response=_CHANGED,
    operation_id="resource_update",
    summary="Change some fields of a resource",
    openapi_extra=response_headers.on(200, "ETag"),
)
def update_resource(
    request: TokenRequest,
    response: HttpResponse,
    resource_id: ResourceId,
    data: ResourceChange,
    prefer: Prefer = "",
    if_match: IfMatch = "",
    *,
    wait: Wait = False,
) -> Resource:
    """Change the fields that the body names; all others stay as they are. With `If-Match` the change is
    made only if nobody has edited the resource since (`412`).

    Another magnet link is probed as for a new resource, and until that has succeeded the resource is
    off the public site. `409`: the torrent is listed already, or the resource is taken down.
    """
    row = seen(request, resource_id)
    changed = submissions.change(
        row,
        data.model_dump(exclude_unset=True),
        by=request.auth,
        wait_s=patience_s(prefer, response, is_required=wait),
        is_present=etags.condition(if_match),
    )
    return versioned(changed, response)


@resources.patch(
    "/{int:resource_id}",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response=_CHANGED,
    operation_id="resource_patch",
    summary="Change some fields of a resource (merge patch)",
    openapi_extra=response_headers.on(200, "ETag"),
)
def patch_resource(
    request: TokenRequest,
    response: HttpResponse,
    resource_id: ResourceId,
    data: ResourceChange,
    prefer: Prefer = "",
    if_match: IfMatch = "",
    *,
    wait: Wait = False,
) -> Resource:
    """Do the same as `PUT`; the body may also be `application/merge-patch+json` (RFC 7396)."""
    return update_resource(request, response, resource_id, data, prefer, if_match, wait=wait)


@resources.post(
    "/{int:resource_id}/probe",
    auth=Bearer(Action.RESOURCE_PROBE),
    response={202: QueuedOut},
    operation_id="resource_probe",
    summary="Probe a resource again",
)
def probe_resource(request: TokenRequest, resource_id: ResourceId) -> Status[dict[str, Any]]:
    """Queue a new probe of the magnet link. What is known stays until the new probe has found something.

    `409`: the resource is taken down.
    """
    row = seen(request, resource_id)
    task_id = submissions.probe_one_again(row, by=request.auth)
    return Status(202, {"task_id": task_id, "notes": workers.notes(workers.PROBE_WAITS)})
