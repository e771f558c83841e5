"""A simulated DHT on loopback in a process of its own, so that its CPU is not the client's.

    PYTHONPATH=.:bench python -m network.loopback --manifest FILE [--nodes 48] [--torrents 0] [--extra 0]

Prints READY once a separate client has found every torrent and every extra hash (announced, no
torrent behind); the manifest says which these are. A line on standard input, or SIGUSR1, kills a
quarter of the nodes (prints KILLED). Ends on SIGTERM, when standard input closes, and after --ttl.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import libtorrent as lt

from ghost.demo import seeds, swarm
from network import raw

ENOUGH_NODES = 3
"""Nodes that must name a hash before it counts as announced; usually eight do."""
ANNOUNCES_AT_ONCE = 120
ROUNDS = 5
BOOTSTRAP_NODES = 4
_SERVE_MANY = {
    # A burst of clients would otherwise wait for their second SYN.
    "listen_queue_size": 2000,
    "connections_limit": 8000,
    "alert_queue_size": 200_000,
    "alert_mask": lt.alert_category.error | lt.alert_category.dht_operation,
}


class Loopback(swarm.LoopbackSwarm):
    """The demo's swarm, larger, with hashes that nobody has behind them."""

    def __init__(
        self,
        given: Sequence[seeds.Seed],
        extra: Sequence[str],
        **options: Any,  # noqa: ANN401  # the demo's own
    ) -> None:
        super().__init__(given, **options)
        self.extra = extra

    def _session(self, endpoint: swarm.Endpoint, *, read_only: bool = False) -> lt.session:
        params = lt.session_params()
        params.settings = swarm._settings(*endpoint, read_only=read_only) | _SERVE_MANY
        params.ip_filter = swarm._only_loopback()
        return lt.session(params)

    def _share(self) -> None:
        # Announced by hand below: libtorrent's own schedule would go on during the measuring.
        flags = lt.torrent_flags
        for i, seed in enumerate(self.seeds):
            params = lt.load_torrent_buffer(seed.body)
            params.save_path = str(seed.save_path)
            params.flags = flags.seed_mode | flags.disable_lsd | flags.disable_dht
            self._seeders[i % len(self._seeders)].async_add_torrent(params)

    def _announce(self) -> None:
        keys = [(i, key) for i, seed in enumerate(self.seeds) for key in seed.dht_keys]
        todo = keys + list(enumerate(self.extra))
        client = self._session((self._asker, 0), read_only=True)
        self._join([client])
        tell(f"announcing {len(todo)} hashes")
        for _ in range(ROUNDS):
            self._announce_all(todo)
            named = raw.look_up(client, [key for _, key in todo])
            todo = [job for job in todo if named[job[1]] < ENOUGH_NODES]
            tell(f"{len(todo)} of {len(named)} hashes have to be announced again")
            if not todo:
                return
        raise TimeoutError(f"{len(todo)} hashes could not be announced")

    def _announce_all(self, todo: Sequence[tuple[int, str]]) -> None:
        """Announce at a bounded pace: each takes some twenty packets."""
        number = len(self._seeders)
        waiting = [[key for i, key in todo if i % number == n] for n in range(number)]
        began, told_at = time.monotonic(), time.monotonic()
        while any(waiting):
            for n, busy in enumerate(self._under_way()):
                room = max(0, ANNOUNCES_AT_ONCE // number - busy)
                for key in waiting[n][:room]:
                    self._announce_one(n, key)
                del waiting[n][:room]
            time.sleep(0.005)
            if time.monotonic() - told_at > 5:
                told_at = time.monotonic()
                tell(f"{sum(map(len, waiting))} of {len(todo)} left to announce")
        while any(self._under_way()):
            time.sleep(0.05)
        tell(f"{len(todo)} announced in {time.monotonic() - began:.1f} s")

    def _announce_one(self, seeder: int, key: str) -> None:
        port = self.seeder_endpoints[seeder][1]
        digest = lt.sha1_hash(bytes.fromhex(key))
        self._seeders[seeder].dht_announce(digest, port, lt.announce_flags_t.seed)

    def _under_way(self) -> list[int]:
        for seeder in self._seeders:
            seeder.post_dht_stats()
        return [raw._count(seeder, {}) for seeder in self._seeders]

    def kill_a_quarter(self) -> int:
        """End a quarter of the nodes; the others go on naming them for a while."""
        doomed = [self._nodes.pop() for _ in range(len(self._nodes) // 4)]
        number = len(doomed)
        for session in doomed:
            session.pause()
        while doomed:
            doomed.pop()
        return number

    def manifest(self, dead: Sequence[str]) -> dict[str, Any]:
        """All that a client has to know."""
        return {
            "bootstrap": [f"{ip}:{port}" for ip, port in self._node_endpoints[:BOOTSTRAP_NODES]],
            "nodes": self._node_endpoints,
            "client": self._asker.replace(".150.", ".200."),
            "live": [seed.magnet_uri for seed in self.seeds],
            "extra": list(self.extra),
            "dead": list(dead),
        }


def tell(words: str) -> None:
    """Progress, for who watches."""
    print(f"# {words}", file=sys.stderr, flush=True)


def hashes(number: int, seed: str) -> list[str]:
    """So many random info-hashes, the same ones for the same seed."""
    dice = random.Random(seed)
    return [dice.randbytes(20).hex() for _ in range(number)]


def make_seeds(folder: Path, number: int) -> list[seeds.Seed]:
    """Small torrents, v1, hybrid and v2 by turns."""
    versions, dice = list(seeds.Version), random.Random(2)
    return [
        seeds.make(
            folder / str(i),
            f"work {i}.bin",
            {"": dice.randbytes(dice.randrange(1, 30_000))},
            versions[i % len(versions)],
        )
        for i in range(number)
    ]


def _lines(until: float) -> Iterator[str]:
    """Lines of standard input as they come, up to its end or that time."""
    while (left := until - time.monotonic()) > 0:
        try:
            ready, _, _ = select.select([sys.stdin], [], [], left)
        except InterruptedError:
            continue
        line = sys.stdin.readline() if ready else ""
        if not line:
            return
        yield line


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A simulated DHT on loopback.")
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--nodes", type=int, default=48)
    parser.add_argument("--torrents", type=int, default=0)
    parser.add_argument("--seeders", type=int, default=4)
    parser.add_argument("--extra", type=int, default=0, help="hashes with no torrent behind")
    parser.add_argument("--dead", type=int, default=0, help="hashes that nobody announces")
    parser.add_argument("--network", default=f"127.{2 + os.getpid() % 60}")
    parser.add_argument("--ttl", type=float, default=3600, help="seconds")
    return parser.parse_args()


def main() -> None:
    """Come up, say so, wait for the end."""
    given = _arguments()
    until = time.monotonic() + given.ttl
    signal.signal(signal.SIGTERM, _stop)
    with tempfile.TemporaryDirectory(prefix="ghost-loopback-") as folder:
        made = make_seeds(Path(folder), given.torrents)
        running = Loopback(
            made,
            hashes(given.extra, "extra"),
            network=given.network,
            number_of_nodes=given.nodes,
            number_of_seeders=given.seeders,
        )
        signal.signal(signal.SIGUSR1, lambda *_: _kill(running))
        with running:
            manifest = running.manifest(hashes(given.dead, "dead"))
            given.manifest.write_text(json.dumps(manifest))
            print("READY", flush=True)
            for _ in _lines(until):
                _kill(running)


def _kill(running: Loopback) -> None:
    print(f"KILLED {running.kill_a_quarter()}", flush=True)


def _stop(_signum: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
