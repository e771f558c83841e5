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
_INSIDE = re.compile(r"\n(?!\s*[a-z][a-z0-9+.-]{0,15}(?:://|%(?:25)*3a))", re.IGNORECASE)
"""A line break within an address; before a scheme it parts two of them."""


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
    """The parts of a link, which comes without its `magnet:?`; those without a value are left out. Of
    more than MAX_PARTS it reads one more."""
    parts = [_part(piece) for piece in islice(_pieces(link), MAX_PARTS + 1)]
    return parts if len(parts) > MAX_PARTS else [part for part in parts if part.value]


def _pieces(link: str) -> Iterable[str]:
    """What stands between ampersands; one in a name that nobody escaped is a sign of the name."""
    found = list[list[str]]()
    for piece in filter(str.strip, link.split("&")):
        is_of_name = found and found[-1][0].lower().startswith("dn=")
        if is_of_name and "=" not in piece:
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


def _value(key: str, raw: str) -> str:
    if key in _ADDRESSES:
        # Beside a scheme that is written out, a plus sign is meant; a form would have escaped it.
        raw = _INSIDE.sub("", raw)
        read = unquote if "://" in raw else unquote_plus
        return read(raw, errors="surrogateescape").strip()
    raw = raw.replace("\n", "")
    if key == "xt":
        return re.sub(r"\s", "", unquote_plus(raw, errors="surrogateescape"))
    # Where blanks are written otherwise, a plus sign is meant (`C++%20Primer`).
    read = unquote if " " in raw or "%20" in raw else unquote_plus
    return read(raw, errors="surrogateescape").strip()
