"""A receiver of webhooks on loopback, which checks signatures as operators' programs do."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "shared with the receiver alone"


class Receiver(ThreadingHTTPServer):
    """Answers with the next of `answers`, at the end with 204; `posts` are those it took, `asked` all paths."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.answers: list[int] = []
        self.posts: list[dict[str, Any]] = []
        self.forged: list[str] = []
        self.asked: list[str] = []
        self.pause_s = 0.0

    def events(self, rule: str = "") -> list[str]:
        """What the posts say, in their order; of one rule, if it is named."""
        told = [
            post for post in self.posts if not rule or post.get("alert", {}).get("rule") == rule
        ]
        return [post["event"] for post in told]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self._answer(self._next())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)
        time.sleep(self.server.pause_s)
        status = self._next()
        if not _is_genuine(self.headers, body):
            self.server.forged.append(body.decode())
        elif status < 300:
            self.server.posts.append(json.loads(body))
        self._answer(status)  # whoever sent it looks at once

    def _next(self) -> int:
        return self.server.answers.pop(0) if self.server.answers else 204

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def _is_genuine(headers: Any, body: bytes) -> bool:
    stamp = headers.get("X-Ghost-Timestamp", "0")
    made = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    is_ours = hmac.compare_digest(f"sha256={made}", headers.get("X-Ghost-Signature", ""))
    return is_ours and abs(time.time() - int(stamp)) < 300


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver of its own, in a thread."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
