"""A web process that looks after alerts while no worker does.

The thread of each web process asks here every few seconds (`ghost.core.heartbeats.web`): a few reads, and one
of all processes gets the turn (`AlertWatch.objects.claim`).
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import DatabaseError

from ghost.core.db import clock
from ghost.core.heartbeats.models import Heartbeat
from ghost.operations.alerts import blackout, evaluation

SILENT = timedelta(seconds=60)
"""Workers' heartbeats come every 15 s."""

log = logging.getLogger(__name__)


def stand_in() -> bool:
    """Look after alerts if no worker does; whether this process looked."""
    return is_needed() and evaluation.evaluate()


def is_needed() -> bool:
    """Whether no worker host was heard of within SILENT. A heartbeat from the future was written by a clock
    that was set back since."""
    now = clock.now()
    near = {"last_seen_at__gt": now - SILENT, "last_seen_at__lt": now + SILENT}
    return not Heartbeat.objects.workers().filter(**near).exists()


def look(error: DatabaseError | None = None) -> None:
    """For a thread that nothing may end: `stand_in`, and a line for what goes wrong. `error`: why this process
    could not write its heartbeat a moment ago."""
    try:
        if error is not None:
            blackout.failed(error)
            return
        stand_in()
    except DatabaseError as told:
        log.warning("Alerts could not be looked after: %s", told)
    except Exception:  # whatever it is, the next look may go well
        log.exception("Looking after alerts failed")
