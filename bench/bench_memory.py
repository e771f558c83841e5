"""Memory of web and worker over many requests and tasks: flat, or it leaks.

    python bench/bench_memory.py [REQUESTS] [TASKS]

gunicorn (without its limit of requests) and qcluster as in the Procfile, on an installation of 200 resources;
requests to pages, API and monitoring in turns, tasks such as the clock queues. Memory is each process's own,
without mapped files, by role, after each tenth. Workers are replaced after 500 tasks, so that of theirs is the largest.
`growth_percent` compares the last with that after a fifth, when everything was used once. Exit status 1 if a role grew
by more than MOST_PERCENT and MOST_MB.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from processes import parts, serving

MOST_PERCENT, MOST_MB = 5.0, 3.0
STEPS = 10
BATCH = 250
QUEUE = "import django; django.setup(); from monitoring import queueing; queueing.main()"
TOKEN = (
    "import json; import django; django.setup(); from teams.models import Token;"
    " print(json.dumps({'token': Token.objects.issue('Admin', 'bench')[1]}))"
)
PATHS = (
    "/health", "/ready", "/metrics", "/api/build/status", "/api/resources?limit=20", "/admin/login/",
    "/api/torznab/api?t=caps", "/static/ghost/admin.css", "/no/such/page", "/api/ops/stats",
)  # fmt: skip
By = dict[str, float]


def main() -> None:
    """Ask, queue, look at memory on the way."""
    parser = argparse.ArgumentParser(description="Memory of web and worker.")
    parser.add_argument("requests", type=int, nargs="?", default=10_000)
    parser.add_argument("tasks", type=int, nargs="?", default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as scratch:
        folder = Path(scratch)
        env, token = _prepared(folder)
        web = _over_requests(env, folder, token, given.requests)
        worker = _over_tasks(env, folder, given.tasks)
    rows = [_row(role, seen) for role, seen in {**_by_role(web), **_by_role(worker)}.items()]
    summary = {
        "requests": given.requests,
        "tasks": given.tasks,
        "growth_percent": {row["role"]: row["growth_percent"] for row in rows},
        "is_flat": all(row["is_flat"] for row in rows),
    }
    parts.show(rows, summary)
    sys.exit(not summary["is_flat"])


def _prepared(folder: Path) -> tuple[dict[str, str], str]:
    nowhere = {"bootstrap": ["127.0.0.1:1"], "client": "127.0.0.1"}
    env = parts.environment(
        folder, nowhere, metrics_enabled=1, api_rate_limit=0, api_log_level="ERROR",
        magnet_metadata_backend="mock",
    )  # fmt: skip
    parts.run(env, "manage.py", "migrate", "--verbosity", "0")
    token = parts.run(env, "-c", TOKEN)["token"]
    parts.run(env, "manage.py", "generate_catalog", "--resources", "200")
    return env, token


def _over_requests(env: dict[str, str], folder: Path, token: str, number: int) -> list[By]:
    seen = []
    with serving.serving(env, folder, "--max-requests 0") as server:
        for _ in range(STEPS):
            _ask(server.port, token, number // STEPS)
            seen.append({"web": sum(map(_own_mb, server.workers())) / len(server.workers())})
    return seen


def _ask(port: int, token: str, number: int) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for turn in range(number):
        if turn % 20 == 0:  # whichever process gets the next one
            connection.close()
        connection.request("GET", PATHS[turn % len(PATHS)], headers=headers)
        connection.getresponse().read()
    connection.close()


def _over_tasks(env: dict[str, str], folder: Path, number: int) -> list[By]:
    seen = []
    with _qcluster(env, folder) as parent:
        for _ in range(STEPS):
            most: By = {}
            for _batch in range(max(number // STEPS // BATCH, 1)):
                parts.run(env, "-c", QUEUE, str(min(BATCH, number // STEPS)))
                for role, mb in _roles(parent).items():
                    most[role] = max(most.get(role, 0.0), mb)
            seen.append(most)
    return seen


@contextmanager
def _qcluster(env: dict[str, str], folder: Path) -> Iterator[int]:
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=parts.ROOT,
            env=env,
            stdout=log,
            stderr=log,
        )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _roles(parent: int) -> By:
    """The largest process of each role, by the names that they give themselves."""
    found: By = {}
    for process in psutil.Process(parent).children(recursive=True):
        try:
            role = process.name().removeprefix("ghost-")
            found[role] = max(found.get(role, 0.0), _own_mb(process.pid))
        except psutil.Error:
            continue
    return {
        role: mb
        for role, mb in found.items()
        if role in ("guard", "worker", "pusher", "monitor", "watch")
    }


def _own_mb(pid: int) -> float:
    pages = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def _by_role(seen: list[By]) -> dict[str, list[float]]:
    roles = dict.fromkeys(role for step in seen for role in step)
    return {role: [step[role] for step in seen if role in step] for role in roles}


def _row(role: str, seen: list[float]) -> Mapping[str, Any]:
    warm, last = seen[min(STEPS // 5, len(seen)) - 1], seen[-1]
    growth = 100 * (last - warm) / warm
    return {
        "role": role,
        "first_mb": round(seen[0], 1),
        "warm_mb": round(warm, 1),
        "last_mb": round(last, 1),
        "most_mb": round(max(seen), 1),
        "growth_percent": round(growth, 1),
        "is_flat": growth <= MOST_PERCENT or last - warm <= MOST_MB,
    }


if __name__ == "__main__":
    main()
