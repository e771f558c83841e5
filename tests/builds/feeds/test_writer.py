"""Feeds, read by a feed reader and held against RFC 4287, RSS 2.0 and JSON Feed 1.1."""

from __future__ import annotations

import json
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape
from xml.etree import ElementTree

import feedparser
import pytest

from builds.data.entry import Picture
from builds.feeds import writer as feeds
from builds.feeds.writer import Feed
from tests import make

FEED = Feed("/feeds/tags/公共领域", "Ghost: 公共领域", "/tags/公共领域/")
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
TORRENT = "{http://xmlns.ezrss.it/0.1/}"
ENDINGS = (".xml", ".atom", ".json")
HOSTILE = '<b>&amp; ]]> "q" \' \x00\x01\x0b\x1b\x7f\ud800\udfff\ufffe\u2028 <![CDATA[ {{< x >}}'
V2 = "cd" * 32


@pytest.fixture(autouse=True)
def place(configure):
    configure(
        public_baseurl="https://host.example/repo/",
        site_title="Ghost & friends",
        site_description="What is <here>",
    )


def written(items, feed=FEED, names=None):
    """Each file's body by its ending."""
    files = list(feeds.files(feed, items, names or make.taxonomy()))
    assert [file.address for file in files] == [feed.stem + ending for ending in ENDINGS]
    return dict(zip(ENDINGS, (file.body for file in files), strict=True))


def parsed(body):
    feed = feedparser.parse(body)
    assert feed.bozo is False
    return feed


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


def test_text_of_rss_is_html_and_that_of_the_others_plain():
    bodies = written([make.entry(summary="`<b>` & words")])

    assert parsed(bodies[".xml"]).entries[0].summary == "`&lt;b&gt;` &amp; words"
    assert parsed(bodies[".atom"]).entries[0].summary == "`<b>` & words"
    assert json.loads(bodies[".json"])["items"][0]["content_text"] == "`<b>` & words"


def test_rss_has_the_torrent_elements_of_bep_36():
    entry = make.entry()

    item = parsed(written([entry])[".xml"]).entries[0]

    assert item.torrent_contentlength == "3000000"
    assert item.torrent_infohash == entry.hash
    assert item.torrent_magneturi == entry.magnet


def test_json_feed_says_it_all():
    entry = make.entry(
        7, hash_v2=V2, tags=("Films", "b"), torrent="ef" * 16, cover=Picture("ab", 600, 400)
    )

    body = json.loads(written([entry])[".json"])

    torrent = f"https://host.example/repo/torrents/{entry.hash}.torrent"
    tag = "%E5%85%AC%E5%85%B1%E9%A2%86%E5%9F%9F"
    [item] = body.pop("items")
    assert body == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Ghost: 公共领域",
        "description": "What is <here>",
        "home_page_url": f"https://host.example/repo/tags/{tag}/",
        "feed_url": f"https://host.example/repo/feeds/tags/{tag}.json",
    }
    assert item.pop("image").startswith("https://host.example/repo/assets/covers/")
    assert item == {
        "id": f"urn:btih:{entry.hash}",
        "url": "https://host.example/repo/resources/7/",
        "title": "Resource 7",
        "content_text": "Some words.",
        "date_published": "2026-01-01T00:00:07+00:00",
        "date_modified": "2026-01-01T00:00:07+00:00",
        "authors": [{"name": "Ada"}],
        "tags": ["Films", "b"],
        "attachments": [
            {
                "url": entry.magnet,
                "mime_type": "application/x-bittorrent",
                "title": "Resource 7",
                "size_in_bytes": 3_000_000,
            },
            {"url": torrent, "mime_type": "application/x-bittorrent", "title": "Resource 7"},
        ],
        "_torrent": {
            "info_hash": entry.hash,
            "info_hash_v2": V2,
            "magnet_uri": entry.magnet,
            "torrent_url": torrent,
            "size_bytes": 3_000_000,
            "file_count": 2,
        },
    }


def test_torrent_file_is_named_beside_the_magnet_and_before_the_page():
    """qBittorrent takes the last link that is no magnet for the page."""
    entry = make.entry(torrent="ef" * 16)

    bodies = written([entry])

    [item] = ElementTree.fromstring(bodies[".atom"]).iter(f"{ATOM}entry")
    assert [(link.get("rel"), link.get("href")) for link in item.iter(f"{ATOM}link")] == [
        ("related", f"https://host.example/repo/torrents/{entry.hash}.torrent"),
        ("alternate", "https://host.example/repo/resources/1/"),
        ("enclosure", entry.magnet),
    ]
    [item] = ElementTree.fromstring(bodies[".xml"]).iter("item")
    assert [child.get("url") for child in item.iter("enclosure")] == [entry.magnet]


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


def test_feed_has_the_first_fifty_in_the_order_given():
    items = [make.entry(number) for number in range(60, 0, -1)]

    bodies = written(items)

    wanted = [f"Resource {number}" for number in range(60, 10, -1)]
    assert [entry.title for entry in parsed(bodies[".xml"]).entries] == wanted
    assert [entry.title for entry in parsed(bodies[".atom"]).entries] == wanted
    assert [item["title"] for item in json.loads(bodies[".json"])["items"]] == wanted


def test_feed_changed_when_its_newest_item_did():
    items = [
        make.entry(1, updated_at="2026-05-01T00:00:00+00:00"),
        make.entry(2, updated_at="2026-06-01T00:00:00+00:00"),
    ]

    root = ElementTree.fromstring(written(items)[".atom"])

    assert root.findtext(f"{ATOM}updated") == "2026-06-01T00:00:00+00:00"


def test_scheduled_resource_counts_as_changed_when_its_time_came():
    """qBittorrent skips a feed that did not change, and this one was last edited long before."""
    early = make.entry(1, updated_at="2026-05-01T00:00:00+00:00")
    scheduled = make.entry(2, published_at="2026-06-01T00:00:00+00:00")

    root = ElementTree.fromstring(written([scheduled, early])[".atom"])

    assert root.findtext(f"{ATOM}updated") == "2026-06-01T00:00:00+00:00"
    assert root.findtext(f"{ATOM}entry/{ATOM}updated") == "2026-06-01T00:00:00+00:00"


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
    assert titles == [shown, "Resource 1", shown, "Resource 3", None, "Resource 5"]


@pytest.mark.parametrize("baseurl", ["https://host.example/repo/", "/", "/repo/"])
@pytest.mark.parametrize("items", [None, []], ids=["full", "empty"])
def test_atom_is_as_rfc_4287_wants_it(configure, baseurl, items):
    configure(public_baseurl=baseurl)

    root = ElementTree.fromstring(feed_of_all_kinds(".atom", items))

    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == (5 if items is None else 0)
    ids = [only(each, f"{ATOM}id").text for each in (root, *entries)]
    assert len(set(ids)) == len(ids)
    assert [i for i in ids if not re.match(r"(https://|urn:(uuid|btih|btmh):)\S+$", i)] == []
    for each in (root, *entries):
        only(each, f"{ATOM}title")
        assert only(only(each, f"{ATOM}author"), f"{ATOM}name").text
        assert datetime.fromisoformat(only(each, f"{ATOM}updated").text).tzinfo
        links = each.findall(f"{ATOM}link")
        assert all(link.get("href") for link in links)
        assert [link.get("rel") for link in links].count("alternate") == 1
    for entry in entries:
        assert datetime.fromisoformat(only(entry, f"{ATOM}published").text).tzinfo
        only(entry, f"{ATOM}summary")
        assert all(category.get("term") for category in entry.findall(f"{ATOM}category"))
    order = [child.tag for child in root]
    assert order == sorted(order, key=lambda tag: tag == f"{ATOM}entry")


@pytest.mark.parametrize("items", [None, []], ids=["full", "empty"])
def test_rss_is_as_its_specification_wants_it(items):
    root = ElementTree.fromstring(feed_of_all_kinds(".xml", items))

    assert (root.tag, root.get("version")) == ("rss", "2.0")
    channel = only(root, "channel")
    assert all(only(channel, tag).text for tag in ("title", "link", "description"))
    assert only(channel, f"{ATOM}link").get("rel") == "self"
    found = channel.findall("item")
    assert len(found) == (5 if items is None else 0)
    for item in found:
        only(item, "title")
        only(item, "description")
        assert only(item, "link").text.startswith("https://host.example/repo/resources/")
        assert only(item, "guid").get("isPermaLink") == "false"
        assert parsedate_to_datetime(only(item, "pubDate").text).utcoffset() is not None
        assert only(item, f"{DC}creator").text
        enclosure = only(item, "enclosure").attrib
        assert set(enclosure) == {"url", "length", "type"}
        assert enclosure["length"].isdigit()
        assert only(only(item, f"{TORRENT}torrent"), f"{TORRENT}magnetURI").text
    guids = [only(item, "guid").text for item in found]
    assert len(set(guids)) == len(guids)


TEXT = {"title", "content_text", "date_published", "date_modified", "id", "url", "image"}


@pytest.mark.parametrize("items", [None, []], ids=["full", "empty"])
def test_json_feed_is_as_its_specification_wants_it(items):
    body = json.loads(feed_of_all_kinds(".json", items))

    assert body["version"] == "https://jsonfeed.org/version/1.1"
    assert set(body) <= {"version", "title", "description", "home_page_url", "feed_url", "items"}
    assert len(body["items"]) == (5 if items is None else 0)
    for item in body["items"]:
        assert {"id", "url", "content_text"} <= set(item)
        assert set(item) <= TEXT | {"authors", "tags", "attachments", "_torrent"}
        assert all(isinstance(item[name], str) for name in TEXT & set(item))
        assert all(isinstance(tag, str) for tag in item["tags"])
        assert all(author["name"] for author in item["authors"])
        assert all(
            datetime.fromisoformat(item[f"date_{n}"]).tzinfo for n in ("published", "modified")
        )
        for attachment in item["attachments"]:
            assert {"url", "mime_type"} <= set(attachment)
            assert set(attachment) <= {"url", "mime_type", "title", "size_in_bytes"}


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
