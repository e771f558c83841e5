"""What a feed says of itself, and where the `.torrent` and the cover of an item are."""

import re

from builds.data.entry import Picture
from tests import make
from tests.builds.feeds.samples import parsed, written

TORRENT = "https://host.example/repo/torrents/{}.torrent"


def test_readers_are_told_when_it_changed_and_when_to_come_again():
    older, newer = make.entry(1), make.entry(2, updated_at="2026-02-03T04:05:06+00:00")

    bodies = written([older, newer])

    rss, atom = parsed(bodies[".xml"]).feed, parsed(bodies[".atom"]).feed
    assert rss.updated == "Tue, 03 Feb 2026 04:05:06 +0000"
    assert atom.updated == "2026-02-03T04:05:06+00:00"
    assert (rss.ttl, rss.language, rss.image.href) == (
        "30", "en", "https://host.example/repo/assets/icon.png",
    )  # fmt: skip
    assert (atom.language, atom.icon) == ("en", rss.image.href)


def test_the_language_is_that_of_the_site(configure):
    configure(site_languages=("zh-hans", "en"))

    bodies = written([])

    assert parsed(bodies[".xml"]).feed.language == "zh-Hans"
    assert b"lastBuildDate" not in bodies[".xml"]  # of nothing


def test_the_torrent_is_a_link_beside_the_magnet():
    entry = make.entry(torrent="ef" * 16)
    link = TORRENT.format(entry.hash)

    [rss] = parsed(written([entry])[".xml"]).entries
    [atom] = parsed(written([entry])[".atom"]).entries

    assert [each.href for each in rss.enclosures] == [entry.magnet]
    assert rss.media_content == [{"url": link, "type": "application/x-bittorrent"}]
    assert re.findall('href="([^"]+)"', rss.summary) == [link]
    assert link in [each.href for each in atom.links if each.rel == "related"]


def test_the_cover_is_a_thumbnail():
    entry = make.entry(7, cover=Picture("ab", 600, 400))

    for ending in (".xml", ".atom"):
        [item] = parsed(written([entry])[ending]).entries
        assert item.media_thumbnail == [{"url": "https://host.example/repo/assets/covers/7.webp"}]
