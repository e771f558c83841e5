"""What all kinds of feeds say of themselves and of a resource, cleaned of what XML can't hold."""

from __future__ import annotations

from typing import NamedTuple, Self
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from builds.data import urls
from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.feeds.xml import clean

TORRENT_TYPE = "application/x-bittorrent"
"""By this type torrent clients know an enclosure as theirs, be it a file or a magnet (BEP 36)."""


class Channel(NamedTuple):
    """A feed itself; `link` is its own link without ending."""

    title: str
    description: str
    site: str
    home: str
    link: str
    urn: str
    """Taxonomy it as long as nobody knows where it will lie; empty if that is known."""

    @classmethod
    def from_feed(cls, stem: str, title: str, page: str) -> Self:
        """From the feed's address without ending, its title and its page."""
        site, link = clean(settings.GHOST.site_title), urls.link(stem)
        return cls(
            title=clean(title),
            description=clean(settings.GHOST.site_description),
            site=site,
            home=urls.link(page),
            link=link,
            urn="" if urls.origin() else uuid5(NAMESPACE_URL, f"{site} {link}").urn,
        )


class Item(NamedTuple):
    """One resource. Its id is its torrent: readers know it again if the site moves, and torrent
    clients take it anew if its publisher replaces the magnet."""

    id: str
    title: str
    link: str
    summary: str
    author: str
    categories: tuple[str, ...]
    """Its category and its tags."""
    published: str
    updated: str
    """Never before `published`, or a feed would look unchanged when a scheduled one comes."""
    magnet: str
    torrent: str
    """Link of its `.torrent` file, or empty."""
    cover: str
    """Link of its cover, or empty."""
    hash_v1: str | None
    hash_v2: str | None
    size_bytes: int | None
    file_count: int | None

    @classmethod
    def from_entry(cls, entry: Entry, taxonomy: Taxonomy, base: str) -> Self:
        """`base` is the link of the site's root."""
        category = taxonomy.categories[entry.category].name
        return cls(
            id=f"urn:btih:{entry.hash_v1}" if entry.hash_v1 else f"urn:btmh:1220{entry.hash_v2}",
            title=clean(entry.title),
            link=base + urls.resource(entry.id)[1:],
            summary=clean(entry.summary),
            author=clean(taxonomy.publishers[entry.publisher].name),
            categories=tuple(dict.fromkeys(map(clean, (category, *entry.tags)))),
            published=entry.became_public_at,
            updated=max(entry.became_public_at, entry.updated_at),
            magnet=clean(entry.magnet),
            torrent=base + urls.torrent(entry.hash)[1:] if entry.torrent else "",
            cover=base + urls.cover(entry.id)[1:] if entry.cover else "",
            hash_v1=entry.hash_v1,
            hash_v2=entry.hash_v2,
            size_bytes=entry.size_bytes,
            file_count=entry.file_count,
        )
