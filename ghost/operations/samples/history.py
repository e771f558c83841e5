"""How busy hosts were: their samples over some hours, thinned to what a graph can show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from statistics import fmean
from typing import Any

from ghost.operations.samples.models import Sample

MOST_HOSTS = 50
MOST_POINTS = 300
"""Of each host; where there are more samples, some of them are one point, with their mean."""


@dataclass(frozen=True)
class Point:
    """One sample, or the mean of some that follow each other; `at` is the last one's moment."""

    at: datetime
    cpu_percent: float
    load_1m: float
    load_5m: float
    load_15m: float
    memory_total_bytes: int
    memory_available_bytes: int
    least_free_percent: float

    @property
    def memory_used_bytes(self) -> int:
        """What can't be had."""
        return self.memory_total_bytes - self.memory_available_bytes


COLUMNS = tuple(Point.__dataclass_fields__)


@dataclass(frozen=True)
class HostHistory:
    """A host as it was last seen, and its points, the oldest first."""

    newest: Sample
    samples: list[Point]

    @property
    def host(self) -> str:
        """Its name."""
        return self.newest.host

    @property
    def cores(self) -> int:
        """Its processors."""
        return self.newest.cores

    @property
    def last(self) -> Point:
        """The newest sample by itself."""
        return Point(*(getattr(self.newest, name) for name in COLUMNS))

    @property
    def disks(self) -> list[dict[str, Any]]:
        """Its disks, as they were then."""
        return list(self.newest.disks)

    @property
    def processes(self) -> list[dict[str, Any]]:
        """Ghost's processes on it then, by role."""
        return [{"role": role} | told for role, told in sorted(self.newest.processes.items())]


def histories(now: datetime, span: timedelta) -> list[HostHistory]:
    """Of each host that was seen within that time: two queries for each."""
    since = Sample.objects.since(now - span)
    hosts = since.order_by("host").values_list("host", flat=True).distinct()[:MOST_HOSTS]
    return [_history(host, now, span) for host in hosts]


def _history(host: str, now: datetime, span: timedelta) -> HostHistory:
    rows = Sample.objects.filter(host=host)
    points = [Point(*row) for row in rows.since(now - span).order_by("at").values_list(*COLUMNS)]
    return HostHistory(rows.latest("at"), list(_thinned(points, now - span, span / MOST_POINTS)))


def _thinned(points: Sequence[Point], since: datetime, each: timedelta) -> Iterator[Point]:
    for _number, group in groupby(points, lambda point: (point.at - since) // each):
        yield _mean(list(group))


def _mean(points: Sequence[Point]) -> Point:
    def of(name: str) -> float:
        return round(fmean(getattr(point, name) for point in points), 2)

    return replace(
        points[-1],
        cpu_percent=of("cpu_percent"),
        load_1m=of("load_1m"),
        load_5m=of("load_5m"),
        load_15m=of("load_15m"),
        memory_available_bytes=round(of("memory_available_bytes")),
        least_free_percent=min(point.least_free_percent for point in points),
    )
