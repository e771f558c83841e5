"""What the layouts say of a resource on pages that are not its own, cut out of them.

Each such element says so (`data-resource`), and holds no other one of its kind. What publishers
wrote is escaped or sanitised, so that it can't say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from builds.data import urls

_NAMED = re.compile(rb'data-resource="(\d+)"')
_ELEMENTS = (
    (re.compile(rb'<li data-resource="(\d+)">'), b"</li>\n"),
    (re.compile(rb'<div data-resource="(\d+)">'), b"</div>\n"),
)
"""Rows and facts: how each begins and ends."""
_EMPTY_NOTICE = re.compile(
    rb'<div class="notice" role="note">\n<p>[^<]*</p>\n<ul>\n</ul>\n</div>\n'
)
_LINKED_DATA = re.compile(rb'(<script type="application/ld\+json">)(.*?)(</script>)', re.DOTALL)
_RELATIONS = ("dcterms:replaces", "dcterms:isReplacedBy")
_LIST_LINK = re.compile(rb'<a data-list [^>]*?href="([^"]*)"')
_TORRENT = re.compile(
    rb'<a class="button quiet" type="application/x-bittorrent" href="[^"]*?(torrents/\w+\.torrent)"'
)


def without(html: bytes, ids: Collection[int]) -> bytes:
    """A page without its rows and links of these resources."""
    if not named(html).intersection(ids):
        return html
    for start, end in _ELEMENTS:
        html = b"".join(_kept(html, start, end, ids))
    html = _EMPTY_NOTICE.sub(b"", html)
    return _LINKED_DATA.sub(lambda found: found[1] + _unlinked(found[2], ids) + found[3], html)


def named(html: bytes) -> set[int]:
    """Keys of the resources that a page shows or links to, beside its own."""
    return {int(found) for found in _NAMED.findall(html)}


def lists(html: bytes) -> set[str]:
    """Of a resource's page: the bare addresses of the lists that it stands in, without the site's
    base, from their own folder on (`tags/film/`)."""
    return {_address(link.decode()) for link in set(_LIST_LINK.findall(html))}


def torrents(html: bytes) -> set[str]:
    """Of a resource's page: the paths of its `.torrent` files."""
    return {found.decode() for found in _TORRENT.findall(html)}


def _kept(
    html: bytes, start: re.Pattern[bytes], end: bytes, ids: Collection[int]
) -> Iterator[bytes]:
    """What stands around the elements of these. A pattern for whole elements would take the longest
    of all that a removal does."""
    at = 0
    for found in start.finditer(html):
        stop = html.find(end, found.end()) if int(found[1]) in ids else -1
        if stop >= 0:
            yield html[at : found.start()]
            at = stop + len(end)
    yield html[at:]


def _address(link: str) -> str:
    path = unquote(urlsplit(link).path).removeprefix(urls.root())
    return urls.without_language("/" + path)[0][1:]


def _unlinked(body: bytes, ids: Collection[int]) -> bytes:
    """JSON-LD without the releases that it names among these."""
    try:
        plain: dict[str, Any] = json.loads(body)
    except ValueError:
        return body
    for name in _RELATIONS:
        found = plain.get(name, [])
        kept = [each for each in _listed(found) if _resource_of(each["@id"]) not in ids]
        if len(kept) < len(_listed(found)):
            plain |= {name: kept}
    said = json.dumps({k: v for k, v in plain.items() if v != []}, separators=(",", ":"))
    return re.sub(r"[<>&]", lambda sign: f"\\u{ord(sign[0]):04x}", said).encode()


def _listed(found: Any) -> list[dict[str, str]]:  # noqa: ANN401  # JSON
    return found if isinstance(found, list) else [found]


def _resource_of(link: str) -> int:
    return int(link.rstrip("/").rpartition("/")[2])
