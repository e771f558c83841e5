"""The figures of /metrics for dashboards."""

from __future__ import annotations

import pytest

from dht import counters
from ghost.core.measurements.models import CounterValue
from ghost.operations import figures
from ghost.operations.stats import counting, snapshot

pytestmark = pytest.mark.django_db


def test_it_tells_items_catalog_and_counters():
    counting.count()
    CounterValue.objects.add(
        {
            (counters.PROBES.name, ("ok",), ""): 3,
            ("ghost_http_request_duration_seconds", ("api",), "sum"): 1,
            ("ghost_gone", (), ""): 1,
            (counters.PROBES.name, ("of", "another", "version"), ""): 1,
        }
    )

    stats = snapshot.look()

    assert [item.name for item in stats.items] == [item.name for item in figures.gather().items]
    assert stats.catalog is not None
    assert stats.counters == [{"name": "ghost_probes", "labels": {"result": "ok"}, "value": 3}]


def test_before_anything_was_counted_there_is_nothing_to_tell():
    stats = snapshot.look()

    assert (stats.catalog, stats.counters) == (None, [])
