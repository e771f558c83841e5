"""Feeds (RSS 2.0 with magnets as enclosures, BEP 36), sitemaps and robots.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree

from django.conf import settings

from builds import addresses
from builds.lists import RESCUE_ROWS
from builds.records import File
from builds.shelf import Entry, Shelf

FEED_ITEMS = 50
SITEMAP_ADDRESSES = 50_000
ATOM = "http://www.w3.org/2005/Atom"
TORRENT = "http://xmlns.ezrss.it/0.1/"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ElementTree.register_namespace("atom", ATOM)
ElementTree.register_namespace("torrent", TORRENT)


def every(shelf: Shelf) -> Iterator[File]:
    """All feeds: the whole, what needs seeders, each category, tag, publisher and team."""
    title, names = settings.GHOST.site_title, shelf.tag_names
    yield _feed(addresses.ALL_FEED, title, addresses.HOME, shelf.entries, shelf)
    # Reversed, since a feed begins with the last one.
    rescue = shelf.endangered(RESCUE_ROWS)[::-1]
    yield _feed(addresses.RESCUE_FEED, f"{title}: needs seeders", "/rescue/", rescue, shelf)
    for pk, entries in shelf.by_category.items():
        node = shelf.nodes[pk]
        feed, page = addresses.feed("categories", node.path), addresses.category(node.path)
        yield _feed(feed, f"{title}: {node.category.name}", page, entries, shelf)
    for slug, entries in shelf.by_tag.items():
        feed = addresses.feed("tags", slug)
        yield _feed(feed, f"{title}: {names[slug]}", addresses.tag(slug), entries, shelf)
    for pk, entries in shelf.by_publisher.items():
        person = shelf.people[pk]
        feed, page = addresses.feed("publishers", person.slug), addresses.publisher(person.slug)
        yield _feed(feed, f"{title}: {person.name}", page, entries, shelf)
    for pk, entries in shelf.by_team.items():
        team = shelf.teams[pk]
        feed = addresses.feed("teams", team.slug)
        yield _feed(feed, f"{title}: {team.name}", addresses.HOME, entries, shelf)


def sitemaps(pages: Sequence[str]) -> Iterator[File]:
    """`sitemap.xml` with the addresses of all pages in all languages, in several files if there
    are more than 50,000 (sitemaps.org), and `robots.txt`."""
    whole = [
        addresses.link(language.path + page.lstrip("/"))
        for language in addresses.languages()
        for page in pages
        if page != addresses.MISSING
    ]
    parts = [whole[i : i + SITEMAP_ADDRESSES] for i in range(0, len(whole), SITEMAP_ADDRESSES)]
    if len(parts) <= 1:
        yield File("/sitemap.xml", _locations("urlset", "url", whole))
    else:
        names = [f"/sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
        for name, part in zip(names, parts, strict=True):
            yield File(name, _locations("urlset", "url", part))
        links = [addresses.link(name) for name in names]
        yield File("/sitemap.xml", _locations("sitemapindex", "sitemap", links))
    yield File("/robots.txt", _robots())


def _robots() -> bytes:
    lines = ["User-agent: *", "Allow: /"]
    if addresses.origin():
        lines.append(f"Sitemap: {addresses.link('/sitemap.xml')}")
    return ("\n".join(lines) + "\n").encode()


def _feed(address: str, title: str, page: str, entries: Sequence[Entry], shelf: Shelf) -> File:
    rss = ElementTree.Element("rss", {"version": "2.0"})
    channel = ElementTree.SubElement(rss, "channel")
    _add(channel, "title", title)
    _add(channel, "link", addresses.link(page))
    _add(channel, "description", settings.GHOST.site_description)
    ElementTree.SubElement(
        channel,
        f"{{{ATOM}}}link",
        {"rel": "self", "type": "application/rss+xml", "href": addresses.link(address)},
    )
    for entry in list(entries)[: -FEED_ITEMS - 1 : -1]:
        _item(channel, entry, shelf)
    return File(address, _xml(rss))


def _item(channel: ElementTree.Element, entry: Entry, shelf: Shelf) -> None:
    item = ElementTree.SubElement(channel, "item")
    link = addresses.link(addresses.resource(entry.id))
    _add(item, "title", entry.title)
    _add(item, "link", link)
    _add(item, "guid", link, isPermaLink="true" if addresses.origin() else "false")
    _add(item, "pubDate", format_datetime(entry.published_at))
    # Readers take this text for HTML.
    _add(item, "description", escape(entry.summary))
    _add(item, "category", shelf.nodes[entry.category_id].category.name)
    size = entry.size_bytes or 0
    ElementTree.SubElement(
        item,
        "enclosure",
        {"url": entry.magnet, "length": str(size), "type": "application/x-bittorrent"},
    )
    torrent = ElementTree.SubElement(item, f"{{{TORRENT}}}torrent")
    for name, value in (
        ("contentLength", str(size)),
        ("infoHash", entry.hash),
        ("magnetURI", entry.magnet),
    ):
        _add(torrent, f"{{{TORRENT}}}{name}", value)


def _locations(root: str, each: str, links: Sequence[str]) -> bytes:
    top = ElementTree.Element(root, {"xmlns": SITEMAP})
    for link in links:
        _add(ElementTree.SubElement(top, each), "loc", link)
    return _xml(top)


def _add(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, name, attributes).text = _NOT_XML.sub("", text)


def _xml(root: ElementTree.Element) -> bytes:
    return bytes(ElementTree.tostring(root, "utf-8", xml_declaration=True)) + b"\n"
