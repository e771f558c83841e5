"""Magnet links and info-hashes in a publisher's text, before it is shown.

A link goes through the reader and the composer of all magnets, so that peers and addresses in private
networks go no further than the catalog. One that can't be read, or is blocked, is a link no more, and
of a blocked hash nothing is left: not in words, code, titles and addresses, nor spread over several.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence

from markdown_it.token import Token

from ghost.core.errors import RefusedError
from ghost.core.text import info_hashes
from ghost.core.text.info_hashes import MASK
from resources.torrents import magnets
from resources.torrents.pasted_links import START

Blocked = frozenset[str]
NONE: Blocked = frozenset()
_CODE = {"code_block", "fence"}
_WORDS = {"text", "code_inline"}
_MAGNET = re.compile(START.pattern + r"[^\s<>\"'`]+", re.IGNORECASE)
_END = ".,;:!?)]}*"
"""Signs that end a sentence rather than a link."""


def clean(tokens: Sequence[Token], blocked: Blocked) -> None:
    """Change the tokens of a text, so that what they show may be shown."""
    for token in tokens:
        if token.children is not None:
            token.children = list(_cleaned(token.children, blocked))
        elif token.type in _CODE:
            token.content = words(token.content, blocked)
        if blocked:
            _hide(token, blocked)


def words(text: str, blocked: Blocked) -> str:
    """A text without marks, with its magnet links in Ghost's one spelling."""
    return info_hashes.masked(_MAGNET.sub(lambda found: _shown(found[0], blocked), text), blocked)


def has_link(text: str) -> bool:
    """Whether there is a magnet link among its words."""
    return bool(_MAGNET.search(text))


def link(address: str, blocked: Blocked) -> str:
    """Where a link may lead; empty if nowhere."""
    if re.match("magnet(:|%3a)", address, re.IGNORECASE):
        return _composed(address, blocked)
    return address if _is_free(address, blocked) else ""


def _cleaned(children: Iterable[Token], blocked: Blocked) -> Iterator[Token]:
    is_dropped = False
    for child in children:
        if child.type == "link_open":
            address = link(str(child.attrGet("href") or ""), blocked)
            is_dropped = not address
            child.attrSet("href", address)
            if title := child.attrGet("title"):
                child.attrSet("title", words(str(title), blocked))
        elif child.type == "image":
            child.children = list(_cleaned(child.children or (), blocked))
        if child.type in _WORDS or child.type == "image":
            child.content = words(child.content, blocked)
        if not (is_dropped and child.type in {"link_open", "link_close"}):
            yield child
        is_dropped = is_dropped and child.type != "link_close"


def _hide(token: Token, blocked: Blocked) -> None:
    """Whatever a paragraph hides a hash in, or however, all of it goes."""
    if token.children is None and token.type not in _CODE:
        return
    parts = token.children or [token]
    if _is_free("".join(_seen(part) for part in parts), blocked):
        return
    token.content = MASK
    if token.children is not None:
        token.children = [Token("text", "", 0, content=MASK)]


def _seen(part: Token) -> str:
    return "\n" if part.type in {"softbreak", "hardbreak"} else part.content


def _shown(found: str, blocked: Blocked) -> str:
    address = found.rstrip(_END)
    return (_composed(address, blocked) or f"magnet:{MASK}") + found[len(address) :]


def _composed(address: str, blocked: Blocked) -> str:
    """A magnet link in Ghost's one spelling; empty if it can't be read, or names what is blocked."""
    try:
        magnet = magnets.parse(html.unescape(address))
    except RefusedError:
        return ""
    is_free = blocked.isdisjoint({magnet.v1, magnet.v2}) and _is_free(magnet.uri(), blocked)
    return magnet.uri() if is_free else ""


def _is_free(text: str, blocked: Blocked) -> bool:
    return info_hashes.is_free(text, blocked)
