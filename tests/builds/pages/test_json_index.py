from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest

from ghost.core.catalog.models import Catalog
from tests import make
from tests.builds import exports
from tests.presence import present

pytestmark = pytest.mark.django_db


def load(public, name):
    return json.loads((public / "index" / name).read_bytes())


def test_index_has_the_fields_of_the_contract():
    category = make.category("Films", parent=make.category("Archive"))
    row = make.resource(
        category=category, title="A film", tags=["Silent"], content_markdown="Some *words*.",
        published_at=datetime(2026, 3, 31, 23, 59, tzinfo=UTC),
        cover_image_url="https://private.example/cover.png",
    )  # fmt: skip

    public = exports.everything()

    manifest = load(public, "manifest.json")
    body = (public / "index" / "index-2026-03.json").read_bytes()
    assert manifest["shards"] == [
        {
            "key": "2026-03",
            "file": "index-2026-03.json",
            "count": 1,
            "sha256": hashlib.sha256(body).hexdigest(),
            "bytes": len(body),
        }
    ]
    row.refresh_from_db()
    assert json.loads(body) == {
        "items": [
            {
                "id": row.pk,
                "category_id": category.pk,
                "category_path": "archive/films",
                "title": "A film",
                "url": f"/resources/{row.pk}/",
                "magnet_uri": row.published_magnet_uri,
                "magnet_hash": row.magnet_hash,
                "dht_status": "Active",
                "last_dht_check": present(row.last_dht_check).isoformat(),
                "seeds_band": "unknown",
                "missing_since": None,
                "total_size_bytes": 3_000_000,
                "total_size_human": "2.86 MiB",
                "file_count": 2,
                "files_tree_summary": "README.txt, track.flac",
                "tags": ["Silent"],
                "category": "archive/films",
                "category_name": "Films",
                "cover_image_path": None,
                "cover_image_url": None,
                "publisher": "Ada",
                "team_id": None,
                "published_at": "2026-03-31T23:59:00+00:00",
                "summary": "Some words.",
                "licence": "",
                "source_url": "",
                "supersedes": None,
                "superseded_by": [],
            }
        ]
    }


def test_categories_nest_and_count_what_lies_below():
    root = make.category("Archive")
    child = make.category("Films", parent=root, sort_order=3)
    make.resource(category=child)
    make.resource(category=root)

    public = exports.everything()

    assert load(public, "categories.json") == {
        "categories": [
            {
                "id": root.pk,
                "name": "Archive",
                "slug": "archive",
                "path": "archive",
                "parent_id": None,
                "root_id": root.pk,
                "sort_order": 0,
                "count": 2,
                "children": [
                    {
                        "id": child.pk,
                        "name": "Films",
                        "slug": "films",
                        "path": "archive/films",
                        "parent_id": root.pk,
                        "root_id": root.pk,
                        "sort_order": 3,
                        "count": 1,
                        "children": [],
                    }
                ],
            }
        ]
    }


def test_tags_are_counted_most_used_first():
    make.resource(tags=["b", "a"])
    make.resource(tags=["b"])

    public = exports.everything()

    assert load(public, "tags.json") == {
        "total_resources": 2,
        "tags": [{"tag": "b", "count": 2}, {"tag": "a", "count": 1}],
    }


@pytest.mark.parametrize("base", ["/", "/repo/", "https://host.example/repo/"])
def test_addresses_are_paths_from_the_root_of_the_site_wherever_that_lies(configure, base):
    configure(public_baseurl=base)
    row = make.resource(published_at=datetime(2026, 3, 1, tzinfo=UTC))

    public = exports.everything()

    (item,) = load(public, "index-2026-03.json")["items"]
    assert item["url"] == f"/resources/{row.pk}/"


def test_a_month_with_many_has_shards_of_which_the_newest_has_the_bare_name(monkeypatch):
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 2)
    rows = [
        make.resource(published_at=datetime(2026, month, day, tzinfo=UTC))
        for month, days in ((1, 5), (2, 1))
        for day in range(1, days + 1)
    ]

    public = exports.everything()

    shards = load(public, "manifest.json")["shards"]
    assert [(shard["key"], shard["file"], shard["count"]) for shard in shards] == [
        ("2026-01", "index-2026-01-1.json", 2),
        ("2026-01", "index-2026-01.json", 3),
        ("2026-02", "index-2026-02.json", 1),
    ]
    assert [[item["id"] for item in load(public, shard["file"])["items"]] for shard in shards] == [
        [rows[1].pk, rows[0].pk], [rows[4].pk, rows[3].pk, rows[2].pk], [rows[5].pk],
    ]  # fmt: skip
    assert_shards_are_as_told(public)


def assert_shards_are_as_told(public):
    shards = load(public, "manifest.json")["shards"]
    there = {path.name for path in (public / "index").glob("index-*.json")}
    assert {shard["file"] for shard in shards} == there
    for shard in shards:
        body = (public / "index" / shard["file"]).read_bytes()
        assert (shard["sha256"], shard["bytes"]) == (hashlib.sha256(body).hexdigest(), len(body))


def test_the_manifest_tells_of_shards_that_an_edit_left_alone_and_of_those_it_changed(monkeypatch):
    monkeypatch.setattr("builds.listings.pagination.SHARD_ITEMS", 2)
    rows = [make.resource(published_at=datetime(2026, 1, day, tzinfo=UTC)) for day in range(1, 8)]
    public = exports.everything()
    rows[0].title = "Edited"
    rows[0].store()
    rows[6].take_down(reason="asked", by="test")
    make.resource(published_at=datetime(2025, 12, 1, tzinfo=UTC))

    told = exports.change()

    assert {name for name in told.files if name.startswith("index/index-")} == {
        "index/index-2025-12.json", "index/index-2026-01-1.json", "index/index-2026-01.json",
    }  # fmt: skip
    assert_shards_are_as_told(public)


def test_the_manifest_says_when_what_is_shown_last_changed():
    make.resource()
    changed_at = Catalog.get().changed_at

    public = exports.everything()
    first = load(public, "manifest.json")["generated_at"]
    again = load(exports.everything(), "manifest.json")["generated_at"]

    assert first == again == changed_at.isoformat()
