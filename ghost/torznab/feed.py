"""What was found, as RSS 2.0 with Torznab's attributes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from xml.etree.ElementTree import Element

from django.conf import settings
from django.utils import timezone

from builds.data import urls
from ghost.torznab.categories import Numbers
from ghost.torznab.query import Asked
from ghost.torznab.xml import add, rss, written
from resources.models import Resource
from resources.states import DhtStatus

MAGNET_TYPE = "application/x-bittorrent;x-scheme-handler/magnet"
ALWAYS = frozenset({"size", "category"})
"""Attributes that no item lacks, whichever are asked for."""
RESERVED = frozenset({"anonymous", "trusted", "internal", "freeleech"})
"""Tags that mean something else to Torznab's clients than to our publishers (revision 1.3)."""
FIGURES_KEPT = timedelta(days=7)
"""What was counted before then tells nothing of now."""
KEY_DIGITS = 40
"""Of a v2 hash, so many name its swarm to trackers, the DHT and clients (BEP 52)."""

Attributes = Iterator[tuple[str, object]]


def document(rows: list[Resource], asked: Asked, numbers: Numbers) -> bytes:
    """The feed of one page."""
    root = rss()
    channel = add(root, "channel")
    add(channel, "title", settings.GHOST.site_title)
    add(channel, "description", settings.GHOST.site_description)
    add(channel, "link", urls.link(urls.HOME))
    for row in rows:
        item = _item(channel, row)
        for name, value in _attributes(row, numbers):
            if asked.attributes is None or name in ALWAYS | asked.attributes:
                add(item, "torznab:attr", name=name, value=value)
    return written(root)


def _item(channel: Element, row: Resource) -> Element:
    item = add(channel, "item")
    page = urls.link(urls.resource(row.pk)) if urls.origin() else ""
    add(item, "title", row.title)
    add(item, "guid", page or f"urn:btih:{_infohash(row)}", isPermaLink="true" if page else "false")
    if page:
        add(item, "comments", page)  # where clients look for the page
    add(item, "link", row.published_magnet_uri)
    add(item, "pubDate", _published(row))
    add(item, "description", escape(row.files_tree_summary))  # clients take it for HTML
    size = row.total_size_bytes or 0
    add(item, "size", str(size))
    add(item, "enclosure", url=row.published_magnet_uri, length=size, type=MAGNET_TYPE)
    return item


def _attributes(row: Resource, numbers: Numbers) -> Attributes:
    """In the order of the text; what is not known is left out (revision 1.0)."""
    yield "size", row.total_size_bytes or 0
    yield from (("category", number) for number in numbers.of_category(row.category_id))
    yield from (("tag", tag) for tag in row.tags if tag.casefold() not in RESERVED)
    if row.file_count is not None:
        yield "files", row.file_count
    yield "poster", row.publisher.display_name
    yield from _swarm(row)
    yield "infohash", _infohash(row)
    yield "magneturl", row.published_magnet_uri
    yield "minimumratio", 0
    yield "minimumseedtime", 0
    yield "downloadvolumefactor", 0
    yield "uploadvolumefactor", 1


def _swarm(row: Resource) -> Attributes:
    """Of the last check, unless that was too long ago; nobody is left of a stale one."""
    if row.dht_status == DhtStatus.STALE:
        seeds: int | None = 0
        peers: int | None = 0
    else:
        seeds = row.seeds if _is_recent(row) else None
        peers = row.peers if _is_recent(row) and row.peers is not None else row.num_peers
    if seeds is not None:
        yield "seeders", seeds
    if peers is not None:
        yield "peers", max(peers, seeds or 0)


def _is_recent(row: Resource) -> bool:
    return row.last_dht_check is not None and row.last_dht_check > timezone.now() - FIGURES_KEPT


def _infohash(row: Resource) -> str:
    return row.magnet_hash[:KEY_DIGITS]


def _published(row: Resource) -> str:
    assert row.became_public_at is not None  # noqa: S101  # it is live
    return format_datetime(row.became_public_at)
