"""The web server of a bench: gunicorn as the Procfile starts it, on a port of its own."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from processes import parts

sys.path.insert(0, str(parts.ROOT))
from ghost.demo.__main__ import procfile

CONNECTIONS = 16
PATIENCE_S = 60


class Rate(NamedTuple):
    """What wrk found."""

    per_s: float
    cpu_us: float
    """Of the server, for each request."""
    requests: int
    refused: int


class Server:
    """A running gunicorn."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port, self.process = port, process
        self.others: Callable[[], list[int]] = list
        """Further processes whose CPU counts as its own."""

    def url(self, path: str) -> str:
        """The whole address."""
        return f"http://127.0.0.1:{self.port}{path}"

    def workers(self) -> list[int]:
        """Its worker processes."""
        pid = self.process.pid
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def cpu_ms(self) -> float:
        """What its processes have used so far."""
        return sum(map(_cpu_ms, [*self.workers(), *self.others()]))

    def most_mb(self) -> float:
        """The most memory that one of them ever had."""
        return max(_memory_mb(pid, "VmHWM") for pid in self.workers())

    def memory_mb(self) -> float:
        """What all of them have now."""
        return sum(_memory_mb(pid, "VmRSS") for pid in self.workers())

    def threads(self) -> int:
        """Of all of them."""
        return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in self.workers())

    def rate(self, path: str, token: str = "", seconds: float = 3) -> Rate:
        """Ask by wrk for so long."""
        header = ["-H", f"Authorization: Bearer {token}"] if token else []
        before = self.cpu_ms()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", *header, self.url(path)],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        used_ms = self.cpu_ms() - before
        count = int(_number(r"(\d+) requests in", done))
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done)
        per_s = float(_number(r"Requests/sec:\s+([\d.]+)", done))
        cpu_us = used_ms * 1000 / max(count, 1)
        return Rate(per_s, cpu_us, count, int(refused[1]) if refused else 0)

    def stop(self) -> float:
        """Seconds from SIGTERM to its end."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        return time.perf_counter() - began


@contextmanager
def serving(
    env: Mapping[str, str], folder: Path, *options: str, awaited: str = "/health"
) -> Iterator[Server]:
    """With these options of gunicorn beside the Procfile's; it answers at `awaited`."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    ours = {"HOST": "127.0.0.1", "PORT": str(port), "GUNICORN_CMD_ARGS": " ".join(options)}
    log = folder / f"web-{port}.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["sh", "-c", f"exec {procfile()['web']}"],
            cwd=parts.ROOT, env={**env, **ours}, stdout=file, stderr=file,
        )  # fmt: skip
    server = Server(port, process)
    try:
        _await(server, awaited, log)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _await(server: Server, path: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.process.poll() is None:
        with suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    sys.exit(f"The server did not come up:\n{log.read_text()[-3000:]}")


def _number(pattern: str, words: str) -> str:
    found = re.search(pattern, words)
    assert found is not None, words
    return found[1]


def _cpu_ms(pid: int) -> float:
    """Of proc_pid_schedstat: nanoseconds on a processor, thread by thread."""
    found = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in found) / 1e6


def _memory_mb(pid: int, what: str) -> float:
    return float(_number(rf"{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())) / 1024
