"""Feeds of all kinds of resources, and what a feed reader finds in them."""

from __future__ import annotations

import feedparser

from builds.data.entry import Picture
from builds.feeds import writer as feeds
from builds.feeds.writer import Feed
from tests import make

FEED = Feed("/feeds/tags/公共领域", "Ghost: 公共领域", "/tags/公共领域/")


ATOM = "{http://www.w3.org/2005/Atom}"


ENDINGS = (".xml", ".atom", ".json")


HOSTILE = '<b>&amp; ]]> "q" \' \x00\x01\x0b\x1b\x7f\ud800\udfff\ufffe\u2028 <![CDATA[ {{< x >}}'


V2 = "cd" * 32


def written(items, feed=FEED, names=None):
    """Each file's body by its ending."""
    files = list(feeds.files(feed, items, names or make.taxonomy()))
    assert [file.address for file in files] == [feed.stem + ending for ending in ENDINGS]
    return dict(zip(ENDINGS, (file.body for file in files), strict=True))


def parsed(body):
    feed = feedparser.parse(body)
    assert feed.bozo is False
    return feed


def facts_of_all_kinds():
    return [
        make.entry(1),
        make.entry(2, title=HOSTILE, summary=HOSTILE, tags=(HOSTILE, "b"), torrent="1"),
        make.entry(3, hash=V2, hash_v1=None, hash_v2=V2, size_bytes=None, file_count=None),
        make.entry(4, title="", summary="", cover=Picture("ab", 1, 1)),
        make.entry(5, magnet='magnet:?xt=urn:btih:1&dn="<>&\ud800'),
    ]


def feed_of_all_kinds(ending, items=None):
    taxonomy = make.taxonomy(category=HOSTILE, publisher=HOSTILE)
    feed = Feed("/feeds/tags/x", HOSTILE, "/tags/x/")
    return written(facts_of_all_kinds() if items is None else items, feed, taxonomy)[ending]


def only(parent, tag):
    """The one child of that tag."""
    [found] = parent.findall(tag)
    return found
