"""A listener of `GET /api/events` over the network, as a publisher's script would be one."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import threading
from contextlib import suppress
from typing import Any

from tests.installation import Installation


class Ear:
    """One open stream; its events are queued as they come."""

    def __init__(self, place: Installation, token: str, query: str = "", **headers: str) -> None:
        self.last_id = ""
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._sock = socket.create_connection(("127.0.0.1", place.port), timeout=60)
        asked = {"Host": "localhost", "Authorization": f"Bearer {token}", **headers}
        lines = [f"GET /api/events{query} HTTP/1.1", *(f"{n}: {v}" for n, v in asked.items())]
        self._sock.sendall("\r\n".join([*lines, "", ""]).encode())
        self._file = self._sock.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers = http.client.parse_headers(self._file)
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.status == 200:
            self._thread.start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with suppress(OSError, ValueError):  # it was closed while it read
            for raw in self._file:
                name, _colon, value = raw.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                else:
                    self._hear(fields)
                    fields = {}
        self._events.put(None)

    def _hear(self, fields: dict[str, str]) -> None:
        self.last_id = fields.get("id", self.last_id)
        if "event" in fields:
            self._events.put({"event": fields["event"], **json.loads(fields["data"])})

    def next(self, patience_s: float = 20, **wanted: object) -> dict[str, Any]:
        """The next event with these values; those before it are dropped."""
        while True:
            event = self._events.get(timeout=patience_s)
            assert event is not None, "the stream has ended"
            if wanted.items() <= event.items():
                return event

    def rest(self, patience_s: float = 20) -> list[dict[str, Any]]:
        """All events until the stream ends."""
        return list(iter(lambda: self._events.get(timeout=patience_s), None))

    def body(self) -> dict[str, Any]:
        """The answer, if it is no stream."""
        return json.loads(self._file.read(int(self.headers["Content-Length"])))

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        if self.status == 200:
            self._thread.join(timeout=120)
        self._file.close()
        self._sock.close()
