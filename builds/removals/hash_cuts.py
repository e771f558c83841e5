"""Blocked hashes cut out of files of a site that name them in texts of resources.

Texts have them as they were typed, magnet links in one spelling. What hides one better than that is
found by `is_left`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from ghost.core.text import info_hashes
from ghost.core.text.info_hashes import MASK

_LINK = re.compile(rb'<a href="[^"]*"[^>]*>')


def without(body: bytes, hashes: frozenset[str]) -> bytes:
    """A file without these hashes; a link that has one leads nowhere."""
    if not is_named(body, hashes):
        return body
    named = _pattern(hashes)
    body = _LINK.sub(lambda found: b"<a>" if named.search(found[0]) else found[0], body)
    return named.sub(MASK.encode(), body)


def is_named(body: bytes, hashes: frozenset[str]) -> bool:
    """Whether a file names one of them as they are written: a quick look."""
    small = body.lower() if hashes else b""
    return any(each.encode() in small for h in hashes for each in info_hashes.spellings(h))


def is_left(body: bytes, hashes: Collection[str]) -> bool:
    """Whether a page still names one of them, hidden somehow."""
    return not info_hashes.named(body.decode(errors="replace")).isdisjoint(hashes)


@lru_cache(maxsize=8)
def _pattern(hashes: frozenset[str]) -> re.Pattern[bytes]:
    known = sorted(each for info_hash in hashes for each in info_hashes.spellings(info_hash))
    return re.compile("|".join(known).encode(), re.IGNORECASE)
