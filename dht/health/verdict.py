"""What the signs of life that were found make of a resource, and how that is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

from dht.engine.lookups import Sighting
from dht.models import HealthSample, Method, ScanPart
from ghost.core.catalog.models import Catalog
from resources.models import DhtStatus, Resource
from resources.swarms import SwarmCheck

if TYPE_CHECKING:
    from dht.models import Scan
    from dht.trackers.announces import Swarm


WEB_SEED_PATIENCE = 5
"""Scans in a row for which a web seed may be out of order before that counts as a sign of death."""


class ScannedResource(NamedTuple):
    """What a scan reads of a resource: a whole row costs as much as its look-up."""

    pk: int
    magnet_hash: str
    magnet_hash_v2: str | None
    magnet_uri: str
    dht_status: str
    dht_misses: int
    probed_at: datetime | None

    @property
    def keys(self) -> set[str]:
        """As `Magnet.dht_keys`, without reading the link."""
        return {h[:40] for h in (self.magnet_hash, self.magnet_hash_v2) if h}


@dataclass
class Evidence:
    """What was found of one resource: DHT nodes that named peers, the peers, and what else."""

    nodes: int = 0
    is_seen: bool = False
    peers: int = 0
    seeds: int | None = None
    """As the best tracker says; None if none told."""
    is_counted: bool = False
    web_seed: bool | None = False
    """Whether one serves it; None if that could not be found out."""
    is_answered: bool = False
    """Whether anybody answered at all, were it only to say that nobody is there."""

    def add_sighting(self, sighting: Sighting) -> None:
        """The DHT's answer for one of its keys."""
        self.nodes = max(self.nodes, sighting.nodes)
        self.peers = max(self.peers, sighting.peers)
        self.is_seen |= sighting.is_seen
        self.is_answered |= sighting.is_answered

    def add_swarm(self, swarm: Swarm) -> None:
        """What a tracker counts; nobody is an answer too."""
        self.seeds = max(self.seeds or 0, swarm.seeds)
        self.peers = max(self.peers, sum(swarm))
        self.is_counted |= sum(swarm) > 0
        self.is_answered = True

    @property
    def has_peers(self) -> bool:
        """Whether somebody trustworthy named or counted peers."""
        return self.is_seen or self.is_counted


@dataclass(frozen=True)
class Finding:
    """One resource's look-up: what it is from now on, and why."""

    resource: ScannedResource
    evidence: Evidence
    method: Method
    status: DhtStatus
    misses: int

    @property
    def check(self) -> SwarmCheck:
        """The same, as the resource's figures are made of it."""
        found = self.evidence
        return SwarmCheck(
            self.status,
            self.misses,
            found.seeds,
            found.peers,
            is_answered=found.is_answered or self.is_alive,
        )

    @property
    def is_alive(self) -> bool:
        """Whether this very look-up showed a sign of life; it may be Active by an earlier one."""
        return _sign_of_life(self.evidence) is not None


def judge(resource: ScannedResource, evidence: Evidence) -> Finding:
    """Active if peers were found; Stale after GHOST_DHT_STALE_AFTER misses in a row; Unknown if
    nobody answered; else what it was. A web seed that could not be asked puts off the verdict for
    some scans, but not for ever.
    """
    method = _sign_of_life(evidence)
    if method is not None:
        return Finding(resource, evidence, method, DhtStatus.ACTIVE, 0)
    if not evidence.is_answered:  # nothing is known of the torrent: not counted as a miss
        return Finding(resource, evidence, Method.DHT, DhtStatus.UNKNOWN, resource.dht_misses)
    misses = resource.dht_misses + 1
    patience = WEB_SEED_PATIENCE if evidence.web_seed is None else 0
    is_stale = misses >= settings.GHOST.dht_stale_after + patience
    status = DhtStatus.STALE if is_stale else DhtStatus(resource.dht_status)
    return Finding(resource, evidence, Method.DHT, status, misses)


def _sign_of_life(evidence: Evidence) -> Method | None:
    if evidence.is_seen:
        return Method.DHT
    if evidence.is_counted:
        return Method.TRACKER
    return Method.WEB_SEED if evidence.web_seed else None


def save(
    scan: Scan,
    findings: Mapping[str, Sequence[Finding]],
    *,
    asked_at: datetime,
    done: Collection[ScanPart] = (),
) -> None:
    """Keep what was found, by the claim under which it was; drop the parts that are `done`.

    What another worker has claimed since, or an ended scan, is left to them. So is a resource
    whose magnet was changed or whose metadata came since `asked_at`. Counted is what was kept.
    """
    with Catalog.turn():
        ours = ScanPart.objects.all().lock(findings)
        kept = _still_true([f for claim in ours for f in findings[claim]], asked_at)
        changed = _record(kept)
        HealthSample.objects.bulk_create(_sample(scan, finding) for finding in kept)
        counts = Counter(finding.status for finding in kept)
        scan.record(
            checked=len(kept),
            found=sum(finding.is_alive for finding in kept),
            active=counts[DhtStatus.ACTIVE],
            stale=counts[DhtStatus.STALE],
            unknown=counts[DhtStatus.UNKNOWN],
            changed=changed,
        )
        ScanPart.objects.filter(claim__in=[part.claim for part in done]).delete()


def _still_true(findings: Sequence[Finding], asked_at: datetime) -> list[Finding]:
    """Those whose resource nobody has touched; locked in one order, before anything is written."""
    unchanged = Resource.objects.all().unchecked_since(asked_at)
    rows = unchanged.filter(pk__in=[f.resource.pk for f in findings]).order_by("pk")
    now = set(rows.select_for_update().values_list("pk", "magnet_hash", "magnet_hash_v2"))
    return [
        f
        for f in findings
        if (f.resource.pk, f.resource.magnet_hash, f.resource.magnet_hash_v2) in now
    ]


def _record(findings: Collection[Finding]) -> int:
    """Write the rows; how many got another status."""
    return Resource.objects.record_checks({f.resource.pk: f.check for f in findings})


def _sample(scan: Scan, finding: Finding) -> HealthSample:
    return HealthSample(
        resource_id=finding.resource.pk,
        scan=scan,
        method=finding.method,
        status=finding.status,
        was=finding.resource.dht_status,
        num_nodes=finding.evidence.nodes,
        num_peers=finding.evidence.peers,
        num_seeds=finding.evidence.seeds,
    )
