"""Health scans."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from dht.health import requests
from dht.models import HealthSample, Scan
from dht.schemas import EndedScanOut, QueuedScanOut, SampleOut, ScanIn
from ghost.core.http import pagination
from ghost.core.http.schema.schemas import Page
from resources.models import Resource
from resources.schemas import ResourceId
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["health"])


@router.get(
    "/resources/{int:resource_id}/health",
    auth=Bearer(Action.RESOURCE_READ),
    response={200: list[SampleOut]},
    operation_id="health_sample_list",
    summary="List recent health checks of a resource",
)
def list_samples(
    request: TokenRequest, response: HttpResponse, resource_id: ResourceId, page: Query[Page]
) -> list[HealthSample]:
    """List what recent health checks of a resource found, newest first. They are kept for a number of days
    that the operator sets (`GHOST_KEEP_DAYS`).
    """
    row = get_object_or_404(Resource, pk=resource_id)
    row.require_sight_by(request.auth)
    return pagination.cut(HealthSample.objects.filter(resource=row), page, request, response)


@router.post(
    "/admin/dht/scan-all",
    auth=Bearer(Action.DHT_SCAN),
    response={200: EndedScanOut, 202: QueuedScanOut},
    operation_id="scan_start",
    summary="Check the health of all resources",
)
def scan_all(request: TokenRequest, wanted: Query[ScanIn]) -> Status[Scan]:
    """Check in the DHT and with trackers whether the torrents of all resources are alive. A scan that is
    running is joined, and extended to all resources that it has not checked.

    The answer is `202` while the scan runs. With `wait=true` it comes when the scan has ended (`200`), or as
    `202` after `timeout_s` seconds.
    """
    wait_s = wanted.timeout_s if wanted.wait else 0
    scan = requests.ask_for_all(request.auth.display_name, wait_s=wait_s)
    return Status(200 if wanted.wait and not scan.is_open else 202, scan)
