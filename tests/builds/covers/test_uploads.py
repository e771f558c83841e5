"""Covers that people bring: the rule and the API."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test.client import MULTIPART_CONTENT

from builds import covers
from builds.covers import files
from builds.models import Cover
from ghost.core.catalog.models import Catalog
from resources.models import Resource, undo
from tests import make
from tests.builds.covers.uploading import file, path_of, send, shown
from tests.builds.pictures import image, opened

pytestmark = pytest.mark.django_db


# -- the rule


def test_an_upload_is_drawn_anew_and_told_to_the_catalog():
    row = make.resource()
    before = Catalog.get().revision
    was = row.updated_at

    covers.upload(row, image((1600, 900), comment="secret"), by="Ada")

    cover = Cover.objects.get()
    assert shown(row) == (path_of(row), True)
    assert (cover.width, cover.height, cover.uploaded_by, cover.source) == (800, 450, "Ada", "")
    assert opened(covers.page_file(cover.digest).read_bytes()).format == "WEBP"
    assert row.updated_at > was
    assert Catalog.get().revision == before + 1


def test_another_upload_is_told_though_its_path_is_the_same():
    row = make.resource()
    covers.upload(row, image((90, 90)), by="Ada")
    before, first = Catalog.get().revision, Cover.objects.get().digest

    covers.upload(row, image((90, 80)), by="Ada")

    assert Catalog.get().revision == before + 1
    assert Cover.objects.get().digest != first


def test_an_upload_wins_over_the_address_until_another_is_set(pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    covers.localize()

    covers.upload(row, image((50, 50)), by="Ada")
    counts = covers.localize()
    row.refresh_from_db()
    row.title = "Another"
    row.store()
    after_edit = shown(row)
    row.cover_image_url = pictures["address"] + "/cover.png?2"
    row.store()
    between = shown(row)
    pictures["/cover.png?2"] = image()
    covers.localize()

    assert counts == {"fetched": 0, "failed": 0, "waiting": 0}
    assert after_edit == (path_of(row), True)
    assert between == (None, False)
    assert shown(row) == (path_of(row), False)
    assert (Cover.objects.get().width, Cover.objects.get().uploaded_by) == (800, "")


def test_an_upload_stays_when_the_address_is_cleared():
    row = make.resource(cover_image_url="http://127.0.0.1:1/x.png")
    covers.upload(row, image((50, 50)), by="Ada")
    row.cover_image_url = None

    row.store()

    assert shown(row) == (path_of(row), True)
    assert Resource.objects.get(pk=row.pk).cover_due_at is None


def test_an_upload_ends_the_failing_of_an_address(pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/none")
    covers.localize()

    covers.upload(row, image((50, 50)), by="Ada")

    row.refresh_from_db()
    assert (str(row.cover_error), row.cover_due_at, Cover.objects.get().attempts) == ("", None, 0)


def test_without_its_upload_a_resource_has_the_cover_at_its_address(pictures):
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    covers.upload(row, image((50, 50)), by="Ada")

    removed = covers.remove(row, by="Ada")
    between = shown(row)
    covers.localize()

    assert (removed, between) == (True, (None, False))
    assert shown(row) == (path_of(row), False)
    assert Cover.objects.get().width == 800


def test_without_its_upload_and_an_address_a_resource_has_no_cover():
    row = make.resource()
    covers.upload(row, image((50, 50)), by="Ada")
    before = Catalog.get().revision

    removed, again = covers.remove(row, by="Ada"), covers.remove(row, by="Ada")

    assert (removed, again, shown(row)) == (True, False, (None, False))
    assert not Cover.objects.exists()
    assert Catalog.get().revision == before + 1


def test_a_stale_copy_of_the_row_does_not_undo_an_upload():
    row = make.resource()
    stale = Resource.objects.get(pk=row.pk)
    covers.upload(row, image((50, 50)), by="Ada")
    stale.title = "Edited at the same time"

    stale.store()

    assert shown(row) == (path_of(row), True)


def test_a_change_that_is_undone_gives_the_upload_back():
    row = make.resource()
    covers.upload(row, image((50, 50)), by="Ada")
    before = Resource.objects.get(pk=row.pk)
    row.cover_image_url, row.magnet_uri = "http://127.0.0.1:1/x.png", make.magnet()
    row.store()

    undone = undo.put_back(Resource.objects.get(pk=row.pk), before)

    assert (undone, shown(row)) == (True, (path_of(row), True))


def test_a_change_that_is_undone_after_the_other_cover_came_asks_for_the_first_again(pictures):
    pictures["/2.png"] = image((30, 30))
    row = make.resource(cover_image_url=pictures["address"] + "/cover.png")
    covers.localize()
    row.refresh_from_db()
    before = Resource.objects.get(pk=row.pk)
    row.cover_image_url, row.magnet_uri = pictures["address"] + "/2.png", make.magnet()
    row.store()
    covers.localize()

    undone = undo.put_back(Resource.objects.get(pk=row.pk), before)
    covers.localize()

    assert (undone, shown(row)) == (True, (path_of(row), False))
    assert Cover.objects.get().width == 800


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The file is empty."),
        (b"<svg/>", "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        (bytes(covers.MAX_BYTES + 1), "A cover may have at most 10 MB."),
        (image((8000, 6000)), "It has more than 40 million pixels."),
    ],
)
def test_an_upload_that_is_no_cover_is_refused_and_changes_nothing(body, told):
    row = make.resource()
    before = Catalog.get().revision

    with pytest.raises(ValidationError) as refused:
        covers.upload(row, body, by="Ada")

    assert refused.value.message_dict == {"cover": [told]}
    assert (Catalog.get().revision, Cover.objects.count()) == (before, 0)


# -- the API


@pytest.mark.parametrize("number", [1, 3_000_000], ids=["small", "on-disk"])
def test_a_publisher_uploads_and_removes_a_cover(client, number):
    token = make.publisher()
    row = make.resource(publisher=token)
    body = image((300, 200)) + bytes(number)  # what is large waits in a file

    put = send(client, "PUT", row, token, cover=file(body))
    deleted = send(client, "DELETE", row, token, body=b"")
    again = send(client, "DELETE", row, token, body=b"")

    assert (put.status_code, put.json()["cover_image_path"]) == (200, path_of(row))
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert again.status_code == 404
    assert again.json()["detail"].startswith("No cover was uploaded")
    assert shown(row) == (None, False)


@pytest.mark.parametrize(("address", "waits"), [("https://example.org/a.png", True), (None, False)])
def test_a_cover_of_reviewed_work_is_never_public_before_its_review(
    client, monkeypatch, address, waits
):
    token = make.publisher(needs_review=True)
    row, told = make.resource(publisher=token, cover_image_url=address), []
    monkeypatch.setattr(Catalog, "advance", lambda *_, **__: told.append(_public()))

    send(client, "PUT", row, token, cover=file())
    uploaded = _public()
    Resource.objects.all().approve()
    send(client, "DELETE", row, token, body=b"")

    # What lies at the address may be another picture by now.
    assert (uploaded, _public()) == ([], [] if waits else [row.pk])
    assert told[0] == []


def _public() -> list[int]:
    return list(Resource.objects.public().values_list("pk", flat=True))


def test_only_reviewed_publishers_covers_await_review_whoever_calls():
    reviewed, address = make.publisher(needs_review=True), "https://example.org/a.png"
    rows = [make.resource(publisher=reviewed, cover_image_url=address) for _ in range(3)]
    covers.upload(rows[2], image((9, 9)), by="Olga")

    covers.upload(rows[0], image((9, 9)), by=reviewed)
    covers.upload(rows[1], image((9, 9)), by=make.admin())
    covers.remove(rows[2], by=reviewed)

    for row in rows:
        row.refresh_from_db()
    assert [row.state for row in rows] == ["review", "live", "review"]


def test_an_upload_tells_who_made_it(client):
    token = make.publisher(name="Ada")
    row = make.resource(publisher=token)

    send(client, "PUT", row, token, cover=file())

    assert Cover.objects.get().uploaded_by == "Ada"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_covers_change_in_scope_alone(client, method):
    owner = make.publisher()
    row = make.resource(publisher=owner)
    covers.upload(row, image((9, 9)), by="Ada")
    stranger, missing = make.publisher(name="Eve"), 987654321

    refused = send(client, method, row, stranger, cover=file())
    unknown = send(client, method, missing, owner, cover=file())
    row.take_down(reason="asked", by="Olga")
    down = send(client, method, row, owner, cover=file())
    admin = send(client, method, row, make.admin(), cover=file())

    assert [refused.status_code, unknown.status_code, down.status_code] == [403, 404, 403]
    assert admin.status_code == (200 if method == "PUT" else 204)


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({}, 422, "cover"),
        ({"cover": "a text"}, 422, "cover"),
        ({"cover": [file(), file()]}, 422, "cover"),
        ({"cover": file(), "other": file()}, 422, "other"),
        ({"cover": file(), "title": "x"}, 422, "title"),
        ({"cover": file(b"<svg/>", "x.svg")}, 422, "cover"),
        ({"cover": file(b"")}, 422, "cover"),
    ],
    ids=["none", "text", "two", "another", "field", "svg", "empty"],
)
def test_a_body_that_does_not_fit_is_refused_by_field(client, fields, status, field):
    token = make.publisher()
    row = make.resource(publisher=token)

    answer = send(client, "PUT", row, token, **fields)

    assert answer.status_code == status
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Cover.objects.exists()


@pytest.mark.parametrize("extra", [1, 20_000], ids=["by-a-byte", "by-far"])
def test_a_file_that_is_too_big_is_413_and_says_how_big_it_may_be(client, extra):
    token = make.publisher()
    row = make.resource(publisher=token)

    answer = send(client, "PUT", row, token, cover=file(bytes(covers.MAX_BYTES + extra)))

    assert (answer.status_code, answer.json()["detail"]) == (413, "A cover may have at most 10 MB.")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("image/png", image((9, 9)), 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n", 422),
        ("multipart/form-data; boundary=é", b"--x", 400),
    ],
)
def test_another_body_is_refused(client, content_type, body, status):
    token = make.publisher()
    row = make.resource(publisher=token)

    answer = send(client, "PUT", row, token, body=body, content_type=content_type)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_a_stranger_uploads_nothing(client):
    row = make.resource()

    answer = client.put(f"/api/resources/{row.pk}/cover", b"x" * 100, MULTIPART_CONTENT)

    assert answer.status_code == 401


def test_a_full_disk_is_503(client, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device", "/secret/place")

    monkeypatch.setattr(files, "write_atomic", full)
    token = make.publisher()
    row = make.resource(publisher=token)

    answer = send(client, "PUT", row, token, cover=file())

    assert answer.status_code == 503
    assert answer.json()["detail"] == "The cover can't be stored: No space left on device."
