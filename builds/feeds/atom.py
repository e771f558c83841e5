"""Atom 1.0 (RFC 4287).

Of an entry's links qBittorrent takes the last one that is no magnet for its page, so that comes
after the `.torrent` file's. It skips a feed whose `updated` it has seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from html import escape

from builds.feeds import extensions, xml
from builds.feeds.items import TORRENT_TYPE, Channel, Item
from builds.feeds.xml import DECLARATION

ENDING = ".atom"
TYPE = "application/atom+xml"
# What publishers wrote is escaped, so that it can't end an entry, nor begin a link.
_ENTRY = re.compile(
    rb"<entry>\n(?:(?!</entry>).)*?"
    rb'<link rel="alternate" type="text/html" href="[^"]*/resources/(\d+)/"/>\n.*?</entry>\n',
    re.DOTALL,
)


def feed(channel: Channel, updated: str, entries: Iterable[bytes]) -> bytes:
    """The file, from what `entry` gave; `updated` is when the newest of them changed."""
    link, about = escape(channel.link + ENDING), escape(channel.description)
    head = (
        f'{DECLARATION}<feed xmlns="http://www.w3.org/2005/Atom" xmlns:fh="{extensions.HISTORY}"'
        f' xmlns:media="{extensions.MEDIA}" xml:lang="{channel.language}">\n'
        f"<id>{channel.urn or link}</id>\n<title>{escape(channel.title)}</title>\n"
        + (f"<subtitle>{about}</subtitle>\n" if about else "")
        + f"<updated>{updated}</updated>\n<author><name>{escape(channel.site)}</name></author>\n"
        f"<icon>{escape(channel.icon)}</icon>\n"
        f"{extensions.relations(channel, ENDING, TYPE, '')}"
        f'<link rel="alternate" type="text/html" href="{escape(channel.home)}"/>\n'
    )
    return b"".join((head.encode(), *entries, b"</feed>\n"))


def entry(item: Item) -> bytes:
    """One resource as an `<entry>` (RFC 4287)."""
    categories = "".join(f'<category term="{escape(name)}"/>\n' for name in item.categories)
    return (
        f"<entry>\n<id>{item.id}</id>\n<title>{escape(item.title)}</title>\n"
        f"<updated>{item.updated}</updated>\n<published>{item.published}</published>\n"
        f"<author><name>{escape(item.author)}</name></author>\n{_links(item)}{extensions.thumbnail(item)}{categories}"
        f"<summary>{escape(item.summary)}</summary>\n</entry>\n"
    ).encode()


def _links(item: Item) -> str:
    torrent, size = item.torrent, item.size_bytes
    return (
        (
            f'<link rel="related" type="{TORRENT_TYPE}" href="{escape(torrent)}"/>\n'
            if torrent
            else ""
        )
        + f'<link rel="alternate" type="text/html" href="{escape(item.link)}"/>\n'
        + f'<link rel="enclosure" type="{TORRENT_TYPE}"'
        + (f' length="{size}"' if size is not None else "")
        + f' href="{escape(item.magnet)}"/>\n'
    )


def without(body: bytes, ids: Collection[int]) -> bytes:
    """A feed without the entries of these resources; when it changed stays as it was."""
    return xml.without(body, _ENTRY, ids)
