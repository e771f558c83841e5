"""A site that is really built, and a web server that really serves it."""

from __future__ import annotations

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builds.engine import pipeline
from builds.models import Build
from tests.builds.deployments import (  # noqa: F401  # fixtures
    broken,
    pages_remote,
    published,
    site,
    target_folder,
    waiting,
)
from tests.builds.faults import place  # noqa: F401  # a fixture
from tests.builds.pictures import pictures, stall  # noqa: F401  # fixtures
from tests.presence import present


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def build(db, settings):
    """`build()`: build the site of the test's catalog in one language; the public folder."""

    def run(**kwargs) -> Path:
        claimed = present(Build.objects.claim("test"))
        pipeline.run(claimed, **kwargs)
        return settings.GHOST.site_workdir / "public"

    return run


@pytest.fixture(autouse=True)
def no_sync(monkeypatch):
    """What a process wrote is there for the next one: only a power loss needs the disk."""
    monkeypatch.setattr(os, "sync", lambda: None)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(autouse=True)
def one_language(configure):
    """Most tests look at one tree; those that look at two say so."""
    configure(site_languages=("en",))


@pytest.fixture
def serve():
    """`serve(folder)`: a web server on loopback; its address."""
    running = []

    def start(folder, host: str = "127.0.0.1", handler=QuietHandler) -> str:
        server = ThreadingHTTPServer((host, 0), partial(handler, directory=folder))
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return f"http://{host}:{server.server_address[1]}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()
