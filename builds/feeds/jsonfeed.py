"""JSON Feed 1.1 (jsonfeed.org/version/1.1), with the torrent's own entry under `_torrent`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from builds.feeds.items import TORRENT_TYPE, Channel, Item

ENDING = ".json"
TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def feed(channel: Channel, items: Iterable[bytes]) -> bytes:
    """The file, from what `item` gave."""
    head = {
        "version": VERSION,
        "title": channel.title,
        **({"description": channel.description} if channel.description else {}),
        "home_page_url": channel.home,
        "feed_url": channel.link + ENDING,
        **({"next_url": channel.older + ENDING} if channel.older else {}),
        "icon": channel.icon,
        "language": channel.language,
    }
    return _whole(head, b",\n".join(items))


def item(one: Item) -> bytes:
    """One resource as an item of JSON Feed 1.1."""
    return _encoded(
        {
            "id": one.id,
            "url": one.link,
            "title": one.title,
            "content_text": one.summary,
            **({"image": one.cover} if one.cover else {}),
            "date_published": one.published,
            "date_modified": one.updated,
            "authors": [{"name": one.author}],
            "tags": one.categories,
            "attachments": _attachments(one),
            "_torrent": _torrent(one),
        }
    ).encode()


def _attachments(item: Item) -> list[dict[str, Any]]:
    """The magnet and the `.torrent` file: two of one title are two ways to one thing."""
    size = {"size_in_bytes": item.size_bytes} if item.size_bytes is not None else {}
    common = {"mime_type": TORRENT_TYPE, "title": item.title}
    found: list[dict[str, Any]] = [{"url": item.magnet, **common, **size}]
    return [*found, {"url": item.torrent, **common}] if item.torrent else found


def _torrent(item: Item) -> dict[str, Any]:
    known = {
        "info_hash": item.hash_v1,
        "info_hash_v2": item.hash_v2,
        "magnet_uri": item.magnet,
        "torrent_url": item.torrent or None,
        "size_bytes": item.size_bytes,
        "file_count": item.file_count,
    }
    return {name: value for name, value in known.items() if value is not None}


def without(body: bytes, ids: Collection[int]) -> bytes:
    """A feed without the items of these resources; ValueError if it is none."""
    head = json.loads(body)
    items = [each for each in head.pop("items") if _resource_of(each["url"]) not in ids]
    lines = b",\n".join(_encoded(each).encode() for each in items)
    return _whole(head, lines)


def _resource_of(link: str) -> int:
    return int(link.rstrip("/").rpartition("/")[2])


def _whole(head: dict[str, Any], items: bytes) -> bytes:
    return b'%s,"items":[\n%s]}\n' % (_encoded(head)[:-1].encode(), items)
