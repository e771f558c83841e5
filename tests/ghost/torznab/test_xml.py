"""Texts stay texts, whatever stands in them."""

import io
from xml.etree import ElementTree

import feedparser
import pytest

from ghost.core.text.unicode import one_line
from ghost.torznab import xml
from resources.models import Resource
from tests import make
from tests.ghost.torznab.answers import attributes, items
from tests.presence import present

pytestmark = pytest.mark.django_db


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
