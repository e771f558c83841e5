"""The pages that lead to resources: home, lists, what needs seeders, indexes of categories and
tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from builds.data import urls
from builds.data.records import Page
from builds.listings.pagination import Kind
from builds.listings.reader import Shelf, category, crumbs
from builds.models import Listing

HOME_TAGS = 30
RESCUE_ROWS = 60


def page(shelf: Shelf, listing: Listing, number: int, ids: Sequence[int]) -> Page:
    """One page of a listing with these entries on it, newest first."""
    rows, pager = shelf.rows(ids), _pager(shelf, listing, number)
    if listing.kind == Kind.ALL and number == listing.last:
        return _home(shelf, listing, rows, pager)
    params = _common(shelf, listing) | {"pager": pager}
    if number != listing.last:
        params["page"] = number
    elif listing.kind == Kind.CATEGORY:
        params["children"] = _children(shelf, int(listing.key))
    return Page(address(shelf, listing, number), "list", params["name"], params, rows)


def address(shelf: Shelf, listing: Listing, number: int) -> str:
    """Where a page of a listing lies."""
    base = base_of(shelf, listing)
    if number == listing.last:
        return base
    return f"{'/latest/' if listing.kind == Kind.ALL else base}page/{number}/"


def base_of(shelf: Shelf, listing: Listing) -> str:
    """The bare address of a listing that has pages."""
    match listing.kind:
        case Kind.CATEGORY:
            return urls.category(shelf.names.nodes[int(listing.key)].path)
        case Kind.TAG:
            return urls.tag(listing.key)
        case Kind.PUBLISHER:
            return urls.publisher(shelf.names.people[int(listing.key)].slug)
        case Kind.TEAM:
            return urls.team(shelf.names.teams[int(listing.key)].slug)
    return urls.HOME


def name_of(shelf: Shelf, listing: Listing) -> str:
    """What it is called; empty for the list of all."""
    match listing.kind:
        case Kind.CATEGORY:
            return shelf.names.nodes[int(listing.key)].name
        case Kind.PUBLISHER:
            return shelf.names.people[int(listing.key)].name
        case Kind.TEAM:
            return shelf.names.teams[int(listing.key)].name
    return listing.name


def feed_of(shelf: Shelf, listing: Listing) -> str:
    """The address of its feeds, without their endings."""
    match listing.kind:
        case Kind.CATEGORY:
            return urls.feed("categories", shelf.names.nodes[int(listing.key)].path)
        case Kind.TAG:
            return urls.feed("tags", listing.key)
        case Kind.PUBLISHER:
            return urls.feed("publishers", shelf.names.people[int(listing.key)].slug)
        case Kind.TEAM:
            return urls.feed("teams", shelf.names.teams[int(listing.key)].slug)
    return urls.ALL_FEED


def every_address(shelf: Shelf) -> list[str]:
    """Those of all pages but the resources' own, in order."""
    found = [
        address(shelf, listing, number)
        for listing in shelf.listings.values()
        if listing.kind != Kind.MONTH
        for number in listing.numbers
    ]
    return sorted([*found, "/about/", "/categories/", "/rescue/", "/search/", "/tags/"])


def single(shelf: Shelf) -> Iterator[Page]:
    """The pages of which there is one each."""
    tree = [
        category(node) | {"count": shelf.count_of(node), "depth": node.depth}
        for node in shelf.names.nodes.values()
        if shelf.count_of(node)
    ]
    yield Page("/categories/", "categories", "Categories", {"categories": tree})
    yield Page("/tags/", "tags", "Tags", {"tags": [_tag(x) for x in shelf.of_kind(Kind.TAG)]})
    needy = shelf.rows([known.id for known in shelf.endangered(RESCUE_ROWS)])
    yield Page("/rescue/", "rescue", "Needs seeders", {"feed": urls.RESCUE_FEED}, needy)
    yield Page("/about/", "about", "About", {"count": shelf.count})
    yield Page(urls.MISSING, "missing", "404")


def _home(shelf: Shelf, listing: Listing, rows: Sequence[bytes], pager: dict[str, str]) -> Page:
    most_used = sorted(shelf.of_kind(Kind.TAG), key=lambda tag: (-tag.count, tag.key))[:HOME_TAGS]
    params = {
        "categories": [
            category(node) | {"count": shelf.count_of(node)}
            for node in shelf.names.nodes.values()
            if node.depth == 0 and shelf.count_of(node)
        ],
        "tags": [_tag(tag) for tag in most_used],
        "count": shelf.count,
        "active": shelf.active,
        "feed": urls.ALL_FEED,
    }
    return Page(urls.HOME, "home", "", params | pager, rows)


def _common(shelf: Shelf, listing: Listing) -> dict[str, Any]:
    params: dict[str, Any] = {
        "kind": "latest" if listing.kind == Kind.ALL else str(listing.kind),
        "name": name_of(shelf, listing),
        "feed": feed_of(shelf, listing),
    }
    if listing.kind == Kind.CATEGORY:
        params["crumbs"] = crumbs(shelf.names.nodes[int(listing.key)])
    return params


def _children(shelf: Shelf, parent_id: int) -> list[dict[str, Any]]:
    return [
        category(node) | {"count": shelf.count_of(node)}
        for node in shelf.names.nodes.values()
        if node.parent_id == parent_id and shelf.count_of(node)
    ]


def _pager(shelf: Shelf, listing: Listing, number: int) -> dict[str, str]:
    older = next((n for n in range(number - 1, 0, -1) if n not in listing.gaps), None)
    newer = next((n for n in range(number + 1, listing.last + 1) if n not in listing.gaps), None)
    near = {"older": older, "newer": newer}
    return {way: address(shelf, listing, n) for way, n in near.items() if n}


def _tag(listing: Listing) -> dict[str, Any]:
    return {
        "name": listing.name,
        "address": urls.tag(listing.key),
        "count": listing.count,
    }
