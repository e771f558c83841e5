"""The covers that are due, fetched and kept."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from builds import counters, reasons
from builds.covers import fetching, files, pictures
from builds.covers.fetching import FetchResult, Queues, Wanted
from builds.covers.pictures import DrawnCover
from builds.data import urls
from builds.data.records import digest
from builds.models import Cover, CoverLease
from builds.run import Progress
from ghost.core import backoff, circuits
from ghost.core.catalog.models import Catalog
from ghost.core.circuits import Circuit, Kind
from ghost.core.circuits.models import CircuitQuerySet
from ghost.core.errors import GhostError, OutageError
from ghost.core.io.fetch import AnsweredError
from resources.models import Resource, findings

TOTAL_S = 45
LEASE_SLACK_S = 60
MOST_PER_HOST = 200
"""So many of one host in one go; the rest stays due."""
RETRY_PAUSES = backoff.of_hours(1, 4, 12, 24, 72, 168)
"""How long a cover that could not be had waits for the next try; the last one repeats."""
HOSTS_FAULT = (408, 425, 429)
"""What says of the host, and not of this one cover, that it can't be had now; so do 5xx."""

logger = logging.getLogger(__name__)


def localize(progress: Progress | None = None, *, total_s: float = TOTAL_S) -> dict[str, int]:
    """Fetch the covers that are due, for `total_s` seconds at most. No failure stops it.

    Counts: `fetched`, `failed`, and `waiting` for hosts that are left alone; empty if another
    process is at it. `progress` hears every few seconds, and whenever something came.
    """
    if not Resource.objects.due_for_cover().exists():
        return {"fetched": 0, "failed": 0, "waiting": 0}
    with CoverLease.taken(total_s + LEASE_SLACK_S) as is_ours:
        return _localize(progress or Progress(), total_s) if is_ours else {}


def due() -> bool:
    """Whether there is one to fetch now; those on hosts that are left alone don't count."""
    rows = Resource.objects.due_for_cover()
    if not rows.exists():
        return False
    resting = _resting()
    sources = rows.values_list("cover_image_url", flat=True)
    return any(fetching.host_of(str(url)) not in resting for url in sources.iterator())


def _localize(progress: Progress, total_s: float) -> dict[str, int]:
    queues, waiting = _queues()
    on_trial = set(_hosts().failing().values_list("name", flat=True))
    counts = {"fetched": 0, "failed": 0}
    for wanted, result in fetching.fetch_all(queues, progress, total_s=total_s, on_trial=on_trial):
        _note_host(wanted.host, result)
        if wanted.host in _resting(wanted.host):
            queues[wanted.host].clear()
        what, is_noted = _record(wanted, result)
        counts[what] += is_noted
        counters.COVERS.add(result=what)
        waiting[wanted.host] -= is_noted
    Circuit.objects.note_waiting(Kind.COVER_HOST, waiting)
    return counts | {"waiting": sum(waiting[host] for host in _resting())}


def _queues() -> tuple[Queues, Counter[str]]:
    """What is to be asked of each host, and how many wait for each, those left alone included."""
    resting = _resting()
    queues: Queues = defaultdict(deque)
    waiting: Counter[str] = Counter()
    rows = Resource.objects.due_for_cover().order_by("cover_due_at", "pk")
    for pk, url, due_at in rows.values_list("pk", "cover_image_url", "cover_due_at").iterator():
        assert due_at is not None  # noqa: S101  # due_for_cover() asks for it
        host = fetching.host_of(str(url))
        waiting[host] += 1
        if host not in resting and waiting[host] <= MOST_PER_HOST:
            queues[host].append(Wanted(pk, str(url), host, due_at))
    return queues, waiting


def _resting(*only: str) -> set[str]:
    hosts = _hosts().resting()
    found = hosts.filter(name__in=only) if only else hosts
    return set(found.values_list("name", flat=True))


def _hosts() -> CircuitQuerySet:
    return Circuit.objects.of(Kind.COVER_HOST)


def _note_host(host: str, result: FetchResult) -> None:
    """Whether the host answers as it should says nothing of what it answered."""
    if isinstance(result, AnsweredError):
        if result.status >= 500 or result.status in HOSTS_FAULT:
            circuits.failed(
                Kind.COVER_HOST, host, result.reason, retry_after_s=result.retry_after_s
            )
        else:
            circuits.succeeded(Kind.COVER_HOST, host)
    elif isinstance(result, OutageError):
        circuits.failed(Kind.COVER_HOST, host, result.reason)
    elif isinstance(result, DrawnCover):
        circuits.succeeded(Kind.COVER_HOST, host)


def _record(wanted: Wanted, result: FetchResult) -> tuple[str, bool]:
    """What became of it, and whether it was still wanted."""
    if isinstance(result, DrawnCover):
        try:
            return "fetched", _keep(wanted, result)
        except OSError as error:
            logger.error("A cover can't be written.", exc_info=error)
            result = OutageError(reasons.NOT_KEPT(reason=error.strerror or type(error).__name__))
    return "failed", _put_off(wanted, result)


@contextmanager
def _recording(wanted: Wanted) -> Iterator[Resource | None]:
    """The row if its cover is still due: the publisher may have changed or removed it, or
    uploaded another. Nobody can do so until it is recorded."""
    rows = Resource.objects.filter(pk=wanted.resource_id, cover_image_url=wanted.url)
    with Catalog.turn():
        yield rows.filter(cover_due_at=wanted.due_at).select_for_update().first()


def _keep(wanted: Wanted, drawn: DrawnCover) -> bool:
    cover_digest = files.write(drawn)  # before the row, and outside of what others wait for
    with _recording(wanted) as row:
        if row is None:
            return False  # nothing names the files; they are swept away
        facts = {
            "digest": cover_digest,
            "width": drawn.width,
            "height": drawn.height,
            "source": _source(wanted),
            "uploaded_by": "",
            "attempts": 0,
            "fetched_at": timezone.now(),
            "drawing_version": pictures.VERSION,
        }
        before = Cover.objects.filter(resource=row, digest=cover_digest).exists()
        Cover.objects.update_or_create(resource=row, defaults=facts)
        if before and row.cover_image_path:
            findings.put_off_cover(row, None)  # nobody sees it otherwise
        else:
            findings.record_cover(row, urls.cover(row.pk).lstrip("/"))
    return True


def _put_off(wanted: Wanted, error: GhostError) -> bool:
    with _recording(wanted) as row:
        if row is None:
            return False
        again_at = timezone.now() + _count_failure(row, _source(wanted))
        if row.cover_image_path:  # the one that is there is only drawn by older rules
            findings.put_off_cover(row, again_at)
        else:
            findings.record_cover(row, None, error=error.reason, again_at=again_at)
    logger.info("cover of resource %d: %s", wanted.resource_id, error)
    return True


def _count_failure(row: Resource, source: str) -> timedelta:
    """How long to wait for the next try."""
    cover, _ = Cover.objects.get_or_create(resource=row)
    if cover.source != source:
        cover.attempts, cover.source, cover.uploaded_by = 0, source, ""
    cover.attempts += 1
    if not row.cover_image_path:
        cover.digest = ""
    cover.save()
    return RETRY_PAUSES.after(cover.attempts)


def _source(wanted: Wanted) -> str:
    return digest(wanted.url.encode(errors="surrogatepass"))
