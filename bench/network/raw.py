"""What libtorrent can do with nothing of Ghost around it: what the benches compare Ghost with.

python -m network.raw lookups|probes MANIFEST    (of loopback.py; JSON comes out)
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import libtorrent as lt
from processes import usage

IN_FLIGHT = 100
PATIENCE_S = 20.0
ENOUGH_NODES = 2
_POLL_S = 0.005

SETTINGS = {
    "dht_read_only": True,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "dht_bootstrap_nodes": "",
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 1_000_000,
    "dht_block_timeout": 1,
    "recv_socket_buffer_size": 4 << 20,
    "alert_queue_size": 200_000,
    "active_limit": -1,
    "active_downloads": -1,
    "connections_limit": 4000,
    "connection_speed": 2000,
    "torrent_connect_boost": 255,
    "min_reconnect_time": 1,
    "allow_multiple_connections_per_ip": True,
    "alert_mask": lt.alert_category.error
    | lt.alert_category.status
    | lt.alert_category.dht_operation,
}


def session(manifest: dict[str, Any]) -> lt.session:
    """A client in the network of the manifest, which knows as many nodes as Ghost is told."""
    host = manifest["client"]
    pack: Any = SETTINGS | {"listen_interfaces": f"{host}:0", "outgoing_interfaces": host}
    made = lt.session(pack)
    for node in manifest["bootstrap"]:
        ip, port = node.split(":")
        made.add_dht_node((ip, int(port)))
    deadline = time.monotonic() + PATIENCE_S
    while not _knows_a_node(made):
        if time.monotonic() > deadline:
            raise SystemExit("No node of the simulated DHT answers.")
        time.sleep(0.02)
    return made


def _knows_a_node(asked: lt.session) -> bool:
    asked.post_session_stats()
    asked.wait_for_alert(1000)
    stats = (a for a in asked.pop_alerts() if isinstance(a, lt.session_stats_alert))
    return any(alert.values["dht.dht_nodes"] for alert in stats)


def look_up(asked: lt.session, keys: Sequence[str]) -> dict[str, int]:
    """How many nodes named peers for each key, IN_FLIGHT at a time."""
    found = dict.fromkeys(keys, 0)
    for start in range(0, len(keys), IN_FLIGHT):
        for key in keys[start : start + IN_FLIGHT]:
            asked.dht_get_peers(lt.sha1_hash(bytes.fromhex(key)))
        deadline = time.monotonic() + PATIENCE_S
        asked.post_dht_stats()
        while _count(asked, found) and time.monotonic() < deadline:
            time.sleep(_POLL_S)
            asked.post_dht_stats()
    return found


def _count(asked: lt.session, found: dict[str, int]) -> int:
    """Take the answers in, up to the next statistics; how many look-ups are under way."""
    while True:
        asked.wait_for_alert(1000)
        under_way = None
        for alert in asked.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                key = alert.info_hash.to_bytes().hex()
                if key in found and alert.num_peers():
                    found[key] += 1
            elif isinstance(alert, lt.dht_stats_alert):
                under_way = sum(r["type"] == "get_peers" for r in alert.active_requests)
        if under_way is not None:
            return under_way


def holders(nodes: Sequence[tuple[str, int]], key: str) -> int:
    """How many of these nodes name peers for the key when they are asked themselves (BEP 5)."""
    query = b"d1:ad2:id20:%b9:info_hash20:%be1:q9:get_peers2:roi1e1:t2:aa1:y1:qe"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind(("127.0.0.1", 0))
        asker.settimeout(0.5)
        for ip, port in nodes:
            asker.sendto(query % (os.urandom(20), bytes.fromhex(key)), (ip, port))
        named = 0
        for _ in nodes:
            with suppress(TimeoutError):
                named += b"6:values" in asker.recv(4096)
    return named


def fetch(asked: lt.session, magnets: Iterable[str], timeout_s: float) -> dict[str, float]:
    """The magnets whose metadata came, with the seconds after which it did.

    In two phases: the DHT is asked, IN_FLIGHT at a time, and a torrent is added once peers are
    named, to which later ones join: an answer may have been meant for another hash. Ends when all
    have come, or after `timeout_s`.
    """
    began = time.monotonic()
    params = {magnet: lt.parse_magnet_uri(magnet) for magnet in magnets}
    by_key = {key: magnet for magnet, p in params.items() for key in _keys(p.info_hashes)}
    waiting, room = list(by_key), IN_FLIGHT
    met: dict[str, dict[Any, Any]] = {}
    found: dict[str, float] = {}
    while len(found) < len(params) and time.monotonic() < began + timeout_s:
        for key in waiting[:room]:
            asked.dht_get_peers(lt.sha1_hash(bytes.fromhex(key)))
        del waiting[:room]
        room = 0
        if waiting:
            asked.post_dht_stats()
        time.sleep(_POLL_S)
        asked.wait_for_alert(50)
        for alert in asked.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert) and alert.num_peers():
                magnet = by_key.get(alert.info_hash.to_bytes().hex())
                if magnet and magnet not in found:
                    _meet(asked, params[magnet], met.setdefault(magnet, {}), alert.peers())
            elif isinstance(alert, lt.dht_stats_alert):
                room = IN_FLIGHT - sum(r["type"] == "get_peers" for r in alert.active_requests)
            elif isinstance(alert, lt.metadata_received_alert):
                hashes = alert.handle.info_hashes()
                magnet = next(by_key[key] for key in _keys(hashes) if key in by_key)
                arrived = alert.handle.torrent_file()
                assert arrived is not None
                _read(arrived)
                asked.remove_torrent(alert.handle)
                found.setdefault(magnet, time.monotonic() - began)
    return found


def _keys(hashes: lt.info_hash_t) -> list[str]:
    keys = [hashes.v1.to_bytes().hex()] if hashes.has_v1() else []
    return keys + ([hashes.v2.to_bytes()[:20].hex()] if hashes.has_v2() else [])


def _meet(
    asked: lt.session, params: lt.add_torrent_params, met: dict[Any, Any], peers: Iterable[Any]
) -> None:
    """Have the metadata fetched from these peers too; `met` maps each to the torrent's handle."""
    new = [tuple(peer) for peer in peers if tuple(peer) not in met]
    handle = next(iter(met.values()), None)
    if handle is None and new:
        handle = _add(asked, params, new)
    elif handle is not None:
        for peer in new:
            handle.connect_peer(peer)
    met |= dict.fromkeys(new, handle)


def _add(asked: lt.session, params: lt.add_torrent_params, peers: list[Any]) -> lt.torrent_handle:
    flags = lt.torrent_flags
    params.flags = (
        flags.upload_mode
        | flags.default_dont_download
        | flags.disable_dht
        | flags.disable_lsd
        | flags.disable_pex
    )
    params.peers = peers
    params.save_path = "/nonexistent"
    return asked.add_torrent(params)


def _read(info: lt.torrent_info) -> list[tuple[str, int]]:
    layout = info.layout()
    pad = int(lt.file_flags_t.flag_pad_file)
    return [
        (layout.file_path(i), layout.file_size(i))
        for i in range(layout.num_files())
        if not int(layout.file_flags(i)) & pad
    ]


def main() -> None:
    """One loop, measured."""
    what, manifest = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    asked = session(manifest)
    with usage.Meter() as meter:
        if what == "lookups":
            found: Mapping[str, float] = look_up(asked, manifest["keys"])
        else:
            found = fetch(asked, manifest["magnets"], float(manifest["timeout_s"]))
    print(json.dumps({"found": found, **meter.told()}))


if __name__ == "__main__":
    main()
