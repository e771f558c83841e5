"""The one door through which Ghost itself fetches from the web.

Addresses come from publishers, so they are hostile: only http and https, no private network
(checked on the address that is really connected to, after each redirect too), a bound on bytes,
redirects and the time of the whole call.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from ghost.addresses import is_public
from ghost.errors import OutageError, RefusedError

MAX_REDIRECTS = 5
CHUNK_BYTES = 64 * 1024
SHUT_EVERY_S = 0.1
USER_AGENT = "Ghost/0.1 (catalog of magnet links)"


@dataclass(frozen=True)
class Fetched:
    """An answer: its body, media type without parameters, and the address it came from."""

    body: bytes
    content_type: str
    url: str


def get(url: str, *, max_bytes: int, timeout_s: float) -> Fetched:
    """Fetch `url` whole, within `timeout_s` seconds in all and `max_bytes` of body.

    RefusedError for a scheme, address or size that is not allowed; OutageError for whatever
    goes wrong on the way, an answer other than 200 included.
    """
    if urlsplit(url).scheme not in {"http", "https"}:
        raise RefusedError("Only http and https addresses can be fetched.")
    with requests.Session() as session, _Watch(timeout_s) as watch:
        session.trust_env = False  # a proxy would connect where we can't look
        session.max_redirects = MAX_REDIRECTS
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(watch))
        try:
            return _read(session, url, max_bytes, watch)
        except requests.TooManyRedirects as error:
            raise OutageError(f"It redirects more than {MAX_REDIRECTS} times.") from error
        except (requests.RequestException, HTTPError, OSError) as error:
            if watch.left_s <= 0:
                raise OutageError(f"No whole answer within {timeout_s:g} s.") from error
            raise OutageError(f"It can't be fetched: {_reason(error)}.") from error


def _read(session: requests.Session, url: str, max_bytes: int, watch: _Watch) -> Fetched:
    # No compression: a small answer must not become a big one here.
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    with session.get(url, stream=True, timeout=watch.left_s, headers=headers) as response:
        if response.status_code != requests.codes.ok:
            raise OutageError(f"The server answered {response.status_code}.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise OutageError("The server answered in an encoding that was not asked for.")
        body = bytearray()
        while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
            body += chunk
            if len(body) > max_bytes:
                raise RefusedError(f"It is larger than {max_bytes:,} bytes.")
            if watch.left_s <= 0:
                raise OutageError("It came too slowly.")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Fetched(bytes(body), kind, response.url)


def _allowed_addresses(host: str, port: int) -> list[str]:
    """The addresses of `host` that may be connected to; RefusedError if all are private."""
    found = [str(i[4][0]) for i in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    allowed = [a for a in found if settings.GHOST.allow_private_networks or is_public(a)]
    if not allowed:
        raise RefusedError("It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS).")
    return list(dict.fromkeys(allowed))


class _Watch:
    """Holds one call to its time limit.

    A server can pass each socket's time-out, by dripping its answer or by redirecting at the last
    moment. So from the limit on every connection is shut, again and again until the call ends.
    """

    def __init__(self, timeout_s: float) -> None:
        self._deadline = time.monotonic() + timeout_s
        self._connections: list[HTTPConnection] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._shut_late_ones, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def left_s(self) -> float:
        """Seconds until the limit."""
        return self._deadline - time.monotonic()

    def open(self, connection: HTTPConnection) -> None:
        """A connection is about to be made: it gets the time that is left."""
        if self.left_s <= 0:
            raise TimeoutError
        connection.timeout = self.left_s
        self._connections.append(connection)

    def _shut_late_ones(self) -> None:
        self._is_over.wait(max(self.left_s, 0))
        while not self._is_over.wait(SHUT_EVERY_S):
            for connection in self._connections:
                with suppress(OSError, AttributeError):  # closed, or not open yet
                    connection.sock.shutdown(socket.SHUT_RDWR)


class _Guarded(HTTPConnection):
    """Connects to an address that was checked, not to a name looked up a second time."""

    watch: _Watch

    def _new_conn(self) -> socket.socket:
        try:
            addresses = _allowed_addresses(self._dns_host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self._dns_host, self, error) from error
        try:
            return self._connect(addresses)
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error.strerror or error}") from error

    def _connect(self, addresses: list[str]) -> socket.socket:
        for address in addresses[:-1]:
            with suppress(OSError):
                return self._connect([address])
        self.watch.open(self)
        return create_connection(
            (addresses[-1], self.port), self.timeout, socket_options=self.socket_options
        )


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """Opens guarded connections only."""

    def __init__(self, watch: _Watch) -> None:
        self._watch = watch
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # requests' own
        super().init_poolmanager(*args, **kwargs)
        plain = type("_Plain", (_Guarded,), {"watch": self._watch})
        tls = type("_TLS", (_GuardedTLS,), {"watch": self._watch})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_TLSPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }


def _reason(error: BaseException) -> str:
    """The innermost cause in words, without our object addresses in it."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
