"""A response that goes on for hours, without a thread of the web server.

Our worker of gunicorn gives its connection away (`ghost.core.server.client_socket.ClientSocket.take`)
and serves the next one. Any other server gets a pair of sockets: what comes out of one is its
response, at the cost of a thread.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from email.utils import formatdate

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from ghost.core.server.client_socket import ClientSocket

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
        self._request, self._adopt, self._forget = request, adopt, forget
        self._is_begun = False
        super().__init__(self._body(), content_type=content_type)
        self["X-Accel-Buffering"] = "no"  # nginx would keep it until it has some kilobytes

    def _body(self) -> Iterator[bytes]:
        self._is_begun = True
        given = self._request.META.get("gunicorn.socket")
        if isinstance(given, ClientSocket):
            self._adopt(given.take(), head(self))
            return
        ours, theirs = socket.socketpair()
        with ours:
            self._adopt(theirs, b"")
            while part := ours.recv(READ_BYTES):
                yield part

    def close(self) -> None:
        """The server is done with the response."""
        super().close()
        if not self._is_begun:
            self._forget()


def head(response: HttpResponseBase) -> bytes:
    """Status and headers of a response whose body ends with the connection (RFC 9112, 6.3)."""
    cookies = (("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values())
    own = (("Date", formatdate(usegmt=True)), ("Connection", "close"))
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in (*own, *response.items(), *cookies)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
