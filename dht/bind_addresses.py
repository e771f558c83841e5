"""From which of this machine's addresses others are asked: where the DHT listens, if that is one."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghost.core.config.env import Env

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


def by_family(env: Env) -> dict[socket.AddressFamily, str]:
    """The address to bind to for each family that may be used, a wildcard where any will do.

    Operators name an address in GHOST_DHT_LISTEN_INTERFACES to stay inside a VPN, so a family
    that is not named is not used. A device's name (libtorrent knows those) gives none.
    """
    addresses: dict[socket.AddressFamily, str] = {}
    for endpoint in env.dht_listen_interfaces:
        host = endpoint.rpartition(":")[0].strip("[]")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            continue
        addresses.setdefault(_FAMILIES[address.version], host)
    return addresses


def source_address(addresses: Mapping[socket.AddressFamily, str]) -> str | None:
    """The one address that connections must come from, IPv4 before IPv6; None if any may."""
    named = [host for host in addresses.values() if not ipaddress.ip_address(host).is_unspecified]
    return named[0] if named else None
