"""The catalog for mirrors and scripts: `index/*.json`. Their fields are the contract (SPEC §5)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from builds.data import urls
from builds.data.entry import Entry
from builds.data.records import File
from builds.data.taxonomy import Taxonomy
from builds.listings.pagination import Kind
from builds.listings.reader import Reader
from builds.listings.supersession import Supersession
from builds.models import Listing, ListingPage, Output

_IDS = re.compile(rb'(?:"id"|"supersedes"|"superseded_by"):\[?[\d,]+')
_ID = re.compile(rb"\d+")


def shard(
    listing: Listing,
    number: int,
    items: Sequence[Entry],
    taxonomy: Taxonomy,
    supersession: Supersession,
) -> File:
    """One shard: the entries of a month, or of a part of it, newest first."""
    body = _json({"items": [item(entry, taxonomy, supersession) for entry in items]})
    return File(f"/index/{_file(listing, number)}", body)


def _file(listing: Listing, number: int) -> str:
    part = "" if number == listing.last else f"-{number}"
    return f"index-{listing.key}{part}.json"


def item(entry: Entry, taxonomy: Taxonomy, supersession: Supersession) -> dict[str, Any]:
    """One resource as shards have it; SPEC §5 fixes the fields."""
    node, older = taxonomy.categories[entry.category], supersession.older(entry)
    return {
        "id": entry.id,
        "category_id": entry.category,
        "category_path": node.path,
        "title": entry.title,
        "url": urls.resource(entry.id),  # from the root of the site, wherever that lies
        "magnet_uri": entry.magnet,
        "magnet_hash": entry.hash,
        "dht_status": entry.dht_status,
        "last_dht_check": entry.checked_at,
        "seeds_band": entry.seeds_band,
        "missing_since": entry.missing_since,
        "total_size_bytes": entry.size_bytes,
        "total_size_human": entry.size,
        "file_count": entry.file_count,
        "files_tree_summary": entry.files_summary,
        "tags": list(entry.tags),
        "category": node.path,
        "category_name": node.name,
        "cover_image_path": urls.cover(entry.id).lstrip("/") if entry.cover else None,
        "cover_image_url": None,  # always: where covers come from is private
        "publisher": taxonomy.publishers[entry.publisher].name,
        "team_id": entry.team,
        "published_at": entry.published_at,
        "summary": entry.summary,
        "licence": entry.licence,
        "source_url": entry.source_url,
        "supersedes": older.id if older else None,
        "superseded_by": [newer.id for newer in supersession.newer(entry)],
    }


def single(reader: Reader, outputs: Mapping[str, tuple[str, int]]) -> Iterator[File]:
    """What describes the shards and counts the catalog; `outputs` has digest and size of each
    shard by its address."""
    moment = reader.state.generated_at
    shards = list(_shards(reader, outputs))
    manifest = {"generated_at": moment.isoformat() if moment else None, "shards": shards}
    yield File("/index/manifest.json", _json(manifest))
    yield File("/index/tags.json", _json(_tags(reader)))
    yield File("/index/categories.json", _json({"categories": _categories(reader)}))


def _shards(reader: Reader, outputs: Mapping[str, tuple[str, int]]) -> Iterator[dict[str, Any]]:
    counts = _counts()
    for listing in reader.listings_of_kind(Kind.MONTH):
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
    rows = ListingPage.objects.filter(listing__kind=Kind.MONTH)
    return {
        (listing, number): count
        for listing, number, count in rows.values_list("listing_id", "number", "count")
    }


def stored(reader: Reader) -> dict[str, tuple[str, int]]:
    """Digest and size of the shards that are on the site."""
    wanted = [
        f"/index/{_file(listing, number)}"
        for listing in reader.listings_of_kind(Kind.MONTH)
        for number in listing.numbers
    ]
    found = Output.objects.in_bulk(wanted)
    return {address: (row.digest, row.size_bytes) for address, row in found.items()}


def is_shard(address: str) -> bool:
    """Whether a file at this address is one."""
    return address.startswith("/index/index-")


def _tags(reader: Reader) -> dict[str, Any]:
    counted = [{"tag": tag.name, "count": tag.count} for tag in reader.listings_of_kind(Kind.TAG)]
    counted.sort(key=lambda tag: (-int(str(tag["count"])), str(tag["tag"])))
    return {"total_resources": reader.count, "tags": counted}


def _categories(reader: Reader) -> list[dict[str, Any]]:
    roots: list[dict[str, Any]] = []
    shown: dict[int | None, list[dict[str, Any]]] = {None: roots}
    for pk, node in reader.taxonomy.categories.items():
        below = {
            "id": pk,
            "name": node.name,
            "slug": node.slug,
            "path": node.path,
            "parent_id": node.parent_id,
            "root_id": node.root_id,
            "sort_order": node.sort_order,
            "count": reader.count_of(node),
            "children": shown.setdefault(pk, []),
        }
        shown[node.parent_id].append(below)
    return roots


def _json(plain: object) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def without(body: bytes, ids: Collection[int]) -> tuple[bytes, int]:
    """A shard without these resources, nor a word of them in others; and how many it has left.
    ValueError if it is none."""
    items = [item for item in json.loads(body)["items"] if item["id"] not in ids]
    for each in items:
        each["superseded_by"] = [pk for pk in each["superseded_by"] if pk not in ids]
        each["supersedes"] = each["supersedes"] if each["supersedes"] not in ids else None
    return _json({"items": items}), len(items)


def names(body: bytes, ids: Collection[int]) -> bool:
    """Whether a shard may name one of these resources, by a quick look."""
    return not {int(found) for found in _ID.findall(b"".join(_IDS.findall(body)))}.isdisjoint(ids)


def items_of(body: bytes, ids: Collection[int]) -> list[dict[str, Any]]:
    """What a shard tells of these resources. ValueError if it is none."""
    return [item for item in json.loads(body)["items"] if item["id"] in ids]


def manifest_of(body: bytes, shards: Mapping[str, tuple[File, int]]) -> bytes:
    """A manifest with these shards, of which each has so many items, in the place of those that it
    names. ValueError if it is none."""
    plain = json.loads(body)
    for row in plain["shards"]:
        if found := shards.get(row["file"]):
            shard_file, count = found
            told = {"count": count, "sha256": shard_file.digest, "bytes": shard_file.size}
            row.update(told)
    return _json(plain)
