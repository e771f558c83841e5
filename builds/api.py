"""Builds: how the public site stands, and asking for a new one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django_q.tasks import async_task
from ninja import Path, Query, Router, Status

from builds.models import Build, BuildState
from builds.schemas import BuildItem, BuildOut, BuildStateOut, TriggeredOut, TriggerIn
from builds.tasks import build_now
from ghost import paging
from ghost.schemas import Page, PathId, problems
from resources.models import Catalog
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["builds"])


@router.get(
    "/build/status",
    auth=Bearer(Action.BUILD_STATUS),
    response={200: BuildStateOut, **problems()},
    operation_id="builds_status",
    summary="What the public site holds",
)
def show_status(request: TokenRequest) -> BuildState:
    return BuildState.get()


@router.post(
    "/build/trigger",
    auth=Bearer(Action.BUILD_TRIGGER),
    response={200: BuildStateOut, 202: TriggeredOut, **problems(422)},
    operation_id="builds_trigger",
    summary="Mark the site as out of date, or build it now",
)
def trigger_build(request: TokenRequest, wanted: Query[TriggerIn]) -> Status[BuildState]:
    Catalog.advance(wanted.reason or f"asked for by {request.auth.display_name}")
    state = BuildState.get()
    if not wanted.now:
        return Status(200, state)
    state.task_id = async_task(build_now, request.auth.display_name)
    return Status(202, state)


@router.get(
    "/builds",
    auth=Bearer(Action.BUILD_LIST),
    response={200: list[BuildItem], **problems(422)},
    operation_id="builds_list",
    summary="Builds, newest first",
)
def list_builds(request: TokenRequest, response: HttpResponse, wanted: Query[Page]) -> list[Build]:
    return paging.cut(Build.objects.all(), wanted, request, response)


@router.get(
    "/builds/{int:build_id}",
    auth=Bearer(Action.BUILD_LIST),
    response={200: BuildOut, **problems(404, 422)},
    operation_id="builds_read",
    summary="One build with its steps",
)
def read_build(request: TokenRequest, build_id: Path[PathId]) -> Build:
    return get_object_or_404(Build.objects.prefetch_related("steps"), pk=build_id)
