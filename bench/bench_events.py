"""What open event streams cost everybody else: p95 of `GET /api/build/status` with and without.

    python bench/bench_events.py [STREAMS] [--rounds 3] [--requests 1500] [--per-second 10]

gunicorn as in the Procfile. In each round the same requests are made with no stream open (`none`),
with STREAMS that hear nothing (`idle`), and with as many that hear --per-second events (`busy`).
The last line is JSON; exit status 1 if a listener missed an event.
"""

from __future__ import annotations

import argparse
import http.client
import json
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from processes import parts, serving

LISTENING = "import django; django.setup(); from api import listening; listening.main()"
CONNECTIONS = 4
PER_TOKEN = 5


def main() -> None:
    """Serve, listen, ask, compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("streams", type=int, nargs="?", default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--per-second", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as folder:
        env = _environment(Path(folder))
        parts.run(env, "manage.py", "migrate", "--verbosity", "0")
        number = -(-given.streams // PER_TOKEN)
        tokens = parts.run(env, "-c", LISTENING, "issue", str(number))["tokens"]
        with serving.serving(env, Path(folder)) as server:
            rows = [
                row for _ in range(given.rounds) for row in _round(server.port, env, tokens, given)
            ]
    summary = _summary(rows, given)
    parts.show(rows, summary)
    sys.exit(bool(summary["missed"]))


def _environment(folder: Path) -> dict[str, str]:
    nowhere = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}
    return parts.environment(folder, nowhere, api_rate_limit=0, api_log_level="WARNING")


# -- one round


def _round(
    port: int, env: dict[str, str], tokens: list[str], given: argparse.Namespace
) -> list[dict[str, Any]]:
    rows = [_row("none", asked(port, tokens, given.requests), 0)]
    with Listeners(port, tokens, given.streams) as idle:
        rows.append(_row("idle", asked(port, tokens, given.requests), idle.missing(0)))
    with Listeners(port, tokens, given.streams) as busy:
        with _telling(env, given.per_second) as told:
            times = asked(port, tokens, given.requests)
        rows.append(_row("busy", times, busy.missing(told["told"])))
    return rows


def _row(streams: str, seconds: list[float], missed: int) -> dict[str, Any]:
    at = quantiles(seconds, n=100)
    told = {"p50_ms": 1000 * at[49], "p95_ms": 1000 * at[94], "p99_ms": 1000 * at[98]}
    return {"streams": streams, **told, "missed": missed}


def asked(port: int, tokens: list[str], number: int) -> list[float]:
    """Seconds that each request took, over a few connections at a time."""
    seconds: list[float] = []

    def ask(token: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=serving.PATIENCE_S)
        for _ in range(number // CONNECTIONS):
            began = time.perf_counter()
            connection.request("GET", "/api/build/status", headers=_bearer(token))
            answer = connection.getresponse()
            answer.read()
            seconds.append(time.perf_counter() - began)
            assert answer.status == 200, answer.status
        connection.close()

    threads = [threading.Thread(target=ask, args=(t,)) for t in (tokens * 4)[:CONNECTIONS]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def _telling(env: dict[str, str], per_s: int) -> Iterator[dict[str, int]]:
    """Events at a steady rate; how many, once it is over."""
    teller = subprocess.Popen(
        [sys.executable, "-c", LISTENING, "tell", str(per_s)], cwd=parts.ROOT, env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert teller.stdout is not None
    teller.stdout.readline()
    told: dict[str, int] = {}
    yield told
    out, _ = teller.communicate("\n", timeout=serving.PATIENCE_S)
    told |= json.loads(out.splitlines()[-1])


class Listeners:
    """Open streams, read by one thread."""

    def __init__(self, port: int, tokens: list[str], number: int) -> None:
        self._port, self._asked = port, (tokens * PER_TOKEN)[:number]
        self._heard: dict[socket.socket, int] = {}
        self._selector = selectors.DefaultSelector()
        self._is_over = False

    def __enter__(self) -> Listeners:
        for token in self._asked:
            self._open(token)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def _open(self, token: str) -> None:
        sock = socket.create_connection(("127.0.0.1", self._port), timeout=serving.PATIENCE_S)
        head = f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        sock.sendall(f"{head}\r\n".encode())
        first = sock.recv(4096)
        assert first.startswith(b"HTTP/1.1 200"), first
        self._heard[sock] = 0
        self._selector.register(sock, selectors.EVENT_READ)

    def _read(self) -> None:
        while not self._is_over:
            for key, _mask in self._selector.select(0.2):
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                if not (told := sock.recv(65_536)):
                    self._selector.unregister(sock)  # the server stops
                self._heard[sock] += told.count(b"\nevent: build")

    def missing(self, told: int) -> int:
        """How many of the events were not heard by everybody, a moment later."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and min(self._heard.values()) < told:
            time.sleep(0.1)
        return sum(abs(told - heard) for heard in self._heard.values())

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()
        for sock in self._heard:
            sock.close()
        time.sleep(1)  # their places are free when the server has noticed


def _summary(rows: list[dict[str, Any]], given: argparse.Namespace) -> dict[str, Any]:
    by = {name: [r for r in rows if r["streams"] == name] for name in ("none", "idle", "busy")}
    p95 = {name: median(row["p95_ms"] for row in found) for name, found in by.items()}
    return {
        "streams": given.streams,
        **{f"{name}_p95_ms": round(value, 2) for name, value in p95.items()},
        "idle_ratio": round(p95["idle"] / p95["none"], 2),
        "busy_ratio": round(p95["busy"] / p95["none"], 2),
        "events_per_s": given.per_second,
        "missed": sum(row["missed"] for row in rows),
    }


if __name__ == "__main__":
    main()
