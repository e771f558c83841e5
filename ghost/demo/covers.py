"""A small web server on loopback, from which the demo's covers are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ghost.demo.place import Place

PORT = 20080


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: the demo's output is for people."""


@contextmanager
def serving(place: Place, folder: Path) -> Iterator[str]:
    """Serve the files of `folder` on an address of the demo's network; the URL, ending in `/`."""
    host = f"{place.network}.250.1"
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer((host, PORT), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        try:
            yield f"http://{host}:{PORT}/"
        finally:
            server.shutdown()
