"""Pictures made by hand, and a web server that gives them out as a publisher's might."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler

import pytest
from PIL import Image


def image(size=(1200, 900), kind="PNG", mode="RGB", colour="#cc3300", **options) -> bytes:
    body = io.BytesIO()
    Image.new(mode, size, colour).save(body, kind, **options)
    return body.getvalue()


def png(width: int, height: int, *parts: tuple[bytes, bytes], depth=8, colour=2) -> bytes:
    """A PNG with these parts, whatever is in them."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", header), *parts, (b"IEND", b"")):
        check = zlib.crc32(kind + content)
        body += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
    return body


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


class Pictures(BaseHTTPRequestHandler):
    """By path: a body; a str leads there; an int is a status; a function answers by itself;
    a tuple is (status, headers, body)."""

    def __init__(self, *args, directory, **kwargs):
        self.answers = directory
        super().__init__(*args, **kwargs)

    def do_GET(self):
        self.answers.setdefault("asked", []).append(self.path)
        answer = self.answers.get(self.path, 404)
        if callable(answer):
            return answer(self)
        if isinstance(answer, str):
            answer = (302, {"Location": answer}, b"")
        elif isinstance(answer, int):
            answer = (answer, {}, b"")
        elif isinstance(answer, bytes):
            answer = (200, {}, answer)
        return self.answer(*answer)

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def pictures(serve, configure):
    """What a server gives out, by path; `address` is where it is, `asked` what was asked of it."""
    configure(allow_private_networks=True)
    answers = {"/cover.png": image(), "/words": b"no image", "asked": []}
    answers["address"] = serve(answers, handler=Pictures)
    return answers


@pytest.fixture
def stall():
    """An event on which something of the test waits; it is set when the test is over."""
    over = threading.Event()
    yield over
    over.set()
