"""What slow clients, event streams and a stop cost: gunicorn as in the Procfile, against plain gthread.

    python bench/bench_web.py [--heads 2000] [--bodies 200] [--streams 500] [--rounds 5] [--requests 1000]

- rates of an authenticated GET by wrk, ours and gunicorn's own worker asked in turns on one database;
- `/health` on new connections, alone and with half-sent heads and dripping bodies open;
- `/api/build/status` alone and with event streams open, and the memory that they take;
- the time from SIGTERM to the end with 5 half-sent heads and 10 streams open.

The last line is JSON and names the goals that were missed. Each process needs files for its half: the bench raises its
limit as far as it may (`ulimit -Hn`).
"""

from __future__ import annotations

import argparse
import http.client
import resource
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench_events import LISTENING, PER_TOKEN, Listeners, asked
from processes import parts, serving

HEAD = b"POST /api/session/verify HTTP/1.1\r\nHost: localhost\r\n"
DRIP_EVERY_S = 0.5
PLAIN = ("--worker-class", "gthread")
GOALS = {
    "health_p99_ms": (0, 200),
    "streams_p95_ratio": (0, 2),
    "rate_ratio": (0.9, float("inf")),
    "stop_s": (0, 3),
}


def main() -> None:
    """Serve, be a nuisance, ask, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--heads", type=int, default=2000)
    parser.add_argument("--bodies", type=int, default=200)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3)
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: it is Debian's package wrk.")
    _raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as folder:
        rows, summary = _measured(Path(folder), given)
    missed = [name for name, (low, high) in GOALS.items() if not low <= summary[name] <= high]
    parts.show(rows, summary | {"missed": missed})


def _measured(
    folder: Path, given: argparse.Namespace
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    nowhere = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}
    env = parts.environment(folder, nowhere, api_rate_limit=0, api_log_level="WARNING")
    parts.run(env, "manage.py", "migrate", "--verbosity", "0")
    tokens = parts.run(env, "-c", LISTENING, "issue", str(-(-given.streams // PER_TOKEN)))["tokens"]
    with serving.serving(env, folder) as ours:
        with serving.serving(env, folder, *PLAIN) as plain:
            rates = _rates(ours, plain, tokens[0], given)
        health_rows, health = _health(ours, given)
        stream_rows, streams = _streams(ours, tokens, given)
        stop_s = _stop_s(ours, tokens)
    return [*health_rows, *stream_rows], rates | health | streams | {"stop_s": round(stop_s, 2)}


def _raise_file_limit() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# -- rates


def _rates(
    ours: serving.Server, plain: serving.Server, token: str, given: argparse.Namespace
) -> dict[str, float]:
    """Of an authenticated GET; the medians of the rounds' ratios."""
    path, found = "/api/build/status", []
    for server in (ours, plain):
        server.rate(path, token, 1)  # each thread gets its database connection
    for number in range(given.rounds):
        pair = [ours, plain] if number % 2 else [plain, ours]
        rates = {server: server.rate(path, token, given.seconds) for server in pair}
        assert not any(rate.refused for rate in rates.values()), rates
        found.append((rates[ours], rates[plain]))
    return {
        "rate_per_s": round(median(mine.per_s for mine, _ in found), 1),
        "rate_ratio": round(median(mine.per_s / theirs.per_s for mine, theirs in found), 3),
        "cpu_us": round(median(mine.cpu_us for mine, _ in found)),
        "cpu_ratio": round(median(mine.cpu_us / theirs.cpu_us for mine, theirs in found), 3),
    }


# -- slow clients


def _health(
    server: serving.Server, given: argparse.Namespace
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    rows = [_row("health", "nobody", _healths(server, given.requests))]
    with _slow_clients(server, given.heads, given.bodies) as still_open:
        times = _healths(server, given.requests)
        left = still_open()
    rows.append(_row("health", f"{left} slow clients", times))
    return rows, {
        "slow_clients": left,
        "health_p50_ms": round(rows[1]["p50_ms"], 1),
        "health_p99_ms": round(rows[1]["p99_ms"], 1),
    }


def _healths(server: serving.Server, number: int) -> list[float]:
    """Seconds that each took, on a connection of its own."""
    seconds = []
    for _ in range(number):
        began = time.perf_counter()
        with closing(
            http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        ) as connection:
            connection.request("GET", "/health")
            assert connection.getresponse().read()
        seconds.append(time.perf_counter() - began)
    return seconds


@contextmanager
def _slow_clients(server: serving.Server, heads: int, bodies: int) -> Iterator[Any]:
    """They come again when they are cut off; gives a function that counts them."""
    kinds = [b"GET /health HT"] * heads + [HEAD + b"Content-Length: 1000\r\n\r\n"] * bodies
    clients = [_connected(server.port, data) for data in kinds]
    is_over = threading.Event()

    def drip() -> None:
        while not is_over.wait(DRIP_EVERY_S):
            for number, data in enumerate(kinds):
                if _is_cut_off(clients[number], is_dripping=data.startswith(HEAD)):
                    clients[number].close()
                    clients[number] = _connected(server.port, data)

    dripper = threading.Thread(target=drip)
    dripper.start()
    try:
        yield lambda: sum(not _is_cut_off(sock, is_dripping=False) for sock in clients)
    finally:
        is_over.set()
        dripper.join()
        for sock in clients:
            sock.close()


def _connected(port: int, data: bytes) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=60)
    sock.sendall(data)
    sock.settimeout(0)
    return sock


def _is_cut_off(sock: socket.socket, *, is_dripping: bool) -> bool:
    try:
        if is_dripping:
            sock.send(b"x")
        return not sock.recv(1000)
    except BlockingIOError:
        return False
    except OSError:
        return True


# -- streams


def _streams(
    server: serving.Server, tokens: list[str], given: argparse.Namespace
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    rows, memory = [], []
    for _ in range(given.rounds):
        rows.append(_row("status", "nobody", asked(server.port, tokens, given.requests)))
        before = server.memory_mb()
        with Listeners(server.port, tokens, given.streams) as listeners:
            memory.append(server.memory_mb() - before)
            threads = server.threads()
            times = asked(server.port, tokens, given.requests)
            assert not listeners.missing(0)
        rows.append(_row("status", f"{given.streams} streams", times))
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    return rows, {
        "streams": given.streams,
        "streams_p95_ratio": round(median(b["p95_ms"] / a["p95_ms"] for a, b in pairs), 2),
        "streams_mb": round(memory[0], 1),
        "threads": threads,
    }


# -- the end


def _stop_s(server: serving.Server, tokens: list[str]) -> float:
    with ExitStack() as opened:
        for _ in range(5):
            opened.enter_context(_connected(server.port, HEAD))
        opened.enter_context(Listeners(server.port, tokens[:2], 10))
        return server.stop()


def _row(what: str, beside: str, seconds: list[float]) -> dict[str, Any]:
    at = quantiles(seconds, n=100)
    told = {"p50_ms": 1000 * at[49], "p95_ms": 1000 * at[94], "p99_ms": 1000 * at[98]}
    return {"asked": what, "beside": beside, **told}


if __name__ == "__main__":
    main()
