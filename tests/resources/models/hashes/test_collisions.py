"""Torrents that can't be listed: blocked, or listed already."""

import pytest
from django.core.exceptions import ValidationError

from resources.models import Block, Resource
from resources.models.hashes.collisions import Collisions, has_hash
from resources.torrents import magnets
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb"


def refusal(collisions: Collisions, row: Resource) -> tuple[str | None, object]:
    with pytest.raises(ValidationError) as caught:
        collisions.require_none(row, row.magnet)
    [error] = caught.value.error_dict["magnet_uri"]
    return error.code, present(error.params)["twin"]


def new(v1: str) -> Resource:
    return Resource(magnet_uri=make.magnet(v1))


def test_blocked_and_listed_hashes_are_told_apart(django_assert_num_queries):
    there, blocked, free = make.resource(), make.info_hash(), make.info_hash()
    Block.objects.add([blocked], reason="", by="")

    with django_assert_num_queries(2):
        found = Collisions(Resource.objects.all(), [there.magnet_hash, blocked, free, None])

    assert refusal(found, new(blocked)) == ("blocked", None)
    assert refusal(found, new(there.magnet_hash)) == ("duplicate", there)
    found.require_none(new(free), magnets.parse(make.magnet(free)))
    found.require_none(there, there.magnet)  # it is no twin of its own


def test_rows_of_the_same_batch_collide_with_each_other():
    v1 = make.info_hash()
    first = new(v1)
    first.magnet_hash = v1
    found = Collisions(Resource.objects.all(), [v1])

    found.add(first)

    assert refusal(found, new(v1)) == ("duplicate", first)


def test_more_hashes_than_one_query_names(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("resources.models.hashes.collisions.BATCH", 2)
    rows = [make.resource() for _ in range(3)]

    with django_assert_num_queries(4):
        found = Collisions(Resource.objects.all(), [row.magnet_hash for row in rows])

    assert [refusal(found, new(row.magnet_hash))[1] for row in rows] == rows


def test_a_hash_is_found_in_each_column():
    v1 = make.resource()
    hybrid = make.resource(magnet_uri=f"{make.magnet()}&xt=urn:btmh:1220{V2}")
    Resource.objects.filter(pk=v1.pk).update(other_hash="ab" * 32)

    def found(*hashes: str | None) -> list[Resource]:
        return list(Resource.objects.filter(has_hash(hashes)).order_by("pk"))

    assert found(v1.magnet_hash) == found("ab" * 32, None) == [v1]
    assert found(V2) == found(hybrid.magnet_hash) == [hybrid]
    assert found(None) == found() == []
