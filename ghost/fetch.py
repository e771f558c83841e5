"""The one door through which Ghost itself fetches from the web.

Addresses come from publishers, so they are hostile: only http and https, no private network
(checked on the address that is really connected to, after each redirect too), a bound on bytes,
redirects and the time of the whole call.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from ghost.errors import OutageError, RefusedError

MAX_REDIRECTS = 5
CHUNK_BYTES = 64 * 1024
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
    deadline = time.monotonic() + timeout_s
    with requests.Session() as session, _watched(timeout_s) as connections:
        session.trust_env = False  # a proxy would connect where we can't look
        session.max_redirects = MAX_REDIRECTS
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(connections))
        try:
            return _read(session, url, max_bytes, deadline)
        except requests.TooManyRedirects as error:
            raise OutageError(f"It redirects more than {MAX_REDIRECTS} times.") from error
        except (requests.RequestException, HTTPError, OSError) as error:
            if time.monotonic() >= deadline:
                raise OutageError(f"No whole answer within {timeout_s:g} s.") from error
            raise OutageError(f"It can't be fetched: {_reason(error)}.") from error


def _read(session: requests.Session, url: str, max_bytes: int, deadline: float) -> Fetched:
    left = max(deadline - time.monotonic(), 0.001)
    # No compression: a small answer must not become a big one here.
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    with session.get(url, stream=True, timeout=left, headers=headers) as response:
        if response.status_code != requests.codes.ok:
            raise OutageError(f"The server answered {response.status_code}.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise OutageError("The server answered in an encoding that was not asked for.")
        body = bytearray()
        while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
            body += chunk
            if len(body) > max_bytes:
                raise RefusedError(f"It is larger than {max_bytes:,} bytes.")
            if time.monotonic() > deadline:
                raise OutageError("It came too slowly.")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return Fetched(bytes(body), kind, response.url)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet (RFC 6890 and its kin)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if mapped is not None:
        return is_public(str(mapped))
    is_nat64 = ip in ipaddress.ip_network("64:ff9b::/96")
    return ip.is_global and not ip.is_multicast and not is_nat64


def _allowed_address(host: str, port: int) -> str:
    """An address of `host` that may be connected to; RefusedError if all are private."""
    found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    allowed = [str(a) for a in found if settings.GHOST.allow_private_networks or is_public(str(a))]
    if not allowed:
        raise RefusedError("It lies on a private network (see GHOST_ALLOW_PRIVATE_NETWORKS).")
    return allowed[0]


class _Guarded(HTTPConnection):
    """Connects to the address that was checked, not to a name looked up a second time."""

    opened: list[HTTPConnection]

    def _new_conn(self) -> socket.socket:
        self.opened.append(self)
        host = self._dns_host
        try:
            address = _allowed_address(host, self.port)
            return create_connection(
                (address, self.port), self.timeout, socket_options=self.socket_options
            )
        except socket.gaierror as error:
            raise NameResolutionError(host, self, error) from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error.strerror or error}") from error


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """Opens guarded connections only, and notes them in `opened`."""

    def __init__(self, opened: list[HTTPConnection]) -> None:
        self._opened = opened
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # requests' own
        super().init_poolmanager(*args, **kwargs)
        plain = type("_Plain", (_Guarded,), {"opened": self._opened})
        tls = type("_TLS", (_GuardedTLS,), {"opened": self._opened})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_TLSPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }


@contextmanager
def _watched(timeout_s: float) -> Iterator[list[HTTPConnection]]:
    """Connections opened meanwhile are shut at the time limit: a server that drips its answer
    byte by byte would otherwise pass each socket time-out."""
    opened: list[HTTPConnection] = []

    def shut() -> None:
        for connection in opened:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, shut)
    timer.daemon = True
    timer.start()
    try:
        yield opened
    finally:
        timer.cancel()


def _reason(error: BaseException) -> str:
    """The innermost cause in words, without our object addresses in it."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
