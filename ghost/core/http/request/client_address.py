"""Whose request it is, by IP address: the one place that decides which hop is believed.

`client_address(request) -> str` and `is_in(address, networks) -> bool`; the networks of a variable
are of the type `ghost.core.config.values.Networks`.

gunicorn's own `forwarded_allow_ips` is empty (`ghost.core.server.options`): it believes nobody.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

from ghost.core.config.values import Network

HEADER = "X-Forwarded-For"
MOST_HOPS = 50
"""Of the header, from the right: nobody has more proxies, and a caller may write what he likes."""
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::[0-9]{1,5})?")
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}")


def client_address(request: HttpRequest) -> str:
    """The address that a request comes from, in its one spelling; empty if nobody knows it.

    It is the connection's own, unless that is one of GHOST_TRUSTED_PROXIES (or a Unix socket's
    and there are some): then the rightmost hop of X-Forwarded-For that is none of them. If all
    are, the leftmost. A hop that can't be read, told by a proxy that is trusted, makes the caller
    unknown: whoever lets in by address must not take him for the proxy.
    """
    address = _connected(request)
    if not is_from_proxy(request):
        return address
    for hop in _hops(request):
        address = normalized(hop)
        if not is_in(address, settings.GHOST.trusted_proxies):
            break
    return address


def is_from_proxy(request: HttpRequest) -> bool:
    """Whether what the request says of the way that it came may be believed."""
    trusted, address = settings.GHOST.trusted_proxies, _connected(request)
    return bool(trusted) and (not address or is_in(address, trusted))


def _connected(request: HttpRequest) -> str:
    """The other end of the connection; empty for a Unix socket's."""
    return normalized(str(request.META.get("REMOTE_ADDR", "")))


def is_in(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address, as `client_address` gives it, lies in one of these; an unknown one in
    none."""
    if not address:
        return False
    ip = ipaddress.ip_address(address)
    return any(ip in network for network in networks)


def normalized(text: str) -> str:
    """An address as RFC 5952 spells it, without brackets, port and zone, and IPv4 as such where
    IPv6 has it mapped; empty if it is none."""
    text = text.strip()
    found = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    try:
        ip = ipaddress.ip_address((found[1] if found else text).partition("%")[0])
    except ValueError:
        return ""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)


def counted_as(address: str) -> str:
    """By what an address is counted where callers are limited: one of IPv6 by its /64, which one
    subscriber has to himself (RFC 6177)."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))


def _hops(request: HttpRequest) -> list[str]:
    """From the nearest to the farthest. Empty ones count for nothing (RFC 9110 §5.6.1)."""
    told = request.headers.get(HEADER, "").rsplit(",", MOST_HOPS)[-MOST_HOPS:]
    return [hop for hop in reversed(told) if hop.strip()]
