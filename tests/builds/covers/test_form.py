"""Covers in the admin's form."""

from __future__ import annotations

import pytest

from builds import covers
from resources.models import Resource
from tests import make, operators
from tests.builds.covers.uploading import file, path_of, shown
from tests.builds.pictures import image

pytestmark = pytest.mark.django_db


def typed(row: Resource, **fields) -> dict:
    """What the form of a resource sends."""
    return {
        "title": row.title, "magnet_uri": row.magnet_uri, "category": row.category_id, "tags": "",
        "content_markdown": "", "publisher": row.publisher_id, "team": "",
        "published_at_0": "2026-01-31", "published_at_1": "12:00:00", "cover_image_url": "",
    } | fields  # fmt: skip


def test_an_operator_uploads_a_cover_and_removes_it_again():
    browser = operators.client("Operator")
    row = make.resource()
    url = operators.form_of("resources_resource", row.pk)

    empty = browser.get(url).content.decode()
    stored = browser.post(url, typed(row, cover=file()))
    after_upload = shown(row)
    page = browser.get(url).content.decode()
    browser.post(url, typed(row, title="Only the title"))
    after_edit = shown(row)
    browser.post(url, typed(row, remove_cover="on"))

    assert 'enctype="multipart/form-data"' in empty
    assert stored.status_code == 302
    assert after_upload == after_edit == (path_of(row), True)
    assert "/admin/builds/cover/" in page
    assert "Uploaded by operator" in page
    assert shown(row) == (None, False)


def test_a_new_resource_can_come_with_its_cover():
    browser = operators.client("Operator")
    like = make.resource()
    fields = typed(like, title="New", magnet_uri=make.magnet(), cover=file())

    answer = browser.post("/admin/resources/resource/add/", fields)

    row = Resource.objects.get(title="New")
    assert answer.status_code == 302
    assert shown(row) == (path_of(row), True)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<svg/>", "It is not a JPEG, PNG, WebP, GIF or AVIF image."),
        (bytes(covers.MAX_BYTES + 1), "A cover may have at most 10 MB."),
    ],
)
def test_the_form_says_why_a_file_is_no_cover_and_stores_nothing(body, told):
    browser = operators.client("Operator")
    row = make.resource(title="Before")
    url = operators.form_of("resources_resource", row.pk)

    answer = browser.post(url, typed(row, title="After", cover=file(body)))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"cover": [told]}
    assert Resource.objects.get(pk=row.pk).title == "Before"


def test_a_viewer_sees_the_cover_and_no_inputs():
    row = make.resource()
    covers.upload(row, image((9, 9)), by="Ada")

    page = operators.client("Viewer").get(operators.form_of("resources_resource", row.pk))

    text = page.content.decode()
    assert ("/admin/builds/cover/" in text, 'name="cover"' in text) == (True, False)
