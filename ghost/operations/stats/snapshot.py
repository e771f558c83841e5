"""How much there is and what was counted, at one moment: the figures of `/metrics` for dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ghost.core.measurements.counters import Counter, Histogram
from ghost.core.measurements.models import CounterValue
from ghost.operations import figures
from ghost.operations.figures import Item
from ghost.operations.stats.models import CatalogCount


@dataclass(frozen=True)
class Stats:
    """All of it."""

    status: str
    gathered_at: datetime
    items: tuple[Item, ...]
    catalog: CatalogCount | None
    counters: list[dict[str, Any]]


def look() -> Stats:
    """What this process gathered last, at most some seconds ago, and what all have counted."""
    found = figures.current()
    catalog = CatalogCount.objects.filter(pk=1).first()
    return Stats(found.word, found.gathered_at, found.items, catalog, list(_counters()))


def _counters() -> list[dict[str, Any]]:
    """What is counted by number, how long things took left out."""
    return [
        {"name": name, "labels": dict(zip(counter.labels, labels, strict=True)), "value": value}
        for (name, labels, _part), value in sorted(CounterValue.objects.all().by_series().items())
        if (counter := Counter.known.get(name)) is not None
        and not isinstance(counter, Histogram)
        and len(counter.labels) == len(labels)
    ]
