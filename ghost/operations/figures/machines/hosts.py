"""Workers and web servers, by their heartbeats."""

from __future__ import annotations

from typing import Any

from ghost.core.heartbeats.models import Heartbeat
from ghost.operations.figures import sentences
from ghost.operations.figures.item import MAX_ROWS, Item, Moment, Status

MAX_CLOCK_ERROR_S = 10.0
"""The shortest claims last for 20 s."""


def workers(moment: Moment) -> Item:
    """Whether anybody works. Where nobody was ever seen, the start is given some time."""
    rows = _of(moment, Heartbeat.Kind.WORKER)
    living = [row for row in rows if row.is_alive(moment.now)]
    more: dict[str, Any] = {
        "counts": _counts(rows, living) | _silence(rows, moment),
        "rows": [_row(row, moment) for row in rows],
    }
    if living and not any(row.has_workers(moment.now) for row in living):
        told = sentences.NO_CLUSTER(names=sentences.listed([row.host for row in living]))
        return Item("workers", Status.DOWN, told, sentences.RESTART_WORKER(), **more)
    if wrong := _with_wrong_clock(living):
        told = sentences.CLOCK_OFF(names=sentences.listed(wrong))
        return Item("workers", Status.DEGRADED, told, sentences.SET_CLOCK(), **more)
    if jumped := [row.host for row in living if row.clock_jump_s]:
        told = sentences.CLOCK_JUMPED(names=sentences.listed(jumped))
        return Item("workers", Status.DEGRADED, told, sentences.SET_CLOCK(), **more)
    if living:
        return Item("workers", Status.OK, sentences.WORKERS(number=_hosts(living)), **more)
    if rows:
        last_seen_at = max(row.last_seen_at for row in rows)
        return Item(
            "workers", Status.DOWN, sentences.NO_WORKER(), sentences.START_WORKER(),
            since=last_seen_at, **more,
        )  # fmt: skip
    if moment.is_starting:
        return Item("workers", Status.UNKNOWN, sentences.NOTHING_SEEN(), **more)
    return Item("workers", Status.DOWN, sentences.NO_WORKER_YET(), sentences.START_WORKER(), **more)


def living_workers(moment: Moment) -> list[Heartbeat]:
    """The worker hosts that live, for `Moment.once`: several items look at what they say. Of a host whose workers
    were started anew what was said last: for DEAD_AFTER the former ones seem to live as well."""
    found: dict[str, Heartbeat] = {}
    for row in _of(moment, Heartbeat.Kind.WORKER):
        if row.is_alive(moment.now):
            found.setdefault(row.host, row)
    return list(found.values())


def _of(moment: Moment, kind: Heartbeat.Kind) -> list[Heartbeat]:
    """Those of one kind, the last heard of first."""
    return [row for row in moment.once(_all) if row.kind == kind][:MAX_ROWS]


def _all(_moment: Moment) -> list[Heartbeat]:
    return list(Heartbeat.objects.all()[: 3 * MAX_ROWS])


def web(moment: Moment) -> Item:
    """The groups of web processes; one that is not there can't be asked about itself."""
    rows = _of(moment, Heartbeat.Kind.WEB)
    living = [row for row in rows if row.is_alive(moment.now)]
    reason = sentences.WEB(number=len(living)) if living else sentences.NOTHING_SEEN()
    return Item(
        "web", Status.OK if living else Status.UNKNOWN, reason,
        counts=_counts(rows, living), rows=[_row(row, moment) for row in rows],
    )  # fmt: skip


def _with_wrong_clock(living: list[Heartbeat]) -> list[str]:
    """The hosts whose clock would make others take their claims for expired, or wait for them."""
    return [row.host for row in living if abs(row.clock_ahead_s) > MAX_CLOCK_ERROR_S]


def _hosts(living: list[Heartbeat]) -> int:
    return len({row.host for row in living})


def _counts(rows: list[Heartbeat], living: list[Heartbeat]) -> dict[str, int | float]:
    processes = [process for row in living for process in row.processes]
    return {
        "living": len(living),
        "dead": len(rows) - len(living),
        "processes": len(processes),
        "busy": sum(process.get("state") == "busy" for process in processes),
    }


def _silence(rows: list[Heartbeat], moment: Moment) -> dict[str, int | float]:
    """For how long nobody was heard of, where anybody ever was."""
    ages = [(moment.now - row.last_seen_at).total_seconds() for row in rows]
    return {"silent_s": round(max(min(ages), 0), 1)} if ages else {}


def _row(row: Heartbeat, moment: Moment) -> dict[str, Any]:
    return {
        "host": row.host,
        "pid": row.pid,
        "version": row.version,
        "clock_ahead_s": row.clock_ahead_s,
        "clock_jump_s": row.clock_jump_s,
        "state": "alive" if row.is_alive(moment.now) else "dead",
        "started_at": row.started_at,
        "last_seen_at": row.last_seen_at,
        "processes": row.processes,
    }
