"""What stands in an answer, once it is known to be a feed or an error."""

from xml.etree import ElementTree

ATTR = "{http://torznab.com/schemas/2015/feed}attr"


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
