"""What a query asks for, and what makes no sense."""

import pytest

from ghost.core.text.folding import fold
from resources.models import Resource
from tests import make
from tests.ghost.torznab.answers import error, titles

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("start", ["e5", "20261129a", "0", "5", "a"])
def test_search_finds_by_hash(ask, start):
    v1 = start + make.info_hash()[len(start) :]
    row, _other = make.resource(magnet_uri=make.magnet(v1)), make.resource()

    assert titles(ask(make.admin(), t="search", q=row.magnet_hash)) == [row.title]
    assert titles(ask(make.admin(), t="search", q=row.magnet_hash[:12].upper())) == [row.title]


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
        ({"t": "search", "extended": "2"}, "201", "Incorrect parameter: extended"),
        ({"t": "search", "o": "json"}, "201", "Incorrect parameter: o"),
        ({"t": "tvsearch", "ep": "1/2/3"}, "201", "Incorrect parameter: ep"),
    ],
)
def test_request_that_makes_no_sense_is_told_so(ask, query, code, words):
    response = ask(make.admin(), **query)

    assert error(response) == (400, code, words)


LONG = "bunny " + "".join(f"{number} " for number in range(2000))
FOLDS = {
    "Schitt's Creek": ["Schitts Creek", "schitt’s creek", "Schitt's.Creek"],
    "Law & Order": ["Law and Order", "law & order", "LAW.AND.ORDER"],
    "Le Fabuleux Destin d'Amélie Poulain": ["Amelie", "AMÉLIE poulain", "d’Amelie"],
    "Grüße aus Łódź": ["grusse lodz", "Grüße", "GRÜSSE"],
    "Ｗｉｄｅ ｶﾞﾝﾀﾞﾑ": ["wide", "ガンダム"],
    "Zero\u200bwidth": ["zerowidth"],
    "繁體中文維基": ["繁体中文", "維基"],
}


@pytest.mark.parametrize(
    ("title", "text"), [(title, text) for title, texts in FOLDS.items() for text in texts]
)
def test_torznab_the_api_and_the_admin_fold_alike(ask, client, title, text):
    title = make.resource(title=title).title
    make.resource(title="Something else")
    admin = make.admin()

    assert titles(ask(admin, t="search", q=text)) == [title]
    if fold(text) in fold(title):  # there it is one text, and not words
        found = client.get("/api/resources", {"q": text}, **make.auth(admin)).json()
        assert [row["title"] for row in found] == [title]
        assert [row.title for row in Resource.objects.searched(text)] == [title]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5", ["Show S01E05", "Show 005"]),
        ("05", ["Show S01E05", "Show 005"]),
        ("199", []),
        ("1999", ["Show 1999"]),
        ("show 50", ["Show 50"]),
        ("x264", ["Show x264"]),
        ("x26", []),
        ("how", ["Show S01E05", "Show 005", "Show 1999", "Show 50", "Show x264"]),
    ],
)
def test_numbers_end_where_digits_end(ask, text, found):
    for title in ("Show S01E05", "Show 005", "Show 1999", "Show 50", "Show x264"):
        make.resource(title=title, magnet_uri=make.magnet("ab" * 18 + make.info_hash()[:4]))

    assert sorted(titles(ask(make.admin(), t="search", q=text))) == sorted(found)


def test_pages_of_a_search_by_numbers_follow_each_other(ask):
    for number in range(1, 8):
        make.resource(title=f"Show S01E{number:02}")
        make.resource(title=f"Show S10E{number:02}")

    def page(offset, limit=3):
        return titles(ask(make.admin(), t="tvsearch", season="1", offset=offset, limit=limit))

    everything = [f"Show S01E{number:02}" for number in range(7, 0, -1)]
    assert page(0) + page(3) + page(6) == everything
    assert page(7) == page(10**9) == []
    assert page(0, 10**9) == everything


@pytest.mark.parametrize(
    "query",
    [
        {"q": LONG},
        {"q": "x" * 8192},
        {"q": "'" * 8192},
        {"q": "S01E05 " * 1000},
        {"tag": ",".join("a" * 51)},
        {"cat": "2000\n"},
        {"attrs": "a,,b"},
        {"attrs": ",".join("a" * 51)},
        {"offset": "9" * 18},
        {"limit": "9" * 18},
        {"imdbid": "tt1254207"},
        {"t": "tvsearch", "season": "000000001", "ep": "0000005"},
        {"t": "music", "label": "x", "genre": "y"},
    ],
    ids=lambda query: next(iter(query.items()))[0],
)
def test_what_is_long_odd_or_unknown_is_answered(ask, query):
    make.resource(title="Bunny")

    assert titles(ask(make.admin(), **{"t": "search"} | query)) in ([], ["Bunny"])


def test_head_gives_the_headers_of_get(client):
    token = make.admin(is_read_only=True)
    got, head = (
        getattr(client, method)("/api/torznab", {"t": "search", "apikey": token.raw})
        for method in ("get", "head")
    )

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
