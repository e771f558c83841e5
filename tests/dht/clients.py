"""Seeders of other makes, as Debian has them, on an address of 127.0.0.0/8 alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ghost.demo.seeds import Seed
from tests.trackers import free_port

ENDS_WITHIN_S = 60
"""They end by themselves after so long, should the test be killed."""

Endpoint = tuple[str, int]


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Skipped where the program is missing, but never in CI."""
    return pytest.mark.skipif(
        shutil.which(program) is None and not os.environ.get("CI"),
        reason=f"{program} is not installed (apt-get install {package})",
    )


needs_transmission = needs("transmission-daemon", "transmission-daemon")
needs_transmission_cli = needs("transmission-cli", "transmission-cli")
needs_aria2 = needs("aria2c", "aria2")

TRANSMISSION = {
    "bind-address-ipv6": "::1",
    "dht-enabled": False,
    "lpd-enabled": False,
    "pex-enabled": False,
    "port-forwarding-enabled": False,
    "rpc-enabled": False,
    "watch-dir-enabled": True,
    "start-added-torrents": True,
}


@contextmanager
def transmission(ip: str, folder: Path, body: bytes, save_path: Path, **settings) -> Iterator:
    """transmission-daemon, sharing one torrent; its address."""
    port = free_port(ip)
    home = folder / "transmission"
    (home / "watched").mkdir(parents=True)
    (home / "watched" / "one.torrent").write_bytes(body)
    chosen = {
        "bind-address-ipv4": ip,
        "peer-port": port,
        "download-dir": str(save_path),
        "watch-dir": str(home / "watched"),
        "utp-enabled": False,
    }
    (home / "settings.json").write_text(json.dumps(TRANSMISSION | chosen | settings))
    command = ["transmission-daemon", "--foreground", "--config-dir", str(home)]
    with _running(command, (ip, port), home / "log"):
        yield ip, port


@contextmanager
def transmission_cli(ip: str, folder: Path, body: bytes | str, save_path: Path) -> Iterator:
    """transmission-cli, as at a terminal, with a `.torrent` or a link."""
    port = free_port(ip)
    home = folder / "transmission-cli"
    home.mkdir()
    chosen = {"bind-address-ipv4": ip, "peer-port": port, "utp-enabled": False}
    (home / "settings.json").write_text(json.dumps(TRANSMISSION | chosen))
    if isinstance(body, bytes):
        (home / "one.torrent").write_bytes(body)
    command = [
        "transmission-cli", "--config-dir", str(home), "--download-dir", str(save_path),
        "--no-portmap", "--port", str(port),
        body if isinstance(body, str) else str(home / "one.torrent"),
    ]  # fmt: skip
    with _running(command, (ip, port), home / "log"):
        yield ip, port


@contextmanager
def aria2(ip: str, folder: Path, body: bytes, save_path: Path, *options: str) -> Iterator:
    """aria2c, seeding one torrent; its address."""
    port = free_port(ip)
    home = folder / "aria2"
    home.mkdir()
    (home / "one.torrent").write_bytes(body)
    command = [
        "aria2c", "--no-conf", f"--interface={ip}", "--disable-ipv6=true", f"--listen-port={port}",
        "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false",
        "--enable-peer-exchange=false", "--seed-ratio=0", "--bt-seed-unverified=true",
        "--check-integrity=true", "--file-allocation=none", f"--dir={save_path}",
        f"--stop={ENDS_WITHIN_S}", f"--stop-with-process={os.getpid()}", *options,
        str(home / "one.torrent"),
    ]  # fmt: skip
    with _running(command, (ip, port), home / "log"):
        yield ip, port


def download_with_aria2(ip: str, link: str, save_path: Path) -> str:
    """Have aria2c take what a link names, to the end; what it said."""
    command = [
        "aria2c", "--no-conf", f"--interface={ip}", "--disable-ipv6=true", f"--listen-port={free_port(ip)}",
        "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--seed-time=0",
        "--file-allocation=none", f"--dir={save_path}", f"--stop={ENDS_WITHIN_S}", link,
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, timeout=ENDS_WITHIN_S + 5)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


@contextmanager
def _running(command: Sequence[str], endpoint: Endpoint, log: Path) -> Iterator[None]:
    # A limit of the system, so that nothing outlives a test run that was killed.
    bounded = ["timeout", "--kill-after=2", str(ENDS_WITHIN_S), *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            bounded, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=log.parent
        )
    try:
        _await(lambda: _listens(endpoint) or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)


def _listens(endpoint: Endpoint) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(endpoint) == 0


def _await(is_so: Callable[[], bool], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, "it did not start"
        time.sleep(0.05)


def announcing(seed: Seed, tracker: str) -> bytes:
    """The .torrent of a seed, with a tracker."""
    import libtorrent as lt

    plain: Any = lt.bdecode(seed.body)
    return lt.bencode(plain | {b"announce": tracker.encode()})
