"""How the catalog has its magnets probed: the implementation of `resources.probing`."""

from __future__ import annotations

import time

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from dht import swarm
from dht.tasks import run_probes
from ghost.errors import OutageError
from resources.models import ProbeStatus, Resource

GRACE_S = 10.0
"""Beyond the time that a probe takes: for the queue, the first DHT node, and writing."""
POLL_S = 0.1


class LibtorrentProber:
    """Probes run in the workers; this side queues them and reads the row."""

    def require(self) -> None:
        """OutageError if libtorrent can't be loaded here."""
        swarm.require()

    def enqueue(self, resource_id: int) -> str:
        """Queue a probe; the task's id. Call it in `on_commit`."""
        return str(async_task(run_probes, resource_id))

    def wait(self, resource_id: int) -> bool:
        """Wait until its probe has ended; True if it was reachable, False too if it is gone.

        OutageError if no worker took it or the DHT could not be reached.
        """
        deadline = time.monotonic() + settings.GHOST.magnet_metadata_timeout_s + GRACE_S
        while True:
            row = Resource.objects.filter(pk=resource_id).first()
            if row is None:
                return False
            if _has_ended(row):
                return _is_reachable(row)
            if time.monotonic() >= deadline:
                raise OutageError(_("No worker has probed it in time. Is a worker running?"))
            time.sleep(POLL_S)


def _has_ended(row: Resource) -> bool:
    is_due = row.probe_due_at is not None and row.probe_due_at <= timezone.now()
    return row.probe_status != ProbeStatus.PENDING and not row.probe_claim and not is_due


def _is_reachable(row: Resource) -> bool:
    if row.probe_status == ProbeStatus.UNAVAILABLE:
        raise OutageError(row.probe_error)
    return row.probe_status == ProbeStatus.OK
