"""What checks of a swarm make of its figures: a rule without rows (SPEC 2; docs/decisions/0040).

Whoever seeds comes and goes by the hour. So what the site shows in bands changes once two checks in a row
say so, and what was missed only once is not called missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from resources.states import DhtStatus, SeedsBand

_LEAST = (
    (200, SeedsBand.FROM_200), (50, SeedsBand.FROM_50), (10, SeedsBand.FROM_10),
    (3, SeedsBand.FROM_3), (0, SeedsBand.FROM_1),
)  # fmt: skip
"""No living swarm is in the band of none: one without seeds has people who hold parts of it, and is
shown with the lowest band until it is Stale."""


@dataclass(frozen=True)
class SwarmCheck:
    """What one check of a resource's swarm said."""

    status: DhtStatus
    misses: int = 0
    """Checks in a row that found nobody, this one included."""
    seeds: int | None = None
    """As a tracker counts them; None if none told."""
    peers: int | None = None
    """Everybody whom the check saw, seeds included."""
    is_answered: bool = True
    """Whether the network said anything at all; if not, figures stay as they are."""

    @property
    def is_seen(self) -> bool:
        """Whether it found anybody, or a web seed."""
        return self.is_answered and self.status == DhtStatus.ACTIVE and not self.misses


class SwarmFigures(NamedTuple):
    """What is known of a resource's swarm, by the names of its columns."""

    dht_status: str = DhtStatus.UNKNOWN
    dht_misses: int = 0
    dht_changed_at: datetime | None = None
    last_dht_check: datetime | None = None
    seeds: int | None = None
    peers: int | None = None
    last_seen_at: datetime | None = None
    first_missed_at: datetime | None = None
    missing_since: datetime | None = None
    seeds_band: str = SeedsBand.UNKNOWN
    next_band: str = SeedsBand.UNKNOWN

    @property
    def hard_facts(self) -> tuple[object, ...]:
        """What makes its page due: status, band, and the day since when it is missing."""
        since = self.missing_since
        return self.dht_status, self.seeds_band, since and since.date()

    def after(self, check: SwarmCheck, at: datetime) -> SwarmFigures:
        """The figures once that check has ended, at that time."""
        is_other = check.status != self.dht_status
        told = self._replace(
            dht_status=str(check.status),
            dht_misses=check.misses,
            dht_changed_at=at if is_other else self.dht_changed_at,
            last_dht_check=at,
        )
        return told._counted(check, at) if check.is_answered else told

    def _counted(self, check: SwarmCheck, at: datetime) -> SwarmFigures:
        missed_at = None if check.is_seen else self.first_missed_at or at
        since = missed_at if check.status == DhtStatus.STALE else None
        band, next_band = self._bands_after(check)
        return self._replace(
            seeds=check.seeds,
            peers=check.peers,
            last_seen_at=at if check.is_seen else self.last_seen_at,
            first_missed_at=missed_at,
            missing_since=None if check.is_seen else self.missing_since or since,
            seeds_band=str(band),
            next_band=str(next_band),
        )

    def _bands_after(self, check: SwarmCheck) -> tuple[str, str]:
        """The band, and the one that it becomes if the next check says the same."""
        if check.status == DhtStatus.STALE:  # two checks and more have said so
            return SeedsBand.NONE, SeedsBand.NONE
        if not check.is_seen:  # one miss says nothing of a band, and breaks the row
            return self.seeds_band, self.seeds_band
        found = band_of(check.seeds)
        is_back = self.seeds_band == SeedsBand.NONE != self.next_band  # seen twice in a row
        return (found if is_back or found == self.next_band else self.seeds_band), found


def band_of(seeds: int | None) -> SeedsBand:
    """The band of a swarm that lives; `unknown` if no tracker told."""
    if seeds is None:
        return SeedsBand.UNKNOWN
    return next(band for least, band in _LEAST if seeds >= least)
