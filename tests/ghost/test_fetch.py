"""The door to the web, against a real server on loopback."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ghost import fetch
from ghost.errors import OutageError, RefusedError


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        getattr(self, "answer_" + self.path.strip("/"))()

    def _send(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_picture(self):
        self._send(body=b"pixels", Content_Type="image/png; charset=x")

    def answer_missing(self):
        self._send(404)

    def answer_big(self):
        self._send(body=b"x" * 5000)

    def answer_loop(self):
        self._send(302, Location="/loop")

    def answer_elsewhere(self):
        self._send(302, Location="http://127.0.0.1:1/")

    def answer_ftp(self):
        self._send(302, Location="ftp://127.0.0.1/")

    def answer_gzip(self):
        self._send(body=b"x", Content_Encoding="gzip")

    def answer_late(self):
        time.sleep(0.8)
        self._send(302, Location=self.late)

    def answer_drip(self):
        try:
            for _ in range(100):
                self.wfile.write(b"H")
                time.sleep(0.05)
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_get_answers_body_type_and_address(server, configure):
    configure(allow_private_networks=True)

    found = fetch.get(f"{server}/picture", max_bytes=100, timeout_s=5)

    assert found == fetch.Fetched(b"pixels", "image/png", f"{server}/picture")


def test_get_refuses_loopback_unless_allowed(server):
    with pytest.raises(RefusedError, match="private network"):
        fetch.get(f"{server}/picture", max_bytes=100, timeout_s=5)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "javascript:1", "//x", ""])
def test_get_refuses_other_schemes(url):
    with pytest.raises(RefusedError, match="Only http"):
        fetch.get(url, max_bytes=100, timeout_s=5)


def test_get_checks_the_address_after_a_redirect_too(server, configure, monkeypatch):
    """The first address passes for public here; where it leads to does not."""
    first = int(server.rpartition(":")[2])
    real = fetch._allowed_addresses
    monkeypatch.setattr(
        fetch, "_allowed_addresses", lambda h, p: ["127.0.0.1"] if p == first else real(h, p)
    )

    with pytest.raises(RefusedError, match="private network"):
        fetch.get(f"{server}/elsewhere", max_bytes=100, timeout_s=5)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("missing", OutageError, "answered 404"),
        ("big", RefusedError, "larger than 1,000 bytes"),
        ("loop", OutageError, "more than 5 times"),
        ("elsewhere", OutageError, "refused"),
        ("ftp", OutageError, "can't be fetched"),
        ("gzip", OutageError, "encoding"),
    ],
)
def test_get_says_what_went_wrong(server, configure, path, error, words):
    configure(allow_private_networks=True)

    with pytest.raises(error, match=words):
        fetch.get(f"{server}/{path}", max_bytes=1000, timeout_s=5)


def test_get_ends_on_time_when_the_answer_drips(server, configure):
    configure(allow_private_networks=True)
    started = time.monotonic()

    with pytest.raises(OutageError, match=r"within 0\.5 s"):
        fetch.get(f"{server}/drip", max_bytes=1000, timeout_s=0.5)

    assert time.monotonic() - started < 2
