"""Requests to the server, each sent again as long as that is all that helps.

Nothing is done twice by that: every `POST` has an `Idempotency-Key`, and changes have an `If-Match`.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from .errors import GhostError, OutageError, RefusedError, SetupError
from .responses import JSON, Answer, accepted, is_cut, problem, requested_pause_s

VERSION = "1"
CONNECT_S, READ_S = 10.0, 120.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
SILENCE_S = 20.0
"""After so long an event stream counts as dead: the server writes something every 15 seconds."""

Notify = Callable[[str], None]
_NETWORK_ERRORS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class Transport:
    """The way to one server with one token; `notify` hears why a request is sent again."""

    def __init__(self, url: str, token: str, *, patience_s: float, notify: Notify) -> None:
        self.url = api_root(url)
        if not (token.isascii() and token.isprintable()):  # requests would show it in its error
            raise SetupError("The token has characters that no token has: copy it again.")
        self.patience_s = patience_s
        self.notify = notify
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        self._session.headers["User-Agent"] = f"ghost-client/{VERSION}"

    def send(
        self,
        method: str,
        path: str,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
        media_type: str = JSON,
        **kwargs: Any,  # noqa: ANN401  # of requests
    ) -> Answer:
        """One request with a good answer; RefusedError if the server says no, OutageError if none
        came in `patience_s` seconds. A POST without a key gets one of its own."""
        sent = dict(headers or {})
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        retries = _Retries(self.patience_s)
        while True:
            response, failure = self._try(method, path, headers=sent, **kwargs)
            wait_s = retries.pause_s(response)
            if response is not None and wait_s is None:
                return accepted(response, is_resent=retries.may_be_done, media_type=media_type)
            self._wait(retries, wait_s or 0, response, failure)

    def _wait(
        self, retries: _Retries, wait_s: float, response: requests.Response | None, failure: str
    ) -> None:
        if not retries.has_time_for(wait_s):
            raise _given_up(self.url, response, failure)
        status = "" if response is None else response.status_code
        why = failure or f"The server answered {status}"
        self.notify(f"{why}; trying again in {wait_s:.1f} s.")
        time.sleep(wait_s)
        retries.note_failed(response)

    def _try(
        self,
        method: str,
        path: str,
        **kwargs: Any,  # noqa: ANN401  # of requests
    ) -> tuple[requests.Response | None, str]:
        """The whole response, or None and what went wrong on the way."""
        try:
            response = self._session.request(
                method,
                self.url + path,
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,  # or the token would go wherever a redirect says
                **kwargs,
            )
        except requests.exceptions.SSLError as error:
            raise OutageError(f"{self.url} has no certificate to be trusted: {error}") from error
        except _NETWORK_ERRORS as error:
            return None, _in_words(error)
        except requests.RequestException as error:
            raise SetupError(f"{self.url} can't be asked: {error}") from error
        return (None, "The answer was cut") if is_cut(response) else (response, "")

    def stream(
        self, path: str, *, kinds: str, after: int | None = None, for_s: float | None = None
    ) -> Iterator[bytes]:
        """The lines of one event stream, the first one empty: it is open; it ends after `for_s` seconds.
        RefusedError if there can't be one, requests' errors when it breaks."""
        headers = {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        response = self._session.get(
            self.url + path,
            params={n: v for n, v in (("kinds", kinds), ("for_s", for_s)) if v not in ("", None)},
            headers=headers,
            stream=True,
            timeout=(CONNECT_S, SILENCE_S),
            allow_redirects=False,
        )
        with response:
            if response.status_code != 200:
                raise RefusedError(response.status_code, problem(response))
            yield b""
            yield from response.iter_lines(chunk_size=1)


class _Bearer(AuthBase):
    """As an auth of its own it wins over ~/.netrc, which a plain header would lose to."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Retries:
    """The tries of one request: growing pauses, until the patience ends."""

    def __init__(self, patience_s: float) -> None:
        self.may_be_done = False
        self._ends_at = time.monotonic() + patience_s
        self._pause_s = FIRST_PAUSE_S

    def pause_s(self, response: requests.Response | None) -> float | None:
        """Seconds until the next try after this response, or after none; None if it is final."""
        if response is None:
            return self._pause_s * random.uniform(0.5, 1)  # noqa: S311  # spreads clients, no secret
        return requested_pause_s(response, self._pause_s)

    def has_time_for(self, wait_s: float) -> bool:
        """Whether the patience lasts for such a pause."""
        return time.monotonic() + wait_s <= self._ends_at

    def note_failed(self, response: requests.Response | None) -> None:
        """Lengthen the pause; a request without an answer of the server itself may have been done."""
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)
        if response is None or response.status_code in (502, 504):
            self.may_be_done = True


def api_root(url: str) -> str:
    """`https://host/api` of an address with or without it."""
    message = f"GHOST_URL must be an address such as https://ghost.example: {url}"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SetupError(message) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise SetupError(message)
    return url.rstrip("/").removesuffix("/api") + "/api"


def is_unencrypted(url: str) -> bool:
    """Whether the way there is not encrypted, and leads out of this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "http" and not (host in ("localhost", "::1") or host.startswith("127."))


def _given_up(url: str, response: requests.Response | None, failure: str) -> GhostError:
    if response is None:
        return OutageError(f"{url} can't be reached: {failure}")
    return RefusedError(response.status_code, problem(response))


def _in_words(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "The server did not answer in time"
    if "refused" in str(error).lower():
        return "The connection was refused"
    return "The connection failed"
