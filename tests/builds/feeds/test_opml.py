from __future__ import annotations

from xml.etree import ElementTree

from builds.data.taxonomy import CategoryNode, Crumb, Profile, Taxonomy
from builds.feeds import opml
from builds.feeds.writer import Feed
from builds.listings.pagination import Kind
from builds.listings.reader import Reader
from builds.models import BuildState, Listing
from builds.pages import outputs
from tests.presence import present

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
    assert [shape(outline) for outline in present(root.find("body"))] == [
        (everything, []),
        ({"text": "Tags", "title": "Tags"}, [(tag, [])]),
    ]


def test_site_without_feeds_has_an_empty_list():
    root = ElementTree.fromstring(opml.file("Ghost", [("Tags", [])]).body)

    assert list(present(root.find("body"))) == []


def reader(taxonomy, listings):
    """With these listings, each with an entry, in this order."""
    found = Reader(BuildState(), taxonomy)
    found.listings = {
        pk: Listing(pk=pk, kind=kind, key=key, spellings=spellings, count=1)
        for pk, (kind, key, spellings) in enumerate(listings, 1)
    }
    return found


def test_categories_stand_in_tree_order_by_their_whole_way_and_the_rest_by_name(configure):
    configure(site_title="Ghost")
    archive, films = Crumb("Archive", "archive"), Crumb("Films", "films")
    below = Crumb("Films", "archive/films")
    taxonomy = Taxonomy(
        categories={
            9: CategoryNode(9, "Films", "films", None, 9, 0, "films", 0, (films,), (9,)),
            2: CategoryNode(2, "Archive", "archive", None, 2, 1, "archive", 0, (archive,), (2,)),
            5: CategoryNode(
                5, "Films", "films", 2, 2, 0, "archive/films", 1, (archive, below), (2, 5)
            ),
            7: CategoryNode(
                7, "Empty", "empty", None, 7, 2, "empty", 0, (Crumb("Empty", "empty"),), (7,)
            ),
        },
        publishers={3: Profile("beta", "beta"), 4: Profile("Alpha", "alpha")},
        teams={},
    )
    listings = [
        (Kind.ALL, "", {}), (Kind.CATEGORY, "2", {}), (Kind.CATEGORY, "5", {}),
        (Kind.CATEGORY, "9", {}), (Kind.PUBLISHER, "3", {}), (Kind.PUBLISHER, "4", {}),
        (Kind.TAG, "z", {"a2": 1}), (Kind.TAG, "b", {"B": 1}), (Kind.TAG, "a", {"C": 1}),
    ]  # fmt: skip

    found = dict(outputs.groups(reader(taxonomy, listings)))

    assert {name: [(feed.title, feed.stem) for feed in feeds] for name, feeds in found.items()} == {
        "Ghost": [("Ghost", "/feeds/all"), ("Ghost: needs seeders", "/feeds/rescue")],
        "Categories": [
            ("Ghost: Films", "/feeds/categories/films"),
            ("Ghost: Archive", "/feeds/categories/archive"),
            ("Ghost: Archive / Films", "/feeds/categories/archive/films"),
        ],
        "Tags": [
            ("Ghost: a2", "/feeds/tags/z"),
            ("Ghost: B", "/feeds/tags/b"),
            ("Ghost: C", "/feeds/tags/a"),
        ],
        "Publishers": [
            ("Ghost: Alpha", "/feeds/publishers/alpha"),
            ("Ghost: beta", "/feeds/publishers/beta"),
        ],
        "Teams": [],
    }
