"""How the catalog has its magnets probed: the implementation of `resources.publishing.prober`."""

from __future__ import annotations

import math
import time

from django.conf import settings
from django.utils.translation import gettext as _

from dht import probe_jobs
from dht.engine import session
from dht.tasks import run_probes
from ghost.core.errors import OutageError
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from resources.models import ProbeStatus, Resource

GRACE_S = 10.0
"""Beyond the time that a probe takes: for the queue, the first DHT node, and writing."""
POLL_S = 0.3
_FIELDS = (
    "probe_status", "probe_error", "probe_claim", "probe_due_at", "probed_at", "takedown_at",
)  # fmt: skip


class LibtorrentProber:
    """Probes run in the workers; this side queues them and reads the row."""

    def require(self) -> None:
        """OutageError if libtorrent can't be loaded here."""
        session.require()

    def enqueue(self, *resource_ids: int) -> str:
        """Queue a probe of these, which are due; the task's id. Call it in `on_commit`."""
        subjects = [probe_jobs.subject(key) for key in resource_ids]
        return queue.enqueue(run_probes, resource_ids[0], kind=JobKind.PROBE, subjects=subjects)

    def wait(self, resource_id: int, timeout_s: float) -> bool | None:
        """Wait until its probe has ended, or an operator has decided: True if it may be public,
        False too if it is gone or taken down.

        None if it has not ended after `timeout_s`, at most as long as a probe takes: with an
        infinite one that is an OutageError, as it is if the DHT could not be reached.
        """
        longest_s = settings.GHOST.magnet_metadata_timeout_s + GRACE_S
        deadline = time.monotonic() + min(timeout_s, longest_s)
        rows = Resource.objects.filter(pk=resource_id).only(*_FIELDS)
        while True:
            row = rows.first()
            if row is None:
                return False
            if probe_jobs.has_ended(row):
                return _is_reachable(row)
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                if math.isfinite(timeout_s):
                    return None
                raise OutageError(_("No worker has probed it in time. Is a worker running?"))
            time.sleep(min(POLL_S, left_s))


def _is_reachable(row: Resource) -> bool:
    if row.takedown_at:
        return False
    if row.probe_status == ProbeStatus.UNAVAILABLE:
        raise OutageError(row.probe_error)
    is_reached = row.probe_status == ProbeStatus.OK and row.probed_at is not None
    return is_reached or row.probe_status == ProbeStatus.SKIPPED
