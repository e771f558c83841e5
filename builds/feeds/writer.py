"""Feeds of the site's lists: RSS 2.0, Atom 1.0 and JSON Feed 1.1, each with the magnets enclosed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from builds.data import urls
from builds.data.entry import Entry
from builds.data.records import File
from builds.data.taxonomy import Taxonomy
from builds.feeds import atom, jsonfeed, rss
from builds.feeds.items import Channel, Item, Links

ALONE = Links()
KEPT_ITEMS = 4096
"""How many resources a writer remembers as they were rendered, some 4 kB each."""
NEVER = "1970-01-01T00:00:00+00:00"
"""When a feed without items changed: it has to say a time, and the clock's is not its own."""


class Feed(NamedTuple):
    """A feed: its address without ending (`/feeds/tags/foo`), its title, its list's page."""

    stem: str
    title: str
    page: str


class Rendered(NamedTuple):
    """A resource as an item of each kind, and when it changed."""

    rss: bytes
    atom: bytes
    json: bytes
    updated: str


class Writer:
    """Writes many feeds; a resource that stands in several of them is rendered once."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        base = urls.link("/")

        def rendered(entry: Entry) -> Rendered:
            item = Item.from_entry(entry, taxonomy, base)
            return Rendered(rss.item(item), atom.entry(item), jsonfeed.item(item), item.updated)

        self._rendered = lru_cache(KEPT_ITEMS)(rendered)

    def files(self, feed: Feed, items: Sequence[Entry], links: Links = ALONE) -> Iterator[File]:
        """The three files of a feed or of one of its archives, of `items` (first comes first)."""
        shown = [self._rendered(entry) for entry in items]
        channel = Channel.from_feed(*feed, links)
        stem = urls.archive(feed.stem, links.archive) if links.archive else feed.stem
        updated = max((each.updated for each in shown), default=NEVER)
        yield File(stem + rss.ENDING, rss.feed(channel, updated, [each.rss for each in shown]))
        yield File(stem + atom.ENDING, atom.feed(channel, updated, [e.atom for e in shown]))
        yield File(stem + jsonfeed.ENDING, jsonfeed.feed(channel, [e.json for e in shown]))


def files(feed: Feed, items: Sequence[Entry], taxonomy: Taxonomy) -> Iterator[File]:
    """The three files of one feed; for many use a `Writer`."""
    return Writer(taxonomy).files(feed, items)
