"""How long a request may take to arrive: a body that never ends must not hold a thread for ever."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def bounded(application: WSGIApplication) -> WSGIApplication:
    """The application, on a connection that is given up after some seconds of silence: between two
    parts of a body, or of an answer that is not taken.

    With TLS in gunicorn its threads wait for clients and have no limit of their own. Plain connections
    have a guard (`ghost.core.server.worker`), and this does nothing to them.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        connection = environ.get("gunicorn.socket")
        if isinstance(connection, socket.socket):
            connection.settimeout(settings.GHOST.request_timeout_s)
        return application(environ, start_response)

    return answer
