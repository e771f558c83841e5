"""What a query asks for, and what makes no sense."""

import pytest

from tests import make
from tests.ghost.torznab.answers import error, items, titles

pytestmark = pytest.mark.django_db


WORDS = " ".join(map(str, range(51)))


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


def test_names_of_parameters_count_in_any_case(client):
    make.resource(title="Bunny")
    make.resource(title="Bear")

    response = client.get("/api/torznab", {"APIKEY": make.admin().raw, "T": "search", "Q": "bear"})

    assert titles(response) == ["Bear"]


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
