"""Checks of swarms, as they are written to rows."""

from __future__ import annotations

import pytest
from django.db import connection

from ghost.core.catalog.models import Catalog, Change
from resources.models import DhtStatus, Resource
from resources.swarms import SwarmCheck
from tests import make

pytestmark = pytest.mark.django_db

FOUR = SwarmCheck(DhtStatus.ACTIVE, seeds=4, peers=9)


def figures(row: Resource) -> tuple[object, ...]:
    row.refresh_from_db()
    return row.dht_status, row.seeds, row.peers, row.seeds_band


def test_each_row_gets_what_its_own_check_said():
    one, other = make.resource(), make.resource()
    lost = SwarmCheck(DhtStatus.STALE, 2, seeds=0, peers=0)

    changed = Resource.objects.record_checks({one.pk: FOUR, other.pk: lost})

    assert changed == 1
    assert figures(one) == ("Active", 4, 9, "unknown")
    assert figures(other) == ("Stale", 0, 0, "0")
    assert other.missing_since == other.last_dht_check
    assert one.last_seen_at == one.last_dht_check


def test_the_catalog_hears_of_a_band_once_it_is_one():
    row = make.resource()
    told = []
    for _ in range(3):
        before = Catalog.get().revision
        Resource.objects.record_checks({row.pk: FOUR})
        told.append(Catalog.get().revision - before)

    assert told == [0, 1, 0]
    assert Change.objects.get(pk=row.pk).revision == Catalog.get().revision
    assert "number of seeds" in str(Catalog.get().reason)


def test_a_draft_gets_figures_and_the_catalog_hears_nothing():
    row = make.resource(published_at=None)
    before = Catalog.get().revision

    Resource.objects.record_checks({row.pk: SwarmCheck(DhtStatus.STALE, 2)})

    assert (figures(row)[0], Catalog.get().revision) == ("Stale", before)


@pytest.mark.parametrize("count", [1, 40])
def test_many_rows_take_as_many_queries_as_one(count, django_assert_num_queries):
    checks = {make.resource().pk: FOUR for _ in range(count)}

    # Savepoint, the rows, one batch of statements, savepoint; and the turn, where several can write.
    with django_assert_num_queries(4 if connection.vendor == "sqlite" else 5):
        Resource.objects.record_checks(checks)


def test_another_magnet_forgets_what_was_known_of_the_swarm():
    row = make.resource()
    for _ in range(2):
        Resource.objects.record_checks({row.pk: FOUR})
    row.refresh_from_db()

    row.magnet_uri = make.magnet()
    row.store()

    assert figures(row) == ("Unknown", None, None, "unknown")
    assert row.last_seen_at is None
