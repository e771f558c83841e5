"""Scraping and announcing in bulk at a real opentracker, against bare sockets in the same run.

    python bench/bench_trackers.py [MAGNETS]

Prints seconds, CPU milliseconds for each, and the ratio to the same datagrams sent in a loop.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha1
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.trackers import OpenTracker


ROOT = Path(__file__).resolve().parent.parent
GOAL_SCRAPE_S, GOAL_ANNOUNCE_MS = 0.2, 0.5
PORT = 6999
TIMES = 5


def main() -> None:
    """Measure, and end with 1 if a goal is missed."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    keys = [sha1(b"bench %d" % i).hexdigest() for i in range(max(number, 1000))]
    with _tracker(keys) as running:
        bare = min(_timed(lambda: _bare_scrape(running.udp, keys[:1000])) for _ in range(TIMES))
        ours = min(_timed(lambda: _scrape(running.udp, keys[:1000])) for _ in range(TIMES))
        _show("1,000 hashes scraped over UDP", ours, bare, 1000)
        http = _timed(lambda: _scrape(running.http, keys[:1000]))
        _show("1,000 hashes scraped over HTTP", http, bare, 1000)
        bare_found = _timed(lambda: _bare_announces(running.udp, keys[:number]))
        found = _timed(lambda: _find(running.udp, keys[:number]))
        _show(f"{number:,} magnets announced and left over UDP", found, bare_found, number)
        few = keys[: number // 10]
        http_found = _timed(lambda: _find(running.http, few))
        _show(
            f"{len(few):,} magnets announced and left over HTTP", http_found, bare_found, len(few)
        )
        _trackers().close()
    announce_ms = found[1] / number * 1000
    sys.exit(not (ours[0] <= GOAL_SCRAPE_S and announce_ms <= GOAL_ANNOUNCE_MS))


@contextmanager
def _tracker(keys: list[str]) -> Iterator[OpenTracker]:
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django  # noqa: PLC0415  # the settings had to be named first

    django.setup()
    from django.conf import settings  # noqa: PLC0415  # after django.setup()

    from tests.trackers import running_opentracker  # noqa: PLC0415  # after django.setup()

    settings.GHOST = settings.GHOST.model_copy(update={"allow_private_networks": True})
    with (
        tempfile.TemporaryDirectory(prefix="ghost-bench-") as folder,
        running_opentracker(Path(folder), keys) as running,
    ):
        yield running


def _trackers() -> ModuleType:
    from dht.trackers import client  # noqa: PLC0415  # after django.setup()

    return client


def _scrape(url: str, keys: list[str]) -> None:
    swarms: dict[Any, Any] = {}
    for event in _trackers().scrape({url: keys}, 20):
        swarms |= event.swarms
    assert len(swarms) == len(keys) or url.startswith("http")  # HTTP leaves out what it lacks


def _find(url: str, keys: list[str]) -> None:
    asking, number = _trackers().trackers(), 0
    for key in keys:
        asking.find_peers(key, [url], PORT, 60)
    while asking.num_pending or asking.num_listed:
        number += sum(hasattr(event, "peers") for event in asking.events())
        time.sleep(0.005)
    number += sum(hasattr(event, "peers") for event in asking.events())
    assert number == len(keys), f"{number} of {len(keys)} answered"


def _bare_scrape(url: str, keys: list[str]) -> None:
    with _bare(url) as (bare, connection):
        for at in range(0, len(keys), 70):
            part = keys[at : at + 70]
            bare.send(struct.pack(">QII", connection, 2, at) + bytes.fromhex("".join(part)))
            answer = bare.recv(2048)
            assert len(list(struct.iter_unpack(">iii", answer[8:]))) == len(part)


def _bare_announces(url: str, keys: list[str]) -> None:
    with _bare(url) as (bare, connection):
        for key in keys:
            for event in (2, 3):
                bare.send(
                    struct.pack(">QII", connection, 1, event)
                    + bytes.fromhex(key)
                    + struct.pack(">20sQQQIIIiH", b"-GH0010-", 0, 1, 0, event, 0, 0, 80, PORT)
                )
                struct.unpack_from(">IIiii", bare.recv(2048))


@contextmanager
def _bare(url: str) -> Iterator[tuple[socket.socket, int]]:
    host, _, port = url.removeprefix("udp://").removesuffix("/announce").partition(":")
    with socket.socket(type=socket.SOCK_DGRAM) as bare:
        bare.settimeout(5)
        bare.connect((host, int(port)))
        bare.send(struct.pack(">QII", 0x41727101980, 0, 1))
        yield bare, struct.unpack(">IIQ", bare.recv(2048))[2]


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds on the clock, and of this process's CPU."""
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - began_cpu


def _show(what: str, ours: tuple[float, float], bare: tuple[float, float], number: int) -> None:
    ratio = f"{ours[0] / bare[0]:.1f} times the time, {ours[1] / bare[1]:.1f} times the CPU"
    cpu_ms = ours[1] / number * 1000
    print(
        f"{what}: {ours[0] * 1000:.1f} ms, {cpu_ms:.3f} ms CPU each; bare {bare[0] * 1000:.1f} ms"
    )
    print(f"  {ratio} of bare sockets over UDP")


if __name__ == "__main__":
    main()
