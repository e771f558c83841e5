#!/usr/bin/env python3
"""The command `ghost` for publishers, and the class `Ghost` for their scripts.

This one file is all: it needs Python 3.9 and `requests`, and nothing else of Ghost, so it may be
copied to wherever you publish from (MIT licence). docs/client.md tells how it is used.

    export GHOST_URL=https://ghost.example
    ghost publish work.torrent --category films/short --tag film
    ghost bulk catalog.ndjson --report outcome.ndjson

    from client import Ghost
    ghost = Ghost("https://ghost.example", token)
    for row in ghost.resources(state="held"):
        print(row["id"], row["title"])

Every request is sent again if the network fails or the server asks for patience, and in such a
way that nothing is done twice: `POST`s have an `Idempotency-Key`, changes an `If-Match`.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import stat
import sys
import tempfile
import time
import unicodedata
import uuid
from base64 import b32decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import parse_qs, quote, unquote, urlsplit

import requests
from requests.auth import AuthBase

VERSION = "1"
DEFAULT_URL = "http://127.0.0.1:8000"
MAX_ITEMS, MAX_BYTES = 1000, 7_900_000
"""Of one bulk request; the server takes 8 MB."""
CONNECT_S, READ_S = 10.0, 120.0
PATIENCE_S, LONG_PATIENCE_S = 60.0, 600.0
"""For so long a request is tried again, and one of many. A server that died in the middle of one
holds its key for 300 seconds."""
LONGEST_PAUSE_S = 30.0
POLL_S = 2.0
SILENCE_S = 20.0
"""An event stream says something every 15 seconds."""
OK, REFUSED, USAGE, OUTAGE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses."""

Json = dict[str, Any]
Tell = Callable[[str], None]
About = Callable[[Json], list[str]]

HINTS = {
    401: "Check GHOST_TOKEN or the token file: the token may be revoked, expired or rotated.",
    403: "This token's role may not do this, or it is somebody else's.",
    404: "Check the number, and GHOST_URL.",
    409: "Look at what is there already: ghost status, ghost list --q HASH.",
    412: "Somebody changed it since it was read: look at it (ghost status ID), then repeat.",
    413: "Send less at once.",
    422: "Mend what is named above, then repeat.",
    429: "Wait a minute; ask the operator for a higher limit if this happens often.",
    503: "The server can't do it now: try again later.",
}


class GhostError(Exception):
    """What this client says went wrong; its text is for people."""

    exit_status = REFUSED

    def as_json(self) -> Json:
        """The same for scripts."""
        return {"detail": str(self)}


class SetupError(GhostError):
    """Something is missing or wrong on this side: the token, a file, an argument."""

    exit_status = USAGE


class OutageError(GhostError):
    """The server could not be reached, or asked for patience for too long: try again later."""

    exit_status = OUTAGE


class RefusedError(GhostError):
    """The server said no. `status` is HTTP's, `problem` what it said (RFC 9457)."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"HTTP status {status}")
        self.status, self.problem = status, problem
        self.exit_status = OUTAGE if status == 429 or status >= 500 else REFUSED

    @property
    def twin(self) -> int | None:
        """The resource that is this torrent already, if the token may see it."""
        return _twin(self.problem)

    def as_json(self) -> Json:
        """The problem as it came."""
        return {"status": self.status, "detail": str(self), **self.problem}


@dataclass
class Outcome:
    """What came of one item of many: `created`, `created_before` (by the same request, in an
    earlier run), `listed` (it was there already) or `refused`."""

    line: int
    outcome: str
    title: str = ""
    id: int | None = None
    magnet_hash: str | None = None
    task_id: str | None = None
    problem: Json | None = None


@dataclass
class Item:
    """One item of many, from that line of its file; `error` says why it can't be sent."""

    line: int
    values: Json
    error: str = ""


class _Bearer(AuthBase):
    """As an auth of its own it wins over ~/.netrc, which a plain header would lose to."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Ghost:
    """A catalog, seen with one token.

    `url` is where the server is, with or without /api. All methods raise RefusedError if the
    server says no, and OutageError if it can't be reached for `patience_s` seconds. `tell` hears
    why a request is sent again.
    """

    def __init__(
        self, url: str, token: str, *, patience_s: float = PATIENCE_S, tell: Tell | None = None
    ) -> None:
        self.url = _root(url)
        self.token = token
        self.patience_s = patience_s
        self._tell = tell or (lambda line: None)
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        self._session.headers["User-Agent"] = f"ghost-client/{VERSION}"
        self._tree: list[Json] | None = None
        self._is_repeated = False

    # -- whose token, how it stands

    def verify(self) -> Json:
        """`token_hash`, `role`, `display_name` and `scope_team_id` of the token."""
        return self._json("POST", "/session/verify")

    def build_status(self) -> Json:
        """What the public site holds, and the build under way."""
        return self._json("GET", "/build/status")

    def task(self, task_id: str) -> Json:
        """How a task stands."""
        return self._json("GET", f"/tasks/{quote(task_id, safe='')}")

    # -- categories

    def categories(self) -> list[Json]:
        """All of them in tree order, each with its `path`; asked for once."""
        if self._tree is None:
            self._tree = self._send("GET", "/categories/tree").json()
        return self._tree

    def category_id(self, path_or_id: str | int) -> int:
        """The id of `12`, `films/short` (slugs) or `Films/Short` (names); SetupError if none."""
        wanted = str(path_or_id).strip().strip("/")
        if wanted.isascii() and wanted.isdigit():
            return int(wanted)
        known = self._named()
        if wanted.casefold() not in known:
            near = _near(wanted.casefold(), [row["path"] for row in self.categories()])
            like = f" Did you mean {' or '.join(near)}?" if near else ""
            told = f"There is no category “{wanted}”.{like}"
            raise SetupError(f"{told} All of them: ghost categories")
        return known[wanted.casefold()]

    def _named(self) -> dict[str, int]:
        """Ids by path of slugs, and by path of names."""
        found: dict[str, int] = {}
        names: dict[int | None, str] = {None: ""}
        for row in self.categories():
            name = names[row["id"]] = f"{names.get(row['parent_id'], '')}/{row['name']}"
            found.setdefault(name[1:].casefold(), row["id"])
        return found | {row["path"].casefold(): row["id"] for row in self.categories()}

    def category_path(self, category_id: int) -> str | None:
        """The slugs of a category, `films/short`; None if there is none of this id."""
        return next((row["path"] for row in self.categories() if row["id"] == category_id), None)

    # -- resources

    def resources(self, **filters: object) -> Iterator[Json]:
        """Those in scope, newest first, page after page as they are needed.

        Filters are those of `GET /resources`: q, category_id, tag, team_id, state, dht_status,
        probe_status, updated_since; None is none.
        """
        query = {name: value for name, value in filters.items() if value is not None}
        cursor: str | None = ""
        while cursor is not None:
            params = {**query, "cursor": cursor} if cursor else query
            response = self._send("GET", "/resources", params=params)
            yield from response.json()
            cursor = _next_cursor(response)

    def read(self, resource_id: int) -> Json:
        """One resource; `etag` is the version for `change`."""
        response = self._send("GET", f"/resources/{int(resource_id)}")
        return {**response.json(), "etag": response.headers.get("ETag", "")}

    def create(self, values: Json, *, wait: bool = False) -> Json:
        """Publish a magnet: `title`, `magnet_uri`, `category_id` and what else the API takes.

        With `wait` the answer comes after its probe, all or nothing. The same call made again, say
        after a crash, gives the same resource.
        """
        body = json.dumps(values, sort_keys=True).encode()
        path = "/resources?wait=true" if wait else "/resources"
        return self._create(path, body, data=body, headers=_JSON)

    def create_from_torrent(self, torrent: bytes, values: Json) -> Json:
        """Publish what a .torrent file is of; nothing is probed. A title may be left out."""
        rest = {name: value for name, value in values.items() if name != "checksums"}
        form = {name: _form_value(value) for name, value in rest.items()}
        same = json.dumps(values, sort_keys=True).encode() + torrent
        files = {"torrent": ("work.torrent", torrent, "application/x-bittorrent")}
        row = self._create("/resources/from-torrent", same, data=form, files=files)
        if values.get("checksums"):  # no form can hold them
            return self.change(row["id"], {"checksums": values["checksums"]})
        return row

    def _create(self, path: str, same: bytes, **kwargs: Any) -> Json:  # noqa: ANN401  # of requests
        """POST with a key made of what is sent; the present state of what was made before."""
        key = f"create-{hashlib.sha256(path.encode() + same).hexdigest()}"
        try:
            response = self._send("POST", path, key=key, **kwargs)
            made: Json = response.json()
            return self.read(made["id"]) if _is_replayed(response) else made
        except RefusedError as error:
            is_gone = error.status == 404  # it was made before, and deleted since
            if not (is_gone or error.problem.get("replayed")):
                raise
        # It was refused before; why may have been mended since.
        anew: Json = self._send("POST", path, **kwargs).json()
        return anew

    def change(self, resource_id: int, values: Json, *, if_match: str | None = None) -> Json:
        """Change these fields, and no others; null clears one.

        Without the `etag` of a `read`, the version that is there now is the one that is changed.
        """
        tag = if_match or self.read(resource_id)["etag"]
        headers = {**_JSON, "If-Match": tag}
        body = json.dumps(values).encode()
        path = f"/resources/{int(resource_id)}"
        try:
            response = self._send("PATCH", path, data=body, headers=headers)
        except RefusedError as error:
            if error.status != 412 or not error.problem.get("repeated"):
                raise
            row = self.read(resource_id)  # was it this very change, whose answer was lost?
            if any(row.get(name) != value for name, value in values.items()):
                raise
            return row
        return {**response.json(), "etag": response.headers.get("ETag", "")}

    def withdraw(self, resource_id: int) -> Json:
        """Take it off the public site: a draft again."""
        return self._json("POST", f"/resources/{int(resource_id)}/withdraw")

    def publish_now(self, resource_id: int) -> Json:
        """Put a draft, or what was to come later, on the public site now."""
        return self._json("POST", f"/resources/{int(resource_id)}/publish")

    # -- many at once

    def bulk(self, items: Iterable[Item | Json], *, dry_run: bool = False) -> Iterator[Outcome]:
        """Publish many, each with an outcome of its own, in their order.

        Sent in requests of at most 1,000; each has a key made of what is in it. So it may be
        stopped at any point and begun anew: what was done before is answered as before, and what
        was refused before is tried again.
        """
        seen: set[str] = set()
        for chunk in _chunks(self._checked(items)):
            outcomes = self._bulk(chunk, dry_run=dry_run)
            for item, outcome in zip(chunk, outcomes):  # noqa: B905  # Python 3.9
                yield _as_if_kept(item, outcome, seen) if dry_run else outcome

    def _checked(self, items: Iterable[Item | Json]) -> Iterator[Item]:
        """Numbered, and with the ids of categories for their paths."""
        for number, given in enumerate(items, 1):
            item = given if isinstance(given, Item) else Item(number, dict(given))
            try:
                if "category" in item.values:
                    item.values["category_id"] = self.category_id(item.values.pop("category"))
            except SetupError as error:
                item.error = str(error)
            if len(_line(item)) > MAX_BYTES:
                item.error = "This item is too big to be sent."
            yield item

    def _bulk(self, chunk: Sequence[Item], *, dry_run: bool) -> list[Outcome]:
        sent = [item for item in chunk if not item.error]
        answers = iter(self._bulk_request(sent, dry_run=dry_run) if sent else [])
        return [_unsent(item) if item.error else _outcome(item, next(answers)) for item in chunk]

    def _bulk_request(self, sent: Sequence[Item], *, dry_run: bool, key: str = "") -> list[Json]:
        body = b"\n".join(_line(item) for item in sent)
        response = self._send(
            "POST",
            "/resources/bulk",
            params={"dry_run": "true"} if dry_run else {},
            data=body,
            headers={"Content-Type": "application/x-ndjson"},
            key=key or ("" if dry_run else f"bulk-{hashlib.sha256(body).hexdigest()}"),
        )
        found: list[Json] = response.json()["items"]
        if not _is_replayed(response):
            return found
        if not self._is_repeated:
            found = [{**answer, "is_of_before": True} for answer in found]
        again = [n for n, answer in enumerate(found) if answer.get("problem")]
        if again:
            rest = [sent[n] for n in again]
            newer = self._bulk_request(rest, dry_run=dry_run, key=str(uuid.uuid4()))
            for n, answer in zip(again, newer):  # noqa: B905  # Python 3.9
                found[n] = answer
        return found

    # -- events

    def events(self, *, kinds: str = "", after: int | None = None) -> Iterator[Json]:
        """What happens, as it happens: `event`, which kind it is of, and what it tells.

        `kinds` are some of task, build, health and resource, with commas; `after` is the
        `last_event_id` from which to go on: after a cut it does so by itself. It may then repeat
        an event (`event_id` tells), and misses none; where it would, it says so: `reset`.
        """
        while True:
            with suppress(requests.RequestException):
                for event in self._stream(kinds, after):
                    after = event.get("last_event_id") or after
                    if "event" in event:
                        yield event
            time.sleep(POLL_S)

    def _stream(self, kinds: str, after: int | None = None) -> Iterator[Json]:
        """One connection: each event, and an empty one when it begins and with every sign of life.

        RefusedError if there can't be one.
        """
        headers = {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        response = self._session.get(
            f"{self.url}/events",
            params={"kinds": kinds} if kinds else {},
            headers=headers,
            stream=True,
            timeout=(CONNECT_S, SILENCE_S),
            allow_redirects=False,
        )
        with response:
            if response.status_code != 200:
                raise RefusedError(response.status_code, _problem(response))
            yield {}
            yield from _events(response.iter_lines(chunk_size=1))

    def watch(self, read: Callable[[], Json], *, kinds: str) -> Iterator[Json]:
        """What `read` gives, and again whenever an event of these kinds comes, or every POLL_S
        seconds if there is no stream to be had; for ever."""
        for _bell in self._bells(kinds):
            yield read()

    def _bells(self, kinds: str) -> Iterator[None]:
        is_streamed = True
        while True:
            yield
            try:
                for _event in self._stream(kinds) if is_streamed else ():
                    yield
                    time.sleep(POLL_S / 10)  # a flood of events is one
            except requests.Timeout:  # somebody on the way keeps what is streamed
                is_streamed = False
            except (RefusedError, requests.RequestException):
                pass
            time.sleep(POLL_S)

    # -- the token itself

    def rotate(self, path: str, *, key: str) -> Json:
        """Give the token a new raw form, `token`; asked again with the same key, the same one.

        `path` is of `rotation_path`, taken before: the token's hash is in it, and changes.
        """
        return self._json("POST", path, key=key)

    def rotation_path(self, *, overlap_hours: int) -> str:
        """Where this token is rotated; its present form opens the API for so long after that."""
        return f"/admin/tokens/{self.verify()['token_hash']}/rotate?overlap_hours={overlap_hours}"

    # -- requests

    def _json(self, method: str, path: str, *, key: str = "") -> Json:
        found: Json = self._send(method, path, key=key).json()
        return found

    def _send(
        self,
        method: str,
        path: str,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
        **kwargs: Any,  # noqa: ANN401  # of requests
    ) -> requests.Response:
        """One request with a good answer, sent again as long as that is all that helps.

        Whatever is a POST has a key, so that it is done once however often it is sent.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent["Idempotency-Key"] = key or str(uuid.uuid4())
        ends_at, pause_s, is_repeated = time.monotonic() + self.patience_s, 0.5, False
        while True:
            response, trouble = self._try(method, path, headers=sent, **kwargs)
            asked_s = None if response is None else _asked_pause_s(response, pause_s)
            if response is not None and asked_s is None:
                self._is_repeated = is_repeated
                return _good(response, is_repeated=is_repeated)
            wait_s = pause_s * random.uniform(0.5, 1) if asked_s is None else asked_s  # noqa: S311
            if time.monotonic() + wait_s > ends_at:
                raise _given_up(self.url, response, trouble)
            why = (
                trouble
                or f"The server answered {response.status_code if response is not None else ''}"
            )
            self._tell(f"{why}; trying again in {wait_s:.1f} s.")
            time.sleep(wait_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            # A request that got no answer may have been done.
            is_repeated = is_repeated or response is None or response.status_code in (502, 504)

    def _try(
        self,
        method: str,
        path: str,
        **kwargs: Any,  # noqa: ANN401
    ) -> tuple[requests.Response | None, str]:
        """The whole answer, or None and what went wrong on the way."""
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
        except _CUTS as error:
            return None, _plain(error)
        except requests.RequestException as error:
            raise SetupError(f"{self.url} can't be asked: {error}") from error
        if _is_cut(response):
            return None, "The answer was cut"
        return response, ""


_JSON = {"Content-Type": "application/json"}
_CUTS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


def _root(url: str) -> str:
    """`https://host/api` of an address with or without it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise SetupError(f"GHOST_URL must be an address such as https://ghost.example: {url}")
    return url.rstrip("/").removesuffix("/api") + "/api"


def _good(response: requests.Response, *, is_repeated: bool) -> requests.Response:
    """The response, if its status is a good one; RefusedError with the problem."""
    if 300 <= response.status_code < 400:
        place = response.headers.get("Location", "elsewhere")
        raise SetupError(f"The server says that it is at {place}: set GHOST_URL to that.")
    if response.status_code >= 400:
        marks = {"replayed": _is_replayed(response), "repeated": is_repeated}
        told = {name: True for name, value in marks.items() if value}
        raise RefusedError(response.status_code, {**_problem(response), **told})
    try:
        response.json()
    except ValueError as error:
        told_as = response.headers.get("Content-Type", "no type")
        raise SetupError(f"{response.url} is no Ghost: it answers {told_as}.") from error
    return response


def _problem(response: requests.Response) -> Json:
    try:
        found = response.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"detail": f"HTTP status {response.status_code}"}


def _given_up(url: str, response: requests.Response | None, trouble: str) -> GhostError:
    if response is None:
        return OutageError(f"{url} can't be reached: {trouble}")
    return RefusedError(response.status_code, _problem(response))


UNDER_WAY = "urn:ghost:problem:under-way"
DUPLICATE = "urn:ghost:problem:duplicate"


def _asked_pause_s(response: requests.Response, pause_s: float) -> float | None:
    """How long to wait before the request is sent again; None if this is the answer."""
    if response.status_code in (429, 503):
        return _retry_after_s(response.headers.get("Retry-After", ""), pause_s)
    if response.status_code in (502, 504):
        return pause_s
    if response.status_code == 409 and _problem(response).get("type") == UNDER_WAY:
        return pause_s  # the first try is at work still
    return None


def _retry_after_s(value: str, otherwise_s: float) -> float:
    """`120`, or a date (RFC 9110 §10.2.3)."""
    if value.isascii() and value.isdigit():
        return float(value)
    with suppress(TypeError, ValueError):
        left = parsedate_to_datetime(value) - datetime.now(timezone.utc)  # noqa: UP017  # 3.9
        return max(0.0, left.total_seconds())
    return otherwise_s


def _is_cut(response: requests.Response) -> bool:
    """Whether less came than was told; older versions of urllib3 don't mind."""
    length = response.headers.get("Content-Length", "")
    is_plain = "Content-Encoding" not in response.headers and length.isdigit()
    return is_plain and len(response.content) < int(length)


def _is_replayed(response: requests.Response) -> bool:
    return response.headers.get("Idempotency-Replayed") == "true"


def _next_cursor(response: requests.Response) -> str | None:
    """Of the page after this one. Its host is not looked at: the token goes to ours alone."""
    link = response.links.get("next", {}).get("url")
    return parse_qs(urlsplit(link).query)["cursor"][0] if link else None


def _plain(error: Exception) -> str:
    if isinstance(error, requests.Timeout):
        return "The server did not answer in time"
    if "refused" in str(error).lower():
        return "The connection was refused"
    return "The connection failed"


def _twin(problem: Json | None) -> int | None:
    if problem is None or problem.get("type") != DUPLICATE:
        return None
    return problem.get("resource_id")


def _form_value(value: object) -> object:
    return "" if value is None else value


def _events(lines: Iterable[bytes]) -> Iterator[Json]:
    """Server-sent events (WHATWG HTML §9.2); what has no `event` is a sign of life."""
    told: dict[str, str] = {}
    last = 0
    for line in lines:
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name:
            told[name] = value
            continue
        last = int(told["id"]) if told.get("id", "").isdigit() else last
        known: Json = {"last_event_id": last}
        if not line and "data" in told:
            known = {"event": told.get("event", "message"), **known, **json.loads(told["data"])}
        told = {} if not line else told
        yield known


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Lists of as many as one request may have."""
    chunk: list[Item] = []
    size = 0
    for item in items:
        length = 0 if item.error else len(_line(item)) + 1
        if chunk and (len(chunk) >= MAX_ITEMS or size + length > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += length
    if chunk:
        yield chunk


def _line(item: Item) -> bytes:
    # NaN can't be sent; the server says so of the line.
    return json.dumps(item.values, sort_keys=True, separators=(",", ":")).encode()


def _unsent(item: Item) -> Outcome:
    problem = {"title": "Not sent", "status": 0, "detail": item.error}
    return Outcome(item.line, "refused", title=_title(item), problem=problem)


def _outcome(item: Item, answer: Json) -> Outcome:
    problem = answer.get("problem")
    twin = _twin(problem)
    made = "created_before" if answer.get("is_of_before") else "created"
    kind = made if problem is None else "listed" if twin else "refused"
    return Outcome(
        item.line,
        kind,
        title=_title(item),
        id=twin or answer.get("id"),
        magnet_hash=answer.get("magnet_hash"),
        task_id=answer.get("task_id"),
        problem=problem if kind == "refused" else None,
    )


def _as_if_kept(item: Item, outcome: Outcome, seen: set[str]) -> Outcome:
    """Of a dry run: a torrent that an earlier item would have made is listed by then, though no
    resource has a number yet."""
    problem = outcome.problem or {}
    names = {outcome.magnet_hash, *_hashes(str(item.values.get("magnet_uri", "")))} - {None}
    is_twin = not seen.isdisjoint(names)
    if is_twin and (outcome.outcome == "created" or problem.get("type") == DUPLICATE):
        return replace(outcome, outcome="listed", id=None, problem=None)
    if outcome.outcome == "created":
        seen.update(filter(None, names))
    return outcome


_HASH = re.compile(r"urn:btih:([0-9a-f]{40}|[a-z2-7]{32})|urn:btmh:(1220[0-9a-f]{64})")


def _hashes(magnet: str) -> set[str]:
    """The info-hashes in a magnet link, in hexadecimal digits."""
    found = set()
    for v1, v2 in _HASH.findall(unquote(magnet).lower()):
        found.add(b32decode(v1.upper()).hex() if len(v1) == 32 else v1 or v2)
    return found


def _near(wanted: str, paths: Sequence[str]) -> list[str]:
    """Paths that end with what is wanted, else those that are written much like it."""
    below = [path for path in paths if f"/{path}".endswith(f"/{wanted}")]
    if below:
        return below[:3]
    ends = {path.rpartition("/")[2]: path for path in paths}
    like = difflib.get_close_matches(wanted, [*paths, *ends], n=3)
    return list(dict.fromkeys(ends.get(each, each) for each in like))


def _title(item: Item) -> str:
    return str(item.values.get("title", ""))


# -- what is read from files


def read_items(file: IO[bytes], *, is_csv: bool, tell: Tell | None = None) -> Iterator[Item]:
    """Items of NDJSON, one object in each line; or of CSV, whose first line names the fields.

    `category` may be a path. In CSV tags are separated by `;`, an empty cell says nothing,
    `published_at` may be `draft`, and columns of `ghost list --csv` that nobody sets are left out,
    of which `tell` hears. SetupError for other columns.
    """
    return _csv_items(file, tell or (lambda line: None)) if is_csv else _json_items(file)


def _json_items(file: IO[bytes]) -> Iterator[Item]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse_constant)
        except ValueError as error:  # UnicodeDecodeError is one
            yield Item(number, {}, f"This line is not JSON: {error}")
            continue
        is_object = isinstance(values, dict)
        yield Item(number, values if is_object else {}, "" if is_object else _NO_OBJECT)


_NO_OBJECT = "A line must be a JSON object."


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


FIELDS = (
    "title", "magnet_uri", "category_id", "content_markdown", "cover_image_url", "tags", "team_id",
    "published_at", "licence", "source_url", "checksums", "supersedes_id",
)  # fmt: skip
"""What the API lets one set."""
_NUMBERS = ("category_id", "team_id", "supersedes_id")
_LISTED = (
    "id", "title", "state", "probe_status", "dht_status", "category_id", "team_id", "tags",
    "magnet_hash", "magnet_uri", "total_size_bytes", "file_count", "num_peers", "created_at",
    "updated_at", "published_at", "licence", "source_url", "supersedes_id",
)  # fmt: skip
"""The columns of `ghost list --csv`."""
_SEPARATORS = ",;\t|"


def _csv_items(file: IO[bytes], tell: Tell) -> Iterator[Item]:
    lines = (line.decode("utf-8-sig" if not n else "utf-8") for n, line in enumerate(file))
    try:
        first = next(lines, "")
        separator = max(_SEPARATORS, key=first.count)
        table = csv.reader(_after(first, lines), delimiter=separator, strict=True)
        columns = _header(next(table, []), tell)
    except (csv.Error, UnicodeDecodeError) as error:
        raise SetupError(f"The file is no CSV: {error}") from error
    try:
        for cells in table:
            if cells:
                yield _csv_item(table.line_num, columns, cells)
    except (csv.Error, UnicodeDecodeError) as error:
        yield Item(table.line_num, {}, f"The file can't be read further: {error}")


def _after(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _header(names: Sequence[str], tell: Tell) -> list[str]:
    columns = [name.strip() for name in names]
    known = (*FIELDS, "category")
    unknown = [name for name in columns if name not in (*known, *_LISTED)]
    if unknown or not columns:
        told = f"no field is called {', '.join(map(repr, unknown))}" if columns else "it is empty"
        raise SetupError(f"The first line must name the fields: {told}. They are {_all(known)}.")
    if left_out := [name for name in columns if name not in known]:
        tell(f"Nobody sets these columns, so they are left out: {', '.join(left_out)}")
    return columns


def _all(names: Iterable[str]) -> str:
    return ", ".join(names)


def _csv_item(line: int, columns: Sequence[str], cells: Sequence[str]) -> Item:
    if len(cells) != len(columns):
        told = f"This line has {len(cells)} cells, and the first one {len(columns)}."
        return Item(line, {}, f"{told} A cell with the separator in it needs quotes.")
    named = dict(zip(columns, cells))  # noqa: B905  # Python 3.9
    values: Json = {name: cell for name, cell in named.items() if cell.strip()}
    if "tags" in values:
        values["tags"] = [tag.strip() for tag in values["tags"].split(";") if tag.strip()]
    for name in _NUMBERS:
        if str(values.get(name, "")).isdigit():
            values[name] = int(values[name])
    is_draft = values.get("state") == "draft" and "published_at" not in values
    values = {name: value for name, value in values.items() if name in (*FIELDS, "category")}
    try:
        return Item(line, {**values, **_publication(values.get("published_at"), is_draft=is_draft)})
    except SetupError as error:
        return Item(line, values, str(error))


def _publication(told: str | None, *, is_draft: bool) -> Json:
    if is_draft or told == "draft":
        return {"published_at": None}
    return {"published_at": read_moment(told)} if told else {}


_SUM = re.compile(r"\s*(?P<value>[0-9A-Fa-f]{32,128})(?: [ *](?P<file>.+?))?\s*")
_BSD_SUM = re.compile(r"\s*(?P<name>[\w-]+) \((?P<file>.+)\) = (?P<value>[0-9A-Fa-f]{32,128})\s*")
_BY_LENGTH = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def read_checksums(text: str) -> list[Json]:
    """As `sha256sum` and its kin write them, or with `--tag`; the algorithm is told by the length."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _BSD_SUM.fullmatch(line) or _SUM.fullmatch(line)
        if not line.strip() or line.startswith("#"):
            continue
        if match is None or len(match["value"]) not in _BY_LENGTH:
            raise SetupError(f"Line {number} of the checksums is none: {line[:80]}")
        algorithm = match.groupdict().get("name") or _BY_LENGTH[len(match["value"])]
        found.append({
            "algorithm": algorithm.lower(),
            "value": match["value"].lower(),
            "file": match["file"] or "",
        })  # fmt: skip
    return found


def read_moment(text: str) -> str:
    """A moment with a zone; one without is this machine's time."""
    try:
        moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text.strip()))
    except ValueError as error:
        raise SetupError(f"Write a moment such as 2026-01-31T12:00, not {text}") from error
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()


def shown_moment(text: str | None) -> str | None:
    """A moment of the API to the minute, as this machine's clock shows it."""
    if not text:
        return None
    moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text))
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


# -- the token


def config_folder() -> Path:
    """Where the token file lies unless GHOST_TOKEN_FILE says where."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "ghost"


def token_file() -> Path:
    """The file of the token, be it there or not."""
    return Path(os.environ.get("GHOST_TOKEN_FILE") or config_folder() / "token")


def read_token() -> str:
    """GHOST_TOKEN, or what the token file holds; SetupError if there is none, or if others may
    read that file."""
    if _given_token():
        return _given_token()
    path = token_file()
    try:
        mode = path.stat().st_mode
        token = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise SetupError(f"There is no token: set GHOST_TOKEN, or write it to {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"The token can't be read: {error}") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SetupError(f"Others may read {path}: chmod 600 {path}")
    if not token:
        raise SetupError(f"{path} is empty: write your token there.")
    return token


class TokenFile:
    """The token file, and the rotation that is under way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._plan = path.with_name(path.name + ".rotating")

    def require_of(self, token: str) -> None:
        """SetupError if it holds another token than this one, which came from GHOST_TOKEN."""
        is_planned = self._plan.exists()
        if self.path.exists() and not is_planned and self.read() != token:
            told = f"{self.path} holds another token than GHOST_TOKEN: name another file with"
            raise SetupError(f"{told} GHOST_TOKEN_FILE.")

    def read(self) -> str:
        """The token in it."""
        return self.path.read_text(encoding="utf-8").strip()

    def plan(self, token: str, path: Callable[[], str]) -> Json:
        """`path` and `key` of the rotation that was begun before, else of a new one, and `of`
        which token it is; kept on the disk."""
        if not self._plan.exists():
            made = {"of": _digest(token), "path": path(), "key": f"rotate-{uuid.uuid4()}"}
            self._write(self._plan, json.dumps(made))
        found: Json = json.loads(self._plan.read_text(encoding="utf-8"))
        return found

    def finish(self) -> None:
        """The rotation is over."""
        self._plan.unlink()

    def replace(self, token: str) -> None:
        """Put this token in place of the one before, in one step, on the disk for certain."""
        self._write(self.path, token + "\n")

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise


def _given_token() -> str:
    return os.environ.get("GHOST_TOKEN", "").strip()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# -- the command


class Screen:
    """Where the command writes: results on standard output, all else on standard error."""

    def __init__(self, *, is_json: bool, is_quiet: bool) -> None:
        self.is_json, self.is_quiet = is_json, is_quiet
        self.is_terminal = sys.stdout.isatty()

    def result(self, value: Json, lines: Iterable[str]) -> None:
        """The result: for scripts as one line of JSON, for people as lines."""
        if self.is_json:
            self.line(json.dumps(value, ensure_ascii=False))
        else:
            for line in lines:
                self.line(line)

    def line(self, text: str) -> None:
        """One line of the result, at once."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """What is going on."""
        if not self.is_quiet:
            sys.stderr.write(f"{shown(text)}\n")
            sys.stderr.flush()

    def complain(self, error: GhostError) -> None:
        """What went wrong, and what to do about it."""
        if self.is_json:
            sys.stderr.write(json.dumps(error.as_json(), ensure_ascii=False) + "\n")
            return
        sys.stderr.write(f"ghost: {shown(_headline(error))}\n")
        if isinstance(error, RefusedError):
            for line in _advice(error):
                sys.stderr.write(f"  {shown(line)}\n")


def _headline(error: GhostError) -> str:
    """What went wrong, with the field before it if one is at fault and it isn't named."""
    told = str(error)
    faults: list[Json] = error.problem.get("errors", []) if isinstance(error, RefusedError) else []
    only = faults[0] if len(faults) == 1 else {}
    is_plain = only.get("field") and only.get("message") == told
    return f"{only['field']}: {told}" if is_plain else told


def _advice(error: RefusedError) -> Iterator[str]:
    told = _headline(error)
    for each in error.problem.get("errors") or ():
        field, message = each.get("field"), each.get("message")
        line = f"{field}: {message}" if field else message
        if line not in told:
            yield line if field else f"all: {message}"
    if error.twin:
        yield f"It is resource {error.twin}: ghost status {error.twin}"
    elif error.status in HINTS:
        yield HINTS[error.status]
    if error.problem.get("request_id"):
        yield f"HTTP status {error.status}, request {error.problem['request_id']}"


def shown(text: str) -> str:
    """A text that moves no cursor: control characters are left out."""
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf") else " " for c in text)


def fitted(text: str, width: int) -> str:
    """A text in so many columns of a terminal at most; wide characters take two."""
    kept, whole = "", shown(text)
    if _columns(whole) <= width:
        return whole
    for char in whole:
        if _columns(kept + char) >= width:
            break
        kept += char
    return kept + "…"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _publish(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    values = _values(ghost, args)
    if args.what.lower().startswith("magnet:"):
        values["magnet_uri"] = args.what
        if "title" not in values:
            values["title"] = _name_in(args.what)
        row = ghost.create(values, wait=args.wait)
    else:
        row = ghost.create_from_torrent(_bytes(args.what), values)
    _tell(ghost, row, screen)
    if row.get("probe_status") == "pending":
        screen.say(f"Its probe is under way: ghost status {row['id']} --follow")
    return OK


def _values(ghost: Ghost, args: argparse.Namespace) -> Json:
    given: Json = {
        "title": args.title,
        "content_markdown": _text(args.body),
        "tags": args.tag,
        "team_id": args.team,
        "licence": args.licence,
        "source_url": args.source,
        "cover_image_url": args.cover,
        "checksums": read_checksums(_text(args.checksums) or ""),
        "supersedes_id": args.supersedes,
        "published_at": read_moment(args.at) if args.at else None,
    }
    values = {name: value for name, value in given.items() if value not in (None, "", [])}
    values["category_id"] = ghost.category_id(args.category)
    return {**values, "published_at": None} if args.draft else values


def _name_in(magnet: str) -> str:
    names = parse_qs(magnet.partition("?")[2]).get("dn")
    if not names:
        raise SetupError("This magnet link has no name (dn) in it: give a --title.")
    return names[0]


def _text(path: str | None) -> str | None:
    try:
        return None if path is None else _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SetupError(f"{path} is not UTF-8.") from error


def _bytes(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise SetupError(f"{path} can't be read: {error.strerror}") from error


def _tell(ghost: Ghost, row: Json, screen: Screen) -> None:
    """The result that is a resource, and what its publisher may not expect."""
    screen.result(row, [] if screen.is_json else _about(ghost, row))
    if row["state"] == "review":
        screen.say("It waits for review: it is off the public site until it is approved.")


def _about(ghost: Ghost, row: Json) -> list[str]:
    facts = {
        "resource": row["id"],
        "title": row["title"],
        "state": row["state"],
        "category": _category(ghost, row["category_id"]),
        "tags": ", ".join(row.get("tags") or ()),
        "team": row.get("team_id"),
        "licence": row.get("licence"),
        "source": row.get("source_url"),
        "supersedes": row.get("supersedes_id"),
        "superseded by": ", ".join(map(str, row.get("superseded_by") or ())),
        "probe": " ".join(filter(None, (row["probe_status"], row.get("probe_error")))),
        "health": row["dht_status"],
        "size": row.get("total_size_human"),
        "files": row.get("file_count"),
        "published": shown_moment(row.get("published_at")),
        "address": row.get("public_url"),
        "review note": row.get("review_note"),
        "cover error": row.get("cover_error"),
        "task": row.get("task_id"),
    }
    return _lined(facts)


def _category(ghost: Ghost, category_id: int) -> str:
    """Its path; what was done stays done if that can't be had."""
    path = None
    with suppress(GhostError):
        path = ghost.category_path(category_id)
    return f"{path} ({category_id})" if path else str(category_id)


def _lined(facts: Json) -> list[str]:
    there = {name: value for name, value in facts.items() if value not in (None, "")}
    width = max(map(len, there))
    return [f"{name:<{width}}  {shown(str(value))}" for name, value in there.items()]


def _status(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    read, about, kinds = _wanted(ghost, args.id)
    if not args.follow:
        found = read()
        screen.result(found, about(found))
        return OK
    return _follow(ghost.watch(read, kinds=kinds), about, screen)


def _wanted(ghost: Ghost, key: str | None) -> tuple[Callable[[], Json], About, str]:
    """How to read what is asked about, how to tell it, and which events may change it."""
    if key is None:
        return _site(ghost), _about_site, "build"
    if key.isascii() and key.isdigit():
        return (lambda: ghost.read(int(key))), partial(_about, ghost), "resource,task,health"
    return (lambda: ghost.task(key)), _about_task, "task"


def _site(ghost: Ghost) -> Callable[[], Json]:
    session = ghost.verify()
    return lambda: {"session": session, "build": ghost.build_status()}


def _follow(watched: Iterator[Json], about: About, screen: Screen) -> int:
    """Write each new state until there will be no other; 1 if it ended badly."""
    before: list[str] = []
    for found in watched:
        lines = about(found)
        if lines != before:
            screen.result(found, [*([""] if before else []), *lines])
        before = lines
        end = _end(found)
        if end is not None:
            return end
    return OK


def _end(found: Json) -> int | None:
    """The exit status if this is the last state, else None."""
    if "build" in found:
        is_idle = not found["build"]["building"] and not found["build"]["pending_changes"]
        return (REFUSED if found["build"]["last_error"] else OK) if is_idle else None
    if "probe_status" in found:
        is_well = found["probe_status"] in ("ok", "skipped")
        return None if found["probe_status"] == "pending" else OK if is_well else REFUSED
    return None if not found["finished_at"] else OK if found["status"] == "done" else REFUSED


def _about_site(found: Json) -> list[str]:
    who, build = found["session"], found["build"]
    at_work = build["building"] or {}
    progress = at_work.get("progress") or {}
    return _lined({
        "token": f"{who['role']} “{who['display_name']}”",
        "team": who["scope_team_id"],
        "site": "has changes to be built" if build["pending_changes"] else "is up to date",
        "because": build["pending_reason"] if build["pending_changes"] else None,
        "building": at_work.get("stage"),
        "progress": f"{progress['done']} of {progress['total']}" if progress else None,
        "built": shown_moment(build["last_build_at"]),
        "error": build["last_error"],
    })  # fmt: skip


def _about_task(task: Json) -> list[str]:
    progress = task["progress"] or {}
    rank = task["queue_rank"]
    return _lined({
        "task": task["task_id"],
        "kind": task["kind"],
        "status": task["status"],
        "queue": f"{rank} of {task['queue_total']}" if rank else None,
        "stage": task["stage"],
        "progress": f"{progress['done']} of {progress['total']}" if progress else None,
        "started": shown_moment(task["started_at"]),
        "finished": shown_moment(task["finished_at"]),
        "error": task["error"],
        "result": json.dumps(task["result"], ensure_ascii=False) if task["result"] else None,
    })  # fmt: skip


_COLUMNS = {"id": 8, "state": 10, "dht_status": 8, "total_size_human": 9, "created_at": 16}
_HEADS = ("id", "state", "health", "size", "created", "title")


def _categories(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    for row in ghost.categories():
        cells = [str(row["id"]), row["path"], row["name"], str(row["resource_count"])]
        path = "  " * row["path"].count("/") + row["path"]
        line = f"{cells[0]:>6}  {path}  {row['name']}  ({cells[3]})"
        screen.result(row, [shown(line) if screen.is_terminal else "\t".join(map(shown, cells))])
    return OK


def _list(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    filters = {
        "q": args.q,
        "category_id": ghost.category_id(args.category) if args.category else None,
        "tag": args.tag,
        "team_id": args.team,
        "state": args.state,
        "dht_status": args.health,
        "probe_status": args.probe,
        "updated_since": read_moment(args.since) if args.since else None,
        "limit": min(args.limit, MAX_ITEMS) if args.limit else MAX_ITEMS,
    }
    rows = ghost.resources(**filters)
    if args.csv:
        writer = csv.DictWriter(sys.stdout, _LISTED, extrasaction="ignore")
        writer.writeheader()
    elif screen.is_terminal and not screen.is_json:
        screen.line(_aligned(_HEADS))
    for number, row in enumerate(rows, 1):
        if args.csv:
            writer.writerow({**row, "tags": ";".join(row["tags"])})
        else:
            screen.result(row, [_listed(row, is_terminal=screen.is_terminal)])
        if number == args.limit:
            break
    return OK


def _listed(row: Json, *, is_terminal: bool) -> str:
    told = {**row, "created_at": shown_moment(row["created_at"])}
    cells = [str(told[name] if told[name] is not None else "-") for name in _COLUMNS]
    cells.append(row["title"])
    return _aligned(cells) if is_terminal else "\t".join(map(shown, cells))


def _aligned(cells: Sequence[str]) -> str:
    """In columns, the last one cut to what the terminal leaves for it."""
    left = shutil.get_terminal_size().columns - sum(_COLUMNS.values()) - len(_COLUMNS)
    head = [f"{c:<{w}}" for c, w in zip(cells, _COLUMNS.values())]  # noqa: B905  # Python 3.9
    return " ".join([*head, fitted(cells[-1], max(left, 10)).rstrip()])


MOST_TOLD = 20
"""So many refusals are told on the screen; a report has them all."""


def _bulk(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    counts = {"created": 0, "created_before": 0, "listed": 0, "refused": 0}
    with _opened(args.file) as file, _report(args.report) as report:
        is_csv = args.csv or args.file.lower().endswith(".csv")
        items = read_items(file, is_csv=is_csv, tell=screen.say)
        for number, outcome in enumerate(ghost.bulk(items, dry_run=args.dry_run), 1):
            counts[outcome.outcome] += 1
            if report:
                report.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
            if outcome.problem and counts["refused"] <= MOST_TOLD:
                screen.say(f"line {outcome.line}: {outcome.problem['detail']}")
            if number % MAX_ITEMS == 0:
                screen.say(_counted(counts, is_dry=args.dry_run))
    if counts["refused"] > MOST_TOLD and not args.report:
        screen.say(f"… and {counts['refused'] - MOST_TOLD} more; --report FILE keeps all.")
    screen.result({**counts, "dry_run": args.dry_run}, [_counted(counts, is_dry=args.dry_run)])
    return REFUSED if counts["refused"] else OK


def _counted(counts: dict[str, int], *, is_dry: bool) -> str:
    made = "would be created" if is_dry else "created"
    before = f" {counts['created_before']} created before," if counts["created_before"] else ""
    return (
        f"{counts['created']} {made},{before} {counts['listed']} listed already,"
        f" {counts['refused']} refused"
    )


def _opened(path: str) -> IO[bytes]:
    try:
        return os.fdopen(os.dup(0), "rb") if path == "-" else Path(path).open("rb")
    except OSError as error:
        raise SetupError(f"{path} can't be read: {error.strerror}") from error


@contextmanager
def _report(path: str | None) -> Iterator[IO[str] | None]:
    """The file of a report, or None; line by line, so that a run that is killed leaves its part."""
    if path is None:
        yield None
        return
    try:
        file = Path(path).open("w", encoding="utf-8", buffering=1)  # noqa: SIM115  # closed below
    except OSError as error:
        raise SetupError(f"{path} can't be written: {error.strerror}") from error
    with file:
        yield file


def _update(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    values: Json = {}
    for given in args.set:
        name, is_given, value = given.partition("=")
        if not is_given:
            raise SetupError(f"Write --set FIELD=VALUE, not {given}")
        values.update(_field(ghost, name.strip(), value))
    row = ghost.change(args.id, values, if_match=args.if_match)
    _tell(ghost, row, screen)
    return OK


_SHORT = {
    "body": "content_markdown",
    "cover": "cover_image_url",
    "source": "source_url",
    "supersedes": "supersedes_id",
    "tag": "tags",
    "team": "team_id",
    "at": "published_at",
}
"""What `publish` calls them."""
_NOTHING: Json = {
    "content_markdown": "",
    "licence": "",
    "source_url": "",
    "tags": [],
    "checksums": [],
}
"""Cleared; other fields are null then."""


def _field(ghost: Ghost, given: str, value: str) -> Json:
    """The field and its value as the API has it: `null` clears, `@FILE` is read."""
    name = _SHORT.get(given, given)
    if value == "null":
        return {name: _NOTHING.get(name)}
    if value.startswith("@"):
        value = _text(value[1:]) or ""
    if name == "category":
        return {"category_id": ghost.category_id(value)}
    if name == "tags":
        return {name: [tag.strip() for tag in re.split("[;,]", value) if tag.strip()]}
    if name == "checksums":
        return {name: read_checksums(value)}
    if name == "published_at":
        return {name: read_moment(value)}
    return {name: int(value) if name in _NUMBERS and value.isdigit() else value}


def _withdraw(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    row = ghost.withdraw(args.id)
    _tell(ghost, row, screen)
    return OK


def _publish_now(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    row = ghost.publish_now(args.id)
    _tell(ghost, row, screen)
    return OK


def _rotate(ghost: Ghost, args: argparse.Namespace, screen: Screen) -> int:
    """The plan lies on the disk before the request, and the new token before it is used: killed
    at any point and begun again, it goes on where it was."""
    file = TokenFile(token_file())
    try:
        file.require_of(ghost.token)
        plan = file.plan(ghost.token, lambda: ghost.rotation_path(overlap_hours=args.overlap))
        until = _rotated(ghost, file, plan) if plan["of"] == _digest(ghost.token) else None
    except OSError as error:
        raise SetupError(f"{file.path} can't be written: {error.strerror}") from error
    Ghost(ghost.url, file.read(), patience_s=ghost.patience_s).verify()
    file.finish()
    lines = [f"The new token is in {file.path}."]
    lines += [f"The former one ends {until}."] if until else []
    lines += ["GHOST_TOKEN holds the former one: unset it."] if _given_token() else []
    screen.result({"file": str(file.path), "former_until": until}, lines)
    return OK


def _rotated(ghost: Ghost, file: TokenFile, plan: Json) -> str:
    """Ask for the new token and keep it; until when the former one opens the API."""
    try:
        issued = ghost.rotate(plan["path"], key=plan["key"])
    except RefusedError as error:
        if error.status not in (401, 429, 503):
            file.finish()  # another try begins anew
        raise
    file.replace(issued["token"])
    return str(issued["former_until"])


def _is_open(url: str) -> bool:
    """Whether the way there is not encrypted, and leads out of this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "http" and not (host in ("localhost", "::1") or host.startswith("127."))


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    whole = argparse.ArgumentParser(
        "ghost",
        description="Publish to a Ghost catalog.",
        epilog="GHOST_URL says where the server is, GHOST_TOKEN holds the token; without it, it is"
        " read from the file ~/.config/ghost/token (or GHOST_TOKEN_FILE). Exit status: 0 done,"
        " 1 refused, 2 wrong use, 3 the server can't be reached or asks for patience.",
    )
    whole.add_argument("--version", action="version", version=f"ghost-client {VERSION}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", help="where the server is (GHOST_URL)")
    common.add_argument("--json", action="store_true", help="for scripts: JSON, one line each")
    common.add_argument("--quiet", action="store_true", help="say nothing but the result")
    common.add_argument(
        "--patience", type=float, metavar="S", help="try again for so many seconds (60; bulk: 600)"
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., int], told: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=told, description=told, parents=[common])
        one.set_defaults(run=run, usual_s=LONG_PATIENCE_S if run is _bulk else PATIENCE_S)
        return one

    _add_publish(command("publish", _publish, "Publish a magnet link or a .torrent file."))
    one = command("status", _status, "Whose token it is and how the site stands; or one resource.")
    one.add_argument("id", nargs="?", metavar="ID", help="a resource's number, or a task's id")
    one.add_argument("--follow", action="store_true", help="go on until it has ended")
    command("categories", _categories, "The tree of categories: ids, paths, names, resources.")
    _add_list(command("list", _list, "List resources in scope, newest first."))
    one = command("bulk", _bulk, "Publish many; may be stopped and begun anew.")
    one.add_argument("file", metavar="FILE", help=".ndjson or .csv; - for standard input")
    one.add_argument("--csv", action="store_true", help="it is CSV, whatever its name")
    one.add_argument("--dry-run", action="store_true", help="check everything, keep nothing")
    one.add_argument("--report", metavar="FILE", help="write each outcome there, as NDJSON")
    one = command("update", _update, "Change some fields of a resource.")
    one.add_argument("id", type=int, metavar="ID")
    one.add_argument(
        "--set", action="append", required=True, metavar="FIELD=VALUE",
        help="title, category (path or id), tags (a,b), body, team, licence, source, cover,"
        " supersedes, checksums, published_at or at, magnet_uri, or the API's names of them"
        f" ({_all(FIELDS)}); null clears, @FILE is read",
    )  # fmt: skip
    one.add_argument("--if-match", metavar="ETAG", help="only this version (status --json: etag)")
    one = command("withdraw", _withdraw, "Take a resource off the public site.")
    one.add_argument("id", type=int, metavar="ID")
    one = command("publish-now", _publish_now, "Put a draft on the public site now.")
    one.add_argument("id", type=int, metavar="ID")
    one = command("rotate", _rotate, "Give the token a new form, and keep it in the token file.")
    one.add_argument(
        "--overlap", type=int, default=24, metavar="HOURS", help="the former one works on (24)"
    )
    return whole


def _add_publish(one: argparse.ArgumentParser) -> None:
    one.add_argument("what", metavar="MAGNET_OR_TORRENT_FILE")
    one.add_argument("--title", help="left out: the name in the magnet or the file")
    one.add_argument("--category", required=True, metavar="PATH_OR_ID")
    one.add_argument("--tag", action="append", default=[], help="may be given several times")
    one.add_argument("--body", metavar="FILE", help="its description in Markdown; - for stdin")
    one.add_argument("--team", type=int, metavar="ID")
    one.add_argument("--licence", metavar="SPDX", help="such as CC-BY-4.0")
    one.add_argument("--source", metavar="URL", help="where the work comes from")
    one.add_argument("--cover", metavar="URL", help="where its cover is fetched from")
    one.add_argument("--checksums", metavar="FILE", help="as sha256sum writes them")
    one.add_argument("--supersedes", type=int, metavar="ID", help="the release that it replaces")
    when = one.add_mutually_exclusive_group()
    when.add_argument("--draft", action="store_true", help="not public until publish-now")
    when.add_argument("--at", metavar="TIME", help="public from then on: 2026-01-31T12:00")
    one.add_argument("--wait", action="store_true", help="for its probe: all or nothing")


def _add_list(one: argparse.ArgumentParser) -> None:
    one.add_argument("--q", metavar="TEXT", help="part of the title, or of a hash")
    one.add_argument("--category", metavar="PATH_OR_ID")
    one.add_argument("--tag")
    one.add_argument("--team", type=int, metavar="ID")
    one.add_argument("--state", help="draft, review, scheduled, held, live or taken_down")
    one.add_argument("--health", help="Active, Stale or Unknown")
    one.add_argument("--probe", help="pending, ok, inactive, timeout, unavailable or skipped")
    one.add_argument("--since", metavar="TIME", help="changed since then")
    one.add_argument("--limit", type=int, metavar="N", help="so many at most; else all")
    one.add_argument("--csv", action="store_true", help="as a table for other programs")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    args = parser().parse_args(arguments)
    screen = Screen(is_json=args.json, is_quiet=args.quiet)
    try:
        url = args.url or os.environ.get("GHOST_URL") or DEFAULT_URL
        patience_s = args.usual_s if args.patience is None else args.patience
        ghost = Ghost(url, read_token(), patience_s=patience_s, tell=screen.say)
        if _is_open(ghost.url):
            screen.say(f"Anybody on the way to {ghost.url} can read the token: use https.")
        status: int = args.run(ghost, args, screen)
    except GhostError as error:
        screen.complain(error)
        return error.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `ghost list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return OK
    return status


if __name__ == "__main__":
    sys.exit(main())
