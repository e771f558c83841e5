"""Feeds, read by a feed reader."""

from __future__ import annotations

import json
import re
from html import unescape
from xml.etree import ElementTree

import pytest

from builds.feeds import writer as feeds
from builds.feeds.writer import Feed
from tests import make
from tests.builds.feeds.samples import ATOM, ENDINGS, FEED, V2, feed_of_all_kinds, parsed, written

# -- what readers see


@pytest.mark.parametrize(("ending", "version"), [(".xml", "rss20"), (".atom", "atom10")])
def test_reader_finds_feed_item_and_magnet(ending, version):
    entry = make.entry(7, title="A <film> & more", summary="`<b>` & words", tags=("x", "公共"))

    feed = parsed(written([entry])[ending])

    assert (feed.version, feed.feed.title) == (version, "Ghost: 公共领域")
    assert unescape(feed.feed.subtitle) == "What is <here>"
    page = "https://host.example/repo/tags/%E5%85%AC%E5%85%B1%E9%A2%86%E5%9F%9F/"
    assert feed.feed.link == page
    [myself] = [link.href for link in feed.feed.links if link.rel == "self"]
    assert myself == f"https://host.example/repo/feeds/tags/{page.split('/')[-2]}{ending}"
    [item] = feed.entries
    assert item.title == "A <film> & more"
    assert item.link == "https://host.example/repo/resources/7/"
    assert item.id == f"urn:btih:{entry.hash}"
    assert item.author == "Ada"
    assert [tag.term for tag in item.tags] == ["Films", "x", "公共"]
    assert tuple(item.published_parsed)[:6] == (2026, 1, 1, 0, 0, 7)
    [enclosure] = item.enclosures
    assert (enclosure.href, enclosure.length) == (entry.magnet, "3000000")
    assert enclosure.type == "application/x-bittorrent"


@pytest.mark.parametrize("ending", [".xml", ".atom"])
def test_client_that_reads_local_names_finds_page_magnet_and_id(ending):
    """As qBittorrent reads: elements by local name, a later one in place of an earlier."""
    entry = make.entry(torrent="ef" * 16)
    root = ElementTree.fromstring(written([entry])[ending])
    [item] = [e for e in root.iter() if e.tag.rpartition("}")[2] in ("item", "entry")]

    seen = {}
    for child in item:
        name, link = child.tag.rpartition("}")[2], child.get("href") or child.text or ""
        if name == "link":
            seen["magnet" if link.startswith("magnet:") else "page"] = link
        elif name == "enclosure" and child.get("type") == "application/x-bittorrent":
            seen["magnet"] = child.get("url", "")
        elif name in ("guid", "id"):
            seen["id"] = link

    assert seen == {
        "page": "https://host.example/repo/resources/1/",
        "magnet": entry.magnet,
        "id": f"urn:btih:{entry.hash}",
    }


def test_torrent_of_version_2_alone_has_no_v1_hash():
    entry = make.entry(hash=V2, hash_v1=None, hash_v2=V2, size_bytes=None, file_count=None)

    bodies = written([entry])

    rss, atom = parsed(bodies[".xml"]).entries[0], parsed(bodies[".atom"]).entries[0]
    [item] = json.loads(bodies[".json"])["items"]
    assert [rss.id, atom.id, item["id"]] == [f"urn:btmh:1220{V2}"] * 3
    known = [name for name in rss if name.startswith("torrent_")]
    assert known == ["torrent_magneturi", "torrent_torrent"]
    assert "length" not in atom.enclosures[0]
    assert item["_torrent"] == {"info_hash_v2": V2, "magnet_uri": entry.magnet}
    assert set(item["attachments"][0]) == {"url", "mime_type", "title"}


# -- which items, and when


def test_feed_has_its_items_in_the_order_given():
    items = [make.entry(number) for number in range(60, 0, -1)]

    bodies = written(items)

    wanted = [f"Resource {number}" for number in range(60, 0, -1)]
    assert [entry.title for entry in parsed(bodies[".xml"]).entries] == wanted
    assert [entry.title for entry in parsed(bodies[".atom"]).entries] == wanted
    assert [item["title"] for item in json.loads(bodies[".json"])["items"]] == wanted


def test_same_items_are_the_same_bytes_whoever_writes_them():
    items = [make.entry(number, tags=("a", "b"), torrent="1") for number in range(5)]
    writer = feeds.Writer(make.taxonomy())
    list(writer.files(Feed("/feeds/other", "Other", "/"), items[::-1]))

    again = [file.body for file in writer.files(FEED, items)]

    assert again == list(written(items).values())


def test_writer_shows_the_newer_facts_of_a_resource():
    writer = feeds.Writer(make.taxonomy())
    list(writer.files(FEED, [make.entry(1, title="Old")]))

    [rss, _, _] = writer.files(FEED, [make.entry(1, title="New")])

    assert [entry.title for entry in parsed(rss.body).entries] == ["New"]


# -- validity


@pytest.mark.parametrize("ending", ENDINGS)
def test_hostile_texts_are_shown_but_for_what_xml_lacks(ending):
    body = feed_of_all_kinds(ending).decode("utf-8", "strict")

    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", body)
    shown = '<b>&amp; ]]> "q" \' \x7f\u2028 <![CDATA[ {{< x >}}'
    if ending == ".json":
        assert json.loads(body)["items"][1]["title"] == shown
        return
    titles = [
        e.text for e in ElementTree.fromstring(body).iter() if e.tag.rpartition("}")[2] == "title"
    ]
    if ending == ".xml":
        assert titles.pop(0) == shown  # that of the icon
    assert titles == [shown, "Resource 1", shown, "Resource 3", None, "Resource 5"]


def test_site_without_host_has_links_from_its_root_and_ids_of_its_own(configure):
    configure(public_baseurl="/repo/")

    bodies = written([make.entry(7)])

    feed = parsed(bodies[".atom"])
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", feed.feed.id)
    assert ElementTree.fromstring(bodies[".xml"]).findtext("channel/item/link") == (
        "/repo/resources/7/"
    )
    assert json.loads(bodies[".json"])["items"][0]["url"] == "/repo/resources/7/"


def test_feed_of_a_site_without_description_describes_itself_by_its_title(configure):
    configure(site_description="")

    bodies = written([])

    assert ElementTree.fromstring(bodies[".xml"]).findtext("channel/description") == (
        "Ghost: 公共领域"
    )
    assert ElementTree.fromstring(bodies[".atom"]).find(f"{ATOM}subtitle") is None
    assert "description" not in json.loads(bodies[".json"])
