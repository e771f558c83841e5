"""The entry point to the web, against a real server on loopback."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import fetch

POSTED: list[tuple[bytes, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        POSTED.append((body, self.headers["X-Sign"]))
        self.do_GET()

    def do_GET(self):
        getattr(self, "answer_" + self.path.strip("/"))()

    def _send(self, status=200, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def answer_picture(self):
        self._send(body=b"pixels", Content_Type="image/png; charset=x")

    def answer_who(self):
        self._send(body=self.client_address[0].encode())

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

    def answer_flood(self):
        """A redirect with a body that does not end."""
        self.send_response(302)
        self.send_header("Location", "/picture")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b"x" * 65536)

    def answer_garbled(self):
        self.send_response_only(302)
        self.wfile.write(b"Location: /\xff\r\n\r\n")

    def answer_crooked(self):
        self._send(302, Location="http://[")

    def answer_part(self):
        self._send(206, b"x", Content_Range="bytes 7-7/8")

    def answer_beyond(self):
        self._send(416, Content_Range="bytes */5")

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

    found = fetch.get(f"{server}/picture", max_bytes=100, timeout_s=60)

    assert found == fetch.Fetched(b"pixels", "image/png", f"{server}/picture")


def test_get_refuses_loopback_unless_allowed(server):
    with pytest.raises(RefusedError, match="private network"):
        fetch.get(f"{server}/picture", max_bytes=100, timeout_s=60)


def test_get_connects_from_the_address_it_is_given(server, configure):
    configure(allow_private_networks=True)

    found = fetch.get(f"{server}/who", max_bytes=100, timeout_s=60, source_address="127.0.0.9")

    assert found.body == b"127.0.0.9"


def test_get_never_connects_from_another_address_than_the_one_it_is_given(server, configure):
    configure(allow_private_networks=True)

    with pytest.raises(OutageError, match="Cannot assign requested address"):
        fetch.get(f"{server}/who", max_bytes=100, timeout_s=60, source_address="192.0.2.1")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "javascript:1", "//x", ""])
def test_get_refuses_other_schemes(url):
    with pytest.raises(RefusedError, match="Only http"):
        fetch.get(url, max_bytes=100, timeout_s=60)


def test_get_checks_the_address_after_a_redirect_too(server, configure, monkeypatch):
    """The first address passes for public here; where it leads to does not."""
    first = int(server.rpartition(":")[2])
    real = fetch._allowed_addresses
    monkeypatch.setattr(
        fetch, "_allowed_addresses", lambda h, p, s: ["127.0.0.1"] if p == first else real(h, p, s)
    )

    with pytest.raises(RefusedError, match="private network"):
        fetch.get(f"{server}/elsewhere", max_bytes=100, timeout_s=60)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("missing", OutageError, "answered 404"),
        ("big", RefusedError, "larger than 1,000 bytes"),
        ("loop", OutageError, "more than 5 times"),
        ("elsewhere", OutageError, "refused"),
        ("ftp", OutageError, "can't be fetched"),
        ("gzip", OutageError, "encoding"),
        ("garbled", OutageError, "can't be fetched"),
        ("crooked", OutageError, "can't be fetched"),
    ],
)
def test_get_says_what_went_wrong(server, configure, path, error, words):
    configure(allow_private_networks=True)

    with pytest.raises(error, match=words):
        fetch.get(f"{server}/{path}", max_bytes=1000, timeout_s=60)


def test_get_ends_on_time_when_the_answer_drips(server, configure):
    configure(allow_private_networks=True)
    started = time.monotonic()

    with pytest.raises(OutageError, match=r"within 0\.5 s"):
        fetch.get(f"{server}/drip", max_bytes=1000, timeout_s=0.5)

    assert time.monotonic() - started < 2


def test_get_reads_no_body_of_a_redirect(server, configure):
    configure(allow_private_networks=True)

    found = fetch.get(f"{server}/flood", max_bytes=1000, timeout_s=60)

    assert found.body == b"pixels"


def test_get_says_that_a_name_is_none(configure):
    with pytest.raises(OutageError, match="can't be fetched"):
        fetch.get(f"http://{'a' * 64}.com/", max_bytes=1000, timeout_s=60)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("picture", fetch.Head(200, 6)),
        ("missing", fetch.Head(404, 0)),
        ("gzip", fetch.Head(200, None)),  # its length is not the file's
        ("flood", fetch.Head(200, 6)),
    ],
)
def test_head_tells_status_and_size(server, configure, path, answer):
    configure(allow_private_networks=True)

    assert fetch.head(f"{server}/{path}", timeout_s=60) == answer


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("part", fetch.Head(206, 8)),
        ("picture", fetch.Head(200, 6)),
        ("beyond", fetch.Head(416, 0)),
    ],
)
def test_byte_tells_status_and_size_of_the_whole(server, configure, path, answer):
    configure(allow_private_networks=True)

    assert fetch.byte(f"{server}/{path}", 7, timeout_s=60) == answer


def test_byte_says_when_another_one_came(server, configure):
    configure(allow_private_networks=True)

    with pytest.raises(OutageError, match="another range"):
        fetch.byte(f"{server}/part", 6, timeout_s=60)


def head(url, **kwargs):
    return fetch.head(url, **kwargs)


def byte(url, **kwargs):
    return fetch.byte(url, 7, **kwargs)


def test_post_is_guarded_as_get_is(server, configure):
    with pytest.raises(RefusedError, match="private network"):
        fetch.post(f"{server}/picture", b"", headers={}, timeout_s=5)
    configure(allow_private_networks=True)
    with pytest.raises(OutageError, match=r"within 0\.3 s"):
        fetch.post(f"{server}/drip", b"", headers={}, timeout_s=0.3)


@pytest.mark.parametrize("ask", [head, byte])
def test_head_and_byte_are_guarded_as_get_is(server, configure, ask):
    with pytest.raises(RefusedError, match="Only http"):
        ask("ftp://x/", timeout_s=60)
    with pytest.raises(RefusedError, match="private network"):
        ask(f"{server}/picture", timeout_s=60)
    configure(allow_private_networks=True)
    with pytest.raises(OutageError, match="more than 5 times"):
        ask(f"{server}/loop", timeout_s=60)
    with pytest.raises(OutageError, match=r"within 0\.3 s"):
        ask(f"{server}/drip", timeout_s=0.3)


def test_post_sends_a_body_with_headers_and_tells_the_status(server, configure):
    configure(allow_private_networks=True)
    POSTED.clear()

    status = fetch.post(f"{server}/picture", b"\x00text", headers={"X-Sign": "s"}, timeout_s=5)

    assert status == 200
    assert POSTED == [(b"\x00text", "s")]


@pytest.mark.parametrize(("path", "status"), [("missing", 404), ("elsewhere", 302)])
def test_post_follows_no_redirect_and_names_another_status(server, configure, path, status):
    configure(allow_private_networks=True)

    with pytest.raises(fetch.AnsweredError) as caught:
        fetch.post(f"{server}/{path}", b"", headers={}, timeout_s=5)

    assert caught.value.status == status
