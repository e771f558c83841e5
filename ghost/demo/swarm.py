"""A BitTorrent world of its own on loopback: real DHT nodes and real seeders.

Nothing of it can leave the machine: every session listens on an address in 127.0.0.0/8, has
local discovery and port mapping off, and blocks every address outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

import libtorrent as lt

from ghost.core.errors import OutageError
from ghost.demo.place import BOOTSTRAP_NODES, SWARM_PORT

if TYPE_CHECKING:
    from ghost.demo.seeds import Seed

Endpoint = tuple[str, int]

NODES = 16
READY_WITHIN_S = 30.0
ANNOUNCE_EVERY_S = 600
_ANNOUNCES_AT_ONCE = 40


class LoopbackSwarm:
    """A DHT and seeders that share `seeds`; a context manager, ready once entered.

    All its addresses begin with `network`, such as `127.77`.
    """

    def __init__(
        self,
        seeds: Sequence[Seed],
        *,
        network: str,
        number_of_nodes: int = NODES,
        number_of_seeders: int = 2,
    ) -> None:
        self.seeds = seeds
        # One /24 for each: a node trusts few others of one network.
        self._node_endpoints = [(f"{network}.{i}.1", SWARM_PORT) for i in range(number_of_nodes)]
        self.seeder_endpoints = [
            (f"{network}.{100 + i}.1", SWARM_PORT) for i in range(number_of_seeders)
        ]
        self._asker = f"{network}.150.1"
        self._nodes: list[lt.session] = []
        self._seeders: list[lt.session] = []

    @property
    def bootstrap(self) -> tuple[str, ...]:
        """What GHOST_DHT_BOOTSTRAP_NODES has to be to enter this world."""
        return tuple(f"{ip}:{port}" for ip, port in self._node_endpoints[:BOOTSTRAP_NODES])

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait until every seed is found; OutageError if it is not."""
        self._nodes = [self._session(endpoint) for endpoint in self._node_endpoints]
        self._join(self._nodes)
        self._seeders = [self._session(endpoint) for endpoint in self.seeder_endpoints]
        self._join(self._seeders)
        self._share()
        self._announce()

    def stop(self) -> None:
        """End all sessions; the last reference joins a session's threads."""
        sessions = self._seeders + self._nodes
        self._seeders, self._nodes = [], []
        for session in sessions:
            session.pause()
        while sessions:
            sessions.pop()

    def leave(self, magnets: Collection[str]) -> None:
        """Seed these no more. The DHT starts anew, since its nodes would go on naming the seeders
        for three quarters of an hour."""
        self.stop()
        self.seeds = [seed for seed in self.seeds if seed.magnet_uri not in magnets]
        self.start()

    def peers_of(self, keys: Iterable[str]) -> dict[str, set[Endpoint]]:
        """Who the DHT names for these keys (40 hex digits), asked by a client of its own."""
        client = self._session((self._asker, 0), read_only=True)
        self._join([client])
        found: dict[str, set[Endpoint]] = {key: set() for key in keys}
        for key in found:
            client.dht_get_peers(lt.sha1_hash(bytes.fromhex(key)))
        patience = time.monotonic() + 2.0
        while time.monotonic() < patience and not all(found.values()):
            client.wait_for_alert(50)
            for key, peers in _answers(client):
                found[key].update(peers)
        client.pause()
        return found

    # -- how it comes up

    def _session(self, endpoint: Endpoint, *, read_only: bool = False) -> lt.session:
        ip, port = endpoint
        params = lt.session_params()
        params.settings = _settings(ip, port, read_only=read_only)
        params.ip_filter = _only_loopback()
        return lt.session(params)

    def _join(self, sessions: Sequence[lt.session]) -> None:
        """Let each know every node, and wait until its table has a few."""
        for session in sessions:
            for endpoint in self._node_endpoints:
                session.add_dht_node(endpoint)
        wanted = min(len(self._node_endpoints) - 1, 8)
        _wait("the DHT", lambda: all(_counter(s, "dht.dht_nodes") >= wanted for s in sessions))

    def _share(self) -> None:
        for i, seed in enumerate(self.seeds):
            params = lt.load_torrent_buffer(seed.body)
            params.save_path = str(seed.save_path)
            params.flags = lt.torrent_flags.seed_mode | lt.torrent_flags.disable_lsd
            self._seeders[i % len(self._seeders)].add_torrent(params)

    def _announce(self) -> None:
        """Announce every seed, and again what the DHT does not name."""
        todo = [
            (i % len(self._seeders), key) for i, s in enumerate(self.seeds) for key in s.dht_keys
        ]
        deadline = time.monotonic() + READY_WITHIN_S
        while todo:
            if time.monotonic() > deadline:
                raise _not_up("the seeds")
            for who, key in todo[:_ANNOUNCES_AT_ONCE]:
                self._seeders[who].dht_announce(
                    lt.sha1_hash(bytes.fromhex(key)),
                    self.seeder_endpoints[who][1],
                    lt.announce_flags_t.seed,
                )
            time.sleep(0.1)
            named = self.peers_of(key for _, key in todo[:_ANNOUNCES_AT_ONCE])
            todo = [(who, key) for who, key in todo if not named.get(key)]


def _wait(what: str, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not is_ready():
        if time.monotonic() > deadline:
            raise _not_up(what)
        time.sleep(0.05)


def _not_up(what: str) -> OutageError:
    return OutageError(f"The swarm on loopback did not come up ({what}). Is another one running?")


def _settings(ip: str, port: int, *, read_only: bool) -> Any:  # noqa: ANN401  # libtorrent's
    if not ip.startswith("127."):
        raise ValueError(f"{ip} is not a loopback address")
    return {
        "listen_interfaces": f"{ip}:{port}",
        "outgoing_interfaces": ip,
        "max_retry_port_bind": 0,
        "listen_system_port_fallback": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "dht_bootstrap_nodes": "",
        "dht_read_only": read_only,
        # The defaults distrust what a private network looks like.
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_prefer_verified_node_ids": False,
        "dht_ignore_dark_internet": False,
        "allow_multiple_connections_per_ip": True,
        # Few nodes answer all look-ups here; the defaults would silence them.
        "dht_block_ratelimit": 1_000_000,
        "dht_block_timeout": 1,
        "dht_upload_rate_limit": 100_000_000,
        "dht_max_torrents": 100_000,
        "recv_socket_buffer_size": 4 << 20,
        "send_socket_buffer_size": 1 << 20,
        "dht_announce_interval": ANNOUNCE_EVERY_S,
        "active_limit": -1,
        "active_seeds": -1,
        "active_dht_limit": -1,
        "connections_limit": 2000,
        "unchoke_slots_limit": -1,
        "alert_mask": lt.alert_category.error | lt.alert_category.dht_operation,
    }


def _only_loopback() -> lt.ip_filter:
    blocked = lt.ip_filter()
    blocked.add_rule("0.0.0.0", "126.255.255.255", 1)  # noqa: S104  # a range to block
    blocked.add_rule("128.0.0.0", "255.255.255.255", 1)
    blocked.add_rule("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1)
    return blocked


def _counter(session: lt.session, name: str) -> int:
    session.post_session_stats()
    patience = time.monotonic() + 2.0
    while time.monotonic() < patience:
        session.wait_for_alert(50)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.session_stats_alert):
                return int(alert.values[name])
    return 0


def _answers(session: lt.session) -> list[tuple[str, list[Endpoint]]]:
    return [
        (alert.info_hash.to_bytes().hex(), list(alert.peers()))
        for alert in session.pop_alerts()
        if isinstance(alert, lt.dht_get_peers_reply_alert)
    ]
