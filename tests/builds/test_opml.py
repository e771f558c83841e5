from __future__ import annotations

from xml.etree import ElementTree

from builds import opml
from builds.feeds import Feed

ALL = Feed("/feeds/all", "Ghost", "/")
TAG = Feed("/feeds/tags/公共", 'A & "b" <c> \x01\ud800', "/tags/公共/")


def shape(outline):
    """Attributes of an outline and the shapes of those below it."""
    return dict(outline.attrib), [shape(child) for child in outline]


def test_each_group_is_a_folder_of_feeds(configure):
    configure(public_baseurl="https://host.example/repo/")

    file = opml.file("Ghost & friends", [("", [ALL]), ("Tags", [TAG]), ("Teams", [])])

    root = ElementTree.fromstring(file.body)
    assert (file.address, root.tag, root.get("version")) == ("/feeds.opml", "opml", "2.0")
    assert [child.tag for child in root] == ["head", "body"]
    assert root.findtext("head/title") == "Ghost & friends"
    everything = {
        "type": "rss", "version": "RSS2", "text": "Ghost", "title": "Ghost",
        "xmlUrl": "https://host.example/repo/feeds/all.xml",
        "htmlUrl": "https://host.example/repo/",
    }  # fmt: skip
    tag = {
        "type": "rss", "version": "RSS2", "text": 'A & "b" <c> ', "title": 'A & "b" <c> ',
        "xmlUrl": "https://host.example/repo/feeds/tags/%E5%85%AC%E5%85%B1.xml",
        "htmlUrl": "https://host.example/repo/tags/%E5%85%AC%E5%85%B1/",
    }  # fmt: skip
    assert [shape(outline) for outline in root.find("body")] == [
        (everything, []),
        ({"text": "Tags", "title": "Tags"}, [(tag, [])]),
    ]


def test_site_without_feeds_has_an_empty_list():
    root = ElementTree.fromstring(opml.file("Ghost", [("Tags", [])]).body)

    assert list(root.find("body")) == []
