"""RSS 2.0 with the torrent elements of BEP 36, which torrent clients' readers know best.

qBittorrent reads elements by their local name, whatever their namespace: an `atom:link` in an item
would take the place of the item's link. So the `.torrent` file is named by the other kinds alone.
It also skips a feed whose `lastBuildDate` it has seen, so there is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from email.utils import format_datetime
from html import escape

from builds.feeds import xml
from builds.feeds.items import TORRENT_TYPE, Channel, Item
from builds.feeds.xml import DECLARATION

ENDING = ".xml"
TYPE = "application/rss+xml"
# What publishers wrote is escaped, so that it can't end an item.
_ITEM = re.compile(
    rb"<item>\n<title>[^<]*</title>\n<link>[^<]*/resources/(\d+)/</link>\n.*?</item>\n", re.DOTALL
)


def feed(channel: Channel, items: Iterable[bytes]) -> bytes:
    """The file, from what `item` gave."""
    head = (
        f'{DECLARATION}<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:torrent="http://xmlns.ezrss.it/0.1/">\n'
        f"<channel>\n<title>{escape(channel.title)}</title>\n"
        f"<link>{escape(channel.home)}</link>\n"
        f"<description>{_html(channel.description or channel.title)}</description>\n"
        f'<atom:link rel="self" type="{TYPE}" href="{escape(channel.link)}{ENDING}"/>\n'
    )
    return b"".join((head.encode(), *items, b"</channel>\n</rss>\n"))


def item(one: Item) -> bytes:
    """One resource as an `<item>` of RSS 2.0."""
    magnet = escape(one.magnet)
    categories = "".join(f"<category>{escape(name)}</category>\n" for name in one.categories)
    return (
        f"<item>\n<title>{escape(one.title)}</title>\n<link>{escape(one.link)}</link>\n"
        f'<guid isPermaLink="false">{one.id}</guid>\n'
        f"<pubDate>{format_datetime(datetime.fromisoformat(one.published))}</pubDate>\n"
        f"<dc:creator>{escape(one.author)}</dc:creator>\n"
        f"<description>{_html(one.summary)}</description>\n{categories}"
        f'<enclosure url="{magnet}" length="{one.size_bytes or 0}" type="{TORRENT_TYPE}"/>\n'
        f"{_torrent(one, magnet)}</item>\n"
    ).encode()


def _torrent(item: Item, magnet: str) -> str:
    """BEP 36 knows v1 hashes alone, and no size that isn't known."""
    size, v1 = item.size_bytes, item.hash_v1
    return (
        "<torrent:torrent>"
        + (f"<torrent:contentLength>{size}</torrent:contentLength>" if size is not None else "")
        + (f"<torrent:infoHash>{v1}</torrent:infoHash>" if v1 else "")
        + f"<torrent:magnetURI>{magnet}</torrent:magnetURI></torrent:torrent>\n"
    )


def _html(text: str) -> str:
    """Readers take descriptions for HTML."""
    return escape(escape(text))


def without(body: bytes, ids: Collection[int]) -> bytes:
    """A feed without the items of these resources."""
    return xml.without(body, _ITEM, ids)
