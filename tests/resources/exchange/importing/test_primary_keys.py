"""Rows keep their keys where these are free."""

from __future__ import annotations

import pytest

from resources.exchange.importing import primary_keys
from resources.models import Resource
from tests import make
from tests.presence import present
from tests.resources.exchanges import take_in, wipe

pytestmark = pytest.mark.django_db


def test_keys_are_kept_where_they_are_free(written):
    before = dict(Resource.objects.values_list("magnet_hash", "pk"))
    wipe()
    stranger = make.resource(pk=min(before.values()), publisher=make.publisher(name="Stranger"))

    take_in(written)

    after = dict(Resource.objects.exclude(pk=stranger.pk).values_list("magnet_hash", "pk"))
    moved = {h for h, pk in after.items() if before[h] != pk}
    assert moved == {h for h, pk in before.items() if pk == stranger.pk}


def test_the_next_key_comes_after_those_that_were_brought(written):
    highest = present(Resource.objects.order_by("-pk").first()).pk
    wipe()
    take_in(written)

    row = make.resource()

    assert row.pk > highest


def test_a_key_is_free_if_nobody_has_it():
    row = make.resource()

    assert primary_keys.free(Resource, None) is None
    assert primary_keys.free(Resource, row.pk) is None
    assert primary_keys.free(Resource, row.pk + 1) == row.pk + 1
