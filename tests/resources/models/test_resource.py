"""The rules on one resource: what is saved, what is told to the catalog, what workers wrote."""

import os
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ghost.core.catalog.models import Catalog
from ghost.core.errors import ForbiddenError
from resources.models import Block, DhtStatus, ProbeStatus, Resource, findings
from resources.models.fields import COVER_FIELDS, EDITED_FIELDS, PROBE_FIELDS
from resources.torrents import magnets, metadata
from tests import make

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def revision() -> int:
    return Catalog.get().revision


def codes(error: ValidationError) -> list[str | None]:
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
    findings.record_metadata(Resource.objects.get(), make.torrent_metadata(editing.magnet_hash))
    findings.record_cover(Resource.objects.get(), "assets/covers/1.webp")

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
    refuse, asked = Resource._require_no_collision, []

    def refuse_late(self, magnet):
        asked.append(magnet)
        if len(asked) > 1:  # clean() saw nothing yet
            refuse(self, magnet)

    monkeypatch.setattr(Resource, "_require_no_collision", refuse_late)
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

    row = make.resource(magnet_uri=uri)

    assert len(uri) < 8192
    assert len(row.magnet_uri) <= 8192
    assert len(row.magnet.trackers) + len(row.notes) >= magnets.MOST_NOTES


def many(count):
    """So many public hybrids, without the ceremony."""
    first = make.resource()
    Resource.objects.bulk_create(
        Resource(
            title=f"{n}", magnet_uri="", magnet_hash=f"{n:040x}", magnet_hash_v2=f"{n:064x}",
            category=first.category, publisher=first.publisher, probed_at=first.probed_at,
        )
        for n in range(1, count)
    )  # fmt: skip


def test_stranger_may_neither_see_nor_change():
    row = make.resource()
    stranger = make.publisher(name="Eve")

    for method in (row.require_sight_by, row.require_change_by):
        with pytest.raises(ForbiddenError, match="not yours"):
            method(stranger)


# -- hybrids: a probe tells the half that the link doesn't name

V1, V2 = "ab" * 20, "cd" * 32


def half(kind, **kwargs):
    uri = make.magnet(V1) if kind == "v1" else f"magnet:?xt=urn:btmh:1220{V2}"
    return make.resource(magnet_uri=uri, is_probed=False, **kwargs)


def probed(row):
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, v1=V1, v2=V2))
    return row


def test_another_magnet_forgets_the_other_half():
    row = probed(half("v1"))

    row.magnet_uri = make.magnet()
    row.store()

    assert Resource.objects.get().other_hash == ""


HIDING = "a\u202eb\u200bc\ufdd0\U0003fff0\ue000\n\td\u200dé"


def test_texts_keep_every_letter_at_every_gate(client):
    """Also those that this Python doesn't know yet; what hides or turns others goes."""
    kept = "a bc \U0003fff0\ue000\n\td\u200dé"
    row = make.resource()
    auth = make.auth(make.admin())
    body = {"title": HIDING, "content_markdown": HIDING, "tags": [HIDING]}

    answer = client.patch(
        f"/api/resources/{row.pk}", body, content_type="application/json", **auth
    ).json()
    row.take_down(reason=HIDING, by="t")
    Resource.objects.filter(pk=row.pk).update(review_note=HIDING)

    stored = Resource.objects.get(pk=row.pk)
    line = " ".join(kept.split())
    assert (answer["title"], answer["tags"]) == (line, [line])
    assert answer["content_markdown"] == stored.content_markdown == kept
    assert stored.review_note == kept
    assert stored.takedown_reason in (kept, line)


def test_metadata_of_a_replaced_magnet_goes_with_the_daily_sweep():
    row = make.resource()
    metadata.save(make.torrent_metadata(row.magnet_hash))
    old = row.magnet_hash
    os.utime(metadata.path_of(old), (0, 0))

    row.magnet_uri = make.magnet()
    row.store()
    is_kept = metadata.load(old) is not None  # the change may be taken back
    findings.sweep_metadata()

    assert (is_kept, metadata.load(old)) == (True, None)
