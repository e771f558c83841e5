"""What all kinds of feeds say of themselves and of a resource, cleaned of what XML can't hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from builds.data import urls
from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.feeds.xml import clean

TORRENT_TYPE = "application/x-bittorrent"
"""By this type torrent clients know an enclosure as theirs, be it a file or a magnet (BEP 36)."""


class Links(NamedTuple):
    """By name: which archive of a feed a document is (empty: the feed itself), and which are beside it (RFC 5005)."""

    archive: str = ""
    older: str = ""
    newer: str = ""


class Channel(NamedTuple):
    """A feed itself, or an archive of it; `link` is the feed's link without ending."""

    title: str
    description: str
    site: str
    home: str
    link: str
    urn: str
    """Names it as long as nobody knows where it will lie; empty if that is known."""
    language: str
    """That of the site's first language (BCP 47): publishers' texts are in any."""
    icon: str
    is_archive: bool
    own: str
    """The document's own link, without ending."""
    relations: tuple[tuple[str, str], ...]
    """Links to others, without ending, by what they are (RFC 5005)."""

    @classmethod
    def from_feed(cls, stem: str, title: str, page: str, links: Links) -> Self:
        """From the feed's address without ending, its title and its page."""
        site, link = clean(settings.GHOST.site_title), urls.link(stem)
        return cls(
            title=clean(title),
            description=clean(settings.GHOST.site_description),
            site=site,
            home=urls.link(page),
            link=link,
            urn="" if urls.origin() else uuid5(NAMESPACE_URL, f"{site} {link}").urn,
            language=_tag(urls.languages()[0].code),
            icon=urls.link(urls.ICON),
            is_archive=bool(links.archive),
            own=_archive_link(stem, links.archive) if links.archive else link,
            relations=tuple(_relations(stem, links)),
        )

    @property
    def older(self) -> str:
        """Link of the archive before it, without ending; empty if it is the last one."""
        return dict(self.relations).get("prev-archive", "")


def _relations(stem: str, links: Links) -> Iterator[tuple[str, str]]:
    if links.archive:
        yield "current", urls.link(stem)
    if links.older:
        yield "prev-archive", _archive_link(stem, links.older)
    if links.newer:
        yield "next-archive", _archive_link(stem, links.newer)


def _archive_link(stem: str, name: str) -> str:
    return urls.link(urls.archive(stem, name))


def _tag(code: str) -> str:
    """`zh-Hans` for `zh-hans` (RFC 5646, 2.1.1)."""
    language, *script = code.split("-")
    return "-".join([language, *(each.title() for each in script)])


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
