"""RSS 2.0 with the torrent elements of BEP 36, which torrent clients' readers know best.

qBittorrent reads elements by their local name, whatever their namespace: an `atom:link` in an item
would take the place of the item's link. So the `.torrent` file stands in the text, and as Media RSS's
`content`, which torrent clients leave alone. It skips a feed whose `lastBuildDate` it has seen: that is when
the newest of its items changed or came, so it moves with each one that comes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape

from builds.feeds import extensions, xml
from builds.feeds.items import TORRENT_TYPE, Channel, Item
from builds.feeds.xml import DECLARATION

ENDING = ".xml"
TYPE = "application/rss+xml"
TTL_MIN = 30
"""How long readers may wait before they ask again."""
# What publishers wrote is escaped, so that it can't end an item.
_ITEM = re.compile(
    rb"<item>\n<title>[^<]*</title>\n<link>[^<]*/resources/(\d+)/</link>\n.*?</item>\n", re.DOTALL
)


def feed(channel: Channel, updated: str, items: Sequence[bytes]) -> bytes:
    """The file, from what `item` gave; `updated` is when the newest of them changed."""
    head = (
        f'{DECLARATION}<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:fh="{extensions.HISTORY}"'
        f' xmlns:media="{extensions.MEDIA}" xmlns:torrent="http://xmlns.ezrss.it/0.1/">\n'
        f"<channel>\n<title>{escape(channel.title)}</title>\n"
        f"<link>{escape(channel.home)}</link>\n"
        f"<description>{_html(channel.description or channel.title)}</description>\n"
        f"<language>{channel.language}</language>\n"
        + (f"<lastBuildDate>{_date(updated)}</lastBuildDate>\n" if items else "")
        + f"<ttl>{TTL_MIN}</ttl>\n{_image(channel)}"
        f"{extensions.relations(channel, ENDING, TYPE, 'atom:')}"
    )
    return b"".join((head.encode(), *items, b"</channel>\n</rss>\n"))


def _image(channel: Channel) -> str:
    return (
        f"<image><url>{escape(channel.icon)}</url><title>{escape(channel.title)}</title>"
        f"<link>{escape(channel.home)}</link></image>\n"
    )


def _date(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment))


def item(one: Item) -> bytes:
    """One resource as an `<item>` of RSS 2.0."""
    magnet = escape(one.magnet)
    categories = "".join(f"<category>{escape(name)}</category>\n" for name in one.categories)
    return (
        f"<item>\n<title>{escape(one.title)}</title>\n<link>{escape(one.link)}</link>\n"
        f'<guid isPermaLink="false">{one.id}</guid>\n'
        f"<pubDate>{_date(one.published)}</pubDate>\n"
        f"<dc:creator>{escape(one.author)}</dc:creator>\n"
        f"<description>{_html(one.summary)}{_download(one)}</description>\n{categories}"
        f'<enclosure url="{magnet}" length="{one.size_bytes or 0}" type="{TORRENT_TYPE}"/>\n'
        f"{_torrent(one, magnet)}{extensions.thumbnail(one)}{_file(one)}</item>\n"
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


def _file(item: Item) -> str:
    """The `.torrent` for programs: readers take one enclosure, which is the magnet."""
    link = escape(item.torrent)
    return f'<media:content url="{link}" type="{TORRENT_TYPE}"/>\n' if link else ""


def _download(item: Item) -> str:
    """The `.torrent` for people, in the text that their readers show."""
    link = f'<p><a href="{escape(item.torrent)}">.torrent</a></p>'
    return escape(link) if item.torrent else ""


def _html(text: str) -> str:
    """Readers take descriptions for HTML."""
    return escape(escape(text))


def without(body: bytes, ids: Collection[int]) -> bytes:
    """A feed without the items of these resources."""
    return xml.without(body, _ITEM, ids)
