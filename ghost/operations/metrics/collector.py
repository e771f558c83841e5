"""Everything that `/metrics` tells, as families of the Prometheus client."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from builds import counters as _of_builds  # noqa: F401  # what they define is told, too
from dht import counters as _of_dht  # noqa: F401  # as above
from ghost.core.audit import access as _of_audit  # noqa: F401  # as above
from ghost.core.config.version import VERSION
from ghost.core.http.request import request_times as _of_http  # noqa: F401  # as above
from ghost.core.jobs import task_times as _of_jobs  # noqa: F401  # as above
from ghost.core.measurements import queries as _of_queries  # noqa: F401  # as above
from ghost.core.measurements.counters import INFINITY, SUM, Counter, Histogram, Labels, Series
from ghost.core.measurements.models import CounterValue
from ghost.operations import figures
from ghost.operations.figures import Figures, Item, Status
from ghost.operations.metrics.gauges import (
    LEFT_OUT,
    OF_CATALOG,
    OF_COUNTS,
    OF_ROWS,
    OfCounts,
    OfRows,
)
from ghost.operations.stats.models import CatalogCount

log = logging.getLogger(__name__)

WORDS = ("ok", "degraded", "loading")
_Items = Mapping[str, Item]


class Collector:
    """For `prometheus_client.generate_latest`: looks anew each time it is asked."""

    def collect(self) -> Iterator[Metric]:
        """All families. Without a database those that need none."""
        found = figures.current()
        yield from of_standing(found)
        items = {item.name: item for item in found.items}
        yield from of_items(items)
        if found.is_serving:
            try:
                yield from of_catalog(CatalogCount.objects.filter(pk=1).first())
                yield from of_counters(CounterValue.objects.all().by_series())
            except DatabaseError:
                log.exception("Counters could not be read")


def of_standing(found: Figures) -> Iterator[Metric]:
    """How everything stands: what alerts are made of, whatever else changes."""
    about = GaugeMetricFamily(
        "ghost_info", "What runs here.", labels=("version", "database")
    )  # fmt: skip
    about.add_metric((VERSION, connection.vendor), 1)
    yield about
    yield _gauge(
        "ghost_figures_timestamp_seconds",
        "When these figures were gathered.",
        {(): found.gathered_at},
    )
    words: dict[Labels, bool] = {(word,): word == found.word for word in WORDS}
    yield _gauge("ghost_status", "1 for the word that /health says.", words, "status")
    statuses: dict[Labels, bool] = {
        (i.name, str(s)): i.status == s for i in found.items for s in Status
    }
    yield _gauge(
        "ghost_item_status", "1 for how an item of /health stands.", statuses, "item", "status"
    )


def of_items(items: _Items) -> Iterator[Metric]:
    """What the items count, and what stands in their rows."""
    for family in OF_COUNTS:
        if item := items.get(family.item):
            yield _of_counts(family, item)
    for each in OF_ROWS:
        if item := items.get(each.item):
            yield _of_rows(each, item)
    yield from _of_processes(items.get("memory"))
    yield from _others(items)


def _of_counts(family: OfCounts, item: Item) -> Metric:
    values: dict[Labels, Any] = {
        ((value,) if family.label else ()): item.counts[count]
        for count, value in family.counts.items()
        if count in item.counts
    }
    return _gauge(family.name, family.help, values, *filter(None, [family.label]))


def _of_rows(family: OfRows, item: Item) -> Metric:
    values = {
        tuple(str(row.get(column)) for column in family.labels.values()): family.told(row)
        for row in item.rows
        if row.get(family.column) is not None
    }
    return _gauge(family.name, family.help, values, *family.labels)


def _of_processes(memory: Item | None) -> Iterator[Metric]:
    """Ghost's processes, by host and role."""
    number, size = dict[Labels, Any](), dict[Labels, Any]()
    for row in memory.rows if memory else ():
        for role, told in row["processes"].items():
            number[row["host"], role], size[row["host"], role] = told["number"], told["bytes"]
    yield _gauge("ghost_processes", "Ghost's processes on a host.", number, "host", "role")
    yield _gauge(
        "ghost_process_memory_bytes", "Memory that they take together.", size, "host", "role"
    )


def _others(items: _Items) -> Iterator[Metric]:
    """The counts that nobody has given a better name."""
    named = LEFT_OUT | {(family.item, count) for family in OF_COUNTS for count in family.counts}
    for name, item in items.items():
        for count, value in item.counts.items():
            if (name, count) not in named:
                told = f"The count {count} of the item {name} of /health."
                yield _gauge(metric_name(name, count), told, {(): value})


def metric_name(item: str, count: str) -> str:
    """What a count is called where no table says so: units are spelled out."""
    stem = count.removesuffix("_s")
    return f"ghost_{item}_{stem}" + ("_seconds" if stem != count else "")


def of_catalog(row: CatalogCount | None) -> Iterator[Metric]:
    """How much there is, as it was counted last; nothing before that."""
    if row is None:
        return
    yield _gauge(
        "ghost_catalog_counted_timestamp_seconds",
        "When the catalog was counted.",
        {(): row.counted_at},
    )
    for family in OF_CATALOG:
        told = row.counts.get(family.count)
        if told is not None:
            values: dict[Labels, Any] = {(): told}
            if family.label:
                values = {(value,): number for value, number in told.items()}
            yield _gauge(family.name, family.help, values, *filter(None, [family.label]))


def _gauge(name: str, told: str, values: Mapping[Labels, Any], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for each, value in values.items():
        family.add_metric(each, value.timestamp() if isinstance(value, datetime) else float(value))
    return family


def of_counters(values: Mapping[Series, float]) -> Iterator[Metric]:
    """What all processes have counted. What nothing counts any more, an earlier version left behind."""
    parts: dict[str, dict[Labels, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for (name, labels, part), value in values.items():
        parts[name][labels][part] = value
    for name, counter in sorted(Counter.known.items()):
        nothing: dict[Labels, dict[str, float]] = {each: {} for each in counter.from_the_start()}
        counted = nothing | parts[name]
        yield _of_counter(
            counter, {k: v for k, v in counted.items() if len(k) == len(counter.labels)}
        )


def _of_counter(counter: Counter, counted: Mapping[Labels, Mapping[str, float]]) -> Metric:
    if not isinstance(counter, Histogram):
        plain = CounterMetricFamily(counter.name, counter.help, labels=tuple(counter.labels))
        for labels, parts in counted.items():
            plain.add_metric(labels, parts.get("", 0))
        return plain
    if not counter.buckets:
        summary = SummaryMetricFamily(counter.name, counter.help, labels=tuple(counter.labels))
        for labels, parts in counted.items():
            summary.add_metric(labels, int(parts.get(INFINITY, 0)), parts.get(SUM, 0))
        return summary
    histogram = HistogramMetricFamily(counter.name, counter.help, labels=tuple(counter.labels))
    for labels, parts in counted.items():
        histogram.add_metric(labels, _cumulative(counter, parts), parts.get(SUM, 0))
    return histogram


def _cumulative(counter: Histogram, parts: Mapping[str, float]) -> list[tuple[str, float]]:
    """Each bucket with those below it, as Prometheus has them; here each stands alone."""
    found, total = [], 0.0
    for bound in (*map(str, counter.buckets), INFINITY):
        total += parts.get(bound, 0)
        found.append((bound, total))
    return found
