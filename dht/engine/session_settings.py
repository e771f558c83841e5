"""How the libtorrent session is set up; every figure was measured, see docs/dht.md."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ghost.core.io.ip_ranges import OFF_LIMITS, is_loopback

if TYPE_CHECKING:
    from ghost.core.config.env import Env

MAX_METADATA_BYTES = 8 << 20
MAX_BYTES_PER_S = 4 << 20
"""Of one torrent. libtorrent asks a peer whose metadata is larger for its first piece for ever."""
RANGES_OFF_LIMITS = tuple((str(block[0]), str(block[-1])) for block in OFF_LIMITS)
"""First and last address of each block that no peer of the public internet is in."""

_PASSIVE = {
    # Nothing of ours enters other nodes' tables; no multicast on the local network.
    "dht_read_only": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
}
_MANY_AT_ONCE = {
    # The default bans a node that answers more than 5 packets/s: false Stale.
    "dht_block_ratelimit": 1000,
    # The kernel's default buffer overflows when many nodes answer at once.
    "recv_socket_buffer_size": 4 << 20,
    "alert_queue_size": 200_000,
    "active_limit": -1,
    "active_downloads": -1,
    "connections_limit": 4000,
    "connection_speed": 500,
    "torrent_connect_boost": 255,
    # A lost first connection would otherwise be tried again after 60 s only.
    "min_reconnect_time": 1,
    # uTP comes first, with one packet and no second; only when that times out comes TCP.
    # By default: 3 s and the rest of a second, during which a peer without uTP is not asked.
    "utp_connect_timeout": 500,
    "max_metadata_size": MAX_METADATA_BYTES,
}
_CLOSED_NETWORK = {
    # Few addresses, close together, and node ids that don't derive from public ones.
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_enforce_node_id": False,
    "dht_prefer_verified_node_ids": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 1_000_000,
    "dht_block_timeout": 1,
    "allow_multiple_connections_per_ip": True,
}


def session_settings(env: Env) -> dict[str, bool | int | str]:
    """libtorrent's settings for a client that looks and asks, and never shares.

    A taken port is followed by the next free one; port 0 is any.
    """
    chosen: dict[str, bool | int | str] = {
        "listen_interfaces": ",".join(env.dht_listen_interfaces),
        "dht_bootstrap_nodes": ",".join(env.dht_bootstrap_nodes),
        **_PASSIVE,
        **_MANY_AT_ONCE,
    }
    if env.allow_private_networks:
        chosen |= _CLOSED_NETWORK
    hosts = [endpoint.rpartition(":")[0] for endpoint in env.dht_listen_interfaces]
    if hosts and all(is_loopback(host) for host in hosts):
        chosen["outgoing_interfaces"] = ",".join(dict.fromkeys(hosts))
    return chosen


def bootstrap_endpoints(env: Env) -> Iterator[tuple[str, int]]:
    """Those bootstrap nodes that are given by address.

    libtorrent asks routers, but never keeps them; a small DHT may consist of them.
    """
    for endpoint in env.dht_bootstrap_nodes:
        host, _, port = endpoint.rpartition(":")
        if _is_address(host):
            yield host.strip("[]"), int(port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
