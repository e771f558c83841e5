"""What all kinds of feeds say of themselves and of a resource, cleaned of what XML can't hold."""

from __future__ import annotations

from typing import NamedTuple, Self
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from builds.data import urls
from builds.data.entry import Facts
from builds.data.taxonomy import Names
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
    """Names it as long as nobody knows where it will lie; empty if that is known."""

    @classmethod
    def of(cls, stem: str, title: str, page: str) -> Self:
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
    def of(cls, facts: Facts, names: Names, base: str) -> Self:
        """`base` is the link of the site's root."""
        category = names.nodes[facts.category].name
        return cls(
            id=f"urn:btih:{facts.hash_v1}" if facts.hash_v1 else f"urn:btmh:1220{facts.hash_v2}",
            title=clean(facts.title),
            link=base + urls.resource(facts.id)[1:],
            summary=clean(facts.summary),
            author=clean(names.people[facts.publisher].name),
            categories=tuple(dict.fromkeys(map(clean, (category, *facts.tags)))),
            published=facts.published_at,
            updated=max(facts.published_at, facts.updated_at),
            magnet=clean(facts.magnet),
            torrent=base + urls.torrent(facts.hash)[1:] if facts.torrent else "",
            cover=base + urls.cover(facts.id)[1:] if facts.cover else "",
            hash_v1=facts.hash_v1,
            hash_v2=facts.hash_v2,
            size_bytes=facts.size_bytes,
            file_count=facts.file_count,
        )
