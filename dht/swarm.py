"""The one door to libtorrent: plain values in, plain values out.

One session per process, made when it is first asked for and never before a fork, kept between
tasks so that its DHT table stays warm, closed when the process ends. It asks the DHT and takes
metadata (BEP 5, 9); it announces nothing, shares nothing and writes no content.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings

from dht import network
from dht.torrents import Torrent
from ghost.errors import OutageError
from ghost.files import write_atomic

try:
    import libtorrent
except ImportError as error:  # a missing shared library is one too
    lt: Any = None
    _why_not = str(error)
else:
    lt = libtorrent
    _why_not = ""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ghost.env import Env
    from resources.magnets import Magnet

log = logging.getLogger(__name__)

Endpoint = tuple[str, int]
_T = TypeVar("_T")
SAVE_STATE_EVERY_S = 300
NODES_PATIENCE_S = 10.0
"""How long an empty DHT table may take to get its first node."""
_STATS_PATIENCE_S = 5.0
_DHT_STATE = b"d9:dht state"


@dataclass(frozen=True)
class PeersNamed:
    """One DHT node answered a look-up of `key` (40 hex digits) with these peers, maybe none."""

    key: str
    peers: tuple[Endpoint, ...]


@dataclass(frozen=True)
class TorrentArrived:
    """The metadata of the torrent that was asked for under `magnet_hash`."""

    magnet_hash: str
    torrent: Torrent


Event = PeersNamed | TorrentArrived


def require() -> None:
    """OutageError if libtorrent can't be loaded on this machine."""
    if lt is None:
        raise OutageError(
            f"libtorrent can't be loaded, so nothing can be probed or checked: {_why_not}."
        )


def state_path() -> Path:
    """Where the DHT's nodes are kept between starts."""
    return settings.GHOST.db_path.with_name("dht.state")


class Session:
    """This process's libtorrent session. Use `session()`; one thread at a time."""

    def __init__(self, env: Env) -> None:
        require()
        self.pid = os.getpid()
        self._save_path = str(env.magnet_tmp_dir)
        self._lt: Any = lt.session(_params(env))
        for endpoint in network.bootstrap_endpoints(env):
            self._lt.add_dht_node(endpoint)
        self._torrents: dict[str, Any] = {}
        self._events: deque[Event] = deque()
        self._counters: dict[str, int] | None = None
        self._lookups: int | None = None
        self._saved_at = time.monotonic()

    # -- the DHT

    def num_nodes(self) -> int:
        """How many DHT nodes it knows that answer."""
        return self.counters()["dht.dht_nodes"]

    def has_nodes(self, patience_s: float) -> bool:
        """Whether the DHT can be reached, waiting up to `patience_s` seconds for a first node."""
        deadline = time.monotonic() + patience_s
        while not self.num_nodes():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def look_up(self, key: str) -> None:
        """Ask the DHT who has `key`; each node's answer comes as PeersNamed, silence as none."""
        self._lt.dht_get_peers(lt.sha1_hash(bytes.fromhex(key)))

    def num_lookups(self) -> int:
        """How many look-ups are under way; answers to ended ones are among the events."""
        self._lookups = None
        self._lt.post_dht_stats()
        return self._await(lambda: self._lookups)

    # -- metadata

    def fetch(self, magnet: Magnet, peers: Iterable[Endpoint]) -> None:
        """Ask these peers, and only these, for the metadata; it comes as TorrentArrived.

        May be called again with further peers.
        """
        handle = self._torrents.get(magnet.hash)
        if handle is None:
            self._torrents[magnet.hash] = self._lt.add_torrent(self._torrent_params(magnet, peers))
            return
        for peer in peers:
            handle.connect_peer(peer)

    def drop(self, magnet_hash: str) -> None:
        """Let go of a torrent, whether its metadata came or not."""
        handle = self._torrents.pop(magnet_hash, None)
        if handle is not None:
            self._lt.remove_torrent(handle)

    def _torrent_params(self, magnet: Magnet, peers: Iterable[Endpoint]) -> Any:  # noqa: ANN401  # libtorrent's
        # Only the hashes: no tracker or web seed of the link may be contacted from here.
        topics = [f"xt=urn:btih:{magnet.v1}"] if magnet.v1 else []
        topics += [f"xt=urn:btmh:1220{magnet.v2}"] if magnet.v2 else []
        params = lt.parse_magnet_uri("magnet:?" + "&".join(topics))
        flags = lt.torrent_flags
        # With the DHT on for it, libtorrent would announce us as a peer of what is dead.
        params.flags = (
            flags.upload_mode
            | flags.default_dont_download
            | flags.disable_dht
            | flags.disable_lsd
            | flags.disable_pex
        )
        params.peers = list(peers)
        params.save_path = self._save_path
        return params

    # -- what happened

    def events(self, wait_s: float) -> list[Event]:
        """What happened since the last call, waiting up to `wait_s` seconds for something."""
        self._collect(0)
        if not self._events:
            self._collect(wait_s)
        found = list(self._events)
        self._events.clear()
        return found

    def counters(self) -> dict[str, int]:
        """libtorrent's own counters, by their names."""
        self._counters = None
        self._lt.post_session_stats()
        return self._await(lambda: self._counters)

    def _await(self, answer: Callable[[], _T | None]) -> _T:
        deadline = time.monotonic() + _STATS_PATIENCE_S
        while (found := answer()) is None:
            if time.monotonic() >= deadline:
                raise OutageError("libtorrent does not answer; restart the worker.")
            self._collect(0.05)
        return found

    def _collect(self, wait_s: float) -> None:
        """Copy out what libtorrent reports: an alert is freed by the next pop_alerts()."""
        if wait_s:
            self._lt.wait_for_alert(max(1, int(wait_s * 1000)))
        for alert in self._lt.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                peers = tuple((ip, port) for ip, port in alert.peers())
                self._events.append(PeersNamed(alert.info_hash.to_bytes().hex(), peers))
            elif isinstance(alert, lt.metadata_received_alert):
                self._take(alert.handle)
            elif isinstance(alert, lt.session_stats_alert):
                self._counters = dict(alert.values)
            elif isinstance(alert, lt.dht_stats_alert):
                kinds = [request["type"] for request in alert.active_requests]
                self._lookups = kinds.count("get_peers")
            elif isinstance(alert, lt.listen_failed_alert):
                log.warning("%s", alert.message())

    def _take(self, handle: Any) -> None:  # noqa: ANN401  # libtorrent's
        hashes = handle.info_hashes()
        known = (hashes.v1.to_bytes().hex(), hashes.v2.to_bytes().hex())
        info = handle.torrent_file()
        try:
            torrent = _plain(info)
        except (RuntimeError, UnicodeError) as error:
            log.warning("Metadata of %s can't be read: %s", known, error)
            return
        self._events += [TorrentArrived(h, torrent) for h in known if h in self._torrents]

    # -- the end

    def save_state(self, *, now: bool = False) -> None:
        """Keep the DHT's nodes for the next start, at most every few minutes unless `now`."""
        if not now and time.monotonic() - self._saved_at < SAVE_STATE_EVERY_S:
            return
        self._saved_at = time.monotonic()
        dht_only = lt.save_state_flags_t.save_dht_state
        body = lt.write_session_params_buf(self._lt.session_state(dht_only), dht_only)
        try:
            write_atomic(state_path(), body)
        except OSError as error:
            log.warning("The DHT's state could not be saved: %s", error)

    def close(self) -> None:
        """Save the DHT's state and end the session; up to a few seconds, nothing else runs."""
        self._lt.pause()
        for magnet_hash in list(self._torrents):
            self.drop(magnet_hash)
        self.save_state(now=True)
        self._lt = None  # joins libtorrent's threads


_session: Session | None = None
_inherited: list[Session] = []


def session() -> Session:
    """This process's session, made now if there is none; OutageError without libtorrent."""
    global _session
    if _session is not None and _session.pid != os.getpid():
        # Its threads stayed in the parent. Ending it here would wait for them for ever.
        _inherited.append(_session)
        _session = None
    if _session is None:
        _session = Session(settings.GHOST)
        # Children of multiprocessing, such as the queue's workers, skip atexit.
        Finalize(None, close, exitpriority=10)
    return _session


def close() -> None:
    """End this process's session, if it has one."""
    global _session
    if _session is not None and _session.pid == os.getpid():
        ending, _session = _session, None
        ending.close()


def _params(env: Env) -> Any:  # noqa: ANN401  # libtorrent's
    params = lt.session_params()
    with suppress(FileNotFoundError):
        body = state_path().read_bytes()
        if body.startswith(_DHT_STATE):
            with suppress(RuntimeError):  # damaged: the bootstrap nodes will do
                params = lt.read_session_params(body, lt.save_state_flags_t.save_dht_state)
    mask = lt.alert_category.error | lt.alert_category.status | lt.alert_category.dht_operation
    params.settings = network.session_settings(env) | {"alert_mask": mask}
    if not env.allow_private_networks:
        blocked = lt.ip_filter()
        for first, last in network.RANGES_OFF_LIMITS:
            blocked.add_rule(first, last, 1)
        params.ip_filter = blocked
    return params


def _plain(info: Any) -> Torrent:  # noqa: ANN401  # libtorrent's
    layout = info.layout()
    pad = int(lt.file_flags_t.flag_pad_file)
    return Torrent(
        name=info.name(),
        files=tuple(
            (layout.file_path(i), layout.file_size(i))
            for i in range(layout.num_files())
            if not int(layout.file_flags(i)) & pad
        ),
        piece_length=info.piece_length(),
        info=bytes(info.info_section()),
        is_v1=info.info_hashes().has_v1(),
        is_v2=info.info_hashes().has_v2(),
    )
