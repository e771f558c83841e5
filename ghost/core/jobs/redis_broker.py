"""The queue in Redis: it hands out the numbers of tasks, which stay in the database's entries.

Redis forgets what it handed out, and may lose the rest. So it only says whose turn it is: who may
run a task is decided by its entry, a number twice in Redis does nothing, and one that it lost is
given to it again (`ask_again`, by the watch of each worker host). While it is away, tasks are
taken from the entries.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_q.brokers import Broker
from django_q.brokers.redis_broker import Redis
from django_q.models import OrmQ
from redis.backoff import NoBackoff
from redis.retry import Retry

from ghost.core import process
from ghost.core.config.database import masked
from ghost.core.errors import OutageError
from ghost.core.jobs import database_broker
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.pause import QueuePause, is_paused
from ghost.core.jobs.worker import REDIS_AWAY

ASKED_AFTER_S = 20.0
"""A task that has waited so long is looked for in Redis."""
ASKED_AT_ONCE = 10_000
TIMEOUT_S = 2.0
"""To connect, and for each answer. The watch asks too, and must take off the site within seconds what
was taken down."""
REST_S = 5.0
"""Redis is left alone for so long after it did not answer, so that no request waits twice."""
LOGGED_EVERY_S = 60.0

logger = logging.getLogger(__name__)


@dataclass
class _Server:
    """What this process knows of a Redis. django-q2 makes a broker for each task that is queued."""

    connection: redis.Redis
    rests_until: float = float("-inf")
    logged_at: float = float("-inf")

    def note(self, error: redis.RedisError) -> None:
        """It did not answer: leave it alone for a while, and say so now and then."""
        now = time.monotonic()
        self.rests_until = now + REST_S
        if now - self.logged_at >= LOGGED_EVERY_S:
            self.logged_at = now
            logger.warning("%s Tasks wait in the database.", _outage(error))


@cache
def _server(url: str) -> _Server:
    """Its client connects when it is used."""
    return _Server(
        redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
    )


class RedisBroker(Redis):  # type: ignore[misc]  # django-q2 has no types
    """What the guard makes one of is for its pusher and its monitor: they fetch in its name."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        # Installations may share a Redis.
        salt = hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest()[:16]
        self.list_key = f"ghost:{salt}:tasks"
        self.cluster = process.name()
        self._server = _server(settings.GHOST.redis_url)

    @staticmethod
    def get_connection(list_key: str | None = None) -> redis.Redis:  # django-q2's
        """The client of this process."""
        return _server(settings.GHOST.redis_url).connection

    # -- waiting tasks

    def enqueue(self, task: str) -> int:
        """Put a packed task into the queue; the number of its entry.

        Nobody can fetch it before the transaction is committed. Whether Redis is there does not
        matter then.
        """
        with transaction.atomic():
            entry = QueueEntry.of(OrmQ(payload=task).task, payload=task)
            transaction.on_commit(partial(self._send, [entry.task_id]))
        return entry.pk

    def give_back(self, entry: QueueEntry) -> None:
        """Let an entry that nobody holds be fetched at once."""
        QueueEntry.objects.filter(pk=entry.pk).update(sent_at=timezone.now())
        transaction.on_commit(partial(self._send, [entry.task_id]))

    def ask_again(self) -> None:
        """Give Redis again what waits and what it does not know. OutageError if it is away."""
        long_ago = timezone.now() - timedelta(seconds=ASKED_AFTER_S)
        waiting = QueueEntry.objects.waiting().filter(cluster="", sent_at__lt=long_ago)
        ids = list(waiting.values_list("task_id", flat=True)[:ASKED_AT_ONCE])
        if not ids:
            return
        try:
            known = {task_id.decode() for task_id in self.connection.lrange(self.list_key, 0, -1)}
            lost = [task_id for task_id in ids if task_id not in known]
            if lost:
                self.connection.rpush(self.list_key, *lost)
                logger.warning("Redis has lost %d tasks; it has them again", len(lost))
        except redis.RedisError as error:
            raise _outage(error) from error
        QueueEntry.objects.filter(task_id__in=ids).update(sent_at=timezone.now())

    def _send(self, task_ids: Collection[str]) -> None:
        if time.monotonic() < self._server.rests_until:
            return
        try:
            self.connection.rpush(self.list_key, *task_ids)
        except redis.RedisError as error:
            self._server.note(error)

    # -- running tasks

    def dequeue(self) -> list[tuple[str, str]] | None:
        """The next task with its id, or None after a while without one."""
        try:
            database_broker.leave_broken_connections()
            if is_paused():
                time.sleep(1)
                return None
            task_id = self._next()
            return self._take(task_id) if task_id else None
        except DatabaseError:
            logger.warning("the queue can't be read: the database does not answer", exc_info=True)
            time.sleep(database_broker.PAUSE_S)
            return None

    def _next(self) -> str | None:
        if time.monotonic() >= self._server.rests_until:
            try:
                popped = self.connection.blpop([self.list_key], 1)
                return popped[1].decode() if popped else None
            except redis.RedisError as error:
                self._server.note(error)
        time.sleep(1)
        waiting = QueueEntry.objects.waiting().filter(cluster="")
        return waiting.values_list("task_id", flat=True).first()

    def _take(self, task_id: str) -> list[tuple[str, str]] | None:
        entry = QueueEntry.objects.select_related("row").filter(task_id=task_id).first()
        if entry is None:
            return None  # it has been done
        with transaction.atomic():
            if QueuePause.locked().is_paused:
                return None  # Redis is given it again (`ask_again`)
            if not QueueEntry.objects.filter(pk=entry.pk, cluster="").hold(self.cluster):
                return None  # a cluster has it
        return [(task_id, entry.row.payload if entry.row else entry.payload)]

    def acknowledge(self, task_id: str) -> None:
        """Drop an entry: its result is stored, or nobody can read it."""
        database_broker.insist(lambda: self._delete(task_id))

    def _delete(self, task_id: str) -> None:
        OrmQ.objects.filter(entry__task_id=task_id).delete()  # from before Redis
        QueueEntry.objects.filter(task_id=task_id).delete()

    delete = fail = acknowledge

    # -- the rest of django-q2's broker

    def queue_size(self) -> int:
        """How many tasks wait."""
        return QueueEntry.objects.waiting().count()

    def ping(self) -> bool:
        """A cluster starts all the same."""
        return True

    def set_stat(self, key: str, value: str, timeout: int) -> Any:  # noqa: ANN401  # django-q2's
        """Nobody reads it: see `ghost.core.heartbeats`."""
        return Broker.set_stat(self, key, value, timeout)

    def get_stat(self, key: str) -> Any:  # noqa: ANN401  # as above
        """As above."""
        return Broker.get_stat(self, key)

    def get_stats(self, pattern: str) -> Any:  # noqa: ANN401  # as above
        """As above."""
        return Broker.get_stats(self, pattern)


def require() -> None:
    """OutageError unless Redis answers."""
    try:
        RedisBroker.get_connection().ping()
    except redis.RedisError as error:
        raise _outage(error) from error


def reconnect() -> None:
    """Let go of this process's connections to Redis: the next question makes one, and does not rest."""
    if settings.GHOST.redis_url:
        server = _server(settings.GHOST.redis_url)
        server.connection.connection_pool.disconnect()
        server.rests_until = float("-inf")


def _outage(error: redis.RedisError) -> OutageError:
    address = masked(settings.GHOST.redis_url)
    return OutageError(REDIS_AWAY(address=address, why=f"{type(error).__name__}: {error}"[:200]))
