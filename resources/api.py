"""Resources and categories."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from ninja import Header, Path, Query, Router, Status
from ninja.errors import HttpError

from ghost import paging
from ghost.schemas import PathId, problems
from resources import slugs, submissions, torrents
from resources.metadata import Metadata
from resources.models import Category, Resource
from resources.schemas import (
    CategoryChange,
    CategoryIn,
    CategoryOut,
    MetadataOut,
    PlaceOut,
    QueuedOut,
    ResourceChange,
    ResourceFilter,
    ResourceIn,
    ResourceItem,
    ResourceOut,
    TakedownIn,
)
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["resources"])
categories = Router(tags=["categories"])

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(?P<seconds>[0-9]{1,9})"?\s*(?:$|[,;])', re.IGNORECASE)


@router.get(
    "",
    auth=Bearer(Action.RESOURCE_LIST),
    response={200: list[ResourceItem], **problems(422)},
    operation_id="resources_list",
    summary="Resources in scope, newest first",
)
def list_resources(
    request: TokenRequest, response: HttpResponse, wanted: Query[ResourceFilter]
) -> list[Resource]:
    rows = Resource.objects.in_scope(request.auth).select_related("publisher")
    found = rows.matching(**wanted.model_dump(exclude={"limit", "cursor"}))
    return paging.cut(found, wanted, request, response)


@router.post(
    "",
    auth=Bearer(Action.RESOURCE_CREATE),
    response={201: ResourceOut, **problems(400, 409, 413, 415, 422, 503)},
    operation_id="resources_create",
    summary="Publish a magnet",
)
def create_resource(
    request: TokenRequest,
    response: HttpResponse,
    data: ResourceIn,
    prefer: Header[str] = "",
    *,
    wait: bool = False,
) -> Status[Resource]:
    values = data.model_dump(exclude_unset=True)
    wait_s = _patience_s(prefer, response, is_required=wait)
    return Status(201, submissions.add(values, by=request.auth, wait_s=wait_s))


@router.get(
    "/{int:resource_id}",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: ResourceOut, **problems(404, 422)},
    operation_id="resources_read",
    summary="One resource",
)
def read_resource(request: TokenRequest, resource_id: Path[PathId]) -> Resource:
    return _seen(request, resource_id)


@router.put(
    "/{int:resource_id}",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={200: ResourceOut, **problems(400, 404, 409, 413, 415, 422, 503)},
    operation_id="resources_update",
    summary="Change some of its fields",
)
def update_resource(
    request: TokenRequest,
    response: HttpResponse,
    resource_id: Path[PathId],
    data: ResourceChange,
    prefer: Header[str] = "",
    *,
    wait: bool = False,
) -> Resource:
    row = _seen(request, resource_id)
    values = data.model_dump(exclude_unset=True)
    wait_s = _patience_s(prefer, response, is_required=wait)
    return submissions.change(row, values, by=request.auth, wait_s=wait_s)


@router.get(
    "/{int:resource_id}/metadata",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: MetadataOut, **problems(404, 422)},
    operation_id="resources_read_metadata",
    summary="What its last successful probe found",
)
def read_metadata(request: TokenRequest, resource_id: Path[PathId]) -> Metadata:
    return _probed(_seen(request, resource_id))


@router.get(
    "/{int:resource_id}/torrent",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: None, **problems(404, 422)},
    operation_id="resources_read_torrent",
    summary="Its .torrent file",
    openapi_extra={"responses": {200: {"content": {torrents.TYPE: {}}}}},
)
def read_torrent(request: TokenRequest, resource_id: Path[PathId]) -> HttpResponse:
    row = _seen(request, resource_id)
    body = torrents.make(_probed(row), row.magnet)
    if body is None:
        raise HttpError(404, _("Its info section is not known; have it probed again."))
    name = content_disposition_header(
        as_attachment=True, filename=f"{slugs.make(row.title)}.torrent"
    )
    return HttpResponse(body, torrents.TYPE, headers={"Content-Disposition": name})


@router.post(
    "/{int:resource_id}/probe",
    auth=Bearer(Action.RESOURCE_PROBE),
    response={202: QueuedOut, **problems(404, 409, 422, 503)},
    operation_id="resources_probe",
    summary="Probe it again",
)
def probe_resource(
    request: TokenRequest, resource_id: Path[PathId]
) -> Status[dict[str, str | None]]:
    row = _seen(request, resource_id)
    return Status(202, {"task_id": submissions.probe_again(row, by=request.auth)})


@router.post(
    "/{int:resource_id}/takedown",
    auth=Bearer(Action.RESOURCE_TAKE_DOWN),
    response={200: ResourceOut, **problems(404, 413, 415, 422)},
    operation_id="resources_take_down",
    summary="Take it off the site and block its hashes",
)
def take_down(request: TokenRequest, resource_id: Path[PathId], data: TakedownIn) -> Resource:
    row = _seen(request, resource_id)
    row.take_down(reason=data.reason, by=request.auth.display_name)
    return row


@router.post(
    "/{int:resource_id}/restore",
    auth=Bearer(Action.RESOURCE_TAKE_DOWN),
    response={200: ResourceOut, **problems(404, 422)},
    operation_id="resources_restore",
    summary="Undo a takedown",
)
def restore(request: TokenRequest, resource_id: Path[PathId]) -> Resource:
    row = _seen(request, resource_id)
    row.restore()
    return row


@categories.get(
    "/tree",
    auth=Bearer(Action.CATEGORY_LIST),
    response={200: list[PlaceOut], **problems()},
    operation_id="resources_list_categories",
    summary="All categories in tree order",
)
def list_categories(request: TokenRequest) -> list[PlaceOut]:
    return [PlaceOut.of(place) for place in Category.objects.tree()]


@categories.post(
    "",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={201: CategoryOut, **problems(400, 409, 413, 415, 422)},
    operation_id="resources_create_category",
    summary="Add a category",
)
def create_category(request: TokenRequest, data: CategoryIn) -> Status[Category]:
    category = Category(created_by=request.auth, **data.model_dump())
    category.store()
    return Status(201, category)


@categories.put(
    "/{int:category_id}",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={200: CategoryOut, **problems(400, 404, 409, 413, 415, 422)},
    operation_id="resources_update_category",
    summary="Rename or move a category",
)
def update_category(
    request: TokenRequest, category_id: Path[PathId], data: CategoryChange
) -> Category:
    category = get_object_or_404(Category, pk=category_id)
    category.require_change_by(request.auth)
    category.change(data.model_dump(exclude_unset=True))
    return category


@categories.delete(
    "/{int:category_id}",
    auth=Bearer(Action.CATEGORY_WRITE),
    response={204: None, **problems(400, 404, 422)},
    operation_id="resources_delete_category",
    summary="Delete an empty category",
)
def delete_category(request: TokenRequest, category_id: Path[PathId]) -> Status[None]:
    category = get_object_or_404(Category, pk=category_id)
    category.require_change_by(request.auth)
    category.discard()
    return Status(204, None)


def _seen(request: TokenRequest, resource_id: int) -> Resource:
    """404 if there is none, 403 if it is out of the token's scope."""
    row = get_object_or_404(Resource.objects.select_related("publisher"), pk=resource_id)
    row.require_sight_by(request.auth)
    return row


def _probed(row: Resource) -> Metadata:
    """What its last successful probe found; 404 if that is nothing."""
    if row.probed_at is None:
        raise HttpError(404, _("No probe has succeeded yet."))
    found = row.probed_metadata
    if found is None:
        raise HttpError(404, _("What the probe found is lost; have it probed again."))
    return found


def _patience_s(prefer: str, response: HttpResponse, *, is_required: bool) -> float:
    """How long to wait for a probe: to its end, or for the N of `Prefer: wait=N` (RFC 7240).

    That a preference is honoured is said in the answer.
    """
    if is_required:
        return submissions.TO_THE_END
    found = _WAIT.search(prefer)
    if found is None:
        return 0
    response["Preference-Applied"] = "wait"
    return int(found["seconds"])
