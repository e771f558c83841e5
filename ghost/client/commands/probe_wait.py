"""`ghost bulk --wait`: until all probes have ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import OK, OUTAGE, REFUSED, Json, RefusedError
from ..ghost_api import Ghost
from ..screen import Screen

_REACHED = {"ok", "skipped"}


@dataclass
class Probes:
    """How they ended, and the exit status that this makes."""

    told: Json = field(default_factory=dict)
    exit_status: int = OK


def wait_for_probes(ghost: Ghost, tasks: Sequence[str], screen: Screen, timeout_s: float) -> Probes:
    """Wait until these tasks have ended; 1 if a probe reached nobody, 3 if the time was over before."""
    deadline, counts = time.monotonic() + timeout_s, Counter[str]()
    for number, task_id in enumerate(tasks, 1):
        task = _ended(ghost, task_id, screen, deadline, f"probes: task {number} of {len(tasks)}")
        if task is None:
            screen.note(
                f"Not all probes have ended after {timeout_s:g} s: ghost status {task_id} --follow"
            )
            return Probes({"probes": dict(counts)}, OUTAGE)
        counts.update(_outcomes(task))
    is_good = counts.keys() <= _REACHED
    return Probes({"probes": dict(counts)}, OK if is_good else REFUSED)


def _ended(ghost: Ghost, task_id: str, screen: Screen, deadline: float, what: str) -> Json | None:
    """The task when it has ended; None if it had not in time. One that is forgotten has."""
    try:
        for task in ghost.watch(lambda: ghost.task(task_id), kinds="task", until=deadline):
            progress = task["progress"] or {"done": 0, "total": 1}
            screen.progress(f"{what}: {progress['done']} of {progress['total']}")
            if task["finished_at"]:
                return task
    except RefusedError as error:
        if error.status == 404:
            return {"result": {}, "status": "done"}
        raise
    return None


def _outcomes(task: Json) -> dict[str, int]:
    """How many probes ended how: of one the result says it, of many it counts them."""
    result = task["result"] or {}
    if "probe_status" in result:
        return {result["probe_status"]: 1}
    found = {name: count for name, count in result.items() if isinstance(count, int)}
    return found if found or task["status"] == "done" else {"failed": 1}
