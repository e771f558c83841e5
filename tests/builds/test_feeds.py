from __future__ import annotations

from xml.etree import ElementTree

import feedparser
import pytest

from builds import feeds
from resources.models import Resource
from tests import make

pytestmark = pytest.mark.django_db


def test_feed_is_read_by_a_feed_reader_with_the_magnet_enclosed(build, configure):
    configure(public_baseurl="https://host.example/repo/", site_title="Ghost & friends")
    row = make.resource(title="A <film> & \x01more", content_markdown="`<b>` & words")

    feed = feedparser.parse((build() / "feeds/all.xml").read_bytes())

    assert (feed.bozo, feed.version, feed.feed.title) == (False, "rss20", "Ghost & friends")
    (item,) = feed.entries
    page = f"https://host.example/repo/resources/{row.pk}/"
    assert (item.title, item.link, item.id) == ("A <film> & more", page, page)
    assert item.summary == "&lt;b&gt; &amp; words"
    assert [dict(enclosure) for enclosure in item.enclosures] == [
        {"href": row.magnet_uri, "length": "3000000", "type": "application/x-bittorrent"}
    ]
    assert item.torrent_infohash == row.magnet_hash
    assert item.torrent_magneturi == row.magnet_uri
    assert item.torrent_contentlength == "3000000"


def test_each_slice_has_a_feed(build):
    owner = make.publisher(name="Ada")
    category = make.category("Films", parent=make.category("Archive"))
    make.resource(
        category=category,
        tags=["公共领域"],
        publisher=owner,
        team=make.team(owner, name="Restorers"),
    )

    public = build()

    found = sorted(
        p.relative_to(public / "feeds").as_posix() for p in public.rglob("feeds/**/*.xml")
    )
    assert found == [
        "all.xml",
        "categories/archive.xml",
        "categories/archive/films.xml",
        "publishers/ada.xml",
        "rescue.xml",
        "tags/公共领域.xml",
        "teams/restorers.xml",
    ]
    for name in found:
        feed = feedparser.parse((public / "feeds" / name).read_bytes())
        assert (feed.bozo, len(feed.entries)) == (False, 0 if name == "rescue.xml" else 1)


def test_feed_has_the_newest_fifty(build):
    rows = [make.resource(is_probed=False) for _ in range(52)]
    Resource.objects.skip_probe()

    feed = feedparser.parse((build() / "feeds/all.xml").read_bytes())

    newest = sorted(rows, key=lambda row: (row.published_at, row.pk))[:1:-1]
    assert [item.title for item in feed.entries] == [row.title for row in newest]


def test_sitemap_names_every_page_in_every_language(build, configure):
    configure(public_baseurl="https://host.example/", site_languages=("en", "zh-hans"))
    make.resource(tags=["公共领域"])

    public = build()

    root = ElementTree.parse(public / "sitemap.xml").getroot()
    links = {loc.text for loc in root.iter(f"{{{feeds.SITEMAP}}}loc")}
    pages = {p.parent.relative_to(public).as_posix() for p in public.rglob("index.html")}
    wanted = {feeds.addresses.link("" if page == "." else page + "/") for page in pages}
    assert links == wanted
    assert "Sitemap: https://host.example/sitemap.xml\n" in (public / "robots.txt").read_text()


def test_sitemap_is_split_where_it_is_too_long(monkeypatch):
    monkeypatch.setattr(feeds, "SITEMAP_ADDRESSES", 2)

    files = list(feeds.sitemaps(["/", "/a/", "/b/"]))

    assert [file.address for file in files] == [
        "/sitemap-1.xml",
        "/sitemap-2.xml",
        "/sitemap.xml",
        "/robots.txt",
    ]
    index = ElementTree.fromstring(files[2].body)
    assert [loc.text for loc in index.iter(f"{{{feeds.SITEMAP}}}loc")] == [
        "/sitemap-1.xml",
        "/sitemap-2.xml",
    ]
