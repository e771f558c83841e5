"""JSON Feed, held against its version 1.1."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from builds.data.entry import Picture
from tests import make
from tests.builds.feeds.samples import V2, feed_of_all_kinds, written


def test_json_feed_says_it_all():
    entry = make.entry(
        7, hash_v2=V2, tags=("Films", "b"), torrent="ef" * 16, cover=Picture("ab", 600, 400)
    )

    body = json.loads(written([entry])[".json"])

    torrent = f"https://host.example/repo/torrents/{entry.hash}.torrent"
    tag = "%E5%85%AC%E5%85%B1%E9%A2%86%E5%9F%9F"
    [item] = body.pop("items")
    assert body == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Ghost: 公共领域",
        "description": "What is <here>",
        "home_page_url": f"https://host.example/repo/tags/{tag}/",
        "feed_url": f"https://host.example/repo/feeds/tags/{tag}.json",
        "icon": "https://host.example/repo/assets/icon.png",
        "language": "en",
    }
    assert item.pop("image").startswith("https://host.example/repo/assets/covers/")
    assert item == {
        "id": f"urn:btih:{entry.hash}",
        "url": "https://host.example/repo/resources/7/",
        "title": "Resource 7",
        "content_text": "Some words.",
        "date_published": "2026-01-01T00:00:07+00:00",
        "date_modified": "2026-01-01T00:00:07+00:00",
        "authors": [{"name": "Ada"}],
        "tags": ["Films", "b"],
        "attachments": [
            {
                "url": entry.magnet,
                "mime_type": "application/x-bittorrent",
                "title": "Resource 7",
                "size_in_bytes": 3_000_000,
            },
            {"url": torrent, "mime_type": "application/x-bittorrent", "title": "Resource 7"},
        ],
        "_torrent": {
            "info_hash": entry.hash,
            "info_hash_v2": V2,
            "magnet_uri": entry.magnet,
            "torrent_url": torrent,
            "size_bytes": 3_000_000,
            "file_count": 2,
        },
    }


TEXT = {"title", "content_text", "date_published", "date_modified", "id", "url", "image"}


@pytest.mark.parametrize("items", [None, []], ids=["full", "empty"])
def test_json_feed_is_as_its_specification_wants_it(items):
    body = json.loads(feed_of_all_kinds(".json", items))

    assert body["version"] == "https://jsonfeed.org/version/1.1"
    assert set(body) == {
        "version", "title", "description", "home_page_url", "feed_url", "icon", "language", "items",
    }  # fmt: skip
    assert len(body["items"]) == (5 if items is None else 0)
    for item in body["items"]:
        assert {"id", "url", "content_text"} <= set(item)
        assert set(item) <= TEXT | {"authors", "tags", "attachments", "_torrent"}
        assert all(isinstance(item[name], str) for name in TEXT & set(item))
        assert all(isinstance(tag, str) for tag in item["tags"])
        assert all(author["name"] for author in item["authors"])
        assert all(
            datetime.fromisoformat(item[f"date_{n}"]).tzinfo for n in ("published", "modified")
        )
        for attachment in item["attachments"]:
            assert {"url", "mime_type"} <= set(attachment)
            assert set(attachment) <= {"url", "mime_type", "title", "size_in_bytes"}
