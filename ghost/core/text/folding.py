"""The one fold: how texts are compared, in searches, filters and names, here and on the site.

It is one table (`fold_table.json`, made by `make_fold_table`), so that neither Python's edition of Unicode nor
the browser's has a say: `builds/site/files/assets/fold.js` does the same with the same table.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLE: dict[str, Any] = json.loads(
    Path(__file__).with_name("fold_table.json").read_text(encoding="utf-8")
)
VERSION: int = TABLE["version"]
UNSPACED: str = TABLE["unspaced"]
"""Han and kana, which put no spaces between words; as a class of regular expressions, as is the next."""
NO_WORD: str = TABLE["punctuation"] + TABLE["signs"] + " "
"""What is left between words once a text is folded."""
APOSTROPHES: str = TABLE["apostrophes"]
MARK = chr(0xFDD0 + VERSION % 32)
"""Stands before whatever is stored of a fold, and says of which version it is: a noncharacter, since no folded
text has one in it. What has another mark is made anew (`ghost.core.db.refolding`)."""
KEY_CHARS = 400
"""A database's index bounds its entries."""


def fold(text: str) -> str:
    """A text as it is compared: without case, width, accents, apostrophes, and what is not seen.

    `Ｃafé\\u200b №1` → `cafe no1`; hiragana for katakana, simplified Chinese for traditional; `&` is `and`.
    In one spelling, and `fold(fold(x)) == fold(x)`. At most 18 times as long as the text.
    """
    if is_plain(text):  # four texts of five, ten times as quick
        return " ".join(text.lower().split())
    plain = text.translate(_CHARS)
    if not plain.isascii() and not _LOOSE.isdisjoint(plain):
        plain = _joined(plain)
    return " ".join(plain.split())


def is_plain(text: str) -> bool:
    """Whether its small letters are all that the fold makes of it, but for spaces."""
    return text.isascii() and not _ODD.search(text)


def name_key(text: str) -> str:
    """What is left of a public name to tell it from others by: its letters, digits and signs.

    `Internet-Archive`, `internet archive` and `InternetArchive` are one name; `C` and `C++` are two. At most
    KEY_CHARS: a longer one ends with the digest of its whole.
    """
    folded = fold(text)
    key = fold(_PUNCTUATION.sub("", folded)) or folded
    if len(key) <= KEY_CHARS:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return key[: KEY_CHARS - len(digest)] + digest


def _joined(text: str) -> str:
    """With what belongs together in one order (UAX #15), and as one character: voiced kana, Korean syllables."""
    text = _SEVERAL_MARKS.sub(lambda found: "".join(sorted(found[0], key=_ORDER.__getitem__)), text)
    text = _VOICED.sub(lambda found: _KANA.get(found[0], found[0]), text)
    text = _JAMO.sub(lambda found: _syllable(*found.groups("\u11a7")), text)
    return _FINAL.sub(lambda found: _with_final(*found[0]), text)


def _syllable(lead: str, vowel: str, final: str) -> str:
    """A syllable of its letters (Unicode 3.12)."""
    pair = (ord(lead) - 0x1100) * 21 + ord(vowel) - 0x1161
    return chr(0xAC00 + pair * 28 + ord(final) - 0x11A7)


def _with_final(syllable: str, final: str) -> str:
    is_open = (ord(syllable) - 0xAC00) % 28 == 0
    return chr(ord(syllable) + ord(final) - 0x11A7) if is_open else syllable + final


def _read(lines: str) -> Iterator[tuple[int, str]]:
    """What each character becomes: the inverse of `make_fold_table._lines`."""
    code = 0
    for line in lines.split("\n"):
        number, _, to = line.partition(" ")
        distance, kind, more = re.findall(r"([0-9a-z]+)([=+*]?)([0-9a-z]*)", number)[0]
        code, step = code + int(distance, 36), 2 if kind == "*" else 1
        yield code, to
        for _ in range(int(more or "0", 36)):
            code, to = code + step, to if kind == "=" else chr(ord(to) + step)
            yield code, to


_CHARS = {
    **dict(_read(TABLE["chars"])),
    **dict(zip(map(ord, TABLE["han"]["from"]), TABLE["han"]["to"].split("\n"), strict=True)),
}
_ODD = re.compile("[&'`\\0-\x08\x0e-\x1b\x7f]")
"""What is ASCII, and becomes more than small."""
_ORDER = {mark: place for place, marks in enumerate(TABLE["order"]) for mark in marks}
_KANA = dict(TABLE["voiced"])
_PUNCTUATION = re.compile(f"[{TABLE['punctuation']}]+")
_SEVERAL_MARKS = re.compile(f"[{''.join(_ORDER)}]{{2,}}")
_VOICED = re.compile("[\u3041-\u309f][\u3099\u309a]")
_JAMO = re.compile("([\u1100-\u1112])([\u1161-\u1175])([\u11a8-\u11c2])?")
_FINAL = re.compile("[\uac00-\ud7a3][\u11a8-\u11c2]")
_LOOSE = frozenset((*_ORDER, *map(chr, range(0x1161, 0x1176)), *map(chr, range(0x11A8, 0x11C3))))
"""What may have to be put in order, or together."""
