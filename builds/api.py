"""Builds: how the public site stands, and asking for a new one; uploaded covers."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from ninja.errors import HttpError

from builds import covers
from builds.models import Build, BuildState
from builds.requests import request_build
from builds.schemas import (
    BuildId,
    BuildItem,
    BuildOut,
    BuildStateOut,
    RequestedOut,
    TriggeredOut,
    TriggerIn,
)
from ghost.core.http import multipart, pagination
from ghost.core.http.schema.schemas import Page
from resources.api.answers import changeable
from resources.models import Resource
from resources.schemas import ResourceId, ResourceOut
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["builds"])


@router.get(
    "/build/status",
    auth=Bearer(Action.BUILD_STATUS),
    response={200: BuildStateOut},
    operation_id="build_state_read",
    summary="Get the state of the public site",
)
def show_status(request: TokenRequest) -> BuildState:
    """Get what the public site shows now, whether the catalog has changed since, and how far a running
    build is.
    """
    return BuildState.status()


@router.post(
    "/build/trigger",
    auth=Bearer(Action.BUILD_TRIGGER),
    response={200: RequestedOut, 202: TriggeredOut},
    operation_id="build_trigger",
    summary="Request a build of the public site",
)
def trigger_build(request: TokenRequest, wanted: Query[TriggerIn]) -> Status[BuildState]:
    """Mark the public site as out of date. The next scheduled build then renders it; with `now=true` a
    build is queued at once, and the answer is `202` with its `task_id`.
    """
    token = request.auth
    state = request_build(token.display_name, reason=wanted.reason, now=wanted.now, token=token)
    return Status(202 if wanted.now else 200, state)


@router.get(
    "/builds",
    auth=Bearer(Action.BUILD_LIST),
    response={200: list[BuildItem]},
    operation_id="build_list",
    summary="List builds",
)
def list_builds(request: TokenRequest, response: HttpResponse, wanted: Query[Page]) -> list[Build]:
    """List the builds of the public site, newest first, without their steps."""
    return pagination.cut(Build.objects.all(), wanted, request, response)


@router.get(
    "/builds/{int:build_id}",
    auth=Bearer(Action.BUILD_LIST),
    response={200: BuildOut},
    operation_id="build_read",
    summary="Get a build with its steps",
)
def read_build(request: TokenRequest, build_id: BuildId) -> Build:
    """Get one build with its steps: how long each took, what it counted and what it printed."""
    return get_object_or_404(Build.objects.prefetch_related("steps"), pk=build_id)


@router.put(
    "/resources/{int:resource_id}/cover",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={200: ResourceOut},
    operation_id="cover_upload",
    summary="Upload a cover",
    tags=["resources"],
    openapi_extra=multipart.schema("cover", "The picture, at most 10 MB."),
)
def upload_cover(request: TokenRequest, resource_id: ResourceId) -> Resource:
    """Upload a picture as the cover of a resource: one JPEG, PNG, WebP, GIF or AVIF file of at most 10 MB
    and 40 million pixels. It is redrawn as WebP without metadata and is on the site after the next build.

    It takes the place of the picture at `cover_image_url` until another address is set there. `422`: the
    file is not such a picture.
    """
    row = changeable(request, resource_id)
    body = multipart.one_file(
        request, "cover", max_bytes=covers.MAX_BYTES, too_big=covers.too_big()
    )
    drawn = covers.read(body)
    with request.auth.turn():
        row = changeable(request, resource_id)
        covers.upload(row, drawn, by=request.auth)
    return row


@router.delete(
    "/resources/{int:resource_id}/cover",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={204: None},
    operation_id="cover_delete",
    summary="Delete the uploaded cover",
    tags=["resources"],
)
def remove_cover(request: TokenRequest, resource_id: ResourceId) -> Status[None]:
    """Delete the cover that was uploaded. If `cover_image_url` is set, the picture at that address is
    fetched in its place.

    `404` also if no cover was uploaded.
    """
    with request.auth.turn():
        row = changeable(request, resource_id)
        if not covers.remove(row, by=request.auth):
            told = _(
                "No cover was uploaded; one from an address is removed by clearing `cover_image_url`."
            )
            raise HttpError(404, told)
    return Status(204, None)
