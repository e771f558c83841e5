"""The page of a resource, with its covers and its torrent file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builds import covers, reasons
from builds.data import urls
from builds.data.body import Body
from builds.data.entry import Entry
from builds.data.records import File, Page, Record
from builds.data.taxonomy import Taxonomy
from builds.listings.reader import breadcrumbs, category_link, tag_links
from builds.listings.supersession import Supersession
from builds.pages import provenance
from builds.tree.check import MismatchError
from resources.states import SeedsBand
from resources.torrents import magnets, metadata, metainfo


def records(
    entry: Entry, body: Body, taxonomy: Taxonomy, supersession: Supersession
) -> Iterator[Record]:
    """The page and the files of one entry."""
    files = [*_covers(entry), *_torrent(entry)]
    has_torrent = urls.torrent(entry.hash) in {f.address for f in files}
    yield page(entry, body, taxonomy, supersession, has_torrent=has_torrent)
    yield from files


def page(
    entry: Entry,
    body: Body,
    taxonomy: Taxonomy,
    supersession: Supersession,
    *,
    has_torrent: bool = False,
) -> Page:
    """The record of a resource's page. Only what is public may be named here."""
    node, person = taxonomy.categories[entry.category], taxonomy.publishers[entry.publisher]
    params: dict[str, Any] = {
        "id": entry.id,
        "html": body.html,
        "summary": entry.summary,
        "magnet": entry.magnet,
        "hash": entry.hash_v1,
        "hash_v2": entry.hash_v2,
        "size": entry.size,
        "size_bytes": entry.size_bytes,
        "files": entry.file_count,
        "tree": body.tree,
        "tree_cut": body.tree_cut,
        "crumbs": breadcrumbs(node),
        "category": category_link(node),
        "tags": tag_links(entry),
        "health": entry.health,
        "published": _to_the_second(entry.published_at),
        "updated": _to_the_second(entry.updated_at),
        "publisher": {"name": person.name, "address": urls.publisher(person.slug)},
    }
    if entry.team is not None:
        team = taxonomy.teams[entry.team]
        params["team"] = {"name": team.name, "address": urls.team(team.slug)}
    params |= _swarm(entry)
    if has_torrent:
        params["torrent"] = urls.torrent(entry.hash)
    if entry.cover:
        params["cover"] = {
            "address": urls.cover(entry.id),
            "width": entry.cover.width,
            "height": entry.cover.height,
        }
    params |= provenance.shown(entry, body) | _releases(entry, supersession)
    return Page(urls.resource(entry.id), "resource", entry.title, params)


def _swarm(entry: Entry) -> dict[str, Any]:
    """What checks found; of a band of the DHT alone the peers, since nobody counts its seeds. When somebody was
    seen last is told where that was not at the last check."""
    moments = {"checked": entry.checked_at, "seen": entry.seen_at}
    found: dict[str, Any] = {name: _to_the_second(at) for name, at in moments.items() if at}
    if found.get("seen") == found.get("checked"):
        found.pop("seen", None)
    if entry.missing_since:
        found["missing"] = entry.missing_since[:10]
    if entry.seeds_band not in (SeedsBand.UNKNOWN, SeedsBand.NONE):
        found["seeds"] = entry.seeds_band
    elif entry.peers and entry.health == "active":
        found["peers"] = entry.peers
    return found


def _releases(entry: Entry, supersession: Supersession) -> dict[str, Any]:
    """The release that it replaces, and those that replace it."""
    older, newer = supersession.older(entry), supersession.newer(entry)
    found = {"replaces": _release(older)} if older else {}
    return found | ({"replaced_by": [_release(each) for each in newer]} if newer else {})


def _release(entry: Entry) -> dict[str, str]:
    return {"name": entry.title, "address": urls.resource(entry.id)}


def _to_the_second(moment: str) -> str:
    return moment[:19] + "+00:00"


def _covers(entry: Entry) -> Iterator[File]:
    if entry.cover:
        yield _file(urls.cover(entry.id), covers.page_file(entry.cover.digest))
        yield _file(urls.thumbnail(entry.id), covers.thumb_file(entry.cover.digest))


def _file(address: str, path: Path) -> File:
    try:
        return File(address, path.read_bytes())
    except FileNotFoundError as error:
        raise MismatchError(reasons.FILE_GONE(name=address)) from error


def _torrent(entry: Entry) -> Iterator[File]:
    """Not if its metadata is gone meanwhile: another probe brings it back."""
    found = metadata.load(entry.hash) if entry.torrent else None
    body = metainfo.make(found, magnets.parse(entry.magnet)) if found else None
    if body:
        yield File(urls.torrent(entry.hash), body)
