"""The catalog for mirrors and scripts: `index/*.json`. Their fields are the contract (SPEC §5)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Count

from builds.data import urls
from builds.data.entry import Facts
from builds.data.records import File
from builds.data.taxonomy import Names
from builds.listings.pagination import Kind
from builds.listings.reader import Shelf
from builds.listings.supersession import Succession
from builds.models import Listing, Output, Place


def shard(
    listing: Listing, number: int, items: Sequence[Facts], names: Names, near: Succession
) -> File:
    """One shard: the entries of a month, or of a part of it, newest first."""
    body = _json({"items": [item(known, names, near) for known in items]})
    return File(f"/index/{_file(listing, number)}", body)


def _file(listing: Listing, number: int) -> str:
    part = "" if number == listing.last else f"-{number}"
    return f"index-{listing.key}{part}.json"


def item(known: Facts, names: Names, near: Succession) -> dict[str, Any]:
    """One resource."""
    node, older = names.nodes[known.category], near.older(known)
    return {
        "id": known.id,
        "category_id": known.category,
        "category_path": node.path,
        "title": known.title,
        "url": urls.link(urls.resource(known.id)),
        "magnet_uri": known.magnet,
        "magnet_hash": known.hash,
        "dht_status": known.dht_status,
        "last_dht_check": known.checked_at,
        "total_size_bytes": known.size_bytes,
        "total_size_human": known.size,
        "file_count": known.file_count,
        "files_tree_summary": known.files_summary,
        "tags": list(known.tags),
        "category": node.path,
        "category_name": node.name,
        "cover_image_path": urls.cover(known.id).lstrip("/") if known.cover else None,
        "cover_image_url": None,  # always: where covers come from is private
        "publisher": names.people[known.publisher].name,
        "team_id": known.team,
        "published_at": known.published_at,
        "summary": known.summary,
        "licence": known.licence,
        "source_url": known.source_url,
        "supersedes": older.id if older else None,
        "superseded_by": [newer.id for newer in near.newer(known)],
    }


def single(shelf: Shelf, outputs: Mapping[str, tuple[str, int]]) -> Iterator[File]:
    """What describes the shards and counts the catalog; `outputs` has digest and size of each
    shard by its address."""
    moment = shelf.state.generated_at
    shards = list(_shards(shelf, outputs))
    manifest = {"generated_at": moment.isoformat() if moment else None, "shards": shards}
    yield File("/index/manifest.json", _json(manifest))
    yield File("/index/tags.json", _json(_tags(shelf)))
    yield File("/index/categories.json", _json({"categories": _categories(shelf)}))


def _shards(shelf: Shelf, outputs: Mapping[str, tuple[str, int]]) -> Iterator[dict[str, Any]]:
    counts = _counts()
    for listing in shelf.of_kind(Kind.MONTH):
        for number in listing.numbers:
            name = _file(listing, number)
            sha256, size = outputs[f"/index/{name}"]
            yield {
                "key": listing.key,
                "file": name,
                "count": counts[listing.pk, number],
                "sha256": sha256,
                "bytes": size,
            }


def _counts() -> dict[tuple[int, int], int]:
    rows = Place.objects.filter(listing__kind=Kind.MONTH).values_list("listing_id", "page")
    return {
        (listing, page): count
        for listing, page, count in rows.annotate(n=Count("pk")).order_by("listing_id", "page")
    }


def stored(shelf: Shelf) -> dict[str, tuple[str, int]]:
    """Digest and size of the shards that are on the site."""
    wanted = [
        f"/index/{_file(listing, number)}"
        for listing in shelf.of_kind(Kind.MONTH)
        for number in listing.numbers
    ]
    found = Output.objects.in_bulk(wanted)
    return {address: (row.digest, row.size_bytes) for address, row in found.items()}


def is_shard(address: str) -> bool:
    """Whether a file at this address is one."""
    return address.startswith("/index/index-")


def _tags(shelf: Shelf) -> dict[str, Any]:
    counted = [{"tag": tag.name, "count": tag.count} for tag in shelf.of_kind(Kind.TAG)]
    counted.sort(key=lambda tag: (-int(str(tag["count"])), str(tag["tag"])))
    return {"total_resources": shelf.count, "tags": counted}


def _categories(shelf: Shelf) -> list[dict[str, Any]]:
    roots: list[dict[str, Any]] = []
    shown: dict[int | None, list[dict[str, Any]]] = {None: roots}
    for pk, node in shelf.names.nodes.items():
        below = {
            "id": pk,
            "name": node.name,
            "slug": node.slug,
            "path": node.path,
            "parent_id": node.parent_id,
            "root_id": node.root_id,
            "sort_order": node.sort_order,
            "count": shelf.count_of(node),
            "children": shown.setdefault(pk, []),
        }
        shown[node.parent_id].append(below)
    return roots


def _json(plain: object) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
