"""How public names are compared: two that people would take for the same are one.

What is stored of it (`NameKeyField`) has to be made anew when a rule here changes. The list's search has
a simpler fold (`ghost.core.text.unicode.folded`), the site's search one that JavaScript has as well
(`builds.search.terms`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from ghost.core.text.unicode import is_blank, is_hidden

KEY_CHARS = 400

_ACCENT = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks that a word is read without: of Latin, Greek and Cyrillic letters, Hebrew points, Arabic vowels.
Those of Indic scripts and of kana make another letter, and stay."""
_KATAKANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "ı": "i", "œ": "oe", "æ": "ae", "þ": "th", "ð": "d", "đ": "d", "ħ": "h",
        "ŧ": "t", "ŋ": "n", "ĸ": "k", "ς": "σ", "&": " and ",
        **dict.fromkeys("'’‘ʼʹʻ`´′＇", ""),
    }
)  # fmt: skip
"""What has no decomposition: letters, and apostrophes in each of their shapes."""


def fold(text: str) -> str:
    """A text as it is compared: without case, width, accents, apostrophes, and what is not seen.

    `Ｃafé\\u200b №1` → `cafe no1`; hiragana for katakana; `&` is `and`. NFC, and `fold(fold(x)) == fold(x)`.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    text = unicodedata.normalize("NFKD", text)
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or _is_seen(c))
    bare = _ACCENT.sub("", kept.translate(_LETTERS))
    return " ".join(unicodedata.normalize("NFC", bare).translate(_KATAKANA).split())


def name_key(text: str) -> str:
    """What is left of a public name to tell it from others by: its letters, digits and signs.

    `Internet-Archive`, `internet archive` and `InternetArchive` are one name; `C` and `C++` are two. At most
    KEY_CHARS, since a database's index bounds its entries: a longer one ends with the digest of its whole.
    """
    folded = fold(text)
    bare = "".join(c for c in folded if unicodedata.category(c)[0] not in "PZ")
    key = bare or folded
    if len(key) <= KEY_CHARS:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return key[: KEY_CHARS - len(digest)] + digest


def _is_seen(char: str) -> bool:
    return not is_blank(char) and not is_hidden(char)
