"""Magnet links as people paste them: out of HTML source, mails and chats, with what stood around them.

What comes in is bounded by whoever calls; each step here takes linear time.
"""

from __future__ import annotations

import html
import quopri
import re
from dataclasses import dataclass
from urllib.parse import unquote

from ghost.core.text.unicode import is_hidden

ESCAPES = 4
"""So often a link is unescaped: links in links have escapes of escapes."""
START = re.compile(r"magnet(?::|%(?:25)*3a)(?:/|%(?:25)*2f){0,2}(?:\?|%(?:25)*3f)", re.IGNORECASE)
"""How a link begins, however often it is percent-encoded."""
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
_BREAK = re.compile(r"(?:\r\n|[\n\r\f\v\u2028\u2029])[ \t]*(?:>[ \t]?)*")
"""A line break with the indent, or the marks of a quotation, of the line that it begins."""
_SOFT_BREAK = re.compile(r"(?<![?&;][a-z]{2})(?<![?&;]tr\.[0-9])=(?:\r\n|\n|\r)", re.IGNORECASE)
"""The end of a line that goes on (RFC 2045, quoted-printable); not the sign behind a key."""
_QUOTED = re.compile(r"\bxt(?:\.[0-9])?=3D", re.IGNORECASE)
"""A link in quoted-printable."""
_PERCENT = re.compile(r"%((?:25)*)")
_MARKUP = re.compile(r"<[^<>]*>")
_ATTRIBUTE = re.compile(r"\b(?:href|src)\s*=", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z]|<!--", re.IGNORECASE)
_CLOSING = {'"': '"', "'": "'", "<": ">", "`": "`", "“": "”", "‘": "’", "«": "»", "「": "」"}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_END = ".,;!?)]}>\"'`*…。，；！？）」』》"
"""Signs that end a sentence rather than a link."""
_NAME = re.compile(r"(?:.*&)?dn(?:\.[0-9]+)?=[^&]*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Pasted:
    """The links that a text has, without their `magnet:?`, and the words around them."""

    links: tuple[str, ...]
    around: str


def read(text: str) -> Pasted:
    """All links of a text, those within other links as well; none if it has none. Line breaks stay in
    them, for whoever reads a part knows what they mean there."""
    plain = _unescaped(_visible(text))
    starts = list(START.finditer(plain))
    found = _Found(plain[: starts[0].start()] if starts else plain)
    ends = [*(each.start() for each in starts[1:]), len(plain)]
    for start, end in zip(starts, ends, strict=False):
        found.take(start, plain[start.end() : end], plain[: start.start()][-1:])
    return Pasted(tuple(found.links), _words(found.around))


class _Found:
    """What was found so far; a link that is not encoded as a whole goes on after one in it that is."""

    def __init__(self, around: str) -> None:
        self.links: list[str] = []
        self.around = around
        self._plain_at: int | None = None

    def take(self, start: re.Match[str], body: str, before: str) -> None:
        """The next link, from its start to that of the one after it; `before` is the sign in front of it."""
        inner, _, more = body.partition("&")
        if "%" not in start[0] or "=" in inner:
            link, rest = _cut(body, before)
            self._plain_at = len(self.links)
        else:
            link, rest = _decoded(inner, start[0]), more
            if self._plain_at is not None:
                self.links[self._plain_at] += f"&{more}"
                rest = ""
        self.links.append(link)
        self.around += rest


def _decoded(inner: str, start: str) -> str:
    """A link that is percent-encoded as a whole, as often as its start is."""
    found = _PERCENT.search(start)
    times = 1 + len(found[1]) // 2 if found else 0
    for _ in range(min(times, ESCAPES)):
        inner = unquote(inner, errors="surrogateescape")
    return inner


def _words(around: str) -> str:
    """What stands around a link in words, without the marks that hold it."""
    shown = _ATTRIBUTE.sub("", _MARKUP.sub(" ", around)).strip(" \n\t\"'`<>()[]{}" + _END)
    return " ".join(shown.split()) if re.search(r"\w", shown) else ""


def _visible(text: str) -> str:
    """Without what is not seen; a break is one sign, and so is a blank."""
    if not text.isascii():
        text = "".join(c for c in text if c != "\xad" and (ord(c) < 0x80 or not is_hidden(c)))
    text = _SOFT_BREAK.sub("", text)
    if _QUOTED.search(text):
        text = quopri.decodestring(text.encode("utf-8", "surrogateescape")).decode(
            "utf-8", "surrogateescape"
        )
    return _BREAK.sub("\n", text.replace("\xa0", " ")).strip()


def _unescaped(text: str) -> str:
    """With its HTML entities read: those that a semicolon ends, or `&para=` would be one."""
    for _ in range(ESCAPES):
        read = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if read == text:
            break
        text = read
    return text


def _cut(body: str, before: str) -> tuple[str, str]:
    """A link, and what comes after its end; `before` is the sign in front of it."""
    tag = _TAG.search(body)
    end = tag.start() if tag else len(body)
    if closing := _CLOSING.get(before):
        end = min(end, found) if (found := body.find(closing)) >= 0 else end
    elif bracket := _BRACKETS.get(before):
        end = min(end, found) if (found := body.rfind(bracket)) >= 0 else end
    elif before == "=":  # the value of an attribute without quotes
        stop = re.search(r"[\s>]", body)
        end = min(end, stop.start()) if stop else end
    link = body[:end].rstrip()
    kept = link if _NAME.fullmatch(link) else link.rstrip(_END)
    return kept, link[len(kept) :] + body[end:]
