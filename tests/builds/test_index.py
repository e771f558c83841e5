from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest

from tests import make

pytestmark = pytest.mark.django_db


def load(public, name):
    return json.loads((public / "index" / name).read_bytes())


def test_index_has_the_fields_of_the_contract(build):
    category = make.category("Films", parent=make.category("Archive"))
    row = make.resource(
        category=category, title="A film", tags=["Silent"], content_markdown="Some *words*.",
        published_at=datetime(2026, 3, 31, 23, 59, tzinfo=UTC),
        cover_image_url="https://private.example/cover.png",
    )  # fmt: skip

    public = build()

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
                "magnet_uri": row.magnet_uri,
                "magnet_hash": row.magnet_hash,
                "dht_status": "Active",
                "last_dht_check": row.last_dht_check.isoformat(),
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
            }
        ]
    }


def test_categories_nest_and_count_what_lies_below(build):
    root = make.category("Archive")
    child = make.category("Films", parent=root, sort_order=3)
    make.resource(category=child)
    make.resource(category=root)

    public = build()

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


def test_tags_are_counted_most_used_first(build):
    make.resource(tags=["b", "a"])
    make.resource(tags=["b"])

    public = build()

    assert load(public, "tags.json") == {
        "total_resources": 2,
        "tags": [{"tag": "b", "count": 2}, {"tag": "a", "count": 1}],
    }


def test_addresses_have_the_host_where_it_is_known(build, configure):
    configure(public_baseurl="https://host.example/repo/")
    row = make.resource(published_at=datetime(2026, 3, 1, tzinfo=UTC))

    public = build()

    (item,) = load(public, "index-2026-03.json")["items"]
    assert item["url"] == f"https://host.example/repo/resources/{row.pk}/"
