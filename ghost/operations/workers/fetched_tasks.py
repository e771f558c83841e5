"""What a cluster has fetched and none of its workers has begun: a worker takes its next task from here.

A queue may be paused after a task was fetched. Such a task is not begun: it goes back to where all wait.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

from django.db import DatabaseError

from ghost.core.jobs import pause
from ghost.core.jobs.database_broker import leave_broken_connections

logger = logging.getLogger(__name__)
Task = dict[str, Any] | str
"""As django-q2 has it; a text is the order to end."""


class Source(Protocol):
    """What the guard's pusher puts fetched tasks into."""

    def get(self) -> Task:
        """The next one, once there is one."""


class FetchedTasks:
    """Such a queue, out of which comes only what may begin."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def get(self) -> Task:
        """The next task, which this worker begins, or the order to end."""
        while True:
            task = self._source.get()
            if isinstance(task, str) or _may_begin(task["id"]):
                return task


def _may_begin(task_id: str) -> bool:
    try:
        leave_broken_connections()
        return pause.begin(task_id)
    except DatabaseError:  # who runs it will meet that too, and say so
        logger.warning("whether the queue is paused can't be read", exc_info=True)
        return True
