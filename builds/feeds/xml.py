"""XML by hand: texts made fit to stand in it.

Feeds and sitemaps are joined from pieces, since trees of elements take ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """`text` without control characters, halves of surrogate pairs and the like."""
    return text if text.isprintable() else _NOT_XML.sub("", text)


def text(plain: str) -> str:
    """`plain` as it stands between tags and in attributes."""
    return escape(clean(plain))


def without(body: bytes, piece: re.Pattern[bytes], ids: Collection[int]) -> bytes:
    """A file without the pieces that are about these resources. The pattern finds one piece, and
    its group the resource's key."""
    return piece.sub(lambda found: b"" if int(found[1]) in ids else found[0], body)
