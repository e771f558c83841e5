"""Torrents that are marked private (BEP 27): whose tracker alone may say who has them.

The announce address of such a torrent, and its web seeds, often hold its uploader's passkey, by which the tracker
knows who it is: they are never kept, nor shown.
"""

from __future__ import annotations

import re
from dataclasses import replace

from resources.torrents import bencode
from resources.torrents.magnets import Magnet

_KEY = b"private"
_ADDRESS = re.compile(r"&(?:tr|ws)=[^&]*")
_KEYED = b"%d:%b" % (len(_KEY), _KEY)


def is_private(info: bytes) -> bool:
    """Whether an info section is marked private. Whatever stands there, but 0, marks it; so does
    a section that names the word and can't be read."""
    if _KEYED not in info:  # most often, and quickly seen
        return False
    try:
        return bencode.split(info, max_bytes=len(info)).get(_KEY, b"i0e") != b"i0e"
    except bencode.BencodeError:
        return True


def told_without_addresses(link: str) -> str:
    """The same link as the audit trail has it, be it cut short, without its trackers and web seeds."""
    return _ADDRESS.sub("", link)


def without_addresses(magnet: Magnet) -> Magnet:
    """The same link without its trackers and web seeds."""
    return replace(magnet, trackers=(), web_seeds=())
