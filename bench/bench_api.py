"""The API as publishers meet it: gunicorn as in the Procfile, wrk on loopback.

    python bench/bench_api.py [RESOURCES] [--seconds S] [--rounds N] [--times N] [--database URL]

Rates are held to the least that ninja can do on the same server in the same run (bench/api/urls.py),
asked in turns. CPU is user + system of all web processes, and of PostgreSQL's if it is used:

    python -m tests.postgres python bench/bench_api.py 100000
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import psycopg
from processes import parts, serving

MIX = "import django; django.setup(); from api import mixing; mixing.main()"
Row = dict[str, Any]
WARM = 100
"""Requests until each thread of the server has its connection, and that knows the tables."""


def main() -> None:
    """Generate, serve, and ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("resources", type=int, nargs="?", default=2000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--bulk", type=int, default=1000)
    parser.add_argument("--database", default=os.environ.get("TEST_DATABASE_URL", ""))
    wanted = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: it is Debian's package wrk.")
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        env = _environment(Path(scratch), wanted.database)
        parts.run(env, "manage.py", "migrate", "--verbosity", "0")
        parts.run(env, "manage.py", "generate_catalog", "--resources", str(wanted.resources))
        world = parts.run(env, "-c", MIX)
        with _serving(env, Path(scratch), wanted.database) as server:
            rates = _rates(server, world, wanted)
            lists = _lists(server, world, wanted.times)
            bulk = _bulk(server, world, wanted.bulk)
    show(wanted, rates, lists, bulk)


def show(
    wanted: argparse.Namespace, rates: list[Row], lists: list[Row], bulk: dict[str, Any]
) -> None:
    """Print what was measured."""
    parts.show(rates, {})
    parts.show(lists, {})
    share = {row["what"]: row["of_bare"] for row in rates}
    cpu = {row["list"]: row["cpu_ms"] for row in lists if row["as"] == "paging"}
    worst = max((row for row in lists if row["as"] != "paging"), key=lambda row: row["cpu_ms"])
    summary = {
        "resources": wanted.resources,
        "database": "postgresql" if wanted.database else "sqlite",
        "status_share": round(share["status"], 2),
        "refused_share": round(min(s for name, s in share.items() if name[:3] == "401"), 2),
        "page_1_cpu_ms": round(cpu["page 1"], 1),
        "last_page_ratio": round(cpu["last page"] / cpu["page 1"], 2),
        "worst_list": f"{worst['list']} ({worst['as']})",
        "worst_list_cpu_ms": round(worst["cpu_ms"], 1),
        **bulk,
    }
    print("load average:", *(f"{load:.1f}" for load in os.getloadavg()))
    print(json.dumps(summary))


def _environment(folder: Path, database: str) -> dict[str, str]:
    nowhere = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}
    more = {"api_rate_limit": 10**9, "api_log_level": "WARNING", "database_url": database}
    return parts.environment(folder, nowhere, **more)


# -- the server


class Server:
    """A running gunicorn that is asked on one connection."""

    def __init__(self, gunicorn: serving.Server) -> None:
        self.gunicorn = gunicorn
        self._connection = http.client.HTTPConnection("127.0.0.1", gunicorn.port, timeout=120)

    def ask(
        self, path: str, raw: str = "", body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """One request on a connection that stays open."""
        headers = {"Authorization": f"Bearer {raw}"} if raw else {}
        if body is not None:
            headers["Content-Type"] = kind
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def hang_up(self) -> None:
        """The next request comes on another connection."""
        self._connection.close()


@contextmanager
def _serving(env: Mapping[str, str], folder: Path, database: str) -> Iterator[Server]:
    ours = {**env, "DJANGO_SETTINGS_MODULE": "api.settings"}
    with serving.serving(ours, folder, awaited="/api/bare/ping") as gunicorn:
        gunicorn.others = lambda: _backends(database)
        yield Server(gunicorn)


def _backends(database: str) -> list[int]:
    if not database:
        return []
    with psycopg.connect(database) as asking:
        asked = "SELECT pid FROM pg_stat_activity WHERE application_name = 'ghost'"
        return [pid for (pid,) in asking.execute(asked)]


# -- rates


def _rates(server: Server, world: dict[str, Any], wanted: argparse.Namespace) -> list[Row]:
    """Requests a second, asked in turns: medians of the rounds."""
    raw = world["raw"]["publisher"]
    misread = raw[:-12] + ("x" if raw[-12] != "x" else "y") + raw[-11:]
    asked = {
        "bare": ("/api/bare/ping", ""),
        "status": ("/api/build/status", raw),
        "401: no token": ("/api/build/status", ""),
        "401: malformed": ("/api/build/status", misread),
        "401: unknown": ("/api/build/status", world["raw"]["stranger"]),
    }
    rounds = [
        {name: _rate(server, name, *how, wanted.seconds) for name, how in asked.items()}
        for _ in range(wanted.rounds)
    ]
    return [
        {
            "what": name,
            "per_s": median(each[name][0] for each in rounds),
            "of_bare": median(each[name][0] / each["bare"][0] for each in rounds),
            "cpu_us": median(each[name][1] for each in rounds),
        }
        for name in asked
    ]


def _rate(server: Server, name: str, path: str, token: str, seconds: float) -> tuple[float, float]:
    """Requests a second, and microseconds of the server's CPU for each."""
    found = server.gunicorn.rate(path, token, seconds)
    if found.refused != (found.requests if name[:3] == "401" else 0):
        sys.exit(f"{name}: {found}")
    return found.per_s, found.cpu_us


# -- lists


def _lists(server: Server, world: dict[str, Any], times: int) -> list[Row]:
    server.hang_up()
    raw, last = world["raw"], {"cursor": world["cursors"]["last_page"]}
    for _ in range(WARM):
        server.ask("/api/resources?limit=100", raw["admin"])
    rows = [
        _measure(server, "page 1", "paging", raw["admin"], {}, times),
        _measure(server, "last page", "paging", raw["admin"], last, times),
    ]
    return rows + [
        _measure(server, name, who, raw[who], query, times)
        for name, query in world["wanted"].items()
        for who in ("admin", "publisher", "small", "member")
    ]


def _measure(
    server: Server, name: str, who: str, raw: str, query: Mapping[str, Any], times: int
) -> Row:
    """The median of so many requests, after two that warm it up."""
    path = f"/api/resources?{urlencode({'limit': 100, **query})}"
    walls, cpus, found = [], [], b"[]"
    server.hang_up()  # a connection that was idle for long is none any more
    for number in range(times + 2):
        before, began = server.gunicorn.cpu_ms(), time.perf_counter()
        status, found = server.ask(path, raw)
        if status != 200:
            sys.exit(f"{path}: {status} {found!r}")
        if number > 1:
            walls.append((time.perf_counter() - began) * 1000)
            cpus.append(server.gunicorn.cpu_ms() - before)
    return {"list": name, "as": who, "found": len(json.loads(found)), "ms": median(walls),
            "cpu_ms": median(cpus), "kb": len(found) / 1000}  # fmt: skip


# -- many at once


def _bulk(server: Server, world: dict[str, Any], count: int) -> dict[str, Any]:
    """So many new resources in one request, twice with other torrents: the second is counted."""
    raw, category = world["raw"]["publisher"], world["wanted"]["category: huge"]["category_id"]
    server.hang_up()
    for start in (0, count):
        numbers = range(start, start + count)
        items = [
            {
                "title": f"Bulk {n}",
                "magnet_uri": f"magnet:?xt=urn:btih:{n + 1:040x}",
                "category_id": category,
                "content_markdown": "Some words. " * 100,
                "tags": ["bulk", f"tag {n % 20}"],
            }
            for n in numbers
        ]
        before, began = server.gunicorn.most_mb(), time.perf_counter()
        lines = "\n".join(json.dumps(item) for item in items).encode()
        status, answer = server.ask("/api/resources/bulk", raw, lines, "application/x-ndjson")
        wall_s = time.perf_counter() - began
    if status >= 300:
        sys.exit(f"bulk: {status} {answer[:500]!r}")
    return {
        "bulk": count,
        "bulk_s": round(wall_s, 2),
        "bulk_more_mb": round(server.gunicorn.most_mb() - before),
    }


if __name__ == "__main__":
    os.chdir(parts.ROOT)
    main()
