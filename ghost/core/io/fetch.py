"""The one entry point through which Ghost itself fetches from the web.

Addresses come from publishers, so they are hostile: only http and https, no private network
(checked on the address that is really connected to, after each redirect too), a bound on bytes,
redirects and the time of the whole call.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from ghost.core.errors import OutageError, RefusedError
from ghost.core.io import failures
from ghost.core.io.ip_ranges import is_public

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_REDIRECTS = 5
MAX_WORDS = 300
"""Of an error that is not ours, in characters: a server may have a say in it."""
CHUNK_BYTES = 64 * 1024
SHUT_EVERY_S = 0.1
LITTLE_BYTES = 4096
"""How far a server can send ahead of what is read, where no body is wanted."""
_WEB = re.compile(r"https?://", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE = re.compile(
    r"bytes (?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})/(?P<all>[0-9]{1,18}|\*)"
)
USER_AGENT = "Ghost/0.1 (catalog of magnet links)"


class AnsweredError(OutageError):
    """The server answered, but with another status than 200.

    `retry_after_s`: the seconds that it wants to be left alone for (RFC 9110, 10.2.3), if it says.
    """

    def __init__(self, status: int, retry_after_s: float | None = None) -> None:
        super().__init__(failures.STATUS(number=status))
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Fetched:
    """An answer: its body, media type without parameters, and the address it came from."""

    body: bytes
    content_type: str
    url: str


@dataclass(frozen=True)
class Head:
    """How an answer begins: its status, and how many bytes the whole file has, if it says so."""

    status: int
    size_bytes: int | None


def get(
    url: str, *, max_bytes: int, timeout_s: float, source_address: str | None = None
) -> Fetched:
    """Fetch `url` whole, within `timeout_s` seconds in all and `max_bytes` of body.

    Connections are made from the local address `source_address` and no other, where it is given.
    RefusedError for a scheme, address or size that is not allowed; OutageError for whatever
    goes wrong on the way; AnsweredError, which is one, for an answer other than 200.
    """
    with _answer(_Request("GET"), url, timeout_s, _whole(source_address)) as (response, watch):
        return _read(response, max_bytes, watch)


def head(url: str, *, timeout_s: float, source_address: str | None = None) -> Head:
    """Ask for `url` without its body (RFC 9110, 9.3.2); whatever the status, it is an answer.

    Otherwise as `get`.
    """
    with _answer(_Request("HEAD"), url, timeout_s, _little(source_address)) as (response, _):
        return Head(response.status_code, _length(response))


def byte(url: str, position: int, *, timeout_s: float, source_address: str | None = None) -> Head:
    """Ask for one byte of `url` (RFC 9110, 14.2), counted from 0; 206 means that it came.

    No more than that byte is read, whatever the server sends. Otherwise as `get`, but whatever
    the status, it is an answer.
    """
    asked = _Request("GET", headers={"Range": f"bytes={position}-{position}"})
    with _answer(asked, url, timeout_s, _little(source_address)) as (response, _):
        if response.status_code != requests.codes.partial_content:
            return Head(response.status_code, _length(response))
        told = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        came = len(response.raw.read(1, decode_content=False))
        if not told or told["first"] != told["last"] or int(told["first"]) != position or not came:
            raise OutageError(failures.OTHER_RANGE())
        return Head(response.status_code, None if told["all"] == "*" else int(told["all"]))


def post(url: str, body: bytes, *, headers: Mapping[str, str], timeout_s: float) -> int:
    """Send `body` to `url`; the status of the answer, which is a success (2xx). No more of it is read.

    Redirects are not followed: what is meant for one address goes to no other. AnsweredError for
    every other status; otherwise as `get`.
    """
    sent = _Request("POST", body, headers)
    with _answer(sent, url, timeout_s, _little(None)) as (response, _):
        if not response.ok or response.is_redirect:
            raise AnsweredError(response.status_code, _retry_after_s(response))
        return response.status_code


@dataclass(frozen=True)
class _Request:
    """What is sent to each address on the way."""

    method: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def follows_redirects(self) -> bool:
        return self.body is None


@contextmanager
def _answer(
    sent: _Request, url: str, timeout_s: float, options: _Options
) -> Iterator[tuple[requests.Response, _Watch]]:
    """The answer behind all redirects that are followed, its body not yet read."""
    if not _WEB.match(url):
        raise RefusedError(failures.NOT_HTTP())
    with _Watch(timeout_s) as watch, _Session(watch, options) as session:
        try:
            with session.follow(sent, url) as response:
                yield response, watch
        # ValueError: a name or a redirect that is no URL, or no text.
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            if watch.left_s <= 0:
                raise OutageError(failures.TIMED_OUT(seconds=timeout_s)) from error
            raise OutageError(failures.NOT_FETCHED(reason=_reason(error))) from error


def _read(response: requests.Response, max_bytes: int, watch: _Watch) -> Fetched:
    if response.status_code != requests.codes.ok:
        raise AnsweredError(response.status_code, _retry_after_s(response))
    if _is_encoded(response):
        raise OutageError(failures.ENCODED())
    body = bytearray()
    while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > max_bytes:
            raise RefusedError(failures.TOO_LARGE(number=max_bytes))
        if watch.left_s <= 0:
            raise OutageError(failures.TOO_SLOW())
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Fetched(bytes(body), kind, response.url)


def _retry_after_s(response: requests.Response) -> float | None:
    told = response.headers.get("Retry-After", "").strip()
    if _NUMBER.fullmatch(told):
        return float(told)
    try:
        at = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    # An HTTP date is in GMT, also where it is written without a zone.
    at = at.replace(tzinfo=at.tzinfo or UTC)
    return max((at - datetime.now(UTC)).total_seconds(), 0)


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if _NUMBER.fullmatch(length) and not _is_encoded(response) else None


def _is_encoded(response: requests.Response) -> bool:
    return bool(response.headers.get("Content-Encoding", "identity") != "identity")


_Options = dict[str, Any]
"""Of urllib3's connections."""


def _whole(source_address: str | None) -> _Options:
    return {"source_address": (source_address, 0)} if source_address else {}


def _little(source_address: str | None) -> _Options:
    small = (socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE_BYTES)
    own = [*HTTPConnection.default_socket_options, small]
    return {"socket_options": own} | _whole(source_address)


class _Session(requests.Session):
    """One call: where it may connect to, and where it is led."""

    def __init__(self, watch: _Watch, options: _Options) -> None:
        super().__init__()
        self._watch = watch
        self.trust_env = False  # a proxy would connect where we can't look
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter(watch, options))

    def follow(self, sent: _Request, url: str) -> requests.Response:
        """The first answer that leads nowhere else."""
        # No compression: a small answer must not become a big one here.
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **sent.headers}
        for _ in range(MAX_REDIRECTS + 1):
            timeout_s = max(self._watch.left_s, SHUT_EVERY_S)
            answer = self.request(
                sent.method, url, data=sent.body, stream=True, timeout=timeout_s, headers=headers,
                allow_redirects=False,
            )  # fmt: skip
            target = super().get_redirect_target(answer)
            if target is None or not sent.follows_redirects:
                return answer
            answer.close()
            url = urljoin(url, target)
        raise OutageError(failures.TOO_MANY_REDIRECTS(number=MAX_REDIRECTS))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: left to itself, requests reads the body of each redirect, however long it is."""


def _allowed_addresses(host: str, port: int, source: str | None = None) -> list[str]:
    """The addresses of `host` that may be connected to; RefusedError if all are private.

    A connection from `source` can reach only those of its own family.
    """
    own = socket.AF_INET6 if ":" in (source or "") else socket.AF_INET
    family = own if source else socket.AF_UNSPEC
    found = [str(i[4][0]) for i in socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)]
    allowed = [a for a in found if settings.GHOST.allow_private_networks or is_public(a)]
    if not allowed:
        raise RefusedError(failures.PRIVATE_NETWORK())
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
        """Seconds until the limit; negative once it has passed."""
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
            source = self.source_address[0] if self.source_address else None
            addresses = _allowed_addresses(self._dns_host, self.port, source)
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
            (addresses[-1], self.port), self.timeout, self.source_address, self.socket_options
        )


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """Opens guarded connections only."""

    def __init__(self, watch: _Watch, options: _Options) -> None:
        self._watch = watch
        self._options = options
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # requests' own
        super().init_poolmanager(*args, **(kwargs | self._options))
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
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:MAX_WORDS]
