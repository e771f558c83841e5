"""The pages that lead to resources: home, lists, what needs seeders, indexes of categories and
tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from builds.data import urls
from builds.data.records import Page
from builds.listings.pagination import Kind
from builds.listings.reader import Reader, breadcrumbs, category_link
from builds.models import Listing

HOME_TAGS = 30
RESCUE_ROWS = 60


def page(reader: Reader, listing: Listing, number: int, ids: Sequence[int]) -> Page:
    """One page of a listing with these entries on it, newest first."""
    rows, pager = reader.rows(ids), _pager(reader, listing, number)
    if listing.kind == Kind.ALL and number == listing.last:
        return _home(reader, listing, rows, pager)
    params = _common(reader, listing) | {"pager": pager}
    if number != listing.last:
        params["page"] = number
    elif listing.kind == Kind.CATEGORY:
        params["children"] = _children(reader, int(listing.key))
    return Page(address(reader, listing, number), "list", params["name"], params, rows)


def address(reader: Reader, listing: Listing, number: int) -> str:
    """Where a page of a listing lies."""
    base = base_of(reader, listing)
    if number == listing.last:
        return base
    return f"{'/latest/' if listing.kind == Kind.ALL else base}page/{number}/"


def base_of(reader: Reader, listing: Listing) -> str:
    """The bare address of a listing that has pages."""
    match listing.kind:
        case Kind.CATEGORY:
            return urls.category(reader.taxonomy.categories[int(listing.key)].path)
        case Kind.TAG:
            return urls.tag(listing.key)
        case Kind.PUBLISHER:
            return urls.publisher(reader.taxonomy.publishers[int(listing.key)].slug)
        case Kind.TEAM:
            return urls.team(reader.taxonomy.teams[int(listing.key)].slug)
    return urls.HOME


def name_of(reader: Reader, listing: Listing) -> str:
    """What it is called; empty for the list of all."""
    match listing.kind:
        case Kind.CATEGORY:
            return reader.taxonomy.categories[int(listing.key)].name
        case Kind.PUBLISHER:
            return reader.taxonomy.publishers[int(listing.key)].name
        case Kind.TEAM:
            return reader.taxonomy.teams[int(listing.key)].name
    return listing.name


def feed_of(reader: Reader, listing: Listing) -> str:
    """The address of its feeds, without their endings."""
    match listing.kind:
        case Kind.CATEGORY:
            return urls.feed("categories", reader.taxonomy.categories[int(listing.key)].path)
        case Kind.TAG:
            return urls.feed("tags", listing.key)
        case Kind.PUBLISHER:
            return urls.feed("publishers", reader.taxonomy.publishers[int(listing.key)].slug)
        case Kind.TEAM:
            return urls.feed("teams", reader.taxonomy.teams[int(listing.key)].slug)
    return urls.ALL_FEED


def every_address(reader: Reader) -> list[str]:
    """Those of all pages but the resources' own, in order."""
    found = [
        address(reader, listing, number)
        for listing in reader.listings.values()
        if listing.kind != Kind.MONTH
        for number in listing.numbers
    ]
    return sorted([*found, "/about/", "/categories/", "/rescue/", "/search/", "/tags/"])


def single(reader: Reader) -> Iterator[Page]:
    """The pages of which there is one each."""
    tree = [
        category_link(node) | {"count": reader.count_of(node), "depth": node.depth}
        for node in reader.taxonomy.categories.values()
        if reader.count_of(node)
    ]
    yield Page("/categories/", "categories", "Categories", {"categories": tree})
    yield Page(
        "/tags/", "tags", "Tags", {"tags": [_tag(x) for x in reader.listings_of_kind(Kind.TAG)]}
    )
    needy = reader.rows([entry.id for entry in reader.endangered(RESCUE_ROWS)])
    yield Page("/rescue/", "rescue", "Needs seeders", {"feed": urls.RESCUE_FEED}, needy)
    yield Page("/about/", "about", "About", {"count": reader.count})
    yield Page(urls.MISSING, "missing", "404")


def _home(reader: Reader, listing: Listing, rows: Sequence[bytes], pager: dict[str, str]) -> Page:
    most_used = sorted(reader.listings_of_kind(Kind.TAG), key=lambda tag: (-tag.count, tag.key))[
        :HOME_TAGS
    ]
    params = {
        "categories": [
            category_link(node) | {"count": reader.count_of(node)}
            for node in reader.taxonomy.categories.values()
            if node.depth == 0 and reader.count_of(node)
        ],
        "tags": [_tag(tag) for tag in most_used],
        "count": reader.count,
        "active": reader.active_count,
        "feed": urls.ALL_FEED,
    }
    return Page(urls.HOME, "home", "", params | pager, rows)


def _common(reader: Reader, listing: Listing) -> dict[str, Any]:
    params: dict[str, Any] = {
        "kind": "latest" if listing.kind == Kind.ALL else str(listing.kind),
        "name": name_of(reader, listing),
        "feed": feed_of(reader, listing),
    }
    if listing.kind == Kind.CATEGORY:
        params["crumbs"] = breadcrumbs(reader.taxonomy.categories[int(listing.key)])
    return params


def _children(reader: Reader, parent_id: int) -> list[dict[str, Any]]:
    return [
        category_link(node) | {"count": reader.count_of(node)}
        for node in reader.taxonomy.categories.values()
        if node.parent_id == parent_id and reader.count_of(node)
    ]


def _pager(reader: Reader, listing: Listing, number: int) -> dict[str, str]:
    near = {"older": listing.before(number), "newer": listing.after(number)}
    return {way: address(reader, listing, n) for way, n in near.items() if n}


def _tag(listing: Listing) -> dict[str, Any]:
    return {
        "name": listing.name,
        "address": urls.tag(listing.key),
        "count": listing.count,
    }
