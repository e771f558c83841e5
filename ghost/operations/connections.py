"""Services outside that Ghost holds connections to, or leaves alone after failures; and beginning with them anew.

A connection is its process's own. So that all are made anew, a row says how often that was asked for, and
each worker looks at it before its next task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, models, transaction
from django.http import Http404
from django.utils import timezone

from dht.engine import session
from ghost.core.audit import trail
from ghost.core.circuits import Circuit, Kind
from ghost.core.circuits.models import CircuitQuerySet
from ghost.core.db import clock
from ghost.core.jobs import queue, redis_broker
from ghost.core.jobs.models import JobKind
from ghost.core.text.reasons import Reason
from ghost.operations import figures
from ghost.operations.figures.item import MAX_ROWS
from ghost.operations.figures.network.circuits import still_asked

ITEMS = ("database", "redis", "libtorrent", "dht", "machine")
"""Of the figures."""
CONNECTIONS: dict[str, Callable[[], None]] = {
    "dht": session.close,
    "redis": redis_broker.reconnect,
}
"""What can be made anew, and how a process lets go of its own."""


class ConnectionReset(models.Model):
    """That all processes are to make a connection anew."""

    name = models.CharField(max_length=20, unique=True)
    number = models.PositiveIntegerField(default=0)
    """How often that was asked for."""
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Service:
    """How one of them stands. A circuit is called `<kind>:<name>`."""

    name: str
    kind: str
    status: str
    reason: str
    last_error: str | None
    since: datetime | None
    failures: int = 0
    open_until: datetime | None = None

    @property
    def can_reset(self) -> bool:
        """Whether `reset` can do anything about it."""
        return self.name in CONNECTIONS or self.kind in Kind.values


@dataclass(frozen=True)
class Reset:
    """What was done: how many circuits were closed, and the task by which a worker begins anew."""

    name: str
    closed: int = 0
    task_id: str | None = None


def all_services() -> list[Service]:
    """Each connection, and each circuit whose last answer was a failure."""
    return [*_items(), *_circuits()]


def reset(name: str) -> Reset:
    """Have a connection made anew (`dht`, `redis`), or a circuit closed (`<kind>:<name>`), or all of a
    kind (`<kind>`). Http404 if there is no such service."""
    if name in CONNECTIONS:
        return Reset(name, task_id=_ask(name))
    return Reset(name, closed=_circuits_named(name).reset())


def _ask(name: str) -> str | None:
    with transaction.atomic():
        row, _made = ConnectionReset.objects.select_for_update().get_or_create(name=name)
        row.number, row.asked_at = row.number + 1, clock.now()
        row.save()
        trail.record("connection.reset", row)
        task_id = queue.enqueue("dht.tasks.count_nodes", kind=JobKind.OTHER)
    CONNECTIONS[name]()  # this process's, too
    return task_id


def _circuits_named(name: str) -> CircuitQuerySet:
    kind, colon, rest = name.partition(":")
    if kind not in Kind.values:
        raise Http404
    if not colon:
        return Circuit.objects.of(Kind(kind))
    found = Circuit.objects.named(Kind(kind), rest)
    if not found.exists():
        raise Http404
    return found


class _Seen:
    """How often each was to be made anew, as this process knows."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] | None = None

    def look(self) -> list[str]:
        """Those that are to be made anew since the last look. Whatever a process holds when it looks for
        the first time, it has just made."""
        found = dict(ConnectionReset.objects.values_list("name", "number"))
        before, self._numbers = self._numbers, found
        if before is None:
            return []
        return [name for name, number in found.items() if number != before.get(name, 0)]


_seen = _Seen()


def renew(**_: object) -> None:
    """For the queue, before a worker begins a task: let go of what is to be made anew."""
    try:
        for name in _seen.look():
            CONNECTIONS.get(name, lambda: None)()
    except DatabaseError:  # the task will meet it, too, and say so
        return


def _items() -> Iterator[Service]:
    found = figures.current()
    for item in (found.item(name) for name in ITEMS):
        yield Service(
            item.name, "connection", item.status, str(item.reason), str(item.last_error) or None,
            item.since,
        )  # fmt: skip


def _circuits() -> Iterator[Service]:
    for row in still_asked().failing()[:MAX_ROWS]:
        yield Service(
            f"{row.kind}:{row.name}", row.kind, row.state, str(row.state_label), _said(row.last_error),
            row.opened_at, row.failures, row.open_until,
        )  # fmt: skip


def _said(reason: Reason) -> str | None:
    return str(reason) or None
