"""Health scans: the work of one worker on the scan that is open.

It takes parts, asks the DHT, and saves what came to its verdict every second. Nothing is held in
memory alone for longer, so whatever kills it costs only what was under way.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from dht import counters, reasons
from dht.engine import lookups, session
from dht.health import evidence, verdict
from dht.models import Scan, ScanPart
from dht.trackers import client
from ghost.core.errors import OutageError, RefusedError
from ghost.core.jobs import shutdown
from resources.models import Resource

MIN_TIMEOUT_S, MAX_TIMEOUT_S = 0.1, 600.0
LEASE_S = 20.0
"""A worker that was killed keeps its parts from the others for so long."""
RENEW_EVERY_S = 5.0
SAVE_EVERY_S, SAVE_AT = 1.0, 200
STEP_S = 0.2
MAX_HELD = 20_000
"""Resources under way: some wait for their time-out, or a slow tracker."""
LOOK_EVERY_S = 0.5
DAYS_FOR_ALL = 7
BACKLOG = 2 * lookups.BUSY_AT_ONCE
"""Fewer that wait for their look-up, and the next part is taken."""


Listener = Callable[[Scan], None]


def sample_size() -> int:
    """How many resources a scheduled scan checks: GHOST_DHT_SAMPLE_SIZE; where that is not set, a seventh
    of the catalog if it is more, so that a daily scan comes round in a week."""
    size: int = settings.GHOST.dht_sample_size
    if "dht_sample_size" in settings.GHOST.model_fields_set:
        return size
    return max(size, -(-Resource.objects.standing().count() // DAYS_FOR_ALL))


def scan(
    limit: int | None,
    *,
    timeout_s: float | None = None,
    trigger: str = "command",
    tell: Listener = lambda scan: None,
) -> Scan:
    """Check the `limit` most urgent resources (None: all), to the end; the scan with its counts.

    One that is under way is joined. `timeout_s` is for one look-up (default GHOST_DHT_TIMEOUT_S);
    `tell` hears of the progress. Nothing is changed if it can't start: OutageError, or
    RefusedError for a limit below 1 or a time-out out of MIN_TIMEOUT_S to MAX_TIMEOUT_S.
    """
    require_sense(limit, timeout_s)
    require_dht()
    scan_under_way = Scan.objects.ask(limit=limit, trigger=trigger)
    try:
        _work_to_the_end(scan_under_way, timeout_s, tell)
    except KeyboardInterrupt:
        if (
            scan_under_way.is_new and not scan_under_way.parts.held().exists()
        ):  # nobody else wants it
            scan_under_way.stop()
        raise
    if scan_under_way.error:
        raise OutageError(scan_under_way.error)
    return scan_under_way


def _work_to_the_end(scan_under_way: Scan, timeout_s: float | None, tell: Listener) -> None:
    while scan_under_way.is_open and not shutdown.is_asked():
        work(scan_under_way, timeout_s=timeout_s, tell=tell)
        if scan_under_way.is_open:  # others are at work on the rest
            time.sleep(LOOK_EVERY_S)
            tell(scan_under_way)


def require_sense(limit: int | None, timeout_s: float | None) -> None:
    """RefusedError for a limit or a time-out with which nobody could answer."""
    if limit is not None and limit < 1:
        raise RefusedError(reasons.LIMIT_TOO_LOW())
    if timeout_s is not None and not MIN_TIMEOUT_S <= timeout_s <= MAX_TIMEOUT_S:  # nan is neither
        raise RefusedError(reasons.BAD_TIMEOUT(least=MIN_TIMEOUT_S, most=MAX_TIMEOUT_S))


def require_dht() -> None:
    """OutageError if the DHT can't be asked now."""
    if not session.session().has_nodes(min(session.NODES_PATIENCE_S, settings.GHOST.dht_timeout_s)):
        raise OutageError(reasons.SCAN_WITHOUT_DHT())


def work(
    scan: Scan,
    *,
    timeout_s: float | None = None,
    for_s: float = float("inf"),
    tell: Listener = lambda scan: None,
) -> None:
    """Do what is free of the scan, for about `for_s` seconds at most.

    The scan ends with its last part. If the DHT can't be reached and nobody else is at work, it
    ends as failed; what was not tried keeps its health.
    """
    try:
        require_dht()
    except OutageError as error:
        scan.fail(error.reason)
        return
    scan.begin()
    share = _Share(scan, timeout_s or settings.GHOST.dht_timeout_s, time.monotonic() + for_s)
    try:
        share.do(tell)
    except (SystemExit, KeyboardInterrupt):  # asked to go
        share.give_back()
        raise
    except BaseException:  # it may be these very resources: not for ever
        share.give_back(is_death=True)
        raise
    share.give_back()
    session.session().save_state()
    if share.is_lost:
        scan.fail(reasons.DHT_LOST())
    scan.finish()
    tell(scan)


@dataclass(eq=False)
class _Held:
    """A part that this worker holds: since when, and how many cases of it are not saved."""

    part: ScanPart
    asked_at: datetime
    left: int


class _Share:
    """What this worker does of a scan."""

    def __init__(self, scan: Scan, timeout_s: float, ends_at: float) -> None:
        self._scan, self._ends_at = scan, ends_at
        self._collector = evidence.EvidenceCollector(timeout_s)
        self._held: dict[int, _Held] = {}
        self._part_of: dict[evidence.Case, _Held] = {}
        self._settled: list[evidence.Case] = []
        self.is_lost = False
        self._renew_at = time.monotonic() + RENEW_EVERY_S
        self._save_at = time.monotonic() + SAVE_EVERY_S

    def do(self, tell: Listener) -> None:
        """Until nothing is left to take, or it is time to go; what is settled is saved."""
        client.sync_circuits()
        self._take_parts()
        while self._held and not self.is_lost and not shutdown.is_asked():
            self._collector.ask()
            client.sync_circuits()
            is_saved = self._keep_up(tell)  # the network works meanwhile
            self._settled += self._collector.settled(0 if is_saved else STEP_S)
            self.is_lost = self._collector.is_silent
        if self.is_lost:
            self._settled += self._collector.silenced()
        while self._settled:
            self._save()

    def give_back(self, *, is_death: bool = False) -> None:
        """Ask nobody any more, and let others take what is left."""
        self._collector.close()
        held = [held.part for held in self._held.values()]
        ScanPart.objects.all().give_back(held, is_death=is_death)
        client.sync_circuits(is_last=True)

    def _keep_up(self, tell: Listener) -> bool:
        """Save and renew what is due; whether something was saved."""
        now = time.monotonic()
        is_due = now >= self._save_at or len(self._settled) >= SAVE_AT or not len(self._collector)
        if is_due:
            self._save()
            tell(self._scan)
        if now >= self._renew_at:
            self._renew()
        self._take_parts()
        return is_due

    # -- parts

    def _take_parts(self) -> None:
        while self._has_room() and (part := self._scan.claim(LEASE_S)) is not None:
            self._begin(part)

    def _has_room(self) -> bool:
        is_idle = self._collector.backlog < BACKLOG and not self._collector.is_crowded
        return is_idle and len(self._part_of) < MAX_HELD and time.monotonic() < self._ends_at

    def _begin(self, part: ScanPart) -> None:
        asked_at = timezone.now()
        standing = Resource.objects.standing().filter(pk__in=part.resources)
        rows = standing.unchecked_since(part.asked_at)
        subjects = rows.values_list(*verdict.ScannedResource._fields)
        cases = [evidence.Case(verdict.ScannedResource(*values)) for values in subjects]
        held = self._held[part.pk] = _Held(part, asked_at, len(cases))
        self._part_of |= dict.fromkeys(cases, held)
        self._collector.add(cases)

    def _renew(self) -> None:
        """Keep what is held; forget what is not ours any more, as after a scan was stopped."""
        self._renew_at = time.monotonic() + RENEW_EVERY_S
        ours = ScanPart.objects.all().renew([held.part for held in self._held.values()], LEASE_S)
        self._held = {pk: held for pk, held in self._held.items() if pk in ours}

    # -- what is found

    def _save(self) -> None:
        """Save some: the network must be fed meanwhile, and the lease renewed."""
        self._save_at = time.monotonic() + SAVE_EVERY_S
        batch, findings = self._settled[:SAVE_AT], defaultdict[str, list[verdict.Finding]](list)
        for case in batch:
            claim = self._part_of[case].part.claim
            findings[claim].append(verdict.judge(case.resource, case.evidence))
        done = [h.part for h in self._held.values() if h.left == len(findings[h.part.claim])]
        if batch or done:
            asked_at = min((self._part_of[case].asked_at for case in batch), default=timezone.now())
            verdict.save(self._scan, findings, asked_at=asked_at, done=done)
            for finding in (each for found in findings.values() for each in found):
                counters.LOOKUPS.add(status=finding.status)
        self._settled = self._settled[SAVE_AT:]  # not before it is saved
        for case in batch:
            self._part_of.pop(case).left -= 1
        for part in done:
            del self._held[part.pk]
