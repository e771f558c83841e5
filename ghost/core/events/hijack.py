"""A response that goes on for hours, without a thread of the web server.

Gunicorn's threads hand their client's socket over (`gunicorn.socket` of the environment). We keep
the connection and leave the server a socket that is connected to nobody: it lets go of that as it
does of a client who hung up, counts it no more, and serves the next one. Any other server gets a
pair of sockets: what comes out of one is its response, at the cost of a thread.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

Adopt = Callable[[socket.socket, bytes], None]
"""Takes a connection, and what is to be sent first."""

READ_BYTES = 65_536


class Handover(StreamingHttpResponse):
    """A response whose body is written by whoever adopts the connection.

    That happens when the server asks for the body: all middleware has seen the response by then.
    `forget` is called instead if it never does.
    """

    def __init__(
        self, request: HttpRequest, adopt: Adopt, forget: Callable[[], None], content_type: str
    ) -> None:
        body = _Body(self, request, adopt, forget)
        super().__init__(body, content_type=content_type)
        self["Cache-Control"] = "no-store"
        self["X-Accel-Buffering"] = "no"  # nginx would keep it until it has some kilobytes


class _Body:
    """What the server iterates."""

    def __init__(
        self,
        response: HttpResponseBase,
        request: HttpRequest,
        adopt: Adopt,
        forget: Callable[[], None],
    ) -> None:
        self._response, self._environ = response, request.META
        self._adopt, self._forget = adopt, forget
        self._relayed: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._relayed is None:
            self._relayed = self._begun()
        return next(self._relayed)

    def _begun(self) -> Iterator[bytes]:
        given = self._environ.get("gunicorn.socket")
        if not (isinstance(given, socket.socket) and _can_be_taken(given, self._environ)):
            return self._relay()
        self._relayed = iter(())
        self._adopt(_taken(given), head(self._response))
        # As if the client had hung up: nothing is written any more, and nothing logged.
        raise BrokenPipeError(errno.EPIPE, "the connection was handed over")

    def _relay(self) -> Iterator[bytes]:
        ours, theirs = socket.socketpair()
        with ours:
            self._adopt(theirs, b"")
            while part := ours.recv(READ_BYTES):
                yield part

    def close(self) -> None:
        """The server is done with the response."""
        if self._relayed is None:
            self._forget()


def _can_be_taken(given: socket.socket, environ: dict[str, Any]) -> bool:
    """Whether it is a plain connection for this response alone: no TLS, no HTTP/2."""
    is_plain = type(given) is socket.socket
    return is_plain and environ.get("SERVER_PROTOCOL") in {"HTTP/1.0", "HTTP/1.1"}


def _taken(given: socket.socket) -> socket.socket:
    """The connection. Under its number the server finds a socket that is connected to nobody:
    closed, it would end the connection, and without one it would miscount its connections."""
    ours = given.dup()
    with socket.socket(given.family, given.type) as nobody:
        os.dup2(nobody.fileno(), given.fileno(), inheritable=False)
    return ours


def head(response: HttpResponseBase) -> bytes:
    """Status and headers of a response whose body ends with the connection (RFC 9112, 6.3)."""
    cookies = (("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values())
    own = (("Date", formatdate(usegmt=True)), ("Connection", "close"))
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in (*own, *response.items(), *cookies)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
