"""An installation that is looked at from everywhere: health, metrics, dashboard, alerts."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.installation import Installation, wait_for
from tests.webhook import SECRET, Receiver

FROM = ("health", "metrics", "dashboard", "alert")
METRICS_KEY = "a key for metrics alone"
_SIGN_IN = """
from django.contrib.auth.models import User
from django.test import Client
person = User.objects.create_superuser("ada", "ada@example.org")
browser = Client()
browser.force_login(person)
print(browser.cookies["sessionid"].value)
"""


class Watched(Installation):
    """Web and worker, with a receiver of alerts, an Admin's token and an operator's session."""

    def __init__(self, folder: Path, receiver: Receiver, **variables: str) -> None:
        super().__init__(
            folder,
            **{
                "GHOST_DHT_LISTEN_INTERFACES": "127.0.0.1:0",
                "GHOST_DHT_BOOTSTRAP_NODES": "127.0.0.1:1",
                "GHOST_HEALTH_ALLOWLIST": "127.0.0.0/8",
                "GHOST_METRICS_ENABLED": "1",
                "GHOST_METRICS_KEY": METRICS_KEY,
                "GHOST_ALERT_WEBHOOKS": receiver.url,
                "GHOST_ALERT_WEBHOOK_SECRET": SECRET,
                "GHOST_WORKERS": "2",
                **variables,
            },
        )
        self.receiver = receiver
        self.bootstrap = self.env["GHOST_DHT_BOOTSTRAP_NODES"]
        self.session = self.admin = self.publisher = ""
        self.torrents: list[bytes] = []
        self.covers: Any = None

    def begin(self) -> None:
        """Start both, publish something, and wait until nothing needs anybody."""
        self.session = self.manage("shell", "-c", _SIGN_IN).splitlines()[-1]
        self.admin, self.publisher = self.token("Admin", "Root"), self.token()
        self.start("worker")
        self.start("web")
        category = self.call("POST", "/categories", self.publisher, json={"name": "Films"})
        self.category_id = category.json()["id"]
        first = self.publish("Before")
        wait_for("a first site", lambda: self.public(f"resources/{first}/index.html"))
        wait_for("a good health", lambda: not self.bad_items())

    # -- what publishers and operators do

    def publish(self, title: str, **fields: str) -> int:
        """Publish a `.torrent` file that needs no probe; the number of its resource. Asked again while the answer
        is that the server can't just now."""

        def answer() -> int | None:
            body = self.torrents.pop(0)
            asked = self.call(
                "POST", "/resources/from-torrent", self.publisher,
                data={"title": title, "category_id": self.category_id, **fields},
                files={"torrent": ("work.torrent", body)},
            )  # fmt: skip
            if asked.status_code == 503:
                self.torrents.insert(0, body)
                return None
            assert asked.status_code == 201, asked.text
            return int(asked.json()["id"])

        return int(str(wait_for("an accepted resource", answer)))

    def reset_circuits(self, kind: str) -> None:
        """What an operator asks for once the other side answers again."""
        asked = self.call("POST", f"/ops/services/{kind}/reset", self.admin)
        assert asked.ok, asked.text

    # -- where one looks

    def items(self) -> dict[str, dict[str, Any]]:
        """The items of /health by their names."""
        body = requests.get(f"{self.url}/health", timeout=120).json()
        return {item["name"]: item for item in body.get("items", ())}

    def bad_items(self) -> set[str]:
        """Those that need somebody."""
        return {n for n, item in self.items().items() if item["status"] in ("degraded", "down")}

    def metrics(self) -> str:
        """What Prometheus gets."""
        told = requests.get(
            f"{self.url}/metrics", headers={"X-Ghost-Metrics-Key": METRICS_KEY}, timeout=120
        )
        return told.text

    def dashboard(self) -> str:
        """The operators' first page."""
        cookies = {"sessionid": self.session}
        return requests.get(f"{self.url}/admin/", cookies=cookies, timeout=120).text

    def sees(self, item: str, rule: str) -> dict[str, bool]:
        """Who sees now that this item is bad."""
        told = self.items().get(item, {})
        is_bad = told.get("status") in ("degraded", "down")
        in_metrics = re.search(
            rf'ghost_item_status{{item="{item}",status="(degraded|down)"}} 1\.0', self.metrics()
        )
        page = self.dashboard()
        return {
            "health": is_bad,
            "metrics": in_metrics is not None,
            "dashboard": f'data-problem="{item}"' in page,
            "alert": self.is_alerted(rule),
        }

    def is_alerted(self, rule: str) -> bool:
        """Whether the last that was posted of this rule says that something is wrong."""
        events = self.receiver.events(rule)
        return bool(events) and events[-1] != "over"

    def wait_until_seen(self, item: str, rule: str, *, within_s: float) -> dict[str, float]:
        """Seconds until each of FROM saw it."""
        return self._wait(item, rule, within_s, lambda seen: seen)

    def wait_until_over(self, item: str, rule: str, *, within_s: float) -> dict[str, float]:
        """Seconds until nobody sees it any more."""
        return self._wait(item, rule, within_s, lambda seen: not seen)

    def _wait(
        self, item: str, rule: str, within_s: float, is_so: Callable[[bool], bool]
    ) -> dict[str, float]:
        began, took = time.monotonic(), dict[str, float]()
        while len(took) < len(FROM):
            passed = time.monotonic() - began
            for name, seen in self.sees(item, rule).items():
                if is_so(seen):
                    took.setdefault(name, round(passed, 1))
            missing = set(FROM) - took.keys()
            assert passed < within_s, f"{item} after {within_s:g} s: {missing} not yet, {took}"
            time.sleep(0.3)
        return took


def broken_module(folder: Path, name: str) -> str:
    """A PYTHONPATH in front of which a module of this name can't be loaded."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text("raise ImportError('broken on purpose')\n")
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
