"""Notes: what was left out is said to whoever wrote it, at every gate."""

from __future__ import annotations

import json

import pytest

from resources.models import Resource
from tests import make

pytestmark = pytest.mark.django_db

HASH = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
LINK = f"magnet:?xt=urn:btih:{HASH}&tr=gopher%3A%2F%2Ft.example%2F"


def test_notes_are_in_the_answer_of_each_write(client):
    by, category = make.publisher(), make.category()
    body = {"title": "A", "magnet_uri": LINK, "category_id": category.pk}

    tried = client.post("/api/resources?dry_run=true", body, "application/json", **make.auth(by))
    made = client.post("/api/resources", body, "application/json", **make.auth(by))
    address = f"/api/resources/{made.json()['id']}"
    read = client.get(address, **make.auth(by))
    changed = client.patch(
        address, {"magnet_uri": LINK}, content_type="application/json", **make.auth(by)
    )
    left = client.put(address, {"title": "B"}, content_type="application/json", **make.auth(by))

    for answer in (tried, made, changed):
        [note] = answer.json()["notes"]
        assert "tr=gopher://t.example/" in note
    assert read.json()["notes"] == left.json()["notes"] == []


def test_notes_are_in_the_language_of_the_request(client):
    by, category = make.publisher(), make.category()
    body = {"title": "A", "magnet_uri": LINK, "category_id": category.pk}
    headers = make.auth(by)["headers"] | {"Accept-Language": "zh-Hans"}

    made = client.post("/api/resources", body, "application/json", headers=headers)

    [note] = made.json()["notes"]
    assert note.startswith("磁力链接")


def test_notes_are_beside_each_item_of_a_bulk(client):
    by, category = make.publisher(), make.category()
    links = (LINK, f"magnet:?xt=urn:btih:{'b' * 40}")
    items = [{"title": "A", "magnet_uri": uri, "category_id": category.pk} for uri in links]

    answer = client.post(
        "/api/resources/bulk", json.dumps(items), "application/json", **make.auth(by)
    )

    first, second = answer.json()["items"]
    assert len(first["notes"]) == 1
    assert second["notes"] == []
    assert Resource.objects.count() == 2
