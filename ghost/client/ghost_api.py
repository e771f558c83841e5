"""A catalog, seen with one token: what the API does, one method for each operation."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from . import category_paths
from .bulk import BulkPublisher, Item, Outcome
from .errors import Json, RefusedError, SetupError
from .event_stream import EventStream
from .transport import Notify, Transport

PATIENCE_S = 60.0
"""For so long a request is tried again."""
_JSON = {"Content-Type": "application/json"}
TORRENT = "application/x-bittorrent"


class Ghost:
    """A catalog, seen with one token.

    `url` is where the server is, with or without /api. All methods raise RefusedError if the
    server says no, and OutageError if it can't be reached for `patience_s` seconds. `notify` hears
    why a request is sent again.
    """

    def __init__(
        self, url: str, token: str, *, patience_s: float = PATIENCE_S, notify: Notify | None = None
    ) -> None:
        self.token = token
        self.patience_s = patience_s
        self._transport = Transport(
            url, token, patience_s=patience_s, notify=notify or (lambda line: None)
        )
        self._events = EventStream(self._transport)
        self._tree: list[Json] | None = None

    @property
    def url(self) -> str:
        """Base address of the API, such as `https://ghost.example/api`."""
        return self._transport.url

    # -- whose token, how it stands

    def verify(self) -> Json:
        """`token_hash`, `role`, `display_name`, `scope_team_id` and `is_read_only` of the token."""
        return self._transport.send("POST", "/session/verify").json()

    def build_status(self) -> Json:
        """What the public site holds, and the build under way."""
        return self._transport.send("GET", "/build/status").json()

    def task(self, task_id: str) -> Json:
        """Status, place in the queue, progress, and result or error of a task."""
        return self._transport.send("GET", f"/tasks/{quote(task_id, safe='')}").json()

    # -- categories

    def categories(self) -> list[Json]:
        """All of them in tree order, each with its `path`; asked for once."""
        if self._tree is None:
            self._tree = self._transport.send("GET", "/categories/tree").json_list()
        return self._tree

    @property
    def known_categories(self) -> list[Json] | None:
        """The categories, if they were asked for."""
        return self._tree

    def category_id(self, path_or_id: str | int) -> int:
        """The id of `12`, `films/short` (slugs) or `Films/Short` (names); SetupError if none."""
        wanted = str(path_or_id).strip().strip("/")
        if wanted.isascii() and wanted.isdigit():
            return int(wanted)
        return category_paths.find_id(self.categories(), wanted)

    def category_path(self, category_id: int) -> str | None:
        """The slugs of a category, `films/short`; None if there is none of this id."""
        return next((row["path"] for row in self.categories() if row["id"] == category_id), None)

    def add_category(self, path: str) -> Json:
        """The category of this path of names or slugs, made with its parents where they are missing."""
        parts = [part.strip() for part in path.strip("/").split("/") if part.strip()]
        if not parts:
            raise SetupError("Name the category, such as “Films/Short films”.")
        category_id: int | None = None
        for depth, name in enumerate(parts, 1):
            known = category_paths.known_id(self.categories(), "/".join(parts[:depth]))
            category_id = known or self._make_category(name, category_id)
        return next(row for row in self.categories() if row["id"] == category_id)

    def _make_category(self, name: str, parent_id: int | None) -> int:
        body = json.dumps({"name": name, "parent_id": parent_id}).encode()
        row = self._transport.send("POST", "/categories", data=body, headers=_JSON).json()
        self._tree = None
        made: int = row["id"]
        return made

    def teams(self) -> Iterator[Json]:
        """The teams in scope, newest first."""
        return self._pages("/teams", {})

    # -- resources

    def resources(self, **filters: object) -> Iterator[Json]:
        """Those in scope, newest first, page after page as they are needed.

        Filters are those of `GET /resources`: q, category_id, tag, team_id, state, dht_status,
        probe_status, updated_since; None is none.
        """
        return self._pages("/resources", filters)

    def _pages(self, path: str, filters: Json) -> Iterator[Json]:
        query = {name: value for name, value in filters.items() if value is not None}
        cursor: str | None = ""
        while cursor is not None:
            params = {**query, "cursor": cursor} if cursor else query
            answer = self._transport.send("GET", path, params=params)
            yield from answer.json_list()
            cursor = answer.next_cursor

    def torrent(self, resource_id: int) -> bytes:
        """Its .torrent file, made of what its probe found."""
        path = f"/resources/{int(resource_id)}/torrent"
        return self._transport.send("GET", path, media_type=TORRENT).response.content

    def read(self, resource_id: int) -> Json:
        """One resource; `etag` is the version for `change`."""
        answer = self._transport.send("GET", f"/resources/{int(resource_id)}")
        return {**answer.json(), "etag": answer.etag}

    def create(self, values: Json, *, wait: bool = False) -> Json:
        """Publish a magnet: `title`, `magnet_uri`, `category_id` and what else the API takes.

        With `wait` the answer comes after its probe, all or nothing. The same call made again, say
        after a crash, gives the same resource.
        """
        body = json.dumps(values, sort_keys=True).encode()
        path = "/resources?wait=true" if wait else "/resources"
        return self._create_once(path, body, data=body, headers=_JSON)

    def create_from_torrent(self, torrent: bytes, values: Json) -> Json:
        """Publish what a .torrent file is of; nothing is probed. A title may be left out."""
        form = {name: _form_value(value) for name, value in values.items() if name != "checksums"}
        identity = json.dumps(values, sort_keys=True).encode() + torrent
        files = {"torrent": ("work.torrent", torrent, TORRENT)}
        row = self._create_once("/resources/from-torrent", identity, data=form, files=files)
        if values.get("checksums"):  # no form can hold them
            return self.change(row["id"], {"checksums": values["checksums"]})
        return row

    def _create_once(
        self,
        path: str,
        identity: bytes,
        **kwargs: Any,  # noqa: ANN401  # of requests
    ) -> Json:
        """POST with a key made of what is sent; the present state of what was made before."""
        key = f"create-{hashlib.sha256(path.encode() + identity).hexdigest()}"
        try:
            answer = self._transport.send("POST", path, key=key, **kwargs)
            row = answer.json()
            return self.read(row["id"]) if answer.is_replayed else row
        except RefusedError as error:
            is_deleted = error.status == 404  # it was made before, and deleted since
            if not (is_deleted or error.problem.get("replayed")):
                raise
        # It was refused before; the reason may be gone by now.
        return self._transport.send("POST", path, **kwargs).json()

    def change(self, resource_id: int, values: Json, *, if_match: str | None = None) -> Json:
        """Change these fields, and no others; null clears one.

        Without the `etag` of a `read`, the version that is there now is the one that is changed.
        """
        headers = {**_JSON, "If-Match": if_match or self.read(resource_id)["etag"]}
        body = json.dumps(values).encode()
        path = f"/resources/{int(resource_id)}"
        try:
            answer = self._transport.send("PATCH", path, data=body, headers=headers)
        except RefusedError as error:
            if error.status != 412 or not error.problem.get("repeated"):
                raise
            row = self.read(resource_id)  # was it this very change, whose answer was lost?
            if any(row.get(name) != value for name, value in values.items()):
                raise
            return row
        return {**answer.json(), "etag": answer.etag}

    def withdraw(self, resource_id: int) -> Json:
        """Take it off the public site: a draft again."""
        return self._transport.send("POST", f"/resources/{int(resource_id)}/withdraw").json()

    def publish_now(self, resource_id: int) -> Json:
        """Put a draft, or what was to come later, on the public site now."""
        return self._transport.send("POST", f"/resources/{int(resource_id)}/publish").json()

    def bulk(
        self,
        items: Iterable[Item | Json],
        *,
        dry_run: bool = False,
        most_at_once: int | None = None,
        tell_sent: Callable[[int], None] = lambda count: None,
    ) -> Iterator[Outcome]:
        """Publish many, each with an outcome of its own, in their order.

        Sent in requests of at most 1,000, or `most_at_once`, of which `tell_sent` hears; each has a key made of what is in it. So it may be
        stopped at any point and begun anew: what was done before is answered as before, and what
        was refused before is tried again.
        """
        publisher = BulkPublisher(
            self._transport,
            self.category_id,
            is_dry=dry_run,
            most_at_once=most_at_once,
            tell_sent=tell_sent,
        )
        return publisher.publish(items)

    def be_patient(self, patience_s: float) -> None:
        """Try each request again for so many seconds from now on."""
        self.patience_s = self._transport.patience_s = patience_s

    # -- events

    def events(self, *, kinds: str = "", after: int | None = None) -> Iterator[Json]:
        """What happens, as it happens: `event`, which kind it is of, and what it says.

        `kinds` are some of task, build, health and resource, with commas; `after` is the
        `last_event_id` from which to go on: after a cut it does so by itself. It may then repeat
        an event (`event_id` tells), and misses none; where it would, it says so: `reset`.
        """
        return self._events.events(kinds=kinds, after=after)

    def watch(
        self, read: Callable[[], Json], *, kinds: str, until: float = math.inf
    ) -> Iterator[Json]:
        """What `read` gives, and again whenever an event of these kinds comes, or every two seconds
        if there is no stream to be had; for ever, or until that moment of `time.monotonic()`."""
        return self._events.watch(read, kinds=kinds, until=until)

    # -- the token itself

    def rotate(self, path: str, *, key: str) -> Json:
        """Give the token a new raw form, `token`; asked again with the same key, the same one.

        `path` is of `rotation_path`, taken before: the token's hash is in it, and changes.
        """
        return self._transport.send("POST", path, key=key).json()

    def rotation_path(self, *, overlap_hours: int) -> str:
        """Where this token is rotated; its present form opens the API for so long after that."""
        return f"/admin/tokens/{self.verify()['token_hash']}/rotate?overlap_hours={overlap_hours}"


def _form_value(value: object) -> object:
    return "" if value is None else value
