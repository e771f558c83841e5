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
_BLANK = dict.fromkeys(map(ord, "\u115f\u1160\u2800"), " ")
"""Drawn as a space, though they are letters and signs."""
_HIDDEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn", "Mc", "Zl", "Zp"}
"""Categories of what is drawn as nothing, or over what stands before it."""
_MARKUP = re.compile(r"<[^<>]*>|[*_`~\\\[\]]")
_BREAK = re.compile(r"(?<![ \t])[ \t]*\n[\s>]*")
"""Looked for where blanks begin, or a long row of them would be looked at from each."""


def _table(digits: str, shown: str, between: str) -> bytes:
    """For `bytes.translate`: how these digits and what stands between groups of them are shown."""
    kinds = ((digits, shown), (between, " "), (string.ascii_lowercase + string.digits, "x"))
    named = (next((kind for some, kind in kinds if chr(c) in some), "\n") for c in range(256))
    return "".join(named).encode()


_WORDS = _table("", "", "")
_HEX_WORDS = _table("0123456789abcdef", "h", " :.,/|-")
_BASE32_WORDS = _table("abcdefghijklmnopqrstuvwxyz234567", "b", " -")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")
_ESCAPED = re.compile(r"&#?\w|%[0-9a-fA-F]{2}")


def named(text: str) -> set[str]:
    """The hashes that a text names, as 40 or 64 lower-case hexadecimal digits."""
    if len(text) < LEAST_CHARS and text.isascii():  # other signs may stand for several
        return set()
    found = set[str]()
    for reading in {each for level in _unescaped(text) for each in _readings(level)}:
        found.update(_alone(reading) if _has_long_word(reading) else (), _in_groups(reading))
    return found


def is_free(text: str, hashes: Collection[str]) -> bool:
    """Whether a text names none of these, and has none between other letters and digits either."""
    if not hashes:
        return True
    small = text.lower()
    is_spelled = any(each in small for known in hashes for each in spellings(known))
    return not is_spelled and named(text).isdisjoint(hashes)


def masked(text: str, hashes: Collection[str]) -> str:
    """A text without these hashes; nothing is left of one that hides them too well."""
    if is_free(text, hashes):
        return text
    shown = _SHOWN.sub(lambda found: _masked(found, hashes), text)
    return shown if is_free(shown, hashes) else MASK


def spellings(info_hash: str) -> Iterator[str]:
    """How one is spelled without hiding it, in small letters: hexadecimal, and base32 where that is
    in use."""
    yield info_hash
    if len(info_hash) == V1_DIGITS:
        yield base64.b32encode(bytes.fromhex(info_hash)).decode().lower()


def _masked(found: re.Match[str], hashes: Collection[str]) -> str:
    return MASK if not set(_alone(found[0].lower())).isdisjoint(hashes) else found[0]


def _ended(text: str) -> str:
    """Without the entities that CommonMark knows: those that a semicolon ends."""
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)


_READERS = (_ended, html.unescape, unquote)


def _unescaped(text: str) -> set[str]:
    """A text as it stands, and with its escapes read, in every order: `%` and `&#` may be meant as
    they are, and would take digits with them."""
    found = newest = {text}
    for _ in range(ESCAPES):
        escaped = [each for each in newest if _ESCAPED.search(each)]
        newest = {read(each) for each in escaped for read in _READERS} - found
        found = found | newest
    return found


def _readings(text: str) -> Iterator[str]:
    """A text as it is read, in small letters. What is invisible, marks and line breaks divide what
    they stand between, or are left out, since a reader may join it."""
    for plain in _visible(text.replace("\r\n", "\n")):
        unmarked = _MARKUP.sub("", plain)
        yield from (plain, unmarked, _BREAK.sub("", unmarked))


def _visible(text: str) -> Iterator[str]:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(_BLANK)
    hidden = [ord(c) for c in set(text) - {"\t", "\n"} if unicodedata.category(c) in _HIDDEN]
    for shown in ("", " ") if hidden else ("",):
        yield text.translate(dict.fromkeys(hidden, shown)).lower()


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
