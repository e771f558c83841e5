"""The parts of one magnet link: `key=value` between ampersands, unescaped as each key asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

MAX_PARTS = 200
_NUMBERED = re.compile(r"(?P<key>[a-z]+)(?:\.[0-9]+|\[[0-9]*\])?")
"""`tr.1` is a `tr` (the draft of magnet links); `tr[]` is how some programs write lists."""
_ADDRESSES = frozenset({"tr", "ws"})
_INSIDE = re.compile(r"[\n\t](?!\s*[a-z][a-z0-9+.-]{0,15}(?:://|%(?:25)*3a))", re.IGNORECASE)
"""A line break or tab within an address; before a scheme it parts two of them."""
_IN_WORDS = re.compile(r"[%+._-]")
"""What parts the words of a name that has no blanks."""


_KEYS = frozenset({"xt", "dn", "xl", "tr", "ws"})
_BETWEEN = re.compile(
    r"&(?:amp(?=(?:xt|dn|xl|tr|ws)(?:\.[0-9]+)?=))?|;(?=(?:xt|dn|xl|tr|ws)(?:\.[0-9]+)?=)",
    re.IGNORECASE,
)
"""Between two parts: browsers read `&amp` without its semicolon too, and some programs write a semicolon alone."""


class Part(NamedTuple):
    """A key in small letters without its number, and its value; bytes that are not UTF-8 are halves of
    pairs in it (PEP 383)."""

    key: str
    value: str

    @property
    def is_utf8(self) -> bool:
        """Whether its bytes are text."""
        return not any("\ud800" <= c <= "\udfff" for c in self.value)

    def __str__(self) -> str:
        shown = self.value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return f"{self.key}={shown}"


def read(link: str) -> list[Part]:
    """The parts of a link, which comes without its `magnet:?`; `tr=` and the like, with nothing after them, are left
    out. Of more than MAX_PARTS it reads one more."""
    parts = [_part(piece) for piece in islice(_pieces(link), MAX_PARTS + 1)]
    if len(parts) > MAX_PARTS:
        return parts
    return [part for part in parts if part.value or (part.key and part.key not in _KEYS)]


def _pieces(link: str) -> Iterable[str]:
    """What stands between ampersands; one in a name or a web seed that nobody escaped is a sign of it."""
    found = list[list[str]]()
    for piece in filter(str.strip, _BETWEEN.split(link)):
        is_of_text = found and found[-1][0].lower().startswith(("dn=", "ws="))
        if is_of_text and "=" not in piece:
            found[-1].append(piece)
        else:
            found.append([piece])
    return ("%26".join(each) for each in found)


def _part(piece: str) -> Part:
    key, _, value = piece.partition("=")
    key = re.sub(r"\s", "", unquote(key)).lower()
    numbered = _NUMBERED.fullmatch(key)
    key = numbered["key"] if numbered else key
    return Part(key, _value(key, value))


def _joined(raw: str) -> str:
    """A name or number in one line: it was broken at a blank, unless its words are parted by something else."""
    is_of_words = " " in raw or not _IN_WORDS.search(raw)
    return raw.replace("\n", " " if is_of_words else "")


def _value(key: str, raw: str) -> str:
    if key in _ADDRESSES:
        # Beside a scheme that is written out, a plus sign is meant; a form would have escaped it.
        raw = _INSIDE.sub("", raw)
        read = unquote if "://" in raw else unquote_plus
        return read(raw, errors="surrogateescape").strip()
    raw = _joined(raw.replace("\t", " "))
    if key == "xt":
        return re.sub(r"\s", "", unquote_plus(raw, errors="surrogateescape"))
    # Where blanks are written otherwise, a plus sign is meant (`C++%20Primer`).
    read = unquote if " " in raw or "%20" in raw else unquote_plus
    return read(raw, errors="surrogateescape").strip()
