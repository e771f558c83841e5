"""Many resources at once: in requests that the server takes, each item with an outcome."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from base64 import b32decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from .errors import DUPLICATE, Json, SetupError, duplicate_of
from .transport import Transport

MAX_ITEMS, MAX_BYTES = 1000, 7_900_000
"""Of one request; the server takes 8 MB."""


@dataclass
class Item:
    """One item of many, from that line of its file; `error` says why it can't be sent."""

    line: int
    values: Json
    error: str = ""

    def as_line(self) -> bytes:
        """The item as it is sent. NaN can't be sent; the server says so of the line."""
        return json.dumps(self.values, sort_keys=True, separators=(",", ":")).encode()

    @property
    def title(self) -> str:
        """Its title, to show with its outcome; empty if it has none."""
        return str(self.values.get("title", ""))


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
    notes: list[str] = field(default_factory=list)
    name: str = ""
    """Of the file that it comes from, where each has one of its own."""


class BulkPublisher:
    """Publishes many; `category_id` finds the id of a category's path."""

    def __init__(
        self,
        transport: Transport,
        category_id: Callable[[str], int],
        *,
        is_dry: bool,
        most_at_once: int | None = None,
        tell_sent: Callable[[int], None] = lambda count: None,
    ) -> None:
        """`tell_sent` hears how many items are sent, with each request before it has an answer."""
        self._most_at_once = most_at_once or MAX_ITEMS
        self._tell_sent, self._sent = tell_sent, 0
        self._told: set[str] = set()
        self._transport = transport
        self._category_id = category_id
        self._is_dry = is_dry

    def publish(self, items: Iterable[Item | Json]) -> Iterator[Outcome]:
        """Each item's outcome, in their order."""
        hashes: set[str] = set()
        for chunk in _chunks(self._checked(items), self._most_at_once):
            self._sent += len(chunk)
            self._tell_sent(self._sent)
            for item, outcome in zip(chunk, self._outcomes(chunk)):
                yield _as_if_kept(item, outcome, hashes) if self._is_dry else outcome

    def _checked(self, items: Iterable[Item | Json]) -> Iterator[Item]:
        """Numbered, and with the ids of categories for their paths."""
        for number, given in enumerate(items, 1):
            item = given if isinstance(given, Item) else Item(number, dict(given))
            try:
                if "category" in item.values:
                    item.values["category_id"] = self._category_id(item.values.pop("category"))
            except SetupError as error:
                item.error = str(error)
            if len(item.as_line()) > MAX_BYTES:
                item.error = "This item is too big to be sent."
            yield item

    def _outcomes(self, chunk: Sequence[Item]) -> list[Outcome]:
        sent = [item for item in chunk if not item.error]
        answers = iter(self._send(sent) if sent else [])
        return [_unsent(item) if item.error else _outcome(item, next(answers)) for item in chunk]

    def _send(self, items: Sequence[Item], *, key: str = "") -> list[Json]:
        """The server's answer to each item; what it repeats as refused is tried once more."""
        body = b"\n".join(item.as_line() for item in items)
        answer = self._transport.send(
            "POST",
            "/resources/bulk",
            params={"dry_run": "true"} if self._is_dry else {},
            data=body,
            headers={"Content-Type": "application/x-ndjson"},
            key=key or ("" if self._is_dry else f"bulk-{hashlib.sha256(body).hexdigest()}"),
        )
        self._tell_notes(answer.json().get("notes") or ())
        answers: list[Json] = answer.json()["items"]
        if not answer.is_replayed:
            return answers
        if not answer.is_resent:  # then the request was an earlier run's
            answers = [{**each, "is_of_before": True} for each in answers]
        return self._refused_again(items, answers)

    def _tell_notes(self, notes: Iterable[str]) -> None:
        """Those of the whole request, each once."""
        for note in notes:
            if note not in self._told:
                self._told.add(note)
                self._transport.notify(note)

    def _refused_again(self, items: Sequence[Item], answers: list[Json]) -> list[Json]:
        """The answers, with new ones for the items that were refused before."""
        refused = [n for n, answer in enumerate(answers) if answer.get("problem")]
        if refused:
            newer = self._send([items[n] for n in refused], key=str(uuid.uuid4()))
            for n, answer in zip(refused, newer):
                answers[n] = answer
        return answers


def _chunks(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    """Lists of as many as one request may have."""
    chunk: list[Item] = []
    size = 0
    for item in items:
        length = 0 if item.error else len(item.as_line()) + 1
        if chunk and (len(chunk) >= most or size + length > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += length
    if chunk:
        yield chunk


def _unsent(item: Item) -> Outcome:
    problem = {"title": "Not sent", "status": 0, "detail": item.error}
    return Outcome(item.line, "refused", title=item.title, problem=problem)


def _outcome(item: Item, answer: Json) -> Outcome:
    problem = answer.get("problem")
    listed_id = duplicate_of(problem)
    created = "created_before" if answer.get("is_of_before") else "created"
    outcome = created if problem is None else "listed" if listed_id else "refused"
    return Outcome(
        item.line,
        outcome,
        title=item.title,
        id=listed_id or answer.get("id"),
        magnet_hash=answer.get("magnet_hash"),
        task_id=answer.get("task_id"),
        problem=problem if outcome == "refused" else None,
        notes=answer.get("notes") or [],
    )


def _as_if_kept(item: Item, outcome: Outcome, hashes: set[str]) -> Outcome:
    """Of a dry run: a torrent that an earlier item would have made is listed by then, though no
    resource has a number yet. `hashes` are of the items so far."""
    problem = outcome.problem or {}
    own = info_hashes(str(item.values.get("magnet_uri", "")))
    if outcome.magnet_hash:
        own.add(outcome.magnet_hash)
    is_duplicate = outcome.outcome == "created" or problem.get("type") == DUPLICATE
    if is_duplicate and not hashes.isdisjoint(own):
        return replace(outcome, outcome="listed", id=None, problem=None)
    if outcome.outcome == "created":
        hashes.update(own)
    return outcome


_HASH = re.compile(r"urn:btih:([0-9a-f]{40}|[a-z2-7]{32})|urn:btmh:(1220[0-9a-f]{64})")


def info_hashes(magnet: str) -> set[str]:
    """The info-hashes in a magnet link, in hexadecimal digits; v2 as a multihash (BEP 52)."""
    hashes = set()
    for v1, v2 in _HASH.findall(unquote(magnet).lower()):
        hashes.add(b32decode(v1.upper()).hex() if len(v1) == 32 else v1 or v2)
    return hashes
