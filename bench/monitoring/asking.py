"""The part of bench_monitoring.py that asks: Ghost's own application in this process, each answer anew.

What figures keep for two seconds is forgotten before each request, so that what is measured is the
dearest of them. The raw limit is the same statements by the database's driver alone, and a view that
does nothing behind the same middleware.
"""

from __future__ import annotations

import gc
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ghost.core.heartbeats.models import Heartbeat
from ghost.core.measurements.counters import Series
from ghost.core.measurements.models import CounterValue
from ghost.operations.chores import sampling
from ghost.operations.figures import gathering
from ghost.operations.stats import counting

KEY = "the-key-of-this-bench"
PATHS = ("/health", "/health (detail)", "/ready", "/metrics")
AREAS = ("api", "admin", "site", "torznab", "static", "monitoring", "other")


def main() -> None:
    """Fill what a monitor reads, then ask `sys.argv[1]` times for each; the last line is JSON."""
    times = int(sys.argv[1])
    _fill()
    client = Client(HTTP_HOST="localhost")
    client.get("/ready")  # what is loaded once
    rows = [_row(client, path, times) for path in PATHS]
    print(json.dumps({"rows": rows, "counting_cpu_ms": _cpu_ms(counting.count, 3)}))


def _fill() -> None:
    """As much as an installation of a year has: a day of samples, every counter of some processes."""
    Heartbeat.objects.beat(Heartbeat.Kind.WORKER, 1, started_at=None, processes=[])
    for _ in range(20):
        sampling.take()
    counting.count()
    buckets = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "+Inf", "sum")
    counted: dict[Series, float] = {
        ("ghost_http_requests", (area, method, code), ""): 1.0
        for area in AREAS
        for method in ("GET", "POST", "PUT", "DELETE")
        for code in ("2xx", "3xx", "4xx")
    }
    counted |= {
        ("ghost_http_request_duration_seconds", (area,), part): 1.0
        for area in AREAS
        for part in buckets
    }
    counted |= {("ghost_tasks", (f"app.tasks.task_{n}", "ok"), ""): 1.0 for n in range(40)}
    CounterValue.objects.add(counted)


def _row(client: Client, path: str, times: int) -> dict[str, Any]:
    address = path.split()[0]
    client.defaults["REMOTE_ADDR"] = "127.0.0.1" if "detail" in path else "192.0.2.1"

    def ask_again() -> None:
        answer = client.get(address, headers={"X-Ghost-Metrics-Key": KEY})
        assert answer.status_code in (200, 503), answer.status_code

    def ask() -> None:
        gathering._kept._at = float("-inf")
        ask_again()

    ask()
    with CaptureQueriesContext(connection) as captured:
        ask()
    statements = [each["sql"] for each in captured.captured_queries]
    return {
        "what": path,
        "cpu_ms": _cpu_ms(ask, times),
        "kept_cpu_ms": _cpu_ms(ask_again, times),
        "queries": len(statements),
        "raw_ms": _raw_ms(statements, times) + _cpu_ms(lambda: client.options(address), times),
    }


def _raw_ms(statements: list[str], times: int) -> float:
    """The same statements, asked by the driver alone; 0 on another database than SQLite."""
    if connection.vendor != "sqlite":
        return 0.0
    with closing(sqlite3.connect(settings.GHOST.db_path)) as raw:

        def ask() -> None:
            for statement in statements:
                raw.execute(statement).fetchall()

        return _cpu_ms(ask, times)


def _cpu_ms(call: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times):
        gc.collect()
        began = time.process_time()
        call()
        found.append((time.process_time() - began) * 1000)
    return round(median(found), 2)
