"""Answers to HEAD: the headers of the GET, and no body (RFC 9110 §9.3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def bodiless(application: WSGIApplication) -> WSGIApplication:
    """The application, whose body is closed instead of sent where the method is HEAD: servers
    would drop it, and complain of each."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = application(environ, start_response)
        return _Nothing(body) if environ.get("REQUEST_METHOD") == "HEAD" else body

    return answer


class _Nothing:
    """No part of a body, which is closed with it."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        """What PEP 3333 asks of servers to call."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
