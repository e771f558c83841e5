"""In which encoding the names of a torrent stand: told by its file, UTF-8, or guessed from all of them.

BEP 3 says UTF-8; files older than that, and many newer ones, have whatever their maker's computer had.
"""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from collections.abc import Iterable, Sequence
from encodings.aliases import aliases
from itertools import islice, pairwise
from typing import NamedTuple
from unicodedata import category

SAMPLE_NAMES, SAMPLE_CHARS = 200, 4000
"""By so many of its names an encoding is guessed, which takes some ten milliseconds."""
TOO_STRANGE = 1.2
"""A guess that is no better than this is none."""
SURE_LETTERS = 5
_NO_TEXT = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
"""Python calls these encodings of text, but nobody writes names in them; some take long."""

_LATIN_1 = frozenset({"latin_1", "iso8859_1", "ascii"})


def _spelled(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


_MODULES = frozenset(m.name for m in pkgutil.iter_modules(encodings.__path__)) - _NO_TEXT
_KNOWN = {_spelled(n): n for n in _MODULES} | {_spelled(a): n for a, n in aliases.items()}
"""Python's own, looked up here: its look-up would remember every name that a stranger invents."""


def codec(label: str) -> str | None:
    """Python's name of the encoding that is meant by it, in whatever spelling; None if there is none."""
    spelled = _spelled(label[:40])
    name = _KNOWN.get(spelled) or _KNOWN.get(spelled.removeprefix("x"))
    try:
        is_text = name and codecs.lookup(name)._is_text_encoding
    except LookupError:  # another system's
        return None
    return name if is_text else None


def of(names: Sequence[bytes], declared: str = "") -> str:
    """The encoding of all of these names, for `decoded`.

    The declared one if they can be read by it, UTF-8 if by that, or else the most likely. One by
    which a name would have control characters, which no name has, is taken after the others.
    """
    named = codec(declared)
    # Whoever says Latin-1, and writes what it doesn't have, means Windows' (encoding.spec.whatwg.org).
    likely = (named, "cp1252" if named in _LATIN_1 else None, "utf-8")
    readable = [name for name in likely if name and _reads(name, names)]
    for name in readable:
        if _is_text(name, names):
            return name
    return _guessed(names) or next(iter(readable), "utf-8")


def is_surely_utf_8(raw: bytes) -> bool:
    """Whether it is UTF-8 and no other encoding in which somebody writes names looks like it: two characters of
    three bytes, or five of two."""
    try:
        odd = [c for c in raw.decode() if c > "\x7f"] if not raw.isascii() else []
    except UnicodeDecodeError:
        return False
    is_long = len(odd) >= SURE_LETTERS or sum(c > "\u07ff" for c in odd) > 1
    return is_long and all(c.isprintable() or category(c) == "Cf" for c in odd)


def decoded(raw: bytes, encoding: str) -> str:
    """The name in that encoding; what can't be read of it becomes U+FFFD."""
    try:
        return raw.decode(encoding, "replace")
    except (UnicodeError, ValueError):  # some codecs know no other way
        return raw.decode("utf-8", "replace")


def _reads(encoding: str, names: Iterable[bytes]) -> bool:
    try:
        return all(not _has_surrogates(raw.decode(encoding)) for raw in names)
    except (UnicodeError, ValueError):
        return False


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text) if not text.isascii() else False


def _is_text(encoding: str, names: Iterable[bytes]) -> bool:
    return not any(_has_controls(decoded(each, encoding)) for each in names)


def _has_controls(text: str) -> bool:
    return not text.isprintable() and any(category(c) == "Cc" for c in text)


# -- the guess


class _Candidate(NamedTuple):
    """An encoding, which letters its texts have, and the most frequent of them. Of one with several
    bytes for a letter: which pairs of bytes its frequent characters have."""

    encoding: str
    letters: str
    frequent: str = ""
    first: range = range(0)
    second: range = range(0x40, 0xFF)


_ESCAPED = ("iso2022_jp_2", "iso2022_kr")
_PUNCTUATION = re.compile(r"[\u2013-\u2026\u3000-\u303f\uff01-\uff5e]")
_LATIN = "A-Za-zªºÀ-ÖØ-öø-ž"
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбч"
_KOREAN = (
    "이다는가에의고을지하를기사리도로인어아시나은한자정대스일해부제수그전서있주보라과으원만상장비무세모구동"
    "안여성조유마게신트드생국연공화오천방문재미진경우노내물년소영중회편"
)
_CANDIDATES = (
    _Candidate("gb18030", r"\u4e00-\u9fff", first=range(0xB0, 0xD8), second=range(0xA1, 0xFF)),
    _Candidate("big5", r"\u4e00-\u9fff", first=range(0xA4, 0xC7)),
    _Candidate("cp932", r"\u3041-\u30fe\u4e00-\u9fff", first=range(0x81, 0x99)),
    _Candidate(
        "euc_jp", r"\u3041-\u30fe\u4e00-\u9fff", first=range(0xA4, 0xD0), second=range(0xA1, 0xFF)
    ),
    _Candidate(
        "cp949", r"\uac00-\ud7a3", _KOREAN, first=range(0xB0, 0xC9), second=range(0xA1, 0xFF)
    ),
    _Candidate("cp1252", _LATIN, "éèêàâùçäöüßåøæñíóáúôîïãõìòÉÖÜÄ"),
    _Candidate("cp850", _LATIN, "éèêàâùçäöüßåøæñíóáúôîïãõìòÉÖÜÄ"),  # that of DOS
    _Candidate("cp1254", _LATIN, "ıİşŞğĞçÇöÖüÜ"),
    _Candidate("cp1250", _LATIN, "ąćęłńóśźżáčďéěíňřšťúůýžőűăîâșțđŁŚŻČŠŽŘ"),
    _Candidate("cp1251", "Ѐ-џ", _RUSSIAN),
    _Candidate("koi8_r", "Ѐ-џ", _RUSSIAN),
    _Candidate("cp866", "Ѐ-џ", _RUSSIAN),
    _Candidate("cp1253", "Ά-ώ", "αοιετσνηυρπκμλςίόάέή"),
    _Candidate("cp1255", "א-ת", "יוהלאתרמבשנםדעקח"),
    _Candidate("cp1256", r"\u0621-\u064a\u067e\u0686\u0698\u06af", "اليمونرتبةعدسفحكق"),
    _Candidate("cp874", "ก-๎", "านรอกเงมยลวดทสตะ่้ิีั"),
)
"""The first of two that look alike is taken."""


def _guessed(names: Sequence[bytes]) -> str | None:
    """The one of the candidates in which all can be read, and which looks the least strange."""
    if any(b"\x1b" in raw for raw in names):  # of seven bits, with escape sequences
        escaped = (name for name in _ESCAPED if _reads(name, names))
        return next((name for name in escaped if _is_text(name, names)), None)
    sample = [raw for raw in names if not raw.isascii()]
    readable = [c for c in _CANDIDATES if _reads(c.encoding, sample)]
    ranked = sorted((_strangeness(c, sample), n) for n, c in enumerate(readable))
    if not ranked or ranked[0][0] > TOO_STRANGE:
        return None
    return readable[ranked[0][1]].encoding


def _strangeness(candidate: _Candidate, sample: Sequence[bytes]) -> float:
    """From 0 (nothing is odd) upwards, a mean over what is not ASCII."""
    texts = (decoded(raw, candidate.encoding) for raw in islice(sample, SAMPLE_NAMES))
    text = "\n".join(texts)[:SAMPLE_CHARS]
    odd = [_oddness(c, candidate) for c in text if not c.isascii()]
    odd += [_oddness_of_pair(before, char) for before, char in pairwise(text)]
    return sum(odd) / max(sum(not c.isascii() for c in text), 1)


def _oddness(char: str, candidate: _Candidate) -> float:
    if category(char) in {"Cc", "Cn", "Co"}:
        return 5
    if not re.match(f"[{candidate.letters}]", char):
        return 0.3 if _PUNCTUATION.match(char) else 2
    if not candidate.first:
        return 0.1 if char.lower() in candidate.frequent else 0.7
    if "\u3041" <= char <= "\u30fe" or char in candidate.frequent:
        return 0
    raw = char.encode(candidate.encoding)
    is_frequent = len(raw) == 2 and raw[0] in candidate.first and raw[1] in candidate.second
    return (0.4 if candidate.frequent else 0.2) if is_frequent else 1.5


def _oddness_of_pair(before: str, char: str) -> float:
    """Of a capital within a word, scripts mixed in one, or two letters with marks in a row."""
    if not (before.isalpha() and char.isalpha()) or (before.isascii() and char.isascii()):
        return 0
    if before.isupper() and char.isupper():
        return 0.05
    if before.islower() and char.isupper():
        return 1
    rarer = max(before, char)
    if before.isascii() or char.isascii():
        return float("\u0180" <= rarer < "\u2e80")
    return float(rarer < "\u0180")
