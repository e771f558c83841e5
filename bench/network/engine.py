"""Ghost's side of the benches, in a process where Django is set up (bench/processes/parts.py).

Each part takes the path of the network's manifest and tells what it found and what it used.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from processes import usage

from dht.engine import lookups, probes, session
from dht.health import scanner
from dht.models import Scan
from ghost.core.batches import batched
from ghost.core.errors import OutageError
from resources.models import Category, ProbeStatus, Resource
from resources.torrents import magnets
from teams.models import Token
from teams.roles import Role

TIMEOUT_S = 20.0
WORDS = "A paragraph of some length about a work that is shared here. " * 20


def fill(manifest: Path) -> dict[str, Any]:
    """A public resource for each key: their description has 1.2 kB."""
    category = Category(name="Bench")
    category.store()
    publisher, _ = Token.objects.issue(Role.PUBLISHER, "Bench")
    at = timezone.now() - timedelta(days=1)
    keys = _read(manifest)["keys"]
    for batch in batched(keys, 2000):
        Resource.objects.bulk_create(
            Resource(
                title=f"Work {key[:8]}",
                magnet_uri=f"magnet:?xt=urn:btih:{key}&dn=Work%20{key[:8]}",
                magnet_hash=key,
                content_markdown=WORDS,
                category=category,
                publisher=publisher,
                probe_status=ProbeStatus.OK,
                probed_at=at,
                published_at=at,
            )
            for key in batch
        )
    return {"resources": Resource.objects.count()}


def scan_all(_manifest: Path) -> dict[str, Any]:
    """A scan of the whole catalog, database writes included."""
    memory: dict[int, float] = {}

    def tell(done: Scan) -> None:
        percent = 100 * done.checked // done.total
        for mark in (10, 50, 100):
            if percent >= mark:
                memory.setdefault(mark, usage.own_mb())

    error = ""
    with usage.Meter() as meter:  # nothing else may lie in memory
        try:
            scanner.scan(None, timeout_s=TIMEOUT_S, tell=tell)
        except OutageError as outage:
            error = str(outage)
    used = meter.told()
    found = dict(Resource.objects.values_list("magnet_hash", "dht_status"))
    return {"found": found, "error": error, "own_mb_at": memory, **used}


def look_up(manifest: Path) -> dict[str, Any]:
    """The look-ups of a scan alone: whether each key was seen."""
    keys = _read(manifest)["keys"]
    with usage.Meter() as meter:
        session.session().has_nodes(TIMEOUT_S)
        found = _sightings(keys)
    return {"found": found, **meter.told()}


def _sightings(keys: list[str]) -> dict[str, bool]:
    return {key: sighting.is_seen for key, sighting in lookups.look_up(keys, TIMEOUT_S)}


def probe(manifest: Path) -> dict[str, Any]:
    """Probe all magnets; the seconds after which each was found, and its files."""
    wanted = _read(manifest)
    links = {magnets.parse(uri).hash: uri for uri in wanted["magnets"]}
    found: dict[str, float] = {}
    ended = 0
    with usage.Meter() as meter:
        for outcome in probes.probe(map(magnets.parse, links.values()), wanted["timeout_s"]):
            ended += 1
            if outcome.metadata is not None:
                found[links[outcome.magnet_hash]] = meter.since_s()
    return {"found": found, "ended": ended, **meter.told()}


PARTS = {"fill": fill, "scan": scan_all, "lookups": look_up, "probes": probe}


def _read(manifest: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(manifest.read_text())
    return found


def main() -> None:
    """One part, as the command line says."""
    _, what, manifest = sys.argv
    told = PARTS[what](Path(manifest))
    session.close()
    print(json.dumps(told))
