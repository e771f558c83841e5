"""XML by the standard library: elements from pieces, whatever texts there are in them."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from builds.feeds.xml import clean

TYPE = "application/xml; charset=utf-8"
RSS_TYPE = "application/rss+xml; charset=utf-8"
NAMESPACE = "http://torznab.com/schemas/2015/feed"


def add(parent: Element, kind: str, text: str = "", /, **attributes: object) -> Element:
    """Put an element there; what XML can't hold is left out of its texts, and None is no
    attribute."""
    plain = {key: clean(str(value)) for key, value in attributes.items() if value is not None}
    element = SubElement(parent, kind, plain)
    element.text = clean(text) or None
    return element


def rss() -> Element:
    """A feed's root. Names have their prefix written out: clients look for it to the letter."""
    return Element("rss", {"version": "2.0", "xmlns:torznab": NAMESPACE})


def written(root: Element) -> bytes:
    """The document as UTF-8 bytes, with its XML declaration."""
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def error(code: int, description: str) -> bytes:
    """An `<error>` document with one of Torznab's codes."""
    return written(Element("error", {"code": str(code), "description": clean(description)}))
