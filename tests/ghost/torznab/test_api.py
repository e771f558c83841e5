"""Torznab as its clients meet it: what is found, how it is told, what goes wrong."""

import io
import logging
from datetime import timedelta
from xml.etree import ElementTree

import feedparser
import pytest
from django.conf import settings
from django.utils import timezone

from dht.models import HealthSample
from ghost.core.text.unicode import one_line
from ghost.torznab import query, results, xml
from ghost.torznab.categories import Numbers
from resources.models import DhtStatus, Resource
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db

WORDS = " ".join(map(str, range(51)))
ATTR = "{http://torznab.com/schemas/2015/feed}attr"


@pytest.fixture
def ask(client):
    """`ask(token, t="search", q="…")`: one request with its key in the query."""

    def send(token, **query):
        return client.get("/api/torznab", {"apikey": token.raw, **query})

    return send


def items(response) -> list[ElementTree.Element]:
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    return ElementTree.fromstring(response.content).findall("channel/item")


def titles(response) -> list[str]:
    return [item.findtext("title", "") for item in items(response)]


def attributes(item) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for attr in item.findall(ATTR):
        found.setdefault(attr.attrib["name"], []).append(attr.attrib["value"])
    return found


def error(response) -> tuple[int, str, str]:
    root = ElementTree.fromstring(response.content)
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert (root.tag, set(root.attrib)) == ("error", {"code", "description"})
    return response.status_code, root.attrib["code"], root.attrib["description"]


# -- capabilities


def test_caps_tell_limits_searches_and_categories(ask, configure):
    configure(public_baseurl="https://host/site/", site_title="Films & more")
    films = make.category("Films", torznab_id=2000)
    make.category("Sharp", parent=films, torznab_id=2040)
    docs = make.category("Docs", parent=films)
    make.category("Nature", parent=docs)
    maps = make.category("Maps")

    response = ask(make.member(), t="caps")

    root = ElementTree.fromstring(response.content)
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert root.tag == "caps"
    assert present(root.find("server")).attrib["title"] == "Films & more"
    assert present(root.find("server")).attrib["url"] == "https://host/site/"
    assert present(root.find("limits")).attrib == {"max": "100", "default": "100"}
    assert {
        mode.tag: mode.attrib["supportedParams"] for mode in present(root.find("searching"))
    } == {
        "search": "q,tag",
        "tv-search": "q,season,ep",
        "movie-search": "q,year",
        "audio-search": "q,artist,album,track,year",
        "book-search": "q,author,title,year",
    }
    assert {mode.attrib["available"] for mode in present(root.find("searching"))} == {"yes"}
    tree = {
        (top.attrib["id"], top.attrib["name"]): [sub.attrib["name"] for sub in top]
        for top in present(root.find("categories"))
    }
    assert tree == {
        ("2000", "Movies"): ["HD"],
        (str(100_000 + films.pk), "Films"): ["Docs", "Docs / Nature", "Sharp"],
        (str(100_000 + maps.pk), "Maps"): [],
    }


# -- what is found


def test_item_has_all_that_clients_read(ask, configure):
    configure(public_baseurl="https://host/site/")
    films = make.category("Films", torznab_id=2000)
    docs = make.category("Docs", parent=films)
    row = make.resource(title="Big Buck Bunny", tags=["film", "Internal"], category=docs)
    Resource.objects.update(dht_status=DhtStatus.ACTIVE, num_peers=3)
    for days, seeds in ((9, 99), (1, 7), (2, 8)):
        checked_at = timezone.now() - timedelta(days=days)
        HealthSample.objects.create(resource=row, num_seeds=seeds, checked_at=checked_at)

    [item] = items(ask(make.admin(), t="search"))

    assert item.findtext("title") == "Big Buck Bunny"
    assert item.findtext("guid") == f"https://host/site/resources/{row.pk}/"
    assert present(item.find("guid")).attrib == {"isPermaLink": "true"}
    assert item.findtext("comments") == item.findtext("guid")
    assert item.findtext("link") == row.magnet_uri
    assert item.findtext("size") == "3000000"
    assert item.findtext("description") == "README.txt, track.flac"
    assert present(item.find("enclosure")).attrib == {
        "url": row.magnet_uri,
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
        "peers": ["7"],
        "infohash": [row.magnet_hash],
        "magneturl": [row.magnet_uri],
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
    assert entry.enclosures[0].href == row.magnet_uri
    moment = present(row.published_at).replace(microsecond=0, tzinfo=None)
    assert entry.published_parsed[:6] == moment.timetuple()[:6]


def test_seeders_are_none_of_a_stale_one_and_not_told_where_nobody_knows(ask):
    stale, unknown = make.resource(), make.resource()
    Resource.objects.filter(pk=stale.pk).update(dht_status=DhtStatus.STALE)

    told = {
        item.findtext("link"): attributes(item) for item in items(ask(make.admin(), t="search"))
    }

    assert told[stale.magnet_uri]["seeders"] == ["0"]
    assert told[stale.magnet_uri]["peers"] == ["0"]
    assert "seeders" not in told[unknown.magnet_uri]
    assert told[unknown.magnet_uri]["peers"] == ["3"]


def test_v2_torrent_is_named_as_clients_name_it(ask):
    make.resource(magnet_uri=f"magnet:?xt=urn:btmh:1220{'ab' * 32}")

    [item] = items(ask(make.admin(), t="search"))

    assert attributes(item)["infohash"] == ["ab" * 20]


def test_newest_by_publication_come_first(ask):
    now = timezone.now()
    for title, hours in (("scheduled long ago", 1), ("old", 30), ("middle", 5)):
        make.resource(title=title, published_at=now - timedelta(hours=hours))

    assert titles(ask(make.admin(), t="search")) == ["scheduled long ago", "middle", "old"]
    assert titles(ask(make.admin(), t="search", limit="1", offset="1")) == ["middle"]
    assert titles(ask(make.admin(), t="search", limit="0")) == []
    assert titles(ask(make.admin(), t="search", offset="3")) == []
    assert titles(ask(make.admin(), t="search", offset="9" * 18)) == []


def test_nothing_is_found_that_is_not_live(ask):
    make.resource(title="draft", published_at=None)
    make.resource(title="scheduled", published_at=timezone.now() + timedelta(days=1))
    make.resource(title="held", is_probed=False)
    make.resource(title="in review", awaits_review=True)
    make.resource(title="taken down").take_down(reason="x", by="y")
    make.resource(title="live")

    assert titles(ask(make.admin(), t="search")) == ["live"]


def test_each_token_finds_what_is_in_its_scope(ask):
    ada, bob = make.publisher(), make.publisher(name="Bob")
    team = make.team(owner=ada)
    mia = make.member(of=team)
    make.resource(title="Ada's", publisher=ada)
    make.resource(title="team's", publisher=mia, team=team)
    make.resource(title="Bob's", publisher=bob)

    assert sorted(titles(ask(make.admin(), t="search"))) == ["Ada's", "Bob's", "team's"]
    assert sorted(titles(ask(ada, t="search"))) == ["Ada's", "team's"]
    assert titles(ask(mia, t="search")) == ["team's"]
    assert titles(ask(bob, t="search", q="ada")) == []


def test_operator_may_let_every_token_find_all_that_is_public(ask, configure):
    configure(torznab_all=True)
    make.resource(title="live", publisher=make.publisher())
    make.resource(title="draft", published_at=None)

    assert titles(ask(make.member(), t="search")) == ["live"]


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


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "bunny"}, ["Big.Buck.Bunny.2008", "Bunny S01E02 hunting", "The Bunny Bookshelf"]),
        ({"q": "BUNNY big"}, ["Big.Buck.Bunny.2008"]),
        ({"q": "bunny, (2008)"}, ["Big.Buck.Bunny.2008"]),
        ({"q": "bunny bear"}, []),
        ({"q": "!!!"}, []),
        ({"q": "big\0bu"}, ["Big.Buck.Bunny.2008"]),
        ({"q": "ＢＩＧ"}, ["Big.Buck.Bunny.2008"]),
        ({"t": "tvsearch", "q": "bunny", "season": "1", "ep": "2"}, ["Bunny S01E02 hunting"]),
        ({"t": "tvsearch", "season": "01"}, ["Bunny S01E02 hunting"]),
        ({"t": "tvsearch", "q": "bunny", "season": "1", "ep": "3"}, []),
        ({"t": "tvsearch", "season": "2016", "ep": "12/20"}, ["News 2016-12-20"]),
        ({"t": "movie", "q": "bunny", "year": "2008"}, ["Big.Buck.Bunny.2008"]),
        ({"t": "movie", "imdbid": "tt1254207"}, []),
        ({"t": "movie", "imdbid": "tt1254207", "q": "buck"}, ["Big.Buck.Bunny.2008"]),
        ({"t": "music", "artist": "The Bunny", "album": "bookshelf"}, ["The Bunny Bookshelf"]),
        ({"t": "book", "title": "bookshelf"}, ["The Bunny Bookshelf"]),
        ({"tag": "Open Film"}, ["Big.Buck.Bunny.2008", "News 2016-12-20"]),
        ({"tag": "open-film,-news"}, ["Big.Buck.Bunny.2008"]),
        ({"tag": "nobody's"}, []),
    ],
)
def test_search_finds_by_words_and_tags(ask, query, names):
    make.resource(title="Big.Buck.Bunny.2008", tags=["open film"])
    make.resource(title="Bunny S01E02 hunting")
    make.resource(title="The Bunny Bookshelf")
    make.resource(title="News 2016-12-20", tags=["open film", "news"])

    assert sorted(titles(ask(make.admin(), **{"t": "search"} | query))) == names


def test_search_finds_by_hash(ask):
    row, _other = make.resource(), make.resource()

    assert titles(ask(make.admin(), t="search", q=row.magnet_hash)) == [row.title]


def test_search_is_narrowed_by_categories(ask):
    films = make.category("Films", torznab_id=2000)
    sharp = make.category("Sharp", parent=films, torznab_id=2040)
    maps = make.category("Maps")
    for category in (films, sharp, maps):
        make.resource(title=category.name, category=category)

    def narrowed(*numbers):
        return sorted(titles(ask(make.admin(), t="search", cat=",".join(map(str, numbers)))))

    assert narrowed(2000) == ["Films", "Sharp"]
    assert narrowed(2040) == ["Sharp"]
    assert narrowed(2040, 100_000 + maps.pk) == ["Maps", "Sharp"]
    assert narrowed(100_000 + films.pk) == ["Films", "Sharp"]
    assert narrowed(5000, 4) == []
    assert narrowed(*range(9001, 9200), 10**9 - 1) == []


def test_attributes_are_those_that_are_asked_for(ask):
    make.resource()

    def told(**query):
        [item] = items(ask(make.admin(), t="search", **query))
        return set(attributes(item))

    assert told(attrs="infohash,nothing") == {"size", "category", "infohash"}
    assert told(attrs="infohash", extended="1") == told()
    assert told(attrs="infohash", extended="no") == {"size", "category", "infohash"}
    assert {"infohash", "files", "peers"} < told()


def test_names_of_parameters_count_in_any_case(client):
    make.resource(title="Bunny")
    make.resource(title="Bear")

    response = client.get("/api/torznab", {"APIKEY": make.admin().raw, "T": "search", "Q": "bear"})

    assert titles(response) == ["Bear"]


def test_clients_that_put_api_behind_the_address_find_it_too(client):
    response = client.get("/api/torznab/api", {"t": "caps"}, **make.auth(make.member()))

    assert ElementTree.fromstring(response.content).tag == "caps"


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x0ba\x1fb", "ab"),
        ("a]]>b<!-- -->&amp;", "a]]>b<!-- -->&amp;"),
        ('"/><script>alert(1)</script>', '"/><script>alert(1)</script>'),
        ("\ufffe\uffff end", " end"),
        ("\u202eturned", "\u202eturned"),
        ("&" * 200, "&" * 200),
    ],
)
def test_hostile_texts_stay_texts(ask, hostile, shown):
    make.resource(title=f"x {hostile}", magnet_uri=f"{make.magnet()}&dn=%0B%3C%26%22")
    Resource.objects.update(tags=[hostile])

    response = ask(make.admin(), t="search")

    [item] = items(response)
    assert item.findtext("title") == one_line(f"x {hostile}")
    assert attributes(item)["tag"] == [shown]
    assert present(item.find("enclosure")).attrib["url"] == item.findtext("link")
    assert not feedparser.parse(io.BytesIO(response.content)).bozo


def test_what_xml_can_not_hold_is_left_out():
    root = xml.rss()

    xml.add(root, "a", "\ud800\x00b", name="\udfff\x1bc", nothing=None)

    [element] = ElementTree.fromstring(xml.written(root))
    assert (element.text, element.attrib) == ("b", {"name": "c"})


def test_lists_cost_as_many_queries_with_one_row_as_with_three(
    ask, django_assert_max_num_queries, django_assert_num_queries
):
    admin = make.admin()
    make.resource()
    ask(admin, t="search")  # which touches the token

    with django_assert_max_num_queries(6) as one:
        assert len(items(ask(admin, t="search"))) == 1
    make.resource(category=make.category(parent=make.category()))
    make.resource(publisher=make.publisher(name="Bob"))

    with django_assert_num_queries(len(one)):
        assert len(items(ask(admin, t="search"))) == 3


@pytest.mark.skipif(
    "postgresql" in settings.DATABASES["default"]["ENGINE"], reason="PostgreSQL keeps statistics"
)
def test_search_walks_the_narrow_index_whatever_narrows_it():
    ada = make.publisher()
    make.team(owner=ada)
    make.resource(category=make.category(torznab_id=2000))
    wanted = query.read({"t": "search", "q": "a b", "cat": "2000", "tag": "x"})
    numbers = Numbers.read()

    plan = results._matching(wanted, ada, numbers).values_list("pk").explain()

    assert "SCAN resources_resource USING COVERING INDEX resources_walk" in plan


# -- what goes wrong


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({}, "200", "Missing parameter: t"),
        ({"t": ""}, "200", "Missing parameter: t"),
        ({"t": "nonsense"}, "202", "No such function; t=caps lists them."),
        ({"t": "details"}, "203", "Function not available; t=caps lists those that are."),
        ({"t": "register"}, "203", "Function not available; t=caps lists those that are."),
        ({"t": "search", "limit": "-1"}, "201", "Incorrect parameter: limit"),
        ({"t": "search", "limit": "١"}, "201", "Incorrect parameter: limit"),
        ({"t": "search", "offset": "ten"}, "201", "Incorrect parameter: offset"),
        ({"t": "search", "cat": "2000,"}, "201", "Incorrect parameter: cat"),
        ({"t": "search", "cat": "2000\n"}, "201", None),
        ({"t": "search", "cat": "9" * 10}, "201", "Incorrect parameter: cat"),
        ({"t": "search", "cat": "9" * 4301}, "201", "Incorrect parameter: cat"),
        ({"t": "search", "cat": ",".join(["1"] * 201)}, "201", "Too many parts, at most 200: cat"),
        ({"t": "search", "attrs": ",".join("a" * 51)}, "201", "Too many parts, at most 50: attrs"),
        ({"t": "search", "tag": ",".join("a" * 51)}, "201", "Too many parts, at most 50: tag"),
        ({"t": "movie", "q": WORDS}, "201", "Too many parts, at most 50: q, year"),
        ({"t": "search", "attrs": "a,,b"}, "201", "Incorrect parameter: attrs"),
        ({"t": "search", "extended": "2"}, "201", "Incorrect parameter: extended"),
        ({"t": "search", "q": "x" * 301}, "201", "Incorrect parameter: q"),
        ({"t": "search", "o": "json"}, "201", "Incorrect parameter: o"),
        ({"t": "tvsearch", "ep": "1/2/3"}, "201", "Incorrect parameter: ep"),
    ],
)
def test_request_that_makes_no_sense_is_told_so(ask, query, code, words):
    response = ask(make.admin(), **query)

    if words is None:  # blanks around a value don't count
        assert items(response) == []
    else:
        assert error(response) == (400, code, words)


def test_key_that_opens_nothing_is_told_by_its_code(client, ask):
    revoked = make.publisher()
    revoked.revoke()

    assert error(ask(revoked, t="caps")) == (401, "100", "This token is not valid.")
    assert error(client.get("/api/torznab?t=caps&apikey=x"))[:2] == (401, "100")
    assert error(client.get("/api/torznab?t=caps")) == (401, "100", "Missing parameter: apikey")
    assert error(client.get("/api/torznab?t=caps", **make.auth(revoked)))[:2] == (401, "100")
    assert client.get("/api/torznab").headers["WWW-Authenticate"] == "Bearer"


def test_header_opens_it_too(client):
    response = client.get("/api/torznab?t=search", **make.auth(make.member()))

    assert items(response) == []


def test_key_in_the_address_opens_nothing_else(client):
    response = client.get("/api/resources", {"apikey": make.admin().raw})

    assert response.status_code == 401


def test_too_many_requests_are_told_as_clients_know_it(ask, configure, monkeypatch):
    monkeypatch.setattr("ghost.core.http.rate_limit._counts", {})
    configure(api_rate_limit=2)
    token = make.member()

    answers = [ask(token, t="caps") for _ in range(4)]

    refused = [answer for answer in answers if answer.status_code != 200]
    assert [error(answer) for answer in refused] == [(429, "500", "Request limit reached")] * 2
    assert all(int(answer.headers["Retry-After"]) in range(1, 61) for answer in refused)


def test_other_methods_and_addresses_are_told_in_the_same_way(client):
    auth = make.auth(make.admin())

    assert error(client.post("/api/torznab", **auth))[:2] == (405, "202")
    assert error(client.get("/api/torznab/more", **auth))[:2] == (404, "202")


def test_fault_of_ours_is_told_without_its_details(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("ghost.torznab.results.rows", lambda *_: 1 / 0)

    response = client.get("/api/torznab?t=search", **make.auth(make.admin()))

    assert error(response) == (500, "900", "Internal Server Error")


def test_key_is_in_no_log_line_and_no_answer(client, ask, caplog, monkeypatch):
    client.raise_request_exception = False
    token = make.admin()
    caplog.set_level(logging.DEBUG)

    answers = [ask(token, t="search"), ask(token, t="caps"), ask(token, t=token.raw), ask(token)]
    monkeypatch.setattr("ghost.torznab.results.rows", lambda *_: 1 / 0)
    answers.append(ask(token, t="search", q="x"))
    answers.append(client.get(f"/api/torznab/?apikey={token.raw}"))

    assert [answer.status_code for answer in answers] == [200, 200, 400, 400, 500, 404]
    told = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    assert "Internal Server Error: /api/torznab" in told
    assert [line for line in told if token.raw in line] == []
    for answer in answers:
        assert token.raw.encode() not in answer.content
        assert token.raw not in str(answer.headers)
    assert answers[0].headers["Cache-Control"] == "private, no-store"
