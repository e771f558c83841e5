"""Which outputs the site has, and of what each is made.

An owner is what changes: `entry/<id>`, `page/<listing>/<number>`, `feed/<listing>`,
`sitemap/<part>`, `sitemap/lists`, `site`. Its outputs are a function of builds' tables; what it
had on the site and has no more is removed. The search index has its own way: `builds.search`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.conf import settings
from django.db import models

from builds.data import urls
from builds.data.body import Body
from builds.data.entry import Facts
from builds.data.records import Record
from builds.data.taxonomy import Node
from builds.feeds import opml, sitemaps
from builds.feeds.writer import Feed, Writer
from builds.listings.pagination import FEED_ITEMS, FEED_KINDS, Kind
from builds.listings.reader import Shelf
from builds.listings.supersession import Succession
from builds.models import Entry, Listing
from builds.pages import json_index, lists
from builds.pages import resource as pages
from builds.render import hugo
from builds.search.page import page as search_page

Told = Mapping[str, tuple[str, int]]
"""Digest and size of outputs by their addresses."""


class Maker:
    """Makes the outputs of owners, each by itself or all in a row."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._writer = Writer(shelf.names)

    @property
    def many(self) -> int:
        """How many owners `entries` and `lists` go through, or nearly so."""
        listings = self.shelf.listings.values()
        pages = sum(len(listing.numbers) + (listing.kind in FEED_KINDS) for listing in listings)
        return self.shelf.count + pages

    def make(self, owner: str, told: Told) -> Iterator[Record]:
        """All outputs of one owner; none if it is no more. `told` are those of shards."""
        kind, _, key = owner.partition("/")
        match kind:
            case "entry":
                return self._entry(int(key))
            case "page":
                listing, number = key.split("/")
                return self._page(int(listing), int(number))
            case "feed":
                return self._feed(self.shelf.listings.get(int(key)))
            case "sitemap":
                return self._sitemap(key)
            case "stray":
                return iter(())
        return self._site(told)

    def entries(self) -> Iterator[tuple[str, Record]]:
        """Those of all entries, in few queries."""
        for part in Entry.objects.parts("facts_json", "body"):
            found = [Facts.read(stored) for _, stored, _ in part]
            near = Succession.of(found)
            for known, (_, _, body) in zip(found, part, strict=True):
                self.shelf.keep_row(known, near)
                for record in pages.every(known, Body.read(bytes(body)), self.shelf.names, near):
                    yield f"entry/{known.id}", record

    def lists(self) -> Iterator[tuple[str, Record]]:
        """Those of all listings."""
        for listing in self.shelf.listings.values():
            for number, ids in self.shelf.pages(listing):
                yield f"page/{listing.pk}/{number}", self._one_page(listing, number, ids)
            for record in self._feed(listing):
                yield f"feed/{listing.pk}", record

    def others(self, told: Told) -> Iterator[tuple[str, Record]]:
        """All that is left, once the shards are known."""
        owners = [f"sitemap/{part}" for part in self._parts()]
        for owner in (*owners, "sitemap/lists", "site"):
            for record in self.make(owner, told):
                yield owner, record

    def _entry(self, pk: int) -> Iterator[Record]:
        entry = Entry.objects.filter(pk=pk).first()
        if entry:
            known, body = entry.facts, Body.read(bytes(entry.body))
            yield from pages.every(known, body, self.shelf.names, Succession.of([known]))

    def _page(self, listing_id: int, number: int) -> Iterator[Record]:
        listing = self.shelf.listings.get(listing_id)
        if listing and number in listing.numbers:
            yield self._one_page(listing, number, self.shelf.on_page(listing, number))

    def _one_page(self, listing: Listing, number: int, ids: list[int]) -> Record:
        if listing.kind == Kind.MONTH:
            items = self.shelf.facts(ids)
            return json_index.shard(listing, number, items, self.shelf.names, Succession.of(items))
        return lists.page(self.shelf, listing, number, ids)

    def _feed(self, listing: Listing | None) -> Iterator[Record]:
        if listing and listing.kind in FEED_KINDS:
            newest = self.shelf.newest(listing, FEED_ITEMS)
            yield from self._writer.files(feed(self.shelf, listing), newest)

    def _sitemap(self, key: str) -> Iterator[Record]:
        if key == "lists":
            yield from sitemaps.lists(lists.every_address(self.shelf))
        elif ids := _ids(int(key)):
            yield sitemaps.resources(int(key), ids)

    def _site(self, told: Told) -> Iterator[Record]:
        shelf = self.shelf
        yield from lists.single(shelf)
        counts = {node.id: shelf.count_of(node) for node in shelf.names.nodes.values()}
        yield search_page(shelf.names, counts)
        yield from json_index.single(shelf, told)
        needy = shelf.endangered(lists.RESCUE_ROWS)
        yield from self._writer.files(_rescue(), needy)
        yield opml.file(settings.GHOST.site_title, list(groups(shelf)))
        yield from hugo.own_files()
        yield sitemaps.robots()
        yield sitemaps.index(self._sitemaps())

    def _sitemaps(self) -> list[str]:
        parts = [f"/sitemaps/resources-{part}.xml" for part in self._parts()]
        many = len(lists.every_address(self.shelf)) * len(urls.languages())
        count = -(-many // sitemaps.MAX_LINKS)
        return parts + [f"/sitemaps/pages-{number}.xml" for number in range(1, count + 1)]

    def _parts(self) -> list[int]:
        last = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
        return [part for part in range(sitemaps.part_of(last) + 1) if _in_part(part).exists()]


def _in_part(part: int) -> models.QuerySet[Entry, int]:
    size = sitemaps.ids_of_a_part()
    rows = Entry.objects.filter(id__gte=part * size, id__lt=(part + 1) * size)
    return rows.order_by("id").values_list("id", flat=True)


def _ids(part: int) -> list[int]:
    return list(_in_part(part))


def feed(shelf: Shelf, listing: Listing) -> Feed:
    """The feed of a listing."""
    title, name = settings.GHOST.site_title, lists.name_of(shelf, listing)
    shown = title if listing.kind == Kind.ALL else f"{title}: {name}"
    return Feed(lists.feed_of(shelf, listing), shown, lists.base_of(shelf, listing))


def _rescue() -> Feed:
    title = f"{settings.GHOST.site_title}: needs seeders"
    return Feed(urls.RESCUE_FEED, title, "/rescue/")


def groups(shelf: Shelf) -> Iterator[tuple[str, list[Feed]]]:
    """All feeds, for the OPML file: categories as the tree has them, the others by name."""
    yield settings.GHOST.site_title, [feed(shelf, shelf.by_key[Kind.ALL, ""]), _rescue()]
    nodes = [node for node in shelf.names.nodes.values() if shelf.count_of(node)]
    yield "Categories", [_category_feed(shelf, node) for node in nodes]
    for title, kind in (
        ("Tags", Kind.TAG),
        ("Publishers", Kind.PUBLISHER),
        ("Teams", Kind.TEAM),
    ):
        yield title, [feed(shelf, listing) for listing in _by_name(shelf, kind)]


def _category_feed(shelf: Shelf, node: Node) -> Feed:
    """With the whole way as its title: subcategories of one name are common."""
    trail = " / ".join(crumb.name for crumb in node.trail)
    found = feed(shelf, shelf.by_key[Kind.CATEGORY, str(node.id)])
    return found._replace(title=f"{settings.GHOST.site_title}: {trail}")


def _by_name(shelf: Shelf, kind: str) -> list[Listing]:
    """In Python, as databases differ in how they order."""
    return sorted(
        shelf.of_kind(kind), key=lambda each: (lists.name_of(shelf, each).casefold(), each.key)
    )
