"""Slugs: the part of an address that a name becomes. Letters of every script stay.

A slug is safe as a folder name everywhere: no separators, no dots, no controls, no name that Windows keeps to
itself, and at most MAX_BYTES in UTF-8 (file systems stop at 255 bytes). It is NFC, and its own slug.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from ghost.core.text.unicode import is_blank, is_hidden

MAX_BYTES = 190
RULES = 1
"""Their version: one more whenever a name gets another slug. Indexes by slug are made anew then."""
_WORDS = str.maketrans({"+": " plus ", "#": " sharp ", "&": " and ", "@": " at ", "%": " percent "})
_RESERVED = re.compile("con|prn|aux|nul|conin|conout|(com|lpt)[0-9]")
"""Devices, with whatever ending (learn.microsoft.com, “Naming Files, Paths, and Namespaces”)."""
_PLAIN = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


def make(name: str) -> str:
    """`C++ & 数据 Sets` → `c-plus-plus-and-数据-sets`; a digest where no letter or digit is left."""
    slug, before = _spelled(name), name
    while slug != before:  # composition and case can each bring more of the other
        slug, before = _spelled(slug), slug
    if not any(_is_letter(char) for char in slug):
        return "x-" + _digest(_drawn(name))
    if _RESERVED.fullmatch(slug):
        return f"x-{slug}"
    return slug if len(slug.encode()) <= MAX_BYTES else _shortened(slug)


def _spelled(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    text = unicodedata.normalize("NFKC", name).casefold().translate(_WORDS)
    kept = "".join(map(_kept, unicodedata.normalize("NFKC", text)))
    return re.sub(r"-+", "-", unicodedata.normalize("NFC", kept)).strip("-")


def _kept(char: str) -> str:
    """Letters, digits and their marks, also of private use or newer than Python's tables. Joiners, variation
    selectors and the like only change how what is beside them is drawn, and enclosing marks make a sign of it."""
    kind = unicodedata.category(char)
    if kind in ("Me", "Cf") or (kind[0] in "LMC" and is_blank(char)):
        return ""
    return char if kind[0] in "LNM" or (kind in ("Cn", "Co") and not is_hidden(char)) else "-"


def _drawn(name: str) -> str:
    """A name of signs without what only changes how they are drawn: with it they would be twins."""
    text = unicodedata.normalize("NFKC", name).casefold()
    kept = (c for c in text if unicodedata.category(c) not in ("Me", "Cf") and not is_blank(c))
    return unicodedata.normalize("NFC", "".join(kept)) or name


def _is_letter(char: str) -> bool:
    return unicodedata.category(char) in ("Cn", "Co") or unicodedata.category(char)[0] in "LN"


def _shortened(slug: str) -> str:
    """Cut at a character, with a digest so that two long names stay two."""
    head = slug.encode()[: MAX_BYTES - 9].decode(errors="ignore").rstrip("-")
    return f"{head}-{_digest(slug)}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=4).hexdigest()
