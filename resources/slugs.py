"""Slugs: the part of an address that a name becomes. Letters of every script stay.

A slug is safe as a folder name everywhere: no separators, no dots, no controls, and at most
MAX_BYTES in UTF-8 (file systems stop at 255 bytes).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from ghost.core.text.unicode import is_blank

MAX_BYTES = 190
_WORDS = str.maketrans({"+": " plus ", "#": " sharp ", "&": " and ", "@": " at ", "%": " percent "})


def make(name: str) -> str:
    """`C++ & 数据 Sets` → `c-plus-plus-and-数据-sets`; a digest where no letter or digit is left."""
    text = unicodedata.normalize("NFKC", name).casefold().translate(_WORDS)
    kept = "".join(map(_kept, unicodedata.normalize("NFC", text)))
    slug = re.sub(r"-+", "-", kept).strip("-")
    if not any(unicodedata.category(c)[0] in "LN" for c in slug):
        return "x-" + _digest(name)
    return slug if len(slug.encode()) <= MAX_BYTES else _shortened(slug)


def _kept(char: str) -> str:
    """Letters, digits and their marks; variation selectors and the like only change how the
    character before them is drawn, and enclosing marks make a sign of it."""
    kind = unicodedata.category(char)
    if kind == "Me" or (kind[0] in "LM" and is_blank(char)):
        return ""
    return char if kind[0] in "LNM" else "-"


def _shortened(slug: str) -> str:
    """Cut at a character, with a digest so that two long names stay two."""
    head = slug.encode()[: MAX_BYTES - 9].decode(errors="ignore").rstrip("-")
    return f"{head}-{_digest(slug)}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
