"""From a publisher's request to the public page, by the programs of the Procfile and a simulated swarm.

    python bench/bench_publish.py [LISTED [BULK]] [--singles 10]

Default settings, but for the limit of requests, and for when a hold of the write lock is logged.
The bulk is held against raw probing of the same magnets and one build of as many resources; both
are measured in the same run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from processes import parts, programs

ENGINE = "import django; django.setup(); from inside import publishing; publishing.main()"
TAGS = [f"tag {number}" for number in range(60)]
TEXT = "A *paragraph* of some length about a work that is shared here.\n\n" * 10
TOLD_FROM_S = 0.05
POLL_S = 0.005
READ_EVERY_S, WRITE_EVERY_S = 0.05, 0.25
PUBLIC_S, BULK_S = 30.0, 150.0


def main() -> None:
    """Fill, serve, publish one by one, then all the others at once."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="ghost-bench-") as folder:
        here = Path(folder)
        torrents = given.singles + given.bulk
        with parts.network(here, nodes=48, torrents=torrents) as network:
            rows, summary = _measure(here, network.manifest, given)
    parts.show(rows, summary)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("listed", type=int, nargs="?", default=10_000)
    parser.add_argument("bulk", type=int, nargs="?", default=1000)
    parser.add_argument("--singles", type=int, default=10)
    return parser.parse_args()


def _measure(
    here: Path, manifest: dict[str, Any], given: argparse.Namespace
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    more = {"enable_scheduler": 1, "api_rate_limit": 10**9, "slow_transaction_s": TOLD_FROM_S}
    env = parts.environment(here, manifest, **more)
    parts.run(env, "manage.py", "migrate", "--verbosity", "0")
    parts.run(env, "manage.py", "generate_catalog", "--resources", str(given.listed))
    world = parts.run(env, "-c", ENGINE, "world")
    parts.run(env, "manage.py", "build_site")
    magnets = list(manifest["live"])
    with programs.running(env, here) as port:
        desk = Desk(port, here / "workdir" / "public", world, here)
        singles = [desk.publish_one(magnet) for magnet in magnets[: given.singles]]
        before = parts.run(env, "-c", ENGINE, "built")["builds"]
        logs = Logs(here)
        bulk = desk.publish_many(magnets[given.singles :])
        held_s, holder = longest_hold(logs.news())
        builds = parts.run(env, "-c", ENGINE, "built")["builds"] - before
    raw = _raw(here, manifest, magnets[given.singles :])
    delta = parts.run(env, "-c", ENGINE, "delta", str(here / "bulk.json"))
    ours = bulk.pop("all_public_s")
    summary = {
        "listed": given.listed,
        "create_to_public_s": round(median(create for create, _ in singles), 2),
        "patch_to_public_s": round(median(patch for _, patch in singles), 2),
        "bulk": given.bulk,
        "bulk_public_s": round(ours, 1),
        "bulk_to_raw_and_delta": round(ours / (raw + delta["delta_s"]), 2),
        "raw_probing_s": round(raw, 1),
        "delta_s": round(delta["delta_s"], 1),
        "bulk_builds": builds,
        "absorb_ms_each": round(delta["absorb_ms_each"], 2),
        **bulk,
        "longest_hold_ms": round(held_s * 1000),
        "holder": holder,
    }
    rows = [{"what": name, "figure": value} for name, value in summary.items()]
    return rows, summary


def _raw(here: Path, manifest: dict[str, Any], magnets: list[str]) -> float:
    """Seconds until raw libtorrent has the last of them."""
    path = here / "raw.json"
    path.write_text(json.dumps({**manifest, "magnets": magnets, "timeout_s": 20}))
    return max(parts.raw("probes", path)["found"].values(), default=0.0)


class Logs:
    """What web and worker log from now on."""

    def __init__(self, here: Path) -> None:
        files = [here / "web.log", here / "worker.log"]
        self._from = {file: file.stat().st_size for file in files}

    def news(self) -> str:
        """All of it so far."""
        told = [file.read_bytes()[begin:] for file, begin in self._from.items()]
        return b"\n".join(told).decode(errors="replace")


def longest_hold(log: str) -> tuple[float, str]:
    """Seconds, and by whom; those below TOLD_FROM_S are not told."""
    told = re.findall(r"the write lock was held for ([\d.]+) s by (.*)", log)
    return max(((float(seconds), who) for seconds, who in told), default=(TOLD_FROM_S, "nobody"))


class Desk:
    """A publisher, who looks at the public folder."""

    def __init__(self, port: int, public: Path, world: dict[str, Any], here: Path) -> None:
        self._port, self._public, self._world, self._here = port, public, world, here
        self._client = self._connect()
        self._dice = random.Random(5)

    def _connect(self) -> programs.Client:
        return programs.Client(self._port, self._world["token"])

    def _body(self, magnet: str, title: str) -> dict[str, Any]:
        return {
            "title": title,
            "magnet_uri": magnet,
            "category_id": self._dice.choice(self._world["categories"]),
            "content_markdown": TEXT,
            "tags": self._dice.sample(TAGS, 5),
        }

    def _page(self, pk: int) -> Path:
        return self._public / "resources" / str(pk) / "index.html"

    def publish_one(self, magnet: str) -> tuple[float, float]:
        """Seconds from the request to the page: of a new one, and of its new title."""
        began = time.monotonic()
        status, made = self._client.ask("POST", "/api/resources", self._body(magnet, "First"))
        assert status == 201, made
        page = self._page(made["id"])
        created = _until(page.exists, began, PUBLIC_S)
        if not page.exists():
            sys.exit(
                f"It did not become public:\n{(self._here / 'worker.log').read_text()[-3000:]}"
            )
        time.sleep(1)
        began, title = time.monotonic(), f"Another {made['id']}"
        status, told = self._client.ask("PATCH", f"/api/resources/{made['id']}", {"title": title})
        assert status == 200, told
        patched = _until(lambda: title.encode() in page.read_bytes(), began, PUBLIC_S)
        time.sleep(1)
        return created, patched

    def publish_many(self, magnets: list[str]) -> dict[str, Any]:
        """All at once, while others read and write."""
        items = [self._body(magnet, f"Work {n}") for n, magnet in enumerate(magnets)]
        draft = {**self._body("magnet:?xt=urn:btih:" + "ab" * 20, "Draft"), "published_at": None}
        pk = self._client.ask("POST", "/api/resources", draft)[1]["id"]
        others = [Other(self._connect(), READ_EVERY_S, "GET", pk)]
        others.append(Other(self._connect(), WRITE_EVERY_S, "PATCH", pk))
        for other in others:
            other.start()
        began = time.monotonic()
        status, told = self._client.ask("POST", "/api/resources/bulk", items)
        answered_s = time.monotonic() - began
        assert status == 200, told
        ids = [item["id"] for item in told["items"]]
        (self._here / "bulk.json").write_text(json.dumps(ids))
        left = list(ids)

        def is_done() -> bool:
            left[:] = [key for key in left if not self._page(key).exists()]
            return not left

        public_s = _until(is_done, began, BULK_S, every_s=0.1)
        for other in others:
            other.stop()
        return {
            "all_public_s": public_s,
            "missing": len(left),
            "bulk_answer_s": round(answered_s, 2),
            "answers_503": sum(other.statuses.count(503) for other in others),
            "other_errors": sum(s not in {200, 503} for o in others for s in o.statuses),
            "get_p99_s": round(_p99(others[0].seconds), 3),
            "patch_p99_s": round(_p99(others[1].seconds), 3),
        }


class Other(threading.Thread):
    """Asks for a resource again and again, or changes a draft that nobody sees."""

    def __init__(self, client: programs.Client, every_s: float, method: str, pk: int) -> None:
        super().__init__(daemon=True)
        self._client, self._every_s, self._method, self._pk = client, every_s, method, pk
        self._ended = threading.Event()
        self.seconds: list[float] = []
        self.statuses: list[int] = []

    def run(self) -> None:
        """Until it is stopped."""
        while not self._ended.wait(self._every_s):
            number = len(self.statuses)
            change = {"title": f"Draft {number}"} if self._method == "PATCH" else None
            began = time.monotonic()
            status, _ = self._client.ask(self._method, f"/api/resources/{self._pk}", change)
            self.seconds.append(time.monotonic() - began)
            self.statuses.append(status)

    def stop(self) -> None:
        """After the request under way."""
        self._ended.set()
        self.join(60)


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98] if len(seconds) > 1 else sum(seconds)


def _until(
    is_so: Callable[[], bool], began: float, limit_s: float, every_s: float = POLL_S
) -> float:
    """Seconds since then until it is so, or `limit_s`."""
    while not is_so() and time.monotonic() < began + limit_s:
        time.sleep(every_s)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
