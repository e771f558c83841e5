"""Atom, held against RFC 4287."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree

import pytest

from tests import make
from tests.builds.feeds.samples import ATOM, feed_of_all_kinds, only, written


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
