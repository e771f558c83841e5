"""Which outputs the site has, and of what each is made.

An owner is what changes: `entry/<id>`, `page/<listing>/<number>`, `feed/<listing>`, its
`archive/<listing>/<number>`, `sitemap/<part>`, `sitemap/lists`, `site`. Its outputs are a function of builds' tables; what it
had on the site and has no more is removed. The search index has its own way: `builds.search`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.conf import settings
from django.db import models

from builds.data import urls
from builds.data.body import Body
from builds.data.entry import Entry
from builds.data.records import Record
from builds.data.taxonomy import CategoryNode
from builds.feeds import opml, sitemaps
from builds.feeds.items import Links
from builds.feeds.writer import Feed, Writer
from builds.listings import archives
from builds.listings.pagination import FEED_ITEMS, FEED_KINDS, Kind
from builds.listings.reader import Reader
from builds.listings.supersession import Supersession
from builds.models import EntryRow, Listing
from builds.pages import host_headers, json_index, lists, resource
from builds.render import hugo
from builds.search.page import page as search_page

Shards = Mapping[str, tuple[str, int]]
"""Digest and size of outputs by their addresses."""


class RecordMaker:
    """Makes the outputs of owners, each by itself or all in a row."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._writer = Writer(reader.taxonomy)

    @property
    def owner_count(self) -> int:
        """How many owners `entries` and `lists` go through, or nearly so."""
        listings = self.reader.listings.values()
        pages = sum(
            len(listing.numbers) + (listing.kind in FEED_KINDS) + len(archives.pages(listing))
            for listing in listings
        )
        return self.reader.count + pages

    def records_of(self, owner: str, shards: Shards) -> Iterator[Record]:
        """All outputs of one owner; none if it is no more. `shards` are those of shards."""
        kind, _, key = owner.partition("/")
        match kind:
            case "entry":
                return self._entry(int(key))
            case "page":
                listing, number = key.split("/")
                return self._page(int(listing), int(number))
            case "feed":
                return self._feed(self.reader.listings.get(int(key)))
            case "archive":
                listing, number = key.split("/")
                return self._archive(int(listing), int(number))
            case "sitemap":
                return self._sitemap(key)
            case "stray":
                return iter(())
        return self._site(shards)

    def entry_records(self) -> Iterator[tuple[str, Record]]:
        """Those of all entries, in few queries."""
        for part in EntryRow.objects.parts("entry_json", "body"):
            found = [Entry.from_json(stored) for _, stored, _ in part]
            supersession = Supersession.around(found)
            for entry, (_, _, body) in zip(found, part, strict=True):
                self.reader.cache_row(entry, supersession)
                for record in resource.records(
                    entry, Body.unpack(bytes(body)), self.reader.taxonomy, supersession
                ):
                    yield f"entry/{entry.id}", record

    def listing_records(self) -> Iterator[tuple[str, Record]]:
        """Owner and record of all pages, shards and feeds of listings."""
        for listing in self.reader.listings.values():
            kept, archived = archives.pages(listing), dict[int, list[int]]()
            for number, ids in self.reader.pages(listing):
                yield f"page/{listing.pk}/{number}", self._one_page(listing, number, ids)
                if archives.of_page(number) in kept:
                    archived.setdefault(archives.of_page(number), [])[:0] = ids
            for number, ids in archived.items():
                for record in self._one_archive(listing, number, ids):
                    yield f"archive/{listing.pk}/{number}", record
            for record in self._feed(listing):
                yield f"feed/{listing.pk}", record

    def remaining_records(self, shards: Shards) -> Iterator[tuple[str, Record]]:
        """All that is left, once the shards are known."""
        owners = [f"sitemap/{part}" for part in self._parts()]
        for owner in (*owners, "sitemap/lists", "site"):
            for record in self.records_of(owner, shards):
                yield owner, record

    def _entry(self, pk: int) -> Iterator[Record]:
        row = EntryRow.objects.filter(pk=pk).first()
        if row:
            entry, body = row.entry, Body.unpack(bytes(row.body))
            supersession = Supersession.around([entry])
            yield from resource.records(entry, body, self.reader.taxonomy, supersession)

    def _page(self, listing_id: int, number: int) -> Iterator[Record]:
        listing = self.reader.listings.get(listing_id)
        if listing and number in listing.numbers:
            yield self._one_page(listing, number, self.reader.ids_on_page(listing, number))

    def _one_page(self, listing: Listing, number: int, ids: list[int]) -> Record:
        if listing.kind == Kind.MONTH:
            items = self.reader.entries(ids)
            return json_index.shard(
                listing, number, items, self.reader.taxonomy, Supersession.around(items)
            )
        return lists.page(self.reader, listing, number, ids)

    def _feed(self, listing: Listing | None) -> Iterator[Record]:
        if listing and listing.kind in FEED_KINDS:
            newest = self.reader.newest(listing, FEED_ITEMS)
            links = Links(
                older=self.reader.archive_name(listing, max(archives.pages(listing), default=0))
            )
            yield from self._writer.files(feed(self.reader, listing), newest, links)

    def _archive(self, listing_id: int, number: int) -> Iterator[Record]:
        listing = self.reader.listings.get(listing_id)
        pages = archives.pages(listing).get(number) if listing else None
        if listing and pages:
            ids = [pk for page in reversed(pages) for pk in self.reader.ids_on_page(listing, page)]
            yield from self._one_archive(listing, number, ids)

    def _one_archive(self, listing: Listing, number: int, ids: list[int]) -> Iterator[Record]:
        older, newer = archives.beside(listing, number)
        name = self.reader.archive_name
        links = Links(name(listing, number), name(listing, older), name(listing, newer))
        items = self.reader.entries(ids)
        yield from self._writer.files(feed(self.reader, listing), items, links)

    def _sitemap(self, key: str) -> Iterator[Record]:
        if key == "lists":
            yield from sitemaps.lists(lists.every_address(self.reader))
        elif ids := _ids(int(key)):
            yield sitemaps.resources(int(key), ids)

    def _site(self, shards: Shards) -> Iterator[Record]:
        reader = self.reader
        yield from lists.single(reader)
        counts = {node.id: reader.count_of(node) for node in reader.taxonomy.categories.values()}
        yield search_page(reader.taxonomy, counts)
        yield from json_index.single(reader, shards)
        needy = [_as_case(entry) for entry in reader.endangered(FEED_ITEMS)]
        yield from self._writer.files(_rescue(), needy)
        yield opml.file(settings.GHOST.site_title, list(groups(reader)))
        assets = list(hugo.own_files())
        yield from assets
        yield host_headers.file(assets)
        yield sitemaps.robots()
        yield sitemaps.index(self._sitemaps())

    def _sitemaps(self) -> list[str]:
        parts = [f"/sitemaps/resources-{part}.xml" for part in self._parts()]
        many = len(lists.every_address(self.reader)) * len(urls.languages())
        count = -(-many // sitemaps.MAX_LINKS)
        return parts + [f"/sitemaps/pages-{number}.xml" for number in range(1, count + 1)]

    def _parts(self) -> list[int]:
        last = EntryRow.objects.order_by("-id").values_list("id", flat=True).first() or 0
        return [part for part in range(sitemaps.part_of(last) + 1) if _in_part(part).exists()]


def _in_part(part: int) -> models.QuerySet[EntryRow, int]:
    size = sitemaps.ids_of_a_part()
    rows = EntryRow.objects.filter(id__gte=part * size, id__lt=(part + 1) * size)
    return rows.order_by("id").values_list("id", flat=True)


def _ids(part: int) -> list[int]:
    return list(_in_part(part))


def feed(reader: Reader, listing: Listing) -> Feed:
    """The feed of a listing."""
    title, name = settings.GHOST.site_title, lists.name_of(reader, listing)
    shown = title if listing.kind == Kind.ALL else f"{title}: {name}"
    return Feed(lists.feed_of(reader, listing), shown, lists.base_of(reader, listing))


def _as_case(entry: Entry) -> Entry:
    """In the feed of what needs seeders it is news since it has been missing, not since it is public."""
    return replace(entry, became_public_at=entry.missing_since or entry.became_public_at)


def _rescue() -> Feed:
    title = f"{settings.GHOST.site_title}: needs seeders"
    return Feed(urls.RESCUE_FEED, title, "/rescue/")


def groups(reader: Reader) -> Iterator[tuple[str, list[Feed]]]:
    """All feeds, for the OPML file: categories as the tree has them, the others by name."""
    yield settings.GHOST.site_title, [feed(reader, reader.listings_by_key[Kind.ALL, ""]), _rescue()]
    nodes = [node for node in reader.taxonomy.categories.values() if reader.count_of(node)]
    yield "Categories", [_category_feed(reader, node) for node in nodes]
    for title, kind in (
        ("Tags", Kind.TAG),
        ("Publishers", Kind.PUBLISHER),
        ("Teams", Kind.TEAM),
    ):
        yield title, [feed(reader, listing) for listing in _by_name(reader, kind)]


def _category_feed(reader: Reader, node: CategoryNode) -> Feed:
    """With the whole way as its title: subcategories of one name are common."""
    trail = " / ".join(crumb.name for crumb in node.trail)
    found = feed(reader, reader.listings_by_key[Kind.CATEGORY, str(node.id)])
    return found._replace(title=f"{settings.GHOST.site_title}: {trail}")


def _by_name(reader: Reader, kind: str) -> list[Listing]:
    """In Python, as databases differ in how they order."""
    return sorted(
        reader.listings_of_kind(kind),
        key=lambda each: (lists.name_of(reader, each).casefold(), each.key),
    )
