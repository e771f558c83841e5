"""The only user of libtorrent: plain values in, plain values out.

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

from dht import reasons
from dht.engine import libtorrent_values, mock, session_settings
from dht.engine.events import (
    Endpoint,
    Event,
    LookupLoad,
    PeersNamed,
    TorrentArrived,
    TorrentRefused,
)
from ghost.core.errors import OutageError
from ghost.core.io.files import write_atomic

try:
    import libtorrent
except ImportError as error:  # a missing shared library is one too
    lt: Any = None
    _load_error = str(error)
else:
    lt = libtorrent
    _load_error = ""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ghost.core.config.env import Env
    from resources.torrents.magnets import Magnet

log = logging.getLogger(__name__)

_T = TypeVar("_T")
SAVE_STATE_EVERY_S = 300
NODES_PATIENCE_S = 10.0
"""How long an empty DHT table may take to get its first node."""
LOOK_EVERY_S = 1.0
"""Between two looks at who sends more than the largest metadata has bytes."""
_PROGRESS = 0  # of each torrent's state only what is at hand
_STATS_PATIENCE_S = 5.0
_DHT_STATE = b"d9:dht state"
_BY_UTP = 4
"""libtorrent's pex_utp: try uTP first (again), and no encryption."""
_OTHER_HASH = 30
"""libtorrent's errors::mismatching_info_hash."""


@dataclass
class _Fetch:
    """A torrent whose metadata is asked for; `handle` is None once it came or was refused."""

    magnet: Magnet
    handle: Any
    peers: set[Endpoint]
    left_out: Endpoint | None = None


def require() -> None:
    """OutageError if libtorrent can't be loaded on this machine."""
    if lt is None and not mock.is_on():
        raise OutageError(reasons.NOT_LOADED(reason=_load_error))


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
        for endpoint in session_settings.bootstrap_endpoints(env):
            self._lt.add_dht_node(endpoint)
        self._fetches: dict[str, _Fetch] = {}  # by magnet hash
        self._updated_at = 0.0
        self._events: deque[Event] = deque()
        self._counters: dict[str, int] | None = None
        self._load: LookupLoad | None = None
        self._saved_at = time.monotonic()

    def listen_port(self) -> int:
        """The port that it got, which may be another than the configured one."""
        return int(self._lt.listen_port())

    # -- the DHT

    def num_nodes(self) -> int:
        """How many DHT nodes it knows that answer."""
        return self.counters()["dht.dht_nodes"]

    def packets(self) -> int:
        """How many packets of DHT nodes came so far: none for a while, though asked, means that
        the network is gone. Nodes that can't be reached stay in the table."""
        return self.counters()["dht.dht_messages_in"]

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

    def lookup_load(self) -> LookupLoad:
        """How the look-ups stand; answers to ended ones are among the events."""
        self._load = None
        self._lt.post_dht_stats()
        return self._await(lambda: self._load)

    # -- metadata

    def fetch(self, magnet: Magnet, peers: Iterable[Endpoint]) -> None:
        """Ask these peers, and only these, for the metadata; it comes as TorrentArrived, or else
        as TorrentRefused.

        May be called again with further peers, and with the same: they are then tried anew,
        uTP first, for which libtorrent sends a peer one packet only. Whoever sent the most until
        then, and in vain, is left out while there are others.
        """
        fetch, named = self._fetches.get(magnet.hash), set(peers)
        if fetch is None:
            handle = self._lt.add_torrent(self._torrent_params(magnet, named))
            self._fetches[magnet.hash] = _Fetch(magnet, handle, named)
        elif fetch.handle is not None:
            is_in_vain = bool(named & fetch.peers)
            fetch.peers |= named
            if not (is_in_vain and self._leave_out_one_peer(fetch)):
                for peer in named:
                    fetch.handle.connect_peer(peer, 0, _BY_UTP)

    def drop(self, magnet_hash: str) -> None:
        """Let go of a torrent, whether its metadata came or not."""
        fetch = self._fetches.pop(magnet_hash, None)
        if fetch is not None and fetch.handle is not None:
            self._lt.remove_torrent(fetch.handle)
            fetch.handle = None

    def _leave_out_one_peer(self, fetch: _Fetch, *, is_proved: bool = False) -> bool:
        """Begin anew without the peer that sends the most, another than last time; False if there
        is none. Unless it is proved that one of them lies, it takes two to suspect one.

        libtorrent goes on asking one whose metadata is wrong or too large, and nobody else.
        """
        speeds = {tuple(p.ip): p.down_speed for p in fetch.handle.get_peer_info()}
        is_enough = (
            len(speeds) > 1
            or is_proved
            or libtorrent_values.is_sent_useless_data(fetch.handle.status())
        )
        suspects = speeds.keys() - {fetch.left_out}
        if not suspects or not is_enough or len(fetch.peers) < 2:
            return False
        fetch.left_out = max(suspects, key=lambda peer: speeds[peer])
        self._lt.remove_torrent(fetch.handle)
        others = fetch.peers - {fetch.left_out}
        fetch.handle = self._lt.add_torrent(self._torrent_params(fetch.magnet, others))
        return True

    def _torrent_params(self, magnet: Magnet, peers: Iterable[Endpoint]) -> Any:  # noqa: ANN401  # libtorrent's
        # Only a hash: no tracker or web seed of the link may be contacted from here. Only one of
        # a hybrid's, or else a link that pairs two torrents' would keep the other from being asked
        # for. Who has a hybrid knows it under both.
        topic = f"urn:btih:{magnet.v1}" if magnet.v1 else f"urn:btmh:1220{magnet.v2}"
        params = lt.parse_magnet_uri(f"magnet:?xt={topic}")
        flags = lt.torrent_flags
        # With the DHT on for it, libtorrent would announce us as a peer of what is dead.
        params.flags = (
            flags.upload_mode
            | flags.default_dont_download
            | flags.disable_dht
            | flags.disable_lsd
            | flags.disable_pex
            | flags.update_subscribe
        )
        params.peers = list(peers)
        params.save_path = self._save_path
        return params

    # -- what happened

    def events(self, wait_s: float) -> list[Event]:
        """What happened since the last call, waiting up to `wait_s` seconds for something."""
        if time.monotonic() - self._updated_at >= LOOK_EVERY_S:
            self._updated_at = time.monotonic()
            self._lt.post_torrent_updates(_PROGRESS)
        self._collect(0)
        if not self._events:
            self._collect(wait_s)
        events = list(self._events)
        self._events.clear()
        return events

    def counters(self) -> dict[str, int]:
        """libtorrent's own counters, by their names."""
        self._counters = None
        self._lt.post_session_stats()
        return self._await(lambda: self._counters)

    def _await(self, answer: Callable[[], _T | None]) -> _T:
        deadline = time.monotonic() + _STATS_PATIENCE_S
        while (value := answer()) is None:
            if time.monotonic() >= deadline:
                raise OutageError(reasons.NOT_RESPONDING())
            self._collect(0.05)
        return value

    def _collect(self, wait_s: float) -> None:
        """Copy out what libtorrent reports: an alert is freed by the next pop_alerts()."""
        if wait_s:
            self._lt.wait_for_alert(max(1, int(wait_s * 1000)))
        for alert in self._lt.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                peers = tuple((ip, port) for ip, port in alert.peers())
                self._events.append(PeersNamed(alert.info_hash.to_bytes().hex(), peers))
            elif isinstance(alert, lt.metadata_received_alert):
                self._handle_metadata(libtorrent_values.metadata(alert.handle))
            elif isinstance(alert, lt.torrent_conflict_alert):
                # Both halves of a hybrid were asked for, and both torrents stopped.
                self._handle_metadata(alert.metadata)
            elif isinstance(alert, lt.metadata_failed_alert):
                self._handle_failure(libtorrent_values.info_hashes(alert.handle), alert.error)
            elif isinstance(alert, lt.state_update_alert):
                libtorrent_values.limit_rate(alert.status)
            elif isinstance(alert, lt.session_stats_alert):
                self._counters = dict(alert.values)
            elif isinstance(alert, lt.dht_stats_alert):
                self._load = libtorrent_values.lookup_load(alert.active_requests)
            elif isinstance(alert, lt.listen_failed_alert):
                log.warning("%s", alert.message())

    def _handle_metadata(self, info: Any) -> None:  # noqa: ANN401  # libtorrent's
        if info is None:
            return  # its torrent is gone; if by a conflict, that alert has the metadata too
        torrent = libtorrent_values.torrent(info)
        self._finish(info.info_hashes(), lambda magnet_hash: TorrentArrived(magnet_hash, torrent))

    def _handle_failure(self, hashes: Any, error: Any) -> None:  # noqa: ANN401  # libtorrent's
        if hashes is None:
            return  # nobody asks for it any more
        if error.category().name() != "libtorrent" or error.value() != _OTHER_HASH:
            self._finish(hashes, lambda magnet_hash: TorrentRefused(magnet_hash, error.message()))
            return
        for fetch in self._fetches_of(hashes):
            self._leave_out_one_peer(fetch, is_proved=True)

    def _finish(self, hashes: Any, make_event: Callable[[str], Event]) -> None:  # noqa: ANN401  # libtorrent's
        """Tell everyone who asked for it, and leave its swarm."""
        fetches = self._fetches_of(hashes)
        self._events += [make_event(fetch.magnet.hash) for fetch in fetches]
        for handle in {fetch.handle for fetch in fetches}:
            self._lt.remove_torrent(handle)
        for fetch in fetches:
            fetch.handle = None

    def _fetches_of(self, hashes: Any) -> list[_Fetch]:  # noqa: ANN401  # libtorrent's
        known = [self._fetches.get(d.to_bytes().hex()) for d in (hashes.v1, hashes.v2)]
        return [fetch for fetch in known if fetch is not None and fetch.handle is not None]

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
        for magnet_hash in list(self._fetches):
            self.drop(magnet_hash)
        self.save_state(now=True)
        self._lt = None  # joins libtorrent's threads


_session: Session | None = None
_inherited: list[Session] = []


def session() -> Session:
    """This process's session, made now if there is none; OutageError without libtorrent, or where answers are made
    up."""
    global _session
    if mock.is_on():
        raise OutageError(reasons.MOCK_IS_ON())
    if _session is not None and _session.pid != os.getpid():
        # Its threads stayed in the parent. Ending it here would wait for them for ever.
        _inherited.append(_session)
        _session = None
    if _session is None:
        _session = Session(settings.GHOST)
        # Children of multiprocessing, such as the queue's workers, skip atexit.
        Finalize(None, close, exitpriority=10)
    return _session


def is_open() -> bool:
    """Whether this process has a session."""
    return _session is not None and _session.pid == os.getpid()


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
    params.settings = session_settings.session_settings(env) | {"alert_mask": mask}
    if not env.allow_private_networks:
        blocked = lt.ip_filter()
        for first, last in session_settings.RANGES_OFF_LIMITS:
            blocked.add_rule(first, last, 1)
        params.ip_filter = blocked
    return params
