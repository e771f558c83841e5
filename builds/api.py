"""Builds: how the public site stands, and asking for a new one; uploaded covers."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Path, Query, Router, Status
from ninja.errors import HttpError

from builds import covers
from builds.models import Build, BuildState
from builds.schemas import BuildItem, BuildOut, BuildStateOut, TriggeredOut, TriggerIn
from builds.tasks import build_now
from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.http import multipart, pagination
from ghost.core.http.schemas import Page, PathId, problems
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from resources.models import Resource
from resources.schemas import ResourceOut
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["builds"])


@router.get(
    "/build/status",
    auth=Bearer(Action.BUILD_STATUS),
    response={200: BuildStateOut, **problems()},
    operation_id="build_state_read",
    summary="Get the state of the public site",
)
def show_status(request: TokenRequest) -> BuildState:
    return BuildState.at_once()


@router.post(
    "/build/trigger",
    auth=Bearer(Action.BUILD_TRIGGER),
    response={200: BuildStateOut, 202: TriggeredOut, **problems(422)},
    operation_id="build_trigger",
    summary="Request a build of the public site",
)
def trigger_build(request: TokenRequest, wanted: Query[TriggerIn]) -> Status[BuildState]:
    reason = wanted.reason or f"asked for by {request.auth.display_name}"
    with request.auth.turn():
        Catalog.advance(reason)
        state = BuildState.get()
        trail.record("build.trigger", state, None, {"reason": reason, "now": wanted.now})
    if not wanted.now:
        return Status(200, state)
    state.task_id = queue.enqueue(build_now, request.auth.display_name, kind=JobKind.BUILD)
    return Status(202, state)


@router.get(
    "/builds",
    auth=Bearer(Action.BUILD_LIST),
    response={200: list[BuildItem], **problems(422)},
    operation_id="build_list",
    summary="List builds",
)
def list_builds(request: TokenRequest, response: HttpResponse, wanted: Query[Page]) -> list[Build]:
    return pagination.cut(Build.objects.all(), wanted, request, response)


@router.get(
    "/builds/{int:build_id}",
    auth=Bearer(Action.BUILD_LIST),
    response={200: BuildOut, **problems(404, 422)},
    operation_id="build_read",
    summary="Get a build with its steps",
)
def read_build(request: TokenRequest, build_id: Path[PathId]) -> Build:
    return get_object_or_404(Build.objects.prefetch_related("steps"), pk=build_id)


@router.put(
    "/resources/{int:resource_id}/cover",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={200: ResourceOut, **problems(400, 404, 413, 415, 422, 503)},
    operation_id="cover_upload",
    summary="Upload a cover",
    tags=["resources"],
    openapi_extra=multipart.schema("cover"),
)
def upload_cover(request: TokenRequest, resource_id: Path[PathId]) -> Resource:
    row = _changeable(request, resource_id)
    body = multipart.one_file(
        request, "cover", max_bytes=covers.MAX_BYTES, too_big=covers.too_big()
    )
    drawn = covers.read(body)
    with request.auth.turn():
        row = _changeable(request, resource_id)
        if request.auth.is_reviewed:
            row.ask_review()
        covers.upload(row, drawn, by=request.auth.display_name)
        trail.record("resource.upload_cover", row)
    return row


@router.delete(
    "/resources/{int:resource_id}/cover",
    auth=Bearer(Action.RESOURCE_UPDATE),
    response={204: None, **problems(404, 422)},
    operation_id="cover_delete",
    summary="Delete the uploaded cover",
    tags=["resources"],
)
def remove_cover(request: TokenRequest, resource_id: Path[PathId]) -> Status[None]:
    with request.auth.turn():
        row = _changeable(request, resource_id)
        if not covers.remove(row):
            told = _("None was uploaded; one at an address goes with `cover_image_url`.")
            raise HttpError(404, told)
        if request.auth.is_reviewed and row.cover_image_url:  # what lies there now is shown next
            row.ask_review()
        trail.record("resource.remove_cover", row)
    return Status(204, None)


def _changeable(request: TokenRequest, resource_id: int) -> Resource:
    """404 if there is none, 403 if this token may not change it."""
    row = get_object_or_404(Resource.objects.select_related("publisher"), pk=resource_id)
    row.require_change_by(request.auth)
    return row
