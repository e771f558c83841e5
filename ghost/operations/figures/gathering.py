"""All items at once, kept for a moment in each process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import DatabaseError, connection
from django.utils import timezone

from ghost.core.db import clock
from ghost.core.heartbeats.models import DEAD_AFTER, Heartbeat
from ghost.operations.figures import sentences
from ghost.operations.figures.database import archives, database_state, git_copy, writers
from ghost.operations.figures.item import Item, Moment, Source, Status
from ghost.operations.figures.machines import disk_space, host_load, hosts, machine, worker_memory
from ghost.operations.figures.network import bittorrent, channel_state, circuits, swarm_shares
from ghost.operations.figures.queue import ended_tasks, timetable, waiting
from ghost.operations.figures.site import last_build, targets

log = logging.getLogger(__name__)

KEPT_S = 2.0
"""However many ask, a process gathers no more often."""
PATIENCE_S = 1.0
"""While one gathers, the others wait so long, and then take what was gathered last."""

SOURCES: tuple[tuple[str, Source], ...] = (
    ("writers", writers.item),
    ("workers", hosts.workers),
    ("processes", worker_memory.item),
    ("web", hosts.web),
    ("queue", waiting.item),
    ("jobs", ended_tasks.item),
    ("redis", waiting.redis),
    ("schedules", timetable.item),
    ("build", last_build.item),
    ("deployments", targets.item),
    ("backups", archives.item),
    ("git_backup", git_copy.item),
    ("libtorrent", bittorrent.libtorrent),
    ("dht", bittorrent.dht),
    ("circuits", circuits.item),
    ("machine", machine.item),
    ("disk", disk_space.item),
    ("memory", host_load.memory),
    ("cpu", host_load.cpu),
    ("swarms", swarm_shares.item),
    ("alerts", channel_state.item),
)

Word = Literal["ok", "degraded", "loading"]


@dataclass(frozen=True)
class Figures:
    """How everything stood at one moment. The database comes first; alone, if it does not answer
    or is not migrated."""

    gathered_at: datetime
    items: tuple[Item, ...]

    def item(self, name: str) -> Item:
        """The one of that name; one that tells nothing where it was not looked at."""
        nothing = Item(name, Status.UNKNOWN, sentences.NOTHING_SEEN())
        return next((each for each in self.items if each.name == name), nothing)

    @property
    def is_serving(self) -> bool:
        """Whether requests can be answered at all."""
        return not self.items[0].is_bad

    @property
    def word(self) -> Word:
        """How Ghost stands in one word."""
        if self.items[0].reason == sentences.NOT_MIGRATED():
            return "loading"
        return "degraded" if self.problems else "ok"

    @property
    def problems(self) -> list[Item]:
        """What needs somebody, the worst first."""
        bad = [item for item in self.items if item.is_bad]
        return sorted(bad, key=lambda item: item.status != Status.DOWN)


def gather() -> Figures:
    """Look at everything now."""
    database = database_state.item()
    if database.is_bad:
        return Figures(timezone.now(), (database,))
    try:
        moment = _moment()
        return Figures(moment.now, (database, *(_look(*each, moment) for each in SOURCES)))
    except DatabaseError as error:
        return Figures(timezone.now(), (database_state.away(error),))


def _moment() -> Moment:
    """Young is an installation where nobody has been alive for longer than a heartbeat may take.
    Where none was ever written, nothing is known of its age."""
    now = clock.now()
    first = Heartbeat.objects.order_by("started_at").values_list("started_at", flat=True).first()
    return Moment(now, is_starting=first is None or now - first < DEAD_AFTER)


def _look(name: str, source: Source, moment: Moment) -> Item:
    try:
        return source(moment)
    except DatabaseError:
        raise
    except Exception as error:  # one check that breaks must not hide what the others see
        log.exception("The check of %s failed", name)
        told = sentences.CHECK_FAILED(error=type(error).__name__)
        return Item(name, Status.DEGRADED, told, sentences.READ_LOG())


class _Kept:
    """What this process gathered last."""

    def __init__(self, look: Callable[[], Figures]) -> None:
        self._look, self._lock = look, threading.Lock()
        self._figures: Figures | None = None
        self._at = float("-inf")

    def get(self) -> Figures:
        """Not older than KEPT_S; or somewhat older, while another thread gathers for long."""
        if (figures := self._fresh()) is not None:
            return figures
        is_ours = self._lock.acquire(timeout=PATIENCE_S if self._figures else -1)
        if not is_ours:
            return self._figures or self._look()
        try:
            return self._fresh() or self._renew()
        finally:
            self._lock.release()

    def _fresh(self) -> Figures | None:
        return self._figures if time.monotonic() - self._at < KEPT_S else None

    def _renew(self) -> Figures:
        self._figures = self._look()
        self._at = time.monotonic()
        return self._figures


_kept = _Kept(gather)


def current() -> Figures:
    """How everything stands, as of KEPT_S ago at most. Amid a transaction what that one sees."""
    return gather() if connection.in_atomic_block else _kept.get()
