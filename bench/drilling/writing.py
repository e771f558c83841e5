"""Publishers who repeat a request until it is answered, and know what was accepted."""

from __future__ import annotations

import http.client
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from processes import programs

CREATE_EVERY_S, CHANGE_EVERY_S, ADMIN_EVERY_S = 0.7, 0.5, 7.0
PATIENCE_S = 60.0


@dataclass
class Accepted:
    """What the API has answered for."""

    titles: dict[int, str] = field(default_factory=dict)
    """Of each resource, its last title."""
    changes: int = 0
    taken_down: set[int] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    """Whether these were done nobody knows."""


class Publishers:
    """Three threads: who creates, who changes, and an Admin."""

    def __init__(
        self, port: int, tokens: dict[str, Any], magnets: list[str], dice: random.Random
    ) -> None:
        self._port, self._tokens, self._magnets = port, tokens, magnets
        self._dice = random.Random(dice.random())
        self.accepted = Accepted()
        self._ended = threading.Event()
        self._last_at = time.monotonic()
        self.longest_pause_s = 0.0
        self._threads = [
            threading.Thread(target=self._repeat, args=(step, every_s), daemon=True)
            for step, every_s in (
                (self._create, CREATE_EVERY_S),
                (self._change, CHANGE_EVERY_S),
                (self._administer, ADMIN_EVERY_S),
            )
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Each request under way is repeated until it is answered."""
        self._ended.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _repeat(self, step: Callable[[], None], every_s: float) -> None:
        while not self._ended.wait(every_s):
            step()

    def _ask(
        self, method: str, path: str, plain: object, token: str, wanted: set[int]
    ) -> dict[str, Any] | None:
        """The answer of one of these statuses, or that which names what the first try has made;
        None if it was refused."""
        client = programs.Client(
            self._port, self._tokens[token], {"Idempotency-Key": uuid.uuid4().hex}
        )
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                status, told = client.ask(method, path, plain)
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)
                continue
            if status in wanted or "resource_id" in told:
                return dict(told) if isinstance(told, dict) else {}
            if status < 500 and status != 409 and status != 429:
                self.accepted.refused.append(f"{method} {path}: {status} {told}"[:300])
                return None
            time.sleep(0.5)
        self.accepted.unanswered.append(f"{method} {path}")
        return None

    def _note(self) -> None:
        now = time.monotonic()
        self.longest_pause_s = max(self.longest_pause_s, now - self._last_at)
        self._last_at = now

    def _create(self) -> None:
        if not self._magnets:
            return
        title = f"Work {uuid.uuid4().hex[:8]}"
        body = {
            "title": title,
            "magnet_uri": self._magnets.pop(),
            "category_id": self._dice.choice(self._tokens["categories"]),
            "content_markdown": "Some *words*.",
            "tags": [f"tag {self._dice.randint(1, 9)}"],
        }
        made = self._ask("POST", "/api/resources", body, "publisher", {201})
        if made:
            self.accepted.titles[made.get("id") or made["resource_id"]] = title
            self._note()

    def _change(self) -> None:
        standing = sorted(self.accepted.titles.keys() - self.accepted.taken_down)
        if not standing:
            return
        pk, title = self._dice.choice(standing), f"Work {uuid.uuid4().hex[:8]}"
        if self._ask("PATCH", f"/api/resources/{pk}", {"title": title}, "publisher", {200}):
            self.accepted.titles[pk] = title
            self.accepted.changes += 1
            self._note()

    def _administer(self) -> None:
        """Each in turn: a scan, everything built anew, something taken down."""
        what = self._dice.choice(("scan", "build", "takedown"))
        if what == "scan":
            self._ask("POST", "/api/admin/dht/scan-all", None, "admin", {200, 202})
        elif what == "build":
            self._ask("POST", "/api/build/trigger", None, "admin", {200, 202})
        elif self.accepted.titles:
            pk = self._dice.choice(sorted(self.accepted.titles))
            body = {"reason": "for the drill"}
            if self._ask("POST", f"/api/resources/{pk}/takedown", body, "admin", {200}):
                self.accepted.taken_down.add(pk)
