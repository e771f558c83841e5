"""Debian's opentracker on loopback, and answers of our own as a hostile tracker would give them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dht.trackers import client as tracker_client

OPENTRACKER = shutil.which("opentracker")

needs_opentracker = pytest.mark.skipif(
    OPENTRACKER is None and not os.environ.get("CI"),
    reason="opentracker is not installed (apt-get install opentracker)",
)

KEYS = tuple(sha1(b"tracked %d" % number).hexdigest() for number in range(1300))
"""What the tracker of the `opentracker` fixture is open to."""


@dataclass(frozen=True)
class OpenTracker:
    """A running tracker: where to announce, and how to let it track more."""

    udp: str
    http: str
    process: subprocess.Popen
    whitelist: Path

    def allow(self, keys: Collection[str]) -> None:
        """Let it track these (40 hex digits) too; takes effect within a moment."""
        with self.whitelist.open("a") as file:
            file.write("".join(f"{key}\n" for key in keys))
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)


@contextmanager
def running_opentracker(
    folder: Path, keys: Collection[str], host: str = "127.0.0.1"
) -> Iterator[OpenTracker]:
    """An opentracker that tracks `keys`; its files are put into `folder`."""
    # Started as root, it locks itself into the folder as another user.
    folder.chmod(0o755)
    whitelist = folder / "white.txt"
    whitelist.write_text("".join(f"{key}\n" for key in keys))
    whitelist.chmod(0o644)
    port = free_port(host)
    config = folder / "opentracker.conf"
    config.write_text(
        f"listen.tcp_udp {host}:{port}\n"
        f"tracker.rootdir {folder}\n"
        "tracker.user nobody\n"
        "access.whitelist white.txt\n"
    )
    process = subprocess.Popen(
        [str(OPENTRACKER), "-f", str(config)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    try:
        _await_port(host, port, process)
        yield OpenTracker(
            f"udp://{host}:{port}/announce", f"http://{host}:{port}/announce", process, whitelist
        )
    finally:
        process.kill()
        process.wait()


def free_port(host: str) -> int:
    """A port that is free for TCP and UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((host, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((host, port))
            except OSError:
                continue
            return port


def _await_port(host: str, port: int, process: subprocess.Popen) -> None:
    for _ in range(200):
        assert process.poll() is None, "opentracker ended"
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("opentracker does not listen")


@pytest.fixture(scope="session")
def opentracker(tmp_path_factory):
    """A tracker of KEYS, for the whole test run."""
    with running_opentracker(tmp_path_factory.mktemp("opentracker"), KEYS) as running:
        yield running


@pytest.fixture
def asking(configure, monkeypatch):
    """This process's trackers, on a network where loopback is allowed; none is waited for long."""
    yield from _asking(configure, monkeypatch, allow_private_networks=True)


@pytest.fixture
def asking_public(configure, monkeypatch):
    """This process's trackers, on the open network."""
    yield from _asking(configure, monkeypatch, allow_private_networks=False)


def _asking(configure, monkeypatch, **values):
    tracker_client.close()
    monkeypatch.setattr(tracker_client, "CLOSE_WITHIN_S", 0.2)
    configure(dht_listen_interfaces=("127.0.0.1:0",), **values)
    yield tracker_client.trackers()
    tracker_client.close()


def await_events(
    asking: tracker_client.Trackers, within_s: float = 60
) -> list[tracker_client.Event]:
    """What is told until nothing more is to come."""
    events, until = [], time.monotonic() + within_s
    while time.monotonic() < until:
        is_busy = asking.num_pending > 0
        events += asking.events()
        if not is_busy:
            return events
        time.sleep(0.002)
    raise AssertionError(f"still busy after {within_s} s: {events}")


def await_unlisted(asking: tracker_client.Trackers, within_s: float = 60) -> None:
    """Until we are in no list any more."""
    until = time.monotonic() + within_s
    while asking.num_listed:
        assert time.monotonic() < until, "still listed"
        time.sleep(0.002)


def counts(url: str, keys: Collection[str]) -> dict[str, tuple[int, int]]:
    """What a tracker counts for these keys."""
    found: dict[Any, Any] = {}
    for event in tracker_client.scrape({url: keys}, 5):
        assert isinstance(event, tracker_client.Scraped), event
        found |= event.swarms
    return found


Reply = Callable[[bytes], bytes | None]


class UdpServer:
    """A tracker of the test's own: `reply` makes of each datagram its answer, or silence."""

    def __init__(self, reply: Reply, host: str = "127.0.0.1") -> None:
        self.reply = reply
        self.heard: list[bytes] = []
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.url = "udp://{}:{}".format(*self.socket.getsockname())
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            body, self.sender = self.socket.recvfrom(4096)
            if not body:
                return
            self.heard.append(body)
            answer = self.reply(body)
            if answer is not None:
                self.socket.sendto(answer, self.sender)

    def close(self) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as ending:
            ending.sendto(b"", self.socket.getsockname())
        self._thread.join()
        self.socket.close()

    def actions(self) -> list[int]:
        """What was asked: 0 connect, 1 announce, 2 scrape."""
        return [struct.unpack_from(">I", body, 8)[0] for body in self.heard]


def connected(body: bytes, connection: int = 7) -> bytes | None:
    """A right answer to a connect request, None to others."""
    action, number = struct.unpack_from(">II", body, 8)
    return struct.pack(">IIQ", 0, number, connection) if action == 0 else None


class HttpServer:
    """A web server of the test's own: `reply` makes of each path its answer."""

    def __init__(self, reply: Callable[[str], bytes | tuple[int, str]]) -> None:
        self.heard: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.heard.append(self.path)
                answer = reply(self.path)
                status, location = answer if isinstance(answer, tuple) else (200, "")
                body = b"" if isinstance(answer, tuple) else answer
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except OSError:  # the asker had enough
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/announce"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def serve():
    """`serve.udp(reply)` and `serve.http(reply)`: trackers that end with the test."""
    serving = Serving([])
    yield serving
    for server in serving.running:
        server.close()


@dataclass
class Serving:
    running: list[UdpServer | HttpServer]

    def udp(self, reply: Reply, host: str = "127.0.0.1") -> UdpServer:
        server = UdpServer(reply, host)
        self.running.append(server)
        return server

    def http(self, reply: Callable[[str], bytes | tuple[int, str]]) -> HttpServer:
        server = HttpServer(reply)
        self.running.append(server)
        return server
