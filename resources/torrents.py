"""`.torrent` files, made of the info section that a probe brought (BEP 3, 12, 19, 52).

Same magnet, same bytes: no date, no maker. A v2 torrent's piece layers are no part of the info
section; clients that know v2 ask peers for them (docs/dht.md).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from resources.magnets import Magnet
from resources.metadata import Metadata

TYPE = "application/x-bittorrent"
_TOKEN = re.compile(rb"(0|[1-9][0-9]{0,9}):|i-?[0-9]+e|[dle]")


def make(found: Metadata, magnet: Magnet) -> bytes | None:
    """The file, with the magnet's trackers and web seeds; None if there is no info section, or if
    it is not the one that the magnet names."""
    info, seeds = found.info, magnet.web_seeds
    if not is_of(magnet, info) or not _is_one_dictionary(info):
        return None
    parts = [*_announces(magnet.trackers), b"4:info", info]
    parts += [b"8:url-list", _list(map(_string, seeds))] if seeds else []
    return b"d%be" % b"".join(parts)


def is_of(magnet: Magnet, info: bytes) -> bool:
    """Whether the magnet's hashes are those of this info section (BEP 3, BEP 52)."""
    if magnet.v1 and hashlib.sha1(info, usedforsecurity=False).hexdigest() != magnet.v1:
        return False
    return not magnet.v2 or hashlib.sha256(info).hexdigest() == magnet.v2


def _announces(trackers: tuple[str, ...]) -> list[bytes]:
    """Each tracker in a tier of its own (BEP 12), and one for clients that know but one."""
    if not trackers:
        return []
    # Those that know but one don't know WebSockets either.
    first = min(trackers, key=lambda url: url.startswith(("ws:", "wss:")))
    tiers = _list(_list([_string(url)]) for url in trackers)
    return [b"8:announce", _string(first), b"13:announce-list", tiers]


def _list(items: Iterable[bytes]) -> bytes:
    return b"l%be" % b"".join(items)


def _string(text: str) -> bytes:
    body = text.encode()
    return b"%d:%b" % (len(body), body)


def _is_one_dictionary(info: bytes) -> bool:
    """Whether it ends where its last byte is: more would count as keys of the file, and name
    trackers and web seeds that nobody has checked."""
    at = depth = 0
    while token := _TOKEN.match(info, at):
        at = token.end() + int(token[1] or 0)
        depth += {b"d": 1, b"l": 1, b"e": -1}.get(token[0], 0)
        if depth <= 0:
            return at == len(info) and info[:1] == b"d"
    return False
