"""What RSS and Atom have in common of others: archives (RFC 5005) and pictures (Media RSS)."""

from __future__ import annotations

from html import escape

from builds.feeds.items import Channel, Item

HISTORY = "http://purl.org/syndication/history/1.0"
"""Of RFC 5005."""
MEDIA = "http://search.yahoo.com/mrss/"
"""Of Media RSS (rssboard.org/media-rss)."""


def relations(channel: Channel, ending: str, kind: str, prefix: str) -> str:
    """The links of a feed to itself, to what it is an archive of, and to its archives (RFC 5005);
    `prefix` is that of Atom's elements."""
    links = {"self": channel.own, **dict(channel.relations)}
    rows = (
        f'<{prefix}link rel="{relation}" type="{kind}" href="{escape(link)}{ending}"/>\n'
        for relation, link in links.items()
    )
    return ("<fh:archive/>\n" if channel.is_archive else "") + "".join(rows)


def thumbnail(item: Item) -> str:
    """The cover of an item, as Media RSS has it."""
    return f'<media:thumbnail url="{escape(item.cover)}"/>\n' if item.cover else ""
