"""Blocked hashes."""

import pytest

from ghost.core.catalog.models import Catalog, Removal
from resources.models import Block, Resource, findings
from tests import make
from tests.resources.catalog_files import CATEGORY, PUBLISHER, RESOURCE

pytestmark = pytest.mark.django_db


def test_block_takes_any_spelling():
    block = Block(info_hash="  " + "A" * 40)

    block.full_clean()

    assert block.info_hash == "a" * 40


WAYS_TO_BLOCK = {
    "one": lambda h: Block.objects.create(info_hash=h),
    "many": lambda h: Block.objects.add([h], reason="asked", by="test"),
    "as they are": lambda h: Block.objects.store([Block(info_hash=h)]),
}
WAYS_TO_LIFT = {
    "one": lambda h: Block.objects.get().delete(),
    "many": lambda h: Block.objects.lift([h]),
}


@pytest.mark.parametrize("lift", WAYS_TO_LIFT.values(), ids=WAYS_TO_LIFT)
@pytest.mark.parametrize("block", WAYS_TO_BLOCK.values(), ids=WAYS_TO_BLOCK)
def test_what_names_a_hash_is_told_when_it_is_blocked_and_when_it_is_free(block, lift):
    h = "ab" * 20
    row = make.resource(content_markdown=f"See {h}")

    block(h)

    assert set(Removal.objects.values_list("resource_id", "kind")) == {
        (row.pk, Removal.Kind.MENTION)
    }
    before = Catalog.get().revision
    lift(h)
    assert Catalog.get().revision == before + 1


def test_another_reason_for_a_block_is_no_news_for_the_public():
    h = "ab" * 20
    make.resource(content_markdown=f"See {h}")
    block = Block.objects.create(info_hash=h)
    before = Catalog.get().revision

    block.reason = "asked"
    block.save()

    assert Catalog.get().revision == before


def blocked(**kwargs) -> set[str]:
    return set(Block.objects.filter(**kwargs).values_list("info_hash", flat=True))


def test_another_magnet_on_what_is_taken_down_frees_nothing():
    row = make.resource()
    old = row.magnet_hash
    row.take_down(reason="asked", by="test")
    row.magnet_uri = make.magnet()

    row.store()

    assert blocked() == {old, row.magnet_hash}
    row.restore()
    assert blocked() == {old}
    assert blocked(is_of_takedown=False) == {
        old
    }  # as an operator's: in the blocklist, to be lifted


def test_the_end_of_a_takedown_frees_no_half_that_another_one_has():
    v1, v2 = "ab" * 20, "cd" * 32
    one = make.resource(magnet_uri=make.magnet(v1), is_probed=False)
    other = make.resource(magnet_uri=f"magnet:?xt=urn:btmh:1220{v2}", is_probed=False)
    findings.record_metadata(one, make.torrent_metadata(v1, v1=v1, v2=v2))
    Resource.objects.take_down(reason="asked", by="test")

    one.restore()

    assert blocked() == {v2}
    other.restore()
    assert blocked() == set()


def test_an_imported_takedown_blocks_the_half_that_the_file_alone_names(read):
    v1, v2 = "ab" * 20, "cd" * 32
    make.resource(magnet_uri=make.magnet(v1))
    hybrid = f"magnet:?xt=urn:btih:{v1}&xt=urn:btmh:1220{v2}"
    gone = {"magnet_uri": hybrid, "takedown_at": "2026-01-01T00:00:00+00:00"}

    read(PUBLISHER, CATEGORY, RESOURCE | gone, options=("--existing=update",))

    assert blocked() == {v1, v2}
    Resource.objects.get().restore()
    assert blocked() == set()
