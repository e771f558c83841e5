"""The catalog for mirrors and scripts: `index/*.json`. Their fields are the contract (SPEC §5)."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from builds import addresses
from builds.records import File
from builds.shelf import Entry, Shelf


def every(shelf: Shelf) -> Iterator[File]:
    """All index files: the shards by month, then what describes them."""
    shards = []
    for key, entries in _by_month(shelf).items():
        body = _json({"items": [_item(entry, shelf) for entry in reversed(entries)]})
        name = f"index-{key}.json"
        yield File(f"/index/{name}", body)
        sha256 = hashlib.sha256(body).hexdigest()
        shards.append(
            {"key": key, "file": name, "count": len(entries), "sha256": sha256, "bytes": len(body)}
        )
    manifest = {"generated_at": _iso(shelf.generated_at), "shards": shards}
    yield File("/index/manifest.json", _json(manifest))
    yield File("/index/tags.json", _json(_tags(shelf)))
    yield File("/index/categories.json", _json({"categories": _categories(shelf)}))


def _by_month(shelf: Shelf) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in shelf.entries:
        found[f"{entry.published_at:%Y-%m}"].append(entry)
    return dict(sorted(found.items()))


def _item(entry: Entry, shelf: Shelf) -> dict[str, Any]:
    node = shelf.nodes[entry.category_id]
    return {
        "id": entry.id,
        "category_id": entry.category_id,
        "category_path": node.path,
        "title": entry.title,
        "url": addresses.link(addresses.resource(entry.id)),
        "magnet_uri": entry.magnet,
        "magnet_hash": entry.hash,
        "dht_status": entry.dht_status,
        "last_dht_check": _iso(entry.checked_at),
        "total_size_bytes": entry.size_bytes,
        "total_size_human": entry.size,
        "file_count": entry.file_count,
        "files_tree_summary": entry.files_summary,
        "tags": list(entry.tags),
        "category": node.path,
        "category_name": node.category.name,
        "cover_image_path": addresses.cover(entry.id).lstrip("/") if entry.cover else None,
        "cover_image_url": None,  # always: where covers come from is private
        "publisher": shelf.people[entry.publisher_id].name,
        "team_id": entry.team_id,
        "published_at": _iso(entry.published_at),
        "summary": entry.summary,
    }


def _tags(shelf: Shelf) -> dict[str, Any]:
    names, groups = shelf.tag_names, shelf.by_tag
    counted = [{"tag": names[slug], "count": len(entries)} for slug, entries in groups.items()]
    counted.sort(key=lambda tag: (-int(str(tag["count"])), str(tag["tag"])))
    return {"total_resources": len(shelf.entries), "tags": counted}


def _categories(shelf: Shelf) -> list[dict[str, Any]]:
    groups = shelf.by_category
    roots: list[dict[str, Any]] = []
    shown: dict[int | None, list[dict[str, Any]]] = {None: roots}
    for pk, node in shelf.nodes.items():
        row = node.category
        item = {
            "id": pk,
            "name": row.name,
            "slug": row.slug,
            "path": node.path,
            "parent_id": row.parent_id,
            "root_id": row.root_id,
            "sort_order": row.sort_order,
            "count": len(groups[pk]),
            "children": shown.setdefault(pk, []),
        }
        shown[row.parent_id].append(item)
    return roots


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _json(plain: object) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
