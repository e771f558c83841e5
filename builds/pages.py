"""The page of a resource."""

from __future__ import annotations

from typing import Any

from builds import addresses, lists
from builds.records import Page
from builds.shelf import Entry, Shelf
from resources import metadata, sizes
from resources.models import Resource

LISTED_FILES = 2000
LISTED_DEPTH = 32


def page(resource: Resource, entry: Entry, html: str, shelf: Shelf) -> Page:
    """The record of a resource's page; `html` is its sanitised text. Only what is public may be
    named here."""
    node, person = shelf.nodes[entry.category_id], shelf.people[entry.publisher_id]
    tree, cut = _tree(entry)
    params: dict[str, Any] = {
        "id": entry.id,
        "html": html,
        "summary": entry.summary,
        "magnet": entry.magnet,
        "hash": resource.magnet.v1,
        "hash_v2": resource.magnet.v2,
        "size": entry.size,
        "size_bytes": entry.size_bytes,
        "files": entry.file_count,
        "tree": tree,
        "tree_cut": cut,
        "crumbs": lists.crumbs(node),
        "category": lists.category(node),
        "tags": lists.tags(entry),
        "health": entry.health,
        "published": entry.published_at.isoformat(timespec="seconds"),
        "updated": entry.updated_at.isoformat(timespec="seconds"),
        "publisher": {"name": person.name, "address": addresses.publisher(person.slug)},
    }
    if entry.checked_at:
        params["checked"] = entry.checked_at.isoformat(timespec="seconds")
    if entry.cover:
        params["cover"] = {
            "address": addresses.cover(entry.id),
            "width": entry.cover.width,
            "height": entry.cover.height,
        }
    return Page(addresses.resource(entry.id), "resource", entry.title, params)


def _tree(entry: Entry) -> tuple[list[dict[str, Any]], int]:
    """The files as nested folders, and how many are left out."""
    found = metadata.load(entry.hash)
    files = found.files if found else ()
    shown = tuple(file for file in files if file.path.count("/") < LISTED_DEPTH)[:LISTED_FILES]
    # Folders show the size of all that is in them, listed or not.
    whole = metadata.tree(tuple(f for f in files if f.path.count("/") < LISTED_DEPTH))
    return _listed(whole, {file.path for file in shown}, ""), len(files) - len(shown)


def _listed(nodes: list[metadata.Node], shown: set[str], prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for node in nodes:
        path, item = (
            prefix + node["name"],
            {"name": node["name"], "size": sizes.human(node["size"])},
        )
        if "children" not in node:
            found += [item] if path in shown else []
        elif children := _listed(node["children"], shown, path + "/"):
            found.append({**item, "children": children})
    return found
