"""Sets of resources: adjectives and verbs agree with one row, and count queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from ghost.core.catalog.models import Catalog
from resources.models import Block, DhtStatus, ProbeStatus, Resource
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def revision() -> int:
    return Catalog.get().revision


def test_skip_probe_leaves_what_was_probed():
    row = make.resource()
    before = revision()

    count = Resource.objects.all().skip_probe()

    assert (count, revision(), Resource.objects.get().probe_status) == (0, before, ProbeStatus.OK)
    assert Resource.objects.get().public_state() == row.public_state()


def test_skip_probe_tells_only_of_what_becomes_public():
    later = timezone.now() + timedelta(days=1)
    quiet = [make.resource(is_probed=False, published_at=at) for at in (None, later)]
    start = revision()

    not_yet = Resource.objects.all().skip_probe()
    told_none = revision()
    held = make.resource(is_probed=False)
    now_public = Resource.objects.all().skip_probe()

    assert (not_yet, told_none - start, now_public, revision() - told_none) == (2, 0, 1, 1)
    assert {r.probe_status for r in Resource.objects.all()} == {ProbeStatus.SKIPPED}
    assert set(Resource.objects.all()) == {*quiet, held}


def test_unprobed_are_those_that_wait():
    make.resource()
    make.resource(is_probed=False).take_down(reason="", by="")
    skipped = make.resource(is_probed=False)
    Resource.objects.filter(pk=skipped.pk).skip_probe()
    waiting = [make.resource(is_probed=False), make.resource(is_probed=False, published_at=None)]

    assert set(Resource.objects.unprobed()) == set(waiting)


def test_public_for_one_and_for_many_agree():
    now = timezone.now()
    for published_at in (None, now - timedelta(days=1), now + timedelta(days=1)):
        for is_probed in (True, False):
            make.resource(published_at=published_at, is_probed=is_probed)
            make.resource(published_at=published_at, is_probed=is_probed).take_down(
                reason="", by=""
            )
            row = make.resource(published_at=published_at, is_probed=is_probed)
            Resource.objects.filter(pk=row.pk).skip_probe()

    rows = set(Resource.objects.all())

    assert set(Resource.objects.public()) == {row for row in rows if row.is_public}
    assert len(rows) == 18
    assert Resource.objects.public().count() == 3


@pytest.mark.parametrize("status", DhtStatus)
def test_health_moves_the_revision_only_when_it_changes(status):
    row = make.resource()
    before = revision()

    changed = make.checked(Resource.objects.filter(pk=row.pk), status)

    is_other = status != DhtStatus.ACTIVE
    assert (changed, revision() - before) == (int(is_other), int(is_other))


def test_take_down_of_many_is_one_change():
    rows = [make.resource() for _ in range(3)]
    before = revision()

    count = Resource.objects.filter(pk__in=[row.pk for row in rows]).take_down(reason="x", by="y")

    assert (count, revision() - before, Block.objects.count()) == (3, 1, 3)
    assert Resource.objects.public().count() == 0


def test_restore_leaves_the_blocks_of_operators():
    row = make.resource(magnet_uri=make.magnet() + f"&xt=urn:btmh:1220{'ab' * 32}")
    Block.objects.add([present(row.magnet_hash_v2)], reason="by hand", by="Olga")

    row.take_down(reason="x", by="y")
    while_down = Block.objects.count()
    row.restore()

    assert (while_down, Block.objects.get().reason) == (2, "by hand")
    assert Block.objects.get().info_hash == row.magnet_hash_v2


def test_claims_give_a_row_to_one_worker():
    make.resource(is_probed=False)
    make.resource()

    first = Resource.objects.claim_probes(10, 60)
    second = Resource.objects.claim_probes(10, 60)
    Resource.objects.update(probe_claimed_until=timezone.now() - timedelta(seconds=1))
    third = Resource.objects.claim_probes(10, 60)

    assert (len(first), second, third) == (1, [], first)


def test_a_claim_by_a_clock_that_ran_ahead_holds_nobody_back():
    make.resource(is_probed=False)
    first = Resource.objects.claim_probes(10, 20)
    Resource.objects.update(probe_claimed_until=timezone.now() + timedelta(hours=2))

    assert Resource.objects.claim_probes(10, 20) == first


def test_nothing_due_is_one_query(django_assert_num_queries):
    make.resource()

    with django_assert_num_queries(1):
        assert Resource.objects.claim_probes(10, 60) == []


@pytest.mark.parametrize("count", [1, 3])
def test_claims_are_made_and_renewed_in_as_many_queries(django_assert_num_queries, count):
    for _ in range(count):
        make.resource(is_probed=False)

    more = 3 if connection.features.has_select_for_update else 2  # a turn, and its savepoint
    with django_assert_num_queries(3 + more) as seen:
        rows = Resource.objects.claim_probes(10, 60)
    with django_assert_num_queries(1 + more):
        Resource.objects.all().renew_claims(rows, 600)

    until = list(Resource.objects.values_list("probe_claimed_until", flat=True))
    assert '"id" IN' in seen.captured_queries[-1]["sql"]  # found by key: claims have no index
    assert len(rows) == len(until) == count
    assert min(map(present, until)) > timezone.now() + timedelta(seconds=500)


def test_claim_that_went_to_another_is_not_renewed():
    make.resource(is_probed=False)
    mine = Resource.objects.claim_probes(10, 60)
    Resource.objects.update(probe_claim="theirs")

    Resource.objects.all().renew_claims(mine, 600)

    assert present(Resource.objects.get().probe_claimed_until) < timezone.now() + timedelta(
        seconds=100
    )
