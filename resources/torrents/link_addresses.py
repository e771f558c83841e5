"""Addresses of trackers and web seeds as links and files have them, brought to the one spelling that is kept.

Blanks and letters beyond ASCII are percent-encoded (RFC 3987 §3.1), hosts are written as the DNS has them
(IDNA 2008 by UTS 46). What can't be published is handed back with why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

import idna
from django.conf import settings

from ghost.core.io import ip_ranges
from ghost.core.text import addresses
from ghost.core.text.reasons import NONE, Reason
from ghost.core.text.unicode import is_blank, is_hidden
from resources import reasons

TRACKER_SCHEMES = frozenset({"http", "https", "udp", "ws", "wss"})
WEB_SEED_SCHEMES = frozenset({"http", "https"})
MOST_KNOWN = 200
"""Characters of an address that is remembered: catalogs name the same few trackers ever again."""
MAX_HOST_CHARS = 253
ESCAPES = 3
"""So often an address is unescaped: some programs encode what is encoded already."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NEXT = re.compile(
    r"(?<![\s,;|])[\s,;|]+(?=[a-z][a-z0-9+.-]{0,15}://)|(?:&|(?<=\w))tr(?:\.[0-9]+)?=(?=(?:https?|udp|wss?)://)"
    r"|(?<=/announce)/(?=(?:https?|udp|wss?)://)|(?<=[^\s,;|=/:?&%])(?=(?:https?|udp|wss?)://)",
    re.IGNORECASE,
)
"""Between two addresses: a sign that parts them, the key of the second, or nothing. After another `=` or `/` one is part
of another. A run of signs is tried from its start alone, or it would take quadratic time."""
_ENCODED = re.compile(r"[a-z][a-z0-9+.-]{0,15}%(?:25)*3a", re.IGNORECASE)
_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""RFC 3986's reserved characters, `~`, and the percent sign of what is encoded."""


class Addresses(NamedTuple):
    """Those that are kept, each once, and the others with why they are not."""

    kept: tuple[str, ...]
    left_out: tuple[tuple[str, Reason], ...]


def read(values: Iterable[str], schemes: frozenset[str]) -> Addresses:
    """The addresses that these values name, several of them where they were run together."""
    kept, left_out = dict[str, None](), list[tuple[str, Reason]]()
    for each in (one for value in values for one in _apart(value)):
        url, why = _read(each, schemes)
        if why:
            left_out.append((each, why))
        else:
            kept[url] = None
    return Addresses(tuple(kept), tuple(left_out))


def _apart(value: str) -> list[str]:
    for _ in range(ESCAPES):
        if not _ENCODED.match(value):
            break
        value = unquote(value, errors="surrogateescape")
    return [part for part in (each.strip() for each in _NEXT.split(value)) if part]


def _read(url: str, schemes: frozenset[str]) -> tuple[str, Reason]:
    spelled, scheme, host, why = (_known if len(url) <= MOST_KNOWN else _spelled)(url)
    if why:
        return url, why
    if scheme not in schemes:
        return url, reasons.OTHER_SCHEME()
    return spelled, NONE if _may_be_sent_to(host) else reasons.PRIVATE_HOST()


class _Spelled(NamedTuple):
    url: str
    scheme: str = ""
    host: str = ""
    why: Reason = NONE


def _spelled(given: str) -> _Spelled:
    """An address in its one spelling, or why it is none."""
    if not _SCHEME.match(given):
        return _Spelled(given, why=reasons.OTHER_SCHEME())
    scheme, _, rest = given.partition("://")
    end = next((at for at, sign in enumerate(rest) if sign in "/?#"), len(rest))
    try:
        host = _host(rest[:end])
    except idna.IDNAError:
        return _Spelled(given, why=reasons.NO_HOST_NAME())
    path = (
        quote(rest[end:], safe=_KEPT, errors="surrogateescape")
        if _is_escaped(rest[end:])
        else rest[end:]
    )
    url = f"{scheme.lower()}://{host}{path}"
    parts = addresses.split(url)
    if parts is None or not _is_seen(given):
        return _Spelled(given, why=reasons.NO_ADDRESS())
    return _Spelled(url, parts.scheme, parts.hostname or "")


_known = lru_cache(4096)(_spelled)


def _is_escaped(path: str) -> bool:
    return not path.isascii() or not path.isprintable() or bool(set(path) & set(' "<>\\^`{|}'))


def _is_seen(url: str) -> bool:
    """Whether all of it is seen, and every program reads it alike: some take a backslash for a slash.
    A blank is meant, and so are bytes that are not UTF-8."""
    signs = (c for c in set(url) - {" "} if not "\udc80" <= c <= "\udcff")
    return "\\" not in url and not any(is_hidden(c) or is_blank(c) for c in signs)


def _host(netloc: str) -> str:
    """A host with its port in small letters, as the DNS has it; IDNAError if it can't be a name."""
    if netloc.isascii():
        return netloc.lower()
    host, colon, port = netloc.partition(":")
    if len(netloc) > MAX_HOST_CHARS:
        raise idna.IDNAError("too long")
    return idna.encode(host, uts46=True).decode().lower() + colon + port


def _may_be_sent_to(host: str) -> bool:
    """Readers' clients contact it: it must not lie in their own network."""
    is_any_allowed = settings.GHOST.allow_private_networks and host
    return bool(is_any_allowed) or ip_ranges.is_public_host(host)
