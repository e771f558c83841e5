"""Which addresses belong to the public internet, and which to somebody's own network."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache

OFF_LIMITS = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "::/3",  # loopback, and IPv4 mapped or translated
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",  # tunnels and documentation
        "4000::/2", "8000::/1",  # local, link-local, multicast
    )
)  # fmt: skip
"""Loopback, private, link-local, shared, multicast, documentation and tunnel addresses (RFC 6890
and its kin); of IPv6 all that is not global unicast."""

LOCAL_DOMAINS = ("localhost", "local", "internal", "home.arpa")
"""RFC 6761, 6762 and 8375, and what ICANN set aside in 2024."""
_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+[a-z][a-z0-9-]{0,62}")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; ValueError if it is none."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return not any(ip in block for block in OFF_LIMITS)


def is_loopback(host: str) -> bool:
    """Whether nobody else can be there, or reach it: an address on loopback, in brackets or not, or
    `localhost`. Other names are not looked up."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@lru_cache(4096)
def is_public_host(host: str) -> bool:
    """Whether a URL's host may lie on the public internet. Names are not looked up.

    False for an address that is not public in any spelling that a resolver takes (`127.1`,
    `0x7f.1`, `2130706433`), for names without a dot, for local ones, and for what is no host.
    """
    host = host.lower().removesuffix(".")
    literal = _literal(host)
    if literal is not None:
        return is_public(literal)
    is_local = any(f".{host}".endswith(f".{domain}") for domain in LOCAL_DOMAINS)
    return not is_local and _NAME.fullmatch(host) is not None


def _literal(host: str) -> str | None:
    """The address that `host` spells, as inet_aton(3) and RFC 4291 read it, if it is one."""
    if ":" in host:
        return host if _is_v6(host) else None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _is_v6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return False
    return True
