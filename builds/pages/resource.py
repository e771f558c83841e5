"""The page of a resource, with its covers and its torrent file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builds import covers, reasons
from builds.data import urls
from builds.data.body import Body
from builds.data.entry import Facts
from builds.data.records import File, Page, Record
from builds.data.taxonomy import Names
from builds.listings.reader import category, crumbs, tags
from builds.listings.supersession import Succession
from builds.pages import provenance
from builds.tree.check import MismatchError
from resources.torrents import magnets, metadata, metainfo


def every(known: Facts, body: Body, names: Names, near: Succession) -> Iterator[Record]:
    """The page and the files of one entry."""
    files = [*_covers(known), *_torrent(known)]
    has_torrent = urls.torrent(known.hash) in {f.address for f in files}
    yield page(known, body, names, near, has_torrent=has_torrent)
    yield from files


def page(
    known: Facts, body: Body, names: Names, near: Succession, *, has_torrent: bool = False
) -> Page:
    """The record of a resource's page. Only what is public may be named here."""
    node, person = names.nodes[known.category], names.people[known.publisher]
    params: dict[str, Any] = {
        "id": known.id,
        "html": body.html,
        "summary": known.summary,
        "magnet": known.magnet,
        "hash": known.hash_v1,
        "hash_v2": known.hash_v2,
        "size": known.size,
        "size_bytes": known.size_bytes,
        "files": known.file_count,
        "tree": body.tree,
        "tree_cut": body.tree_cut,
        "crumbs": crumbs(node),
        "category": category(node),
        "tags": tags(known),
        "health": known.health,
        "published": _to_the_second(known.published_at),
        "updated": _to_the_second(known.updated_at),
        "publisher": {"name": person.name, "address": urls.publisher(person.slug)},
    }
    if known.team is not None:
        team = names.teams[known.team]
        params["team"] = {"name": team.name, "address": urls.team(team.slug)}
    if known.checked_at:
        params["checked"] = _to_the_second(known.checked_at)
    if has_torrent:
        params["torrent"] = urls.torrent(known.hash)
    if known.cover:
        params["cover"] = {
            "address": urls.cover(known.id),
            "width": known.cover.width,
            "height": known.cover.height,
        }
    params |= provenance.shown(known, body) | _releases(known, near)
    return Page(urls.resource(known.id), "resource", known.title, params)


def _releases(known: Facts, near: Succession) -> dict[str, Any]:
    """The release that it replaces, and those that replace it."""
    older, newer = near.older(known), near.newer(known)
    found = {"replaces": _release(older)} if older else {}
    return found | ({"replaced_by": [_release(each) for each in newer]} if newer else {})


def _release(known: Facts) -> dict[str, str]:
    return {"name": known.title, "address": urls.resource(known.id)}


def _to_the_second(moment: str) -> str:
    return moment[:19] + "+00:00"


def _covers(known: Facts) -> Iterator[File]:
    if known.cover:
        yield _file(urls.cover(known.id), covers.page_file(known.cover.digest))
        yield _file(urls.thumbnail(known.id), covers.thumb_file(known.cover.digest))


def _file(address: str, path: Path) -> File:
    try:
        return File(address, path.read_bytes())
    except FileNotFoundError as error:
        raise MismatchError(reasons.FILE_GONE(name=address)) from error


def _torrent(known: Facts) -> Iterator[File]:
    """Not if its metadata is gone meanwhile: another probe brings it back."""
    found = metadata.load(known.hash) if known.torrent else None
    body = metainfo.make(found, magnets.parse(known.magnet)) if found else None
    if body:
        yield File(urls.torrent(known.hash), body)
