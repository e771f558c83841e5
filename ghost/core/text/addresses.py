"""Addresses that are shown to people or contacted for them: what they say must be where they lead.

Programs differ on which part is the host where there is a backslash, an `@` or a space (WHATWG URL against RFC
3986), so that what has one of those is no plain address.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ghost.core.text.unicode import is_blank, is_hidden

SCHEMES = frozenset({"http", "https"})
NOT_PLAIN = _(
    "Give an address that starts with http:// or https:// and a host, without a user's name."
)


def split(url: str) -> SplitResult | None:
    """Its parts; None where it is no plain address: without a host, with a user's name, a backslash, or what is
    not seen."""
    if "\\" in url or any(is_hidden(c) or is_blank(c) for c in url):
        return None
    try:
        parts = urlsplit(url)
        _port = parts.port  # raises if it is no number
    except ValueError:
        return None
    # No host has a percent sign; some programs read `%40` there as an @.
    return parts if parts.hostname and not set("@%") & set(parts.netloc) else None


def is_plain(url: str) -> bool:
    """Whether it is a plain address of the web: `https://host/…`."""
    parts = split(url)
    return parts is not None and parts.scheme in SCHEMES


def require_plain(url: str) -> None:
    """ValidationError unless it is a plain address of the web."""
    if not is_plain(url):
        raise ValidationError(NOT_PLAIN, code="invalid")
