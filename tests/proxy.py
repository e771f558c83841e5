"""A server between a client and the real one, which fails as it is told."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

PROBLEM = b'{"type": "about:blank", "title": "x", "status": %d, "detail": "Come again later."}'


class Proxy:
    """Each request takes the next of `faults`; without one it gets through.

    429, 502, 503: that answer, nothing is passed on. `drop`: hung up on before anything is passed
    on. `cut`: passed on, and hung up on instead of an answer. `half`: passed on, and half of the
    answer. `hang`: passed on, and no answer until `close`.
    """

    def __init__(self, target: str) -> None:
        self.faults: list[str] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.retry_after = "0"
        self.is_hanging = threading.Event()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, target))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(proxy: Proxy, target: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = proxy.faults.pop(0) if proxy.faults else ""
            proxy.seen.append((self.command, self.path, dict(self.headers)))
            if fault.isdigit():
                return self._answer(
                    int(fault), PROBLEM % int(fault), {"Retry-After": proxy.retry_after}
                )
            if fault == "drop":
                return self._hang_up()
            found = self._passed_on(body)
            if fault == "hang":
                proxy.is_hanging.set()
                proxy._closing.wait(60)
            if fault in ("cut", "hang"):
                return self._hang_up()
            kept = {n: v for n, v in found.headers.items() if n not in _HOP_BY_HOP}
            self._answer(found.status_code, found.content, kept, is_cut=fault == "half")
            return None

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815  # http.server's names

        def _passed_on(self, body: bytes) -> requests.Response:
            headers = {n: v for n, v in self.headers.items() if n not in _HOP_BY_HOP}
            return requests.request(
                self.command, target + self.path, data=body, headers=headers, timeout=60
            )

        def _answer(
            self, status: int, body: bytes, headers: dict[str, str], *, is_cut: bool = False
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if is_cut else body)
            if is_cut:
                self._hang_up()

        def _hang_up(self) -> None:
            self.wfile.flush()
            self.close_connection = True
            # A reset, as of a machine that went away.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

        def log_message(self, *_: object) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError):  # hung up on
                super().finish()

    return Handler


_HOP_BY_HOP = frozenset(
    {"Connection", "Host", "Content-Length", "Transfer-Encoding", "Date", "Server"}
)
