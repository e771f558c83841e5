"""What a feed tells of a resource."""

import io
from datetime import timedelta

import feedparser
import pytest
from django.utils import timezone

from resources.models import DhtStatus, Resource
from tests import make
from tests.ghost.torznab.answers import attributes, items
from tests.presence import present

pytestmark = pytest.mark.django_db


def test_item_has_all_that_clients_read(ask, configure):
    configure(public_baseurl="https://host/site/")
    films = make.category("Films", torznab_id=2000)
    docs = make.category("Docs", parent=films)
    row = make.resource(title="Big Buck Bunny", tags=["film", "Internal"], category=docs)
    Resource.objects.update(dht_status=DhtStatus.ACTIVE, num_peers=3, seeds=7, peers=9)

    [item] = items(ask(make.admin(), t="search"))

    assert item.findtext("title") == "Big Buck Bunny"
    assert item.findtext("guid") == f"https://host/site/resources/{row.pk}/"
    assert present(item.find("guid")).attrib == {"isPermaLink": "true"}
    assert item.findtext("comments") == item.findtext("guid")
    assert item.findtext("link") == row.published_magnet_uri
    assert item.findtext("size") == "3000000"
    assert item.findtext("description") == "README.txt, track.flac"
    assert present(item.find("enclosure")).attrib == {
        "url": row.published_magnet_uri,
        "length": "3000000",
        "type": "application/x-bittorrent;x-scheme-handler/magnet",
    }
    assert attributes(item) == {
        "size": ["3000000"],
        "category": ["2000", str(100_000 + films.pk), str(100_000 + docs.pk)],
        "tag": ["film"],  # "Internal" would mark it as a release group's own
        "files": ["2"],
        "poster": ["Ada"],
        "seeders": ["7"],
        "peers": ["9"],
        "infohash": [row.magnet_hash],
        "magneturl": [row.published_magnet_uri],
        "minimumratio": ["0"],
        "minimumseedtime": ["0"],
        "downloadvolumefactor": ["0"],
        "uploadvolumefactor": ["1"],
    }


def test_item_names_its_torrent_while_the_site_has_no_address(ask):
    row = make.resource()

    [item] = items(ask(make.admin(), t="search"))

    assert item.findtext("guid") == f"urn:btih:{row.magnet_hash}"
    assert present(item.find("guid")).attrib == {"isPermaLink": "false"}
    assert item.find("comments") is None


def test_feed_is_one_to_a_feed_reader(ask):
    row = make.resource(title="Films & <more>", published_at=timezone.now() - timedelta(days=2))

    response = ask(make.admin(), t="search")

    read = feedparser.parse(io.BytesIO(response.content))
    [entry] = read.entries
    assert (read.bozo, read.version) == (False, "rss20")
    assert b'<torznab:attr name="size"' in response.content
    assert entry.title == "Films & <more>"
    assert entry.enclosures[0].href == row.published_magnet_uri
    moment = present(row.published_at).replace(microsecond=0, tzinfo=None)
    assert entry.published_parsed[:6] == moment.timetuple()[:6]


def test_seeders_are_none_of_a_stale_one_and_not_told_where_nobody_knows(ask):
    stale, unknown = make.resource(), make.resource()
    Resource.objects.filter(pk=stale.pk).update(dht_status=DhtStatus.STALE)

    told = {
        item.findtext("link"): attributes(item) for item in items(ask(make.admin(), t="search"))
    }

    assert told[stale.published_magnet_uri]["seeders"] == ["0"]
    assert told[stale.published_magnet_uri]["peers"] == ["0"]
    assert "seeders" not in told[unknown.published_magnet_uri]
    assert told[unknown.published_magnet_uri]["peers"] == ["3"]


def test_v2_torrent_is_named_as_clients_name_it(ask):
    make.resource(magnet_uri=f"magnet:?xt=urn:btmh:1220{'ab' * 32}")

    [item] = items(ask(make.admin(), t="search"))

    assert attributes(item)["infohash"] == ["ab" * 20]


def test_what_is_private_is_not_told(ask):
    make.resource(
        title="live",
        cover_image_url="https://private.example/cover.png",
        review_note="between us",
    )
    Resource.objects.update(probe_error="on host db1", cover_error="refused by 10.0.0.1")

    shown = ask(make.admin(), t="search", extended="1").content.decode()

    for private in ("private.example", "between us", "db1", "10.0.0.1"):
        assert private not in shown


def test_attributes_are_those_that_are_asked_for(ask):
    make.resource()

    def told(**query):
        [item] = items(ask(make.admin(), t="search", **query))
        return set(attributes(item))

    assert told(attrs="infohash,nothing") == {"size", "category", "infohash"}
    assert told(attrs="infohash", extended="1") == told()
    assert told(attrs="infohash", extended="no") == {"size", "category", "infohash"}
    assert {"infohash", "files", "peers"} < told()


def test_what_was_counted_long_ago_is_not_told(ask):
    make.resource()
    long_ago = timezone.now() - timedelta(days=9)
    Resource.objects.update(seeds=7, peers=9, num_peers=3, last_dht_check=long_ago)

    [item] = items(ask(make.admin(), t="search"))

    told = attributes(item)
    assert ("seeders" in told, told["peers"]) == (False, ["3"])
