"""The part of bench_memory.py that queues tasks, such as the clock queues, and asks how many are left."""

from __future__ import annotations

import itertools
import json
import sys

from ghost.core.jobs import queue
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import JobKind

TASKS = (
    "builds.tasks.build_if_due",
    "builds.tasks.localize_covers",
    "dht.tasks.resume_scan",
    "ghost.operations.tasks.prune_events",
)


def main() -> None:
    """Queue `sys.argv[1]` tasks, each of some kinds in turn; the last line says how many wait."""
    for func in itertools.islice(itertools.cycle(TASKS), int(sys.argv[1])):
        queue.enqueue(func, kind=JobKind.OTHER)
    print(json.dumps({"left": QueueEntry.objects.count()}))
