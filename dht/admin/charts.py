"""A resource's health over time as a drawing: SVG paths, without a script.

Status has a lane of its own, so that it is told by its place too and not by colour alone; the
lines of peers and seeds above differ in their dashes. Widths are stretched by the page; heights
are pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.utils import timezone

from dht.models import HealthSample
from resources.models import DhtStatus

WIDTH = 1000.0
LINES_TOP, LINES_BOTTOM = 8.0, 96.0
LANES = {DhtStatus.ACTIVE: 118.0, DhtStatus.STALE: 136.0, DhtStatus.UNKNOWN: 154.0}
"""Height of each status' lane."""
MIN_SPAN = timedelta(days=1)
MIN_BAND = 4.0
"""Shorter times would not be seen."""
STEPS = (1, 2, 3, 4, 5, 6, 8, 10)
MAX_DOTS = 60
"""More samples are told by the line alone."""


class Lane(NamedTuple):
    """The times that a resource was of one status."""

    status: DhtStatus
    y: float
    path: str


class Chart(NamedTuple):
    """What the template draws. Paths are empty where there is nothing to show."""

    begins_at: datetime
    ends_at: datetime
    top: int
    """Peers or seeds at the upper edge."""
    lanes: list[Lane]
    peers: str
    seeds: str
    dots: str
    changes: int
    most_peers: int


def draw(samples: Sequence[HealthSample]) -> Chart | None:
    """Of samples in the order of time; None of none."""
    if not samples:
        return None
    ends_at = max(timezone.now(), samples[-1].checked_at)
    begins_at = min(samples[0].checked_at, ends_at - MIN_SPAN)
    top = _round_up(max(max(s.num_peers, s.num_seeds or 0) for s in samples))
    at = _scale(begins_at, ends_at)
    peers = [(at(s.checked_at), _height(s.num_peers, top)) for s in samples]
    return Chart(
        begins_at,
        ends_at,
        top,
        [Lane(status, y, _lane(samples, status, at)) for status, y in LANES.items()],
        peers=_line(peers),
        seeds="".join(_seed_lines(samples, at, top)),
        dots="".join(f"M{x:.1f} {y:.1f}h0" for x, y in peers) if len(peers) <= MAX_DOTS else "",
        changes=sum(s.was != s.status for s in samples),
        most_peers=max(s.num_peers for s in samples),
    )


def _scale(begins_at: datetime, ends_at: datetime) -> Callable[[datetime], float]:
    span = ends_at - begins_at
    return lambda moment: (moment - begins_at) / span * WIDTH


def _height(count: int, top: int) -> float:
    return LINES_BOTTOM - count / top * (LINES_BOTTOM - LINES_TOP)


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _seed_lines(
    samples: Sequence[HealthSample], at: Callable[[datetime], float], top: int
) -> Iterator[str]:
    """Interrupted where nobody told the seeds."""
    for is_told, some in groupby(samples, lambda s: s.num_seeds is not None):
        if is_told:
            yield _line([(at(s.checked_at), _height(s.num_seeds or 0, top)) for s in some])


def _lane(
    samples: Sequence[HealthSample], status: DhtStatus, at: Callable[[datetime], float]
) -> str:
    """A status holds from the look-up that gave it to the one that gave another, or till now."""
    starts = [next(run) for _status, run in groupby(samples, lambda s: s.status)]
    xs = [*(at(s.checked_at) for s in starts), WIDTH]
    return "".join(
        f"M{max(min(x, end - MIN_BAND), 0):.1f} {LANES[status]:g}H{end:.1f}"
        for start, x, end in zip(starts, xs, xs[1:], strict=False)
        if start.status == status
    )


def _round_up(count: int) -> int:
    """To one of STEPS times a power of ten."""
    power = 1
    while count > 10 * power:
        power *= 10
    return next(step * power for step in STEPS if count <= step * power)
