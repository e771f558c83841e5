"""However the bytes come in, gunicorn's parser finds behind the guard what it finds in the bytes alone."""

from __future__ import annotations

import socket
from itertools import pairwise
from typing import Any

from gunicorn.config import Config
from gunicorn.http import RequestParser
from gunicorn.http.errors import NoMoreData
from hypothesis import example, given
from hypothesis import strategies as st

from ghost.core.server.client_socket import ClientSocket
from ghost.core.server.phases import Arrival

LINES = [
    b"Host: localhost",
    b"Content-Length: 5",
    b"Content-Length: 0",
    b"content-length:3 ",
    b"Content-Length : 5",
    b"Content-Length: +5",
    b"Content-Length: 5, 5",
    b"Content-Length:\r\n 5",
    b"X-Content-Length: 5",
    b"A: b\nContent-Length: 5",
    b"A: b\rContent-Length: 5",
    b"Content_Length: 5",
    b"Transfer-Encoding: identity",
    b"Expect: 100-continue",
    b"Expect: nothing",
    b"Connection: close",
    b"\x00: \xff",
    b" folded",
]
STARTS = [
    b"GET / HTTP/1.1",
    b"POST /a?b HTTP/1.1",
    b"GET / HTTP/1.0",
    b"\r\nGET / HTTP/1.1",
    b"get /",
    b"",
]

heads = st.builds(
    lambda start, lines: b"\r\n".join([start, *lines, b"", b""]),
    st.sampled_from(STARTS), st.lists(st.sampled_from(LINES), max_size=4),
)  # fmt: skip
bodies = st.sampled_from([b"", b"12345", b"123", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\n"])
streams = st.lists(st.tuples(heads, bodies), min_size=1, max_size=4).map(
    lambda parts: b"".join(head + body for head, body in parts)
)


def told(request: Any) -> tuple[object, ...]:
    return request.method, request.uri, request.headers, request.body.read()


def parsed(stream: bytes) -> list[object]:
    """The requests in it and how it ends, by the parser alone."""
    parser, found = RequestParser(Config(), iter([stream]), ("127.0.0.1", 1)), list[object]()
    while True:
        try:
            found.append(told(next(parser)))
        except (StopIteration, NoMoreData):
            return found
        except Exception as error:  # noqa: BLE001  # whatever it is, it must be the same
            return [*found, type(error)]


def guarded(parts: list[bytes]) -> list[object]:
    """The same by way of the guard, to which they come part by part."""
    ours, theirs = socket.socketpair()
    sock, found = ClientSocket(ours, timeout_s=1), list[object]()
    parser = RequestParser(Config(), sock, ("127.0.0.1", 1))
    phase = Arrival(1, 1, lambda conn: None)
    try:
        while True:
            while not phase.go_on(sock):
                if not parts:
                    return found
                theirs.sendall(parts.pop(0))
            found.append(told(next(parser)))
            already_read = parser.unreader.take_buffered() + sock.received.read()
            sock.received.close()
            phase = Arrival(1, 1, lambda conn: None, already_read)
    except StopIteration:
        return found
    except Exception as error:  # noqa: BLE001  # whatever it is, it must be the same
        return [*found, type(error)]
    finally:
        sock.close()
        theirs.close()


@given(streams, st.lists(st.integers(1, 400), max_size=8))
@example(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345GET / HTTP/1.1\r\n\r\n", [50])
def test_guard_changes_nothing_of_what_is_parsed(stream, cuts):
    edges = [0, *sorted({cut for cut in cuts if cut < len(stream)}), len(stream)]
    parts = [stream[a:b] for a, b in pairwise(edges)]

    alone, behind = parsed(stream), guarded(parts)

    # What is not whole never reaches the parser; alone, it may say that the beginning is wrong.
    assert behind == alone[: len(behind)]
    assert len(alone) - len(behind) <= 1
