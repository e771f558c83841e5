"""Info-hashes that a text names, as people write them and as they hide them.

Found are 40 and 64 hexadecimal digits (BEP 3, BEP 52; with or without the multihash's `1220`) and 32
base32 characters, that stand alone: in any case, width and composition, as HTML entities or percent
escapes, with invisible characters or marks of Markdown in between, broken over lines, or in groups.
What only looks like a hash is found too; it means something once it is compared with those blocked.
"""

from __future__ import annotations

import base64
import html
import re
import string
import unicodedata
from collections.abc import Collection, Iterator
from urllib.parse import unquote

MASK = "…"
ESCAPES = 3
"""So often a text is unescaped: links in links have escapes of escapes."""
V1_DIGITS, V2_DIGITS = 40, 64
MULTIHASH = "1220"
"""What stands before the digits in `urn:btmh:`: SHA-256, 32 bytes (multiformats.io/multihash)."""
MOST_GROUPS = 34
LEAST_CHARS = 32
LEAST_LETTERS = 3
"""Digits in groups are a hash only with so many letters among them, or tables would be full of them."""
_LENGTHS = frozenset({V1_DIGITS, V2_DIGITS, len(MULTIHASH) + V2_DIGITS})

_HEX = re.compile(r"(?<![0-9a-f])(?:1220)?([0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")
_BASE32 = re.compile(r"(?<![a-z2-7])[a-z2-7]{32}(?![a-z2-7])")
_SHOWN = re.compile(f"{_HEX.pattern}|{_BASE32.pattern}", re.IGNORECASE | re.ASCII)
_GROUPS = re.compile(r"(?<![0-9a-z])[0-9a-f]{2,36}(?:[ :.,/|-][0-9a-f]{2,36}){1,80}(?![0-9a-z])")
_GROUPS_OF_4 = re.compile(r"(?<![0-9a-z])(?:[a-z2-7]{4}[ -]){7}[a-z2-7]{4}(?![0-9a-z])")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u0300-\u036f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
_MARKUP = re.compile(r"<[^<>]{0,200}>|[*_`~\\\[\]]")
_BREAK = re.compile(r"[ \t]*\n[\s>]*")


def _table(digits: str, shown: str, between: str) -> bytes:
    """For `bytes.translate`: how these digits and what stands between groups of them are shown."""
    kinds = ((digits, shown), (between, " "), (string.ascii_lowercase + string.digits, "x"))
    named = (next((kind for some, kind in kinds if chr(c) in some), "\n") for c in range(256))
    return "".join(named).encode()


_WORDS = _table("", "", "")
_HEX_WORDS = _table("0123456789abcdef", "h", " :.,/|-")
_BASE32_WORDS = _table("abcdefghijklmnopqrstuvwxyz234567", "b", " -")
_ESCAPED = re.compile(r"&#?\w|%[0-9a-fA-F]{2}")


def named(text: str) -> set[str]:
    """The hashes that a text names, as 40 or 64 lower-case hexadecimal digits."""
    if len(text) < LEAST_CHARS and text.isascii():  # other signs may stand for several
        return set()
    plain = _plain(text)
    unmarked = _MARKUP.sub("", plain)
    readings = {plain, unmarked, _BREAK.sub("", unmarked)}
    alone = {found for each in readings if _has_long_word(each) for found in _alone(each)}
    return alone.union(_in_groups(unmarked))


def masked(text: str, hashes: Collection[str]) -> str:
    """A text without these hashes; nothing is left of one that hides them too well."""
    if not hashes or named(text).isdisjoint(hashes):
        return text
    shown = _SHOWN.sub(lambda found: _masked(found, hashes), text)
    return shown if named(shown).isdisjoint(hashes) else MASK


def spellings(info_hash: str) -> Iterator[str]:
    """How one is spelled without hiding it, in small letters: hexadecimal, and base32 where that is
    in use."""
    yield info_hash
    if len(info_hash) == V1_DIGITS:
        yield base64.b32encode(bytes.fromhex(info_hash)).decode().lower()


def _masked(found: re.Match[str], hashes: Collection[str]) -> str:
    return MASK if not set(_alone(found[0].lower())).isdisjoint(hashes) else found[0]


def _plain(text: str) -> str:
    """A text as it is read, in small letters. Marks and line breaks in it divide what they stand
    between, and are left out of further readings, since a reader may join it."""
    for _ in range(ESCAPES):
        if not _ESCAPED.search(text):
            break
        text = unquote(html.unescape(text))
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    return _INVISIBLE.sub("", text).lower()


def _has_long_word(reading: str) -> bool:
    """Whether a search is worth its while: most texts have none, and a split is far quicker."""
    words = reading.encode("ascii", "replace").translate(_WORDS).split()
    return any(len(word) >= LEAST_CHARS for word in words)


def _alone(reading: str) -> Iterator[str]:
    yield from _HEX.findall(reading)
    for letters in _BASE32.findall(reading):
        yield base64.b32decode(letters.upper()).hex()


def _in_groups(reading: str) -> Iterator[str]:
    signs = reading.encode("ascii", "replace")
    if b"hh hh" in signs.translate(_HEX_WORDS):
        for groups in _GROUPS.findall(reading):
            yield from _of_groups(re.split("[^0-9a-f]", groups))
    if b" ".join([b"bbbb"] * 8) in signs.translate(_BASE32_WORDS):
        for groups in _GROUPS_OF_4.findall(reading):
            letters = re.sub("[ -]", "", groups)
            if not letters.isalpha():  # eight words of four letters are no hash
                yield base64.b32decode(letters.upper()).hex()


def _of_groups(groups: list[str]) -> Iterator[str]:
    """Neighbours that together have as many digits as a hash."""
    if len(groups) > MOST_GROUPS or sum(map(str.isalpha, "".join(groups))) < LEAST_LETTERS:
        return
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) in _LENGTHS:
                yield digits[-V2_DIGITS:]
            if len(digits) > max(_LENGTHS):
                break
