"""A build under way: its row, its steps' rows, its claim, and who listens. Leans on builds.models.

Whatever works on a build gets the one `Run` of it, and calls it; the run calls nobody back but
the listener that was given to it.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from builds import counters, reasons
from builds.models import LEASE, Build, BuildState, Output, Step
from ghost.core.config.env import BASE_DIR
from ghost.core.db.pacing import PacedWriter
from ghost.core.db.threads import DatabaseThread
from ghost.core.errors import GhostError, OutageError
from ghost.core.text.reasons import Reason, words

RENEW_EVERY_S = LEASE.total_seconds() / 4
RETRY_EVERY_S = 1.0
REPORT_EVERY_S = 1
"""How far a step is, is written down so often at most."""
LOOK_EVERY_S = 0.5
"""What can't wait is looked for so often, or as soon as the work comes to it."""
REPORT_EVERY_ITEMS = 500
SITE_SOURCE = BASE_DIR / "builds" / "site"
Listener = Callable[[Step], None]
"""Hears of each step when it begins, how far it is, and when it ends."""

logger = logging.getLogger(__name__)


class Progress(PacedWriter):
    """How far long work is, and how it writes. Outside of a build, nobody hears of it."""

    def report(self, done: int = 0, total: int = 0) -> None:
        """That `done` of `total` is done (0 of 0: not known)."""

    def report_item(self, number: int, total: int) -> None:
        """The same for the item with this number, counted from 0: now and then, not for each."""
        if not number % REPORT_EVERY_ITEMS:
            self.report(number, total)


class Run(Progress):
    """One build under way: its row, its steps' rows, and who listens."""

    def __init__(
        self,
        build: Build,
        listener: Listener | None = None,
        *,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        """`meanwhile` is what can't wait for the build's end: done on the way, every while."""
        self.build = build
        self._listener = listener
        self._meanwhile = meanwhile
        self._looked_at = time.monotonic()
        self._step: Step | None = None
        self._reported_at = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step's row, ended when the block is; what went wrong in it is its last words."""
        self.require_claim()
        with transaction.atomic():
            self._step = step = Step.objects.create(build=self.build, name=name)
            self.build.tell(step)
        self._reported_at = time.monotonic()
        self._tell_listener(step)
        try:
            yield step
            step.is_ok = True
        except BaseException as error:  # a time-out too: the step's row must end
            step.is_ok = False
            said = error.reason.stored() if isinstance(error, GhostError) else error
            step.output = f"{step.output}\n{said}".strip()
            raise
        finally:
            self._step = None
            step.ended_at, step.output = timezone.now(), without_paths(step.output)
            step.save()
            counters.STEP_DURATION.observe(
                step.seconds or 0, stage=name, result="ok" if step.is_ok else "failed"
            )
            self._tell_listener(step)

    def require_claim(self) -> None:
        """OutageError if this build was given up for dead: another one may be under way."""
        if not Build.objects.running().filter(pk=self.build.pk).exists():
            raise OutageError(reasons.GIVEN_UP())

    def keep_claim(self) -> None:
        """The same in a transaction: nobody can give this build up before its end."""
        if not self.build.renew():
            raise OutageError(reasons.GIVEN_UP())

    def report(self, done: int = 0, total: int = 0) -> None:
        """That the step is so far. OutageError if the build was given up for dead: long work calls
        this on its way, between its transactions."""
        self.require_claim()
        step, now = self._step, time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            self._meanwhile()
        if step and total and now - self._reported_at >= REPORT_EVERY_S:
            self._reported_at, step.done, step.total = now, done, total
            with transaction.atomic():
                step.save(update_fields=["done", "total"])
                self.build.tell(step)
            self._tell_listener(step)

    def _tell_listener(self, step: Step) -> None:
        if self._listener:
            self._listener(step)

    @contextmanager
    def committing(self) -> Iterator[None]:
        """A transaction in which nobody else can get the claim, and no rest after it: what readers
        see follows. OutageError if the claim is lost."""
        with transaction.atomic():
            self.keep_claim()
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The same, and nobody else can get the claim meanwhile; OutageError if it is lost."""
        with super().writing():
            self.keep_claim()
            yield

    def note_size(self, state: BuildState) -> None:
        """Take the size of the whole site over into the build's row."""
        build = self.build
        build.pages, build.files, build.bytes = state.pages, state.files, state.bytes

    def succeed(self, state: Build.State, token: str = "") -> None:
        """Write down that the public site holds what was synced, and is in the state `token` if
        that isn't written down already; OutageError if this build was given up for dead, so that
        it has no say any more."""
        self.build.set_aside = [
            "/" + file.removesuffix("index.html")
            for row in Output.objects.set_aside()
            for file in row.files_set_aside
        ]
        if not BuildState.succeed(self.build, state, token):
            raise OutageError(reasons.GIVEN_UP())


@contextmanager
def lease_renewed(build: Build) -> Iterator[None]:
    """Renew the build's claim from a thread of its own, so that no slow step can lose it."""
    stop = threading.Event()

    def renew() -> None:
        pause_s = RENEW_EVERY_S
        while not stop.wait(pause_s):
            try:
                build.renew()
                pause_s = RENEW_EVERY_S
            except DatabaseError:  # others write: ours is the first look after them
                pause_s = min(RETRY_EVERY_S, RENEW_EVERY_S)
                logger.warning("the build's claim could not be renewed yet", exc_info=True)

    thread = DatabaseThread(renew, name="build-claim")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def reason_of(error: BaseException) -> Reason:
    """What went wrong, for operators: the world's faults say what they are."""
    if isinstance(error, GhostError):
        return error.reason.cleaned(without_paths)
    name = type(error).__name__
    shown = isinstance(error, (OSError, DatabaseError)) and str(error)
    return words(without_paths(f"{name}: {shown}" if shown else f"{name}."))


def without_paths(text: str) -> str:
    """Without the machine's paths, which no operator of another machine needs to see."""
    known = {
        settings.GHOST.site_workdir: "<work>",
        settings.GHOST.cover_dir: "<covers>",
        settings.GHOST.magnet_metadata_dir: "<metadata>",
        settings.GHOST.db_path: "<database>",
        SITE_SOURCE: "<site>",
        BASE_DIR: "<ghost>",
        sys.prefix: "<python>",
    }
    for path in sorted(known, key=lambda path: -len(str(path))):
        text = text.replace(str(path), known[path])
    return text.replace("\0", "")
