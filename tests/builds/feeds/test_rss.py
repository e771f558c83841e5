"""RSS, held against RSS 2.0 and BEP 36."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from tests import make
from tests.builds.feeds.samples import ATOM, feed_of_all_kinds, only, parsed, written

DC = "{http://purl.org/dc/elements/1.1/}"


TORRENT = "{http://xmlns.ezrss.it/0.1/}"


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
