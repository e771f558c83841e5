"""Health scans."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Status

from dht.health import requests
from dht.models import HealthSample, Scan
from dht.schemas import EndedScanOut, QueuedScanOut, SampleOut, ScanIn
from ghost.core.http import pagination
from ghost.core.http.schemas import Page, PathId, problems
from resources.models import Resource
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["dht"])


@router.get(
    "/resources/{int:resource_id}/health",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: list[SampleOut], **problems(404, 422)},
    operation_id="health_sample_list",
    summary="List recent health checks of a resource",
    tags=["resources"],
)
def list_samples(
    request: TokenRequest, response: HttpResponse, resource_id: Path[PathId], page: Query[Page]
) -> list[HealthSample]:
    row = get_object_or_404(Resource, pk=resource_id)
    row.require_sight_by(request.auth)
    return pagination.cut(HealthSample.objects.filter(resource=row), page, request, response)


@router.post(
    "/admin/dht/scan-all",
    auth=Bearer(Action.DHT_SCAN),
    response={200: EndedScanOut, 202: QueuedScanOut, **problems(422, 503)},
    operation_id="scan_start",
    summary="Check the health of all resources",
)
def scan_all(request: TokenRequest, wanted: Query[ScanIn]) -> Status[Scan]:
    wait_s = wanted.timeout_s if wanted.wait else 0
    scan = requests.ask_for_all(request.auth.display_name, wait_s=wait_s)
    return Status(200 if wanted.wait and not scan.is_open else 202, scan)
