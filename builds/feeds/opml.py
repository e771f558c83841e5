"""All feeds as one OPML 2.0 file (opml.org), which feed readers import."""

from __future__ import annotations

from collections.abc import Sequence

from builds.data import urls
from builds.data.records import File
from builds.feeds import rss
from builds.feeds.writer import Feed
from builds.feeds.xml import DECLARATION, text

Groups = Sequence[tuple[str, Sequence[Feed]]]


def file(title: str, groups: Groups) -> File:
    """`/feeds.opml`: a folder for each group that has feeds; those of the group "" stand in none."""
    body = "".join(_group(name, feeds) for name, feeds in groups if feeds)
    whole = (
        f'{DECLARATION}<opml version="2.0">\n<head><title>{text(title)}</title></head>\n'
        f"<body>\n{body}</body>\n</opml>\n"
    )
    return File(urls.OPML, whole.encode())


def _group(name: str, feeds: Sequence[Feed]) -> str:
    rows = "".join(map(_outline, feeds))
    if not name:
        return rows
    shown = text(name)
    return f'<outline text="{shown}" title="{shown}">\n{rows}</outline>\n'


def _outline(feed: Feed) -> str:
    title, link = text(feed.title), urls.link(feed.stem + rss.ENDING)
    return (
        f'<outline type="rss" version="RSS2" text="{title}" title="{title}"'
        f' xmlUrl="{text(link)}" htmlUrl="{text(urls.link(feed.page))}"/>\n'
    )
