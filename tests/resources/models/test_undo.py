"""Writes that are taken back when their probe failed."""

import pytest

from ghost.core.catalog.models import Catalog
from resources.models import Block, Resource, findings, undo
from tests import make

pytestmark = pytest.mark.django_db

V1, V2 = "ab" * 20, "cd" * 32


def revision() -> int:
    return Catalog.get().revision


def half(kind, **kwargs):
    uri = make.magnet(V1) if kind == "v1" else f"magnet:?xt=urn:btmh:1220{V2}"
    return make.resource(magnet_uri=uri, is_probed=False, **kwargs)


def probed(row):
    findings.record_metadata(row, make.torrent_metadata(row.magnet_hash, v1=V1, v2=V2))
    return row


def test_forget_is_quiet_and_can_be_repeated():
    row = make.resource(is_probed=False)
    before = revision()

    answers = [undo.delete_new(row), undo.delete_new(row)]

    assert (answers, revision() - before, Resource.objects.count()) == ([True, True], 0, 0)


def test_forget_yields_to_a_probe_that_succeeded_after_all():
    row = make.resource(is_probed=False)
    findings.record_metadata(Resource.objects.get(), make.torrent_metadata(row.magnet_hash))

    assert (undo.delete_new(row), Resource.objects.count()) == (False, 1)


def test_put_back_yields_to_a_later_edit():
    before = make.resource(title="Old")
    mine, theirs = Resource.objects.get(), Resource.objects.get()
    mine.title = "Mine"
    mine.store()
    theirs.title = "Theirs"
    theirs.store()

    undo.put_back(mine, before)

    assert Resource.objects.get().title == "Theirs"


def test_put_back_writes_only_what_the_change_wrote():
    before = make.resource(title="Old", cover_image_url="https://example.org/a.png")
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    findings.record_cover(Resource.objects.get(), "assets/covers/1.webp")

    is_back = undo.put_back(mine, before)

    row = Resource.objects.get()
    assert (is_back, row.magnet_hash, row.probe_status) == (True, before.magnet_hash, "ok")
    assert (row.cover_image_path, row.file_count) == ("assets/covers/1.webp", 2)


@pytest.mark.parametrize("how", ["listed", "blocked"])
def test_put_back_yields_to_whoever_took_the_old_magnet(how):
    before = make.resource()
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    if how == "listed":
        make.resource(magnet_uri=before.magnet_uri)
    else:
        Block.objects.add([before.magnet_hash], reason="", by="")

    is_back = undo.put_back(mine, before)

    assert (is_back, Resource.objects.get(pk=mine.pk).magnet_uri) == (False, mine.magnet_uri)


def test_put_back_yields_to_a_twin_of_the_last_moment(monkeypatch):
    before = make.resource()
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    make.resource(magnet_uri=before.magnet_uri)
    monkeypatch.setattr(undo, "_is_replaced", lambda row: False)

    is_back = undo.put_back(mine, before)

    assert (is_back, Resource.objects.get(pk=mine.pk).magnet_uri) == (False, mine.magnet_uri)


def test_put_back_yields_to_whoever_took_the_other_half():
    before = probed(half("v1"))
    mine = Resource.objects.get()
    mine.magnet_uri = make.magnet()
    mine.store()
    half("v2")

    assert (undo.put_back(mine, before), Resource.objects.get(pk=mine.pk).magnet_uri) == (
        False,
        mine.magnet_uri,
    )
