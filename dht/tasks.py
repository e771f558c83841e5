"""What the queue runs: probes and health scans. Safe to run twice, and in many workers at once.

What is due stands in the rows, not in the queue: a task that is lost loses nothing.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import NoReturn

from django.conf import settings
from django.db import transaction

from dht import counters, probe_jobs, reasons
from dht.engine import mock, outcomes, probes
from dht.health import nodes, requests, scanner
from dht.models import HealthSample, Method, Scan
from dht.trackers import client as trackers
from ghost.core.jobs import queue, shutdown, worker
from ghost.core.jobs.models import JobKind
from ghost.core.text.reasons import NOTHING_TO_DO, Plain, Reason
from resources.models import DhtStatus, ProbeStatus, Resource, findings

MAX_IN_FLIGHT = 500
RUN_S = 600
LEASE_S = 20.0
"""A worker that was killed keeps its probes from the others for so long."""
RENEW_EVERY_S = 5.0
CLAIM_EVERY_S = 0.5
STEP_S = 0.25


def run_probes(resource_id: int | None = None) -> Plain:
    """Probe everything that is due, together; what becomes due meanwhile joins in.

    `resource_id` only tells operators for which resource the task was queued: another worker
    may have probed it already. Returns how many ended how.
    """
    with stoppable():
        run = _Run()
        try:
            ended = run.to_the_end()
        finally:
            run.release()
    probe_jobs.look_after(worker.open_subjects())
    if Resource.objects.due_for_probe().exists():
        queue.enqueue(run_probes, kind=JobKind.PROBE)
    return _probed(ended).plain() if ended else NOTHING_TO_DO().plain()


def _probed(ended: Counter[str]) -> Reason:
    return reasons.PROBED(
        ok=ended[ProbeStatus.OK],
        inactive=ended[ProbeStatus.INACTIVE],
        timeout=ended[ProbeStatus.TIMEOUT],
        unavailable=ended[ProbeStatus.UNAVAILABLE],
    )


class _Run:
    """One task's probes: claimed rows by magnet hash, and the probes that are under way."""

    def __init__(self) -> None:
        self._held: dict[str, Resource] = {}
        self._probes: probes.Probes | mock.MockProbes | None = None
        self._claim_at = 0.0
        self._renew_at = time.monotonic() + RENEW_EVERY_S

    def to_the_end(self) -> Counter[str]:
        ended: Counter[str] = Counter()
        stop_claiming_at = time.monotonic() + RUN_S
        self._claim()
        while self._held and not shutdown.is_asked():
            now = time.monotonic()
            self._sync_circuits()
            if now >= self._renew_at:
                Resource.objects.all().renew_claims(self._held.values(), LEASE_S)
                self._renew_at = now + RENEW_EVERY_S
            ended.update(self._step())
            if self._claim_at <= now < stop_claiming_at:
                self._claim()
        return ended

    def _claim(self) -> None:
        self._claim_at = time.monotonic() + CLAIM_EVERY_S
        room = MAX_IN_FLIGHT - len(self._held)
        if room <= 0 or not Resource.objects.due_for_probe().exists():
            return
        if self._probes is None:  # before the claim: without libtorrent nothing may be held
            self._probes = probes.begun(settings.GHOST.magnet_metadata_timeout_s)
        claimed = Resource.objects.all().claim_probes(room, LEASE_S)
        for row in claimed:
            self._held[row.magnet_hash] = row
            self._probes.add(row.magnet)
        worker.start([probe_jobs.subject(row.pk) for row in claimed])

    def _step(self) -> list[str]:
        assert self._probes is not None  # noqa: S101  # something is held
        outcomes = self._probes.step(STEP_S)
        for outcome in outcomes:
            record(self._held.pop(outcome.magnet_hash), outcome)
        return [outcome.status for outcome in outcomes]

    def release(self) -> None:
        """Give back what has not ended, to be taken at once."""
        if self._probes is not None:
            self._probes.abandon()
        Resource.objects.all().renew_claims(self._held.values(), 0)
        self._sync_circuits(is_last=True)

    def _sync_circuits(self, *, is_last: bool = False) -> None:
        if isinstance(self._probes, probes.Probes):
            trackers.sync_circuits(is_last=is_last)


def record(row: Resource, outcome: outcomes.ProbeOutcome) -> bool:
    """Keep what a probe of `row` found; False if its magnet was changed or removed meanwhile."""
    found = outcome.metadata
    with findings.saved(found) if found else nullcontext(), transaction.atomic():
        is_kept = _keep(row, outcome)
        if is_kept:
            probe_jobs.settle(row)
    counters.PROBES.add(result=outcome.status)
    if found and not is_kept:
        findings.forget_unlisted(found)
    return is_kept


def _keep(row: Resource, outcome: outcomes.ProbeOutcome) -> bool:
    if outcome.metadata is None:
        return findings.record_probe_miss(row, outcome.status, outcome.error)
    was = row.dht_status
    is_kept = findings.record_saved(row, outcome.metadata)
    if is_kept:
        HealthSample.objects.keep(_sample(row, was, outcome))
    return is_kept


def _sample(row: Resource, was: str, outcome: outcomes.ProbeOutcome) -> HealthSample:
    return HealthSample(
        resource=row,
        method=Method.METADATA,
        status=DhtStatus.ACTIVE,
        was=was,
        num_peers=outcome.num_peers,
    )


def scan_health(*, is_all: bool = False) -> Plain:
    """By the clock: check the most urgent resources (`scanner.sample_size`), or all. A scan that is
    under way is joined.

    Returns the scan's counts, and its error if it could not start: then nothing was changed.
    """
    wanted = None if is_all else scanner.sample_size()
    wanted_scan = Scan.objects.ask(limit=wanted, trigger="schedule")
    others = settings.GHOST.dht_scan_workers - 1
    if others and not wanted_scan.is_queued:
        requests.enqueue(wanted_scan.pk, others)
    return run_scan(wanted_scan.pk)


def run_scan(scan_id: int) -> Plain:
    """Take part in a scan until nothing of it is free, or for RUN_S: then another task goes on.

    Returns the scan's counts so far, and its error if it ended as failed: the scan itself tells
    operators, so the task is not a failed one.
    """
    scan = Scan.objects.filter(pk=scan_id).first()
    if scan is None:
        return NOTHING_TO_DO().plain()
    if not scan.is_open:
        scan.settle()  # it had ended before the job's row was there
        return NOTHING_TO_DO().plain()
    with stoppable():
        scanner.work(scan, for_s=RUN_S, tell=Scan.report)
    if scan.is_open and scan.parts.free().exists() and not shutdown.is_asked():
        queue.enqueue(run_scan, scan_id, kind=JobKind.SCAN)
    return _scanned(scan).plain()


def _scanned(scan: Scan) -> Reason:
    counts = reasons.SCANNED(
        checked=scan.checked,
        found=scan.found,
        active=scan.active,
        stale=scan.stale,
        unknown=scan.unknown,
        changed=scan.changed,
        seconds=round(scan.seconds, 2),
    )
    return reasons.SCAN_FAILED(reason=scan.error, counts=counts) if scan.error else counts


def resume_scan() -> Plain:
    """By the clock, every minute: go on with a scan whose workers died or were restarted."""
    scan = Scan.objects.open().first()
    if scan is None or scan.parts.held().exists():
        return NOTHING_TO_DO().plain()
    run_scan(scan.pk)
    said = reasons.RESUMED(id=str(scan.pk), number=scan.checked, total=scan.total)
    return said.plain()


def count_nodes() -> Plain:
    """By the clock, every minute: look whether the DHT answers. Where nothing is published, nobody
    needs it."""
    if not (Resource.objects.exists() and nodes.is_count_due()):
        return NOTHING_TO_DO().plain()
    with stoppable():
        return reasons.COUNTED(number=nodes.count()).plain()


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM end the task in good order: claims given back, session closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(_signum: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)
