"""Health scans."""

from __future__ import annotations

from ninja import Query, Router, Status

from dht import scanning
from dht.models import Scan
from dht.schemas import EndedScanOut, QueuedScanOut, ScanIn
from ghost.schemas import problems
from teams.auth import Bearer, TokenRequest
from teams.policy import Action

router = Router(tags=["dht"])


@router.post(
    "/admin/dht/scan-all",
    auth=Bearer(Action.DHT_SCAN),
    response={200: EndedScanOut, 202: QueuedScanOut, **problems(422, 503)},
    operation_id="dht_scan_all",
    summary="Check the health of all resources",
)
def scan_all(request: TokenRequest, wanted: Query[ScanIn]) -> Status[Scan]:
    wait_s = wanted.timeout_s if wanted.wait else 0
    scan = scanning.ask_for_all(request.auth.display_name, wait_s=wait_s)
    return Status(200 if wanted.wait and not scan.is_open else 202, scan)
