"""The part of bench_memory.py that queues tasks, such as the clock queues, and waits until they are done."""

from __future__ import annotations

import itertools
import json
import sys
import time

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
    """Queue `sys.argv[1]` tasks, each of some kinds in turn; the last line says how many were done."""
    tasks = int(sys.argv[1])
    for func in itertools.islice(itertools.cycle(TASKS), tasks):
        queue.enqueue(func, kind=JobKind.OTHER)
    while QueueEntry.objects.exists():
        time.sleep(0.1)
    print(json.dumps({"done": tasks}))
