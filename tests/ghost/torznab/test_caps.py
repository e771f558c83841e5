"""The capabilities: limits, searches and categories."""

from xml.etree import ElementTree

import pytest

from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


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
    assert {mode.attrib["searchEngine"] for mode in present(root.find("searching"))} == {"raw"}
    tree = {
        (top.attrib["id"], top.attrib["name"]): [sub.attrib["name"] for sub in top]
        for top in present(root.find("categories"))
    }
    assert tree == {
        ("2000", "Movies"): ["HD"],
        ("8000", "Other"): [],
        (str(100_000 + films.pk), "Films"): ["Docs", "Docs / Nature", "Sharp"],
        (str(100_000 + maps.pk), "Maps"): [],
    }
