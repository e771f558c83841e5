"""Ghost's web and worker processes as the Procfile starts them, and requests to them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from processes import parts

START_S = 60.0
STOP_S = 30.0
Answer = tuple[int, Any]


class Client:
    """Asks the API, each time on a connection of its own: what is idle the server may close."""

    def __init__(self, port: int, token: str = "", headers: dict[str, str] | None = None) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._headers |= headers or {}

    def ask(self, method: str, path: str, plain: object = None) -> Answer:
        """Status and JSON of the answer."""
        body = None if plain is None else json.dumps(plain)
        headers = self._headers | ({"Content-Type": "application/json"} if body else {})
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as asked:
            asked.request(method, path, body, headers)
            answer = asked.getresponse()
            told = answer.read()
        with suppress(ValueError):
            return answer.status, json.loads(told)
        return answer.status, told.decode(errors="replace")


@contextmanager
def running(env: dict[str, str], folder: Path) -> Iterator[int]:
    """Web and worker; the web's port. Both have ended afterwards, with all that they started."""
    port = _free_port()
    with _program("web", env | {"PORT": str(port), "HOST": "127.0.0.1"}, folder) as web:
        _await(port, web, folder / "web.log")
        with _program("worker", env, folder):
            yield port


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _program(name: str, env: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    lines = (parts.ROOT / "Procfile").read_text().splitlines()
    line = next(x for x in lines if x.startswith(f"{name}:")).partition(":")[2]
    with (folder / f"{name}.log").open("a") as log:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {line}"], cwd=parts.ROOT, env=env, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            if Client(port).ask("GET", "/health")[0] == 200:
                return
        time.sleep(0.1)
    sys.exit(f"The server did not come up:\n{log.read_text()[-3000:]}")
