"""Health scans: which resources are looked up, and what a look-up says about them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from dht import lookups, swarm
from dht.models import HealthSample
from ghost import stopping
from ghost.errors import OutageError, RefusedError
from resources.models import DhtStatus, Resource

if TYPE_CHECKING:
    from datetime import datetime

BATCH = 100
"""Resources looked up at a time: 50 to 500 look-ups in flight lost no answers."""
METHOD = "dht"
MIN_TIMEOUT_S, MAX_TIMEOUT_S = 0.1, 600.0


@dataclass
class Report:
    """What a scan did: resources by what they are now, and how many changed."""

    checked: int = 0
    active: int = 0
    stale: int = 0
    unknown: int = 0
    changed: int = 0
    seconds: float = 0.0

    def plain(self) -> dict[str, float]:
        """As a dictionary, seconds rounded."""
        return asdict(self) | {"seconds": round(self.seconds, 2)}


@dataclass(frozen=True)
class _Finding:
    """One resource's look-up: what it is from now on."""

    row: Resource
    status: DhtStatus
    misses: int
    seen: lookups.Sighting


def scan(
    limit: int | None,
    *,
    timeout_s: float | None = None,
    tell: Callable[[Report, int], None] | None = None,
) -> Report:
    """Look up the `limit` resources checked longest ago (None: all); saved batch by batch.

    `timeout_s` is for one look-up (default GHOST_DHT_TIMEOUT_S); `tell` hears of the progress
    and the total. Nothing is changed if it can't start: OutageError, or RefusedError for a limit
    below 1 or a timeout out of MIN_TIMEOUT_S to MAX_TIMEOUT_S, in which nobody could answer.
    """
    timeout_s = settings.GHOST.dht_timeout_s if timeout_s is None else timeout_s
    _require_sense(limit, timeout_s)
    require_dht()
    began, report = time.monotonic(), Report()
    chosen = list(Resource.objects.longest_unchecked().values_list("pk", flat=True)[:limit])
    for batch in _batches(chosen):
        if stopping.is_asked():  # the next scan begins with what this one leaves out
            break
        _scan_batch(batch, timeout_s, report)
        report.seconds = time.monotonic() - began
        if tell:
            tell(report, len(chosen))
    swarm.session().save_state()
    return report


def _require_sense(limit: int | None, timeout_s: float) -> None:
    if limit is not None and limit < 1:
        raise RefusedError("The number of resources to scan must be at least 1.")
    if not MIN_TIMEOUT_S <= timeout_s <= MAX_TIMEOUT_S:  # not a number is neither
        raise RefusedError(
            f"The time for a look-up must lie between {MIN_TIMEOUT_S:g} and {MAX_TIMEOUT_S:g} s."
        )


def require_dht() -> None:
    """OutageError if the DHT can't be asked now."""
    if not swarm.session().has_nodes(min(swarm.NODES_PATIENCE_S, settings.GHOST.dht_timeout_s)):
        raise OutageError(
            "The scan could not start: no DHT node answered. Check the network and"
            " GHOST_DHT_BOOTSTRAP_NODES."
        )


def _batches(chosen: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(chosen), BATCH):
        yield chosen[start : start + BATCH]


def _scan_batch(ids: list[int], timeout_s: float, report: Report) -> None:
    # Which rows to ask was chosen at the start; what they are is read now.
    rows = list(Resource.objects.standing().filter(pk__in=ids))
    asked_at = timezone.now()
    sightings = lookups.look_up({key for row in rows for key in row.magnet.dht_keys}, timeout_s)
    is_answered = swarm.session().num_nodes() > 0
    findings = [_judge(row, sightings, is_answered=is_answered) for row in rows]
    report.changed += _save(findings, asked_at)
    counts = Counter(finding.status for finding in findings)
    report.checked += len(findings)
    report.active += counts[DhtStatus.ACTIVE]
    report.stale += counts[DhtStatus.STALE]
    report.unknown += counts[DhtStatus.UNKNOWN]


def _judge(row: Resource, sightings: dict[str, lookups.Sighting], *, is_answered: bool) -> _Finding:
    seen = max((sightings[k] for k in row.magnet.dht_keys), key=lambda s: (s.nodes, s.peers))
    if seen.is_seen:
        return _Finding(row, DhtStatus.ACTIVE, 0, seen)
    if not is_answered:  # the DHT was lost meanwhile: nothing is known of the torrent
        return _Finding(row, DhtStatus.UNKNOWN, row.dht_misses, seen)
    misses = row.dht_misses + 1
    is_stale = misses >= settings.GHOST.dht_stale_after
    return _Finding(row, DhtStatus.STALE if is_stale else DhtStatus(row.dht_status), misses, seen)


def _save(findings: list[_Finding], asked_at: datetime) -> int:
    """Write a batch's findings; how many resources got another status.

    A resource whose magnet was changed or whose metadata came meanwhile is left alone.
    """
    alike: dict[tuple[DhtStatus, int], list[str]] = {}
    for finding in findings:
        alike.setdefault((finding.status, finding.misses), []).append(finding.row.magnet_hash)
    unchanged = Resource.objects.filter(Q(last_dht_check=None) | Q(last_dht_check__lt=asked_at))
    changed = sum(
        unchanged.filter(magnet_hash__in=hashes).record_health(status, misses=misses)
        for (status, misses), hashes in alike.items()
    )
    HealthSample.objects.keep(_sample(finding) for finding in findings)
    return changed


def _sample(finding: _Finding) -> HealthSample:
    return HealthSample(
        resource=finding.row,
        method=METHOD,
        status=finding.status,
        num_nodes=finding.seen.nodes,
        num_peers=finding.seen.peers,
    )
