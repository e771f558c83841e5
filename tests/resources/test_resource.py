"""The rules on one resource: what is saved, what is told to the catalog, what workers wrote."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from ghost.errors import ForbiddenError
from resources.models import Block, Catalog, DhtStatus, ProbeStatus, Resource
from resources.models.resource import COVER_FIELDS, EDITED_FIELDS, PROBE_FIELDS, RETRY_PAUSES
from tests import make

pytestmark = pytest.mark.django_db


def revision() -> int:
    return Catalog.get().revision


def codes(error: ValidationError) -> list[str]:
    return [each.code for each in error.error_dict["magnet_uri"]]


def test_every_column_has_one_writer():
    """A new column must be sorted: to the people who edit, or to the workers."""
    elsewhere = {"id", "created_at", "takedown_at", "takedown_reason"}
    columns = {field.name for field in Resource._meta.concrete_fields}

    groups = [*EDITED_FIELDS, *COVER_FIELDS, *PROBE_FIELDS, *elsewhere]

    assert sorted(groups) == sorted(columns)


def test_edit_keeps_what_a_worker_found_meanwhile():
    make.resource(is_probed=False)
    editing = Resource.objects.get()
    Resource.objects.get().record_metadata(make.torrent_metadata(editing.magnet_hash))
    Resource.objects.get().record_cover("assets/covers/1.webp")

    editing.title = "New"
    needs_probe = editing.store()

    row = Resource.objects.get()
    assert (row.title, row.probe_status, row.file_count) == ("New", ProbeStatus.OK, 2)
    assert row.cover_image_path == "assets/covers/1.webp"
    assert not needs_probe
    assert editing.public_state() == row.public_state()


def test_another_magnet_forgets_what_was_probed():
    row = make.resource()

    row.magnet_uri = make.magnet()
    needs_probe = row.store()

    row = Resource.objects.get()
    assert needs_probe
    assert (row.probe_status, row.probed_at, row.file_count) == (ProbeStatus.PENDING, None, None)
    assert (row.dht_status, row.is_public) == (DhtStatus.UNKNOWN, False)


def test_second_half_of_a_hybrid_asks_for_a_probe():
    row = make.resource()

    row.magnet_uri += f"&xt=urn:btmh:1220{'ab' * 32}"

    assert row.store()


def test_same_magnet_with_other_trackers_needs_no_probe():
    row = make.resource()

    row.magnet_uri += "&tr=udp%3A%2F%2Ftracker.example.org%3A80"

    assert not row.store()
    assert Resource.objects.get().probe_status == ProbeStatus.OK


def test_refusal_stands_when_asked_again():
    there = make.resource()
    Block.objects.add([make.info_hash()], reason="", by="")
    for uri, code in [
        (there.magnet_uri, "duplicate"),
        (make.magnet(Block.objects.get().info_hash), "blocked"),
    ]:
        row = Resource(
            title="x", magnet_uri=uri, category=there.category, publisher=there.publisher
        )

        for _ in range(2):
            with pytest.raises(ValidationError) as caught:
                row.store()
            assert codes(caught.value) == [code]


def test_faster_twin_is_named_not_crashed(monkeypatch):
    there = make.resource()
    row = Resource(
        title="x",
        magnet_uri=there.magnet_uri,
        category=there.category,
        publisher=there.publisher,
    )
    refuse, asked = Resource._refuse_twins, []

    def refuse_late(self, magnet):
        asked.append(magnet)
        if len(asked) > 1:  # clean() saw nothing yet
            refuse(self, magnet)

    monkeypatch.setattr(Resource, "_refuse_twins", refuse_late)
    monkeypatch.setattr(Resource, "validate_unique", lambda self, exclude=None: None)

    with pytest.raises(ValidationError) as caught:
        row.store()

    assert codes(caught.value) == ["duplicate"]
    assert Resource.objects.count() == 1


def test_database_itself_refuses_a_twin():
    row = make.resource()

    with pytest.raises(IntegrityError), transaction.atomic():
        Resource.objects.create(
            title="x",
            magnet_hash=row.magnet_hash,
            category=row.category,
            publisher=row.publisher,
        )


def test_kept_magnet_is_never_longer_than_the_limit():
    uri = make.magnet() + "".join(f"&tr=http://t.example/{i:03}" + "/:" * 30 for i in range(90))

    assert len(uri) < 8192
    with pytest.raises(ValidationError, match="8192"):
        make.resource(magnet_uri=uri)


def test_tags_are_indexed_by_slug():
    row = make.resource(tags=["C++", "数据"])
    row.tags = ["数据", "New"]
    row.store()

    index = list(row.tag_index.order_by("pk").values_list("slug", "name"))
    assert index == [("数据", "数据"), ("new", "New")]


def test_tag_respelled_is_shown_anew():
    row = make.resource(tags=["linux"])
    row.tags = ["Linux"]
    row.store()

    assert [tag.name for tag in row.tag_index.all()] == ["Linux"]


def test_forget_tells_only_of_what_was_public():
    public, held = make.resource(), make.resource(is_probed=False)
    before = revision()

    held.forget()
    quiet = revision()
    public.forget()
    public.forget()

    assert (quiet - before, revision() - quiet, Resource.objects.count()) == (0, 1, 0)


def test_put_back_yields_to_a_later_edit():
    before = make.resource(title="Old")
    mine, theirs = Resource.objects.get(), Resource.objects.get()
    mine.title = "Mine"
    mine.store()
    theirs.title = "Theirs"
    theirs.store()

    mine.put_back(before)

    assert Resource.objects.get().title == "Theirs"


def test_probe_of_a_changed_magnet_is_dropped():
    row = make.resource(is_probed=False)
    changed = Resource.objects.get()
    changed.magnet_uri = make.magnet()
    changed.store()

    is_kept = row.record_metadata(make.torrent_metadata(row.magnet_hash))

    assert not is_kept
    assert Resource.objects.get().probe_status == ProbeStatus.PENDING


def test_first_probe_is_repeated_with_growing_pauses():
    row = make.resource(is_probed=False)
    pauses = []

    for _ in range(len(RETRY_PAUSES) + 1):
        row.record_probe_miss(ProbeStatus.TIMEOUT, "no answer")
        pauses.append(row.probe_due_at and row.probe_due_at - timezone.now())

    assert pauses.pop() is None
    assert [round(p.total_seconds()) for p in pauses] == [p.total_seconds() for p in RETRY_PAUSES]


def test_later_miss_keeps_what_was_known():
    row = make.resource()

    row.record_probe_miss(ProbeStatus.INACTIVE, "nobody")

    row = Resource.objects.get()
    assert (row.probe_status, row.is_public, row.file_count) == (ProbeStatus.INACTIVE, True, 2)
    assert row.probe_due_at is None


def test_probe_that_finds_the_same_moves_nothing():
    row = make.resource()
    before = revision()

    row.record_metadata(make.torrent_metadata(row.magnet_hash, num_peers=99))

    assert (revision(), Resource.objects.get().num_peers) == (before, 99)


def test_first_probe_makes_it_public():
    row = make.resource(is_probed=False)
    before = revision()

    row.record_metadata(make.torrent_metadata(row.magnet_hash))

    assert revision() == before + 1


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

    changed = Resource.objects.filter(pk=row.pk).record_health(status)

    is_other = status != DhtStatus.ACTIVE
    assert (changed, revision() - before) == (int(is_other), int(is_other))


def test_take_down_of_many_is_one_change():
    rows = [make.resource() for _ in range(3)]
    before = revision()

    count = Resource.objects.filter(pk__in=[row.pk for row in rows]).take_down(reason="x", by="y")

    assert (count, revision() - before, Block.objects.count()) == (3, 1, 3)
    assert Resource.objects.public().count() == 0


def test_block_takes_any_spelling():
    block = Block(info_hash="  " + "A" * 40)

    block.full_clean()

    assert block.info_hash == "a" * 40


def test_claims_give_a_row_to_one_worker():
    make.resource(is_probed=False)
    make.resource()

    first = Resource.objects.claim_probes(10, 60)
    second = Resource.objects.claim_probes(10, 60)
    Resource.objects.update(probe_claimed_until=timezone.now() - timedelta(seconds=1))
    third = Resource.objects.claim_probes(10, 60)

    assert (len(first), second, third) == (1, [], first)


def test_stranger_may_neither_see_nor_change():
    row = make.resource()
    stranger = make.publisher(name="Eve")

    for method in (row.require_sight_by, row.require_change_by):
        with pytest.raises(ForbiddenError, match="not yours"):
            method(stranger)
