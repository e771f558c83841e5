"""The memory of a worker. django-q2 ends one between two tasks whose `ru_maxrss` (getrusage(2)) has reached
`max_rss`, and the guard starts another; here it is told."""

from __future__ import annotations

import logging
import os
import resource

from django.conf import settings
from django.db import DatabaseError

from ghost.operations.workers.models import WorkerReplacement

logger = logging.getLogger(__name__)


def tell(**_: object) -> None:
    """For the queue, when a worker has ended a task: it may be its last."""
    limit_mb, most_mb = settings.GHOST.worker_max_memory_mb, highest_mb()
    if not limit_mb or most_mb < limit_mb:
        return
    logger.warning(
        "worker %d has held %d MB and is replaced (GHOST_WORKER_MAX_MEMORY_MB=%d)",
        os.getpid(), most_mb, limit_mb,
    )  # fmt: skip
    try:
        WorkerReplacement.objects.note(os.getpid(), most_mb)
    except DatabaseError:  # the worker must not be kept from its end by our row
        logger.warning("the replacement of a worker could not be written down", exc_info=True)


def highest_mb() -> int:
    """The most that this process ever held; Linux counts in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
