"""The heartbeat of this worker host: written by its watch, whatever the workers are busy with."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.utils import timezone

from dht.engine import session
from ghost.core import process
from ghost.core.db import clock
from ghost.core.errors import OutageError
from ghost.core.heartbeats import clock_jumps, processes
from ghost.core.heartbeats.models import CLOCK_JUMP_FACT, WORKERS_SEEN_FACT, Heartbeat, host_name
from ghost.core.jobs.entries import QueueEntry
from ghost.core.text.reasons import Plain
from ghost.operations.figures.machines import disk_space, machine
from ghost.operations.figures.network.bittorrent import LIBTORRENT_FACT
from ghost.operations.figures.queue import waiting

EVERY_S = 15.0


def beat() -> None:
    """For the watch, every EVERY_S: say that this host lives, and what its processes do."""
    parent = os.getppid()
    doings = _doings(parent)
    Heartbeat.objects.beat(
        Heartbeat.Kind.WORKER, parent, started_at=processes.started_at(parent), processes=doings,
        facts={
            WORKERS_SEEN_FACT: _workers_seen_at(parent, doings),
            LIBTORRENT_FACT: _libtorrent(),
            CLOCK_JUMP_FACT: clock_jumps.jumps.told_s(),
            **({waiting.REDIS_FACT: _redis()} if settings.GHOST.redis_url else {}),
            machine.FACT: machine.problems(),
            disk_space.FACT: disk_space.disks(),
        },
    )  # fmt: skip


def _workers_seen_at(parent: int, doings: list[dict[str, Any]]) -> str:
    """When a worker of this host was last seen. The watch goes on while its cluster is started
    anew, or can't be; where the system tells no roles, they are taken to be there."""
    now = clock.now().isoformat()
    roles = {doing["role"] for doing in doings}
    if "worker" in roles or roles == {""}:
        return now
    before = Heartbeat.objects.workers().filter(host=host_name(), pid=parent).first()
    return str(before.facts.get(WORKERS_SEEN_FACT, now)) if before else now


def _doings(parent: int) -> list[dict[str, Any]]:
    """Each process below the parent of this host's, and the task that it runs."""
    running = {entry.worker: entry for entry in QueueEntry.objects.running()}
    return [_doing(pid, running.get(process.name(pid))) for pid in processes.below(parent)]


def _doing(pid: int, entry: QueueEntry | None) -> dict[str, Any]:
    since = entry.begun_at if entry else processes.started_at(pid)
    return {
        "name": f"{host_name()}:{pid}",
        "role": processes.role(pid),
        "state": "busy" if entry else "idle",
        "task": f"{entry.func} {entry.task_id}" if entry else None,
        "since": (since or timezone.now()).isoformat(),
    }


def _redis() -> Plain:
    """Why Redis does not answer this host; empty if it does. A few seconds at most."""
    from ghost.core.jobs import redis_broker  # noqa: PLC0415  # Redis is loaded where it is used

    try:
        redis_broker.require()
    except OutageError as error:
        return error.reason.plain()
    return ""


def _libtorrent() -> str:
    """Why libtorrent can't be loaded on this host; empty if it can."""
    try:
        session.require()
    except OutageError as error:
        return error.reason.english
    return ""
