"""Counting what there is: as the rows themselves say, and not too often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ghost.operations.stats import counting
from ghost.operations.stats.models import CatalogCount
from resources.models import Resource
from resources.states import State
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalog():
    each = (
        {"dht_status": "Active", "seeds_band": "3-9", "total_size_bytes": 1000},
        {"dht_status": "Stale", "seeds_band": "0", "total_size_bytes": 24},
        {"published_at": None},
        {"probe_status": "timeout", "probed_at": None},
        {"takedown_at": timezone.now()},
    )
    for values in each:
        Resource.objects.filter(pk=make.resource().pk).update(**values)


def test_each_resource_is_counted_where_it_stands(catalog):
    counts = counting.count().counts

    by_state = {str(each): Resource.objects.in_state(each).count() for each in State}
    assert counts["resources_by_state"] == by_state
    assert sum(by_state.values()) == 5
    assert counts["live_by_health"] == {"Unknown": 0, "Active": 1, "Stale": 1}
    assert {k: n for k, n in counts["live_by_seeds"].items() if n} == {"3-9": 1, "0": 1}
    assert counts["standing_by_probe"]["timeout"] == 1
    assert counts["live_bytes"] == 1024
    assert sum(counts["tokens_by_role"].values()) >= 1


def test_it_takes_the_same_queries_however_much_there_is(catalog):
    counting.count()
    with CaptureQueriesContext(connection) as few:
        counting.count()
    make.resource()
    with CaptureQueriesContext(connection) as more:
        counting.count()

    assert len(few) == len(more) <= 11


def test_of_several_hosts_one_counts_every_minute():
    assert counting.count_if_due() is True
    assert counting.count_if_due() is False

    CatalogCount.objects.update(counted_at=timezone.now() - counting.EVERY)
    assert counting.count_if_due() is True


def test_what_takes_long_is_counted_seldom():
    row = CatalogCount(counted_at=timezone.now(), seconds=2)

    after = timedelta(seconds=2 / counting.SHARE)
    assert not row.is_due(row.counted_at + after * 0.9, counting.EVERY, counting.SHARE)
    assert row.is_due(row.counted_at + after, counting.EVERY, counting.SHARE)


def test_a_clock_that_was_set_back_stops_nobody():
    row = CatalogCount(counted_at=timezone.now() + timedelta(days=1), seconds=0)

    assert row.is_due(timezone.now(), counting.EVERY, counting.SHARE)
