"""The straight line from rows to the public site: covers → export → hugo → check → publish.

It keeps a row for the build and one for each step, and renews the build's claim meanwhile.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from builds import check, covers, hugo, release
from builds.export import Export, export
from builds.models import LEASE, Build, Step
from builds.release import Draft, Manifest
from ghost.env import BASE_DIR
from ghost.errors import GhostError, OutageError

GIVEN_UP = "This build was given up for dead, so it stopped."
BEAT_S = LEASE.total_seconds() / 4
Listener = Callable[[Step], None]

logger = logging.getLogger(__name__)


def run(build: Build, *, force: bool = False, tell: Listener = lambda step: None) -> Build:
    """Carry out a claimed build to its end, whatever happens; the row, ended.

    `force` renders and publishes even if nothing changed. `tell` hears of each step when it
    begins and when it ends. What went wrong is raised again after it was written down.
    """
    try:
        with _alive(build):
            draft = release.begin(build.pk)
            try:
                _straight(_Run(build, tell), draft, force=force)
            finally:
                release.discard(draft)
    except BaseException as error:  # the queue's time-out arrives as SystemExit
        build.fail(told(error))
        raise
    return build


def _straight(run: _Run, draft: Draft, *, force: bool) -> None:
    build = run.build
    with run.step("covers") as step:
        step.counts = covers.localize(run.require_claim)
    with run.step("export") as step:
        done = export(draft.site, draft.work)
        build.revision, build.resources = done.revision, done.resources
        build.pages, build.files = len(done.pages), len(done.files)
        step.counts = {"resources": build.resources, "pages": build.pages, "files": build.files}
    with run.step("hugo") as step:
        look, before = hugo.look(), release.current()
        if before and not force and _stands(before, look, done):
            build.set_aside = before.set_aside
            run.succeed(Build.State.UNCHANGED, done)
            return
        _hugo(run, step, done, draft)
    with run.step("check") as step:
        there = check.check(draft.site, done.pages, done.files, build.set_aside)
        step.counts = {"files": there}
    with run.step("publish"):
        build.release = draft.name
        release.publish(draft, Manifest(look, done.records, build.set_aside), run.closed(done))


def _stands(before: Manifest, look: str, done: Export) -> bool:
    """Whether the public site is what would come out, and still there."""
    return before.is_same(look, done.records) and release.is_whole(before)


def _hugo(run: _Run, step: Step, done: Export, draft: Draft) -> None:
    report = hugo.Report()
    try:
        hugo.render(done.chunks, draft.site, draft.work / "run", report, beat=run.require_claim)
    finally:
        step.exit_code, step.output = report.exit_code, report.output
        step.counts = {"runs": report.runs, "set_aside": len(report.set_aside)}
    run.build.set_aside = report.set_aside
    if report.set_aside:
        step.output += "\nset aside: " + " ".join(report.set_aside)
        logger.warning("Hugo can't render %s; the rest is published", report.set_aside)


class _Run:
    """One build under way: its row, its steps' rows, and who listens."""

    def __init__(self, build: Build, tell: Listener) -> None:
        self.build = build
        self._tell = tell

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step's row, ended when the block is; what went wrong in it is its last words."""
        self.require_claim()
        step = Step.objects.create(build=self.build, name=name)
        self._tell(step)
        try:
            yield step
            step.is_ok = True
        except BaseException as error:
            step.is_ok = False
            step.output = f"{step.output}\n{error}".strip()
            raise
        finally:
            step.ended_at, step.output = timezone.now(), clean(step.output)
            step.save()
            self._tell(step)

    def require_claim(self) -> None:
        """OutageError if this build was given up for dead: another one may be under way."""
        if not Build.objects.running().filter(pk=self.build.pk).exists():
            raise OutageError(GIVEN_UP)

    def succeed(self, state: Build.State, done: Export) -> None:
        """Write down that the public site holds what was exported; OutageError if this build
        was given up for dead, so that it has no say any more."""
        if not self.build.succeed(state, as_of=done.as_of):
            raise OutageError(GIVEN_UP)

    @contextmanager
    def closed(self, done: Export) -> Iterator[None]:
        """The build is written down as done while the site is swapped in the block.

        Its row is locked until then: nobody can take over between the look at the claim and the
        swap. A builder killed in the block leaves no `done` behind; if the site was swapped
        already, the next build finds it `unchanged` and says so.
        """
        with transaction.atomic():
            self.succeed(Build.State.DONE, done)
            yield


@contextmanager
def _alive(build: Build) -> Iterator[None]:
    """Renew the build's claim from a thread of its own, so that no slow step can lose it."""
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(BEAT_S):
                try:
                    build.renew()
                except DatabaseError:  # there are three more tries before the lease ends
                    logger.warning("the build's claim could not be renewed", exc_info=True)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="build-claim", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def told(error: BaseException) -> str:
    """What went wrong, in words for operators: the world's faults say what they are."""
    if isinstance(error, GhostError):
        return clean(str(error))
    name = type(error).__name__
    shown = isinstance(error, (OSError, DatabaseError)) and str(error)
    return clean(f"{name}: {shown}" if shown else f"{name}.")


def clean(text: str) -> str:
    """Without the machine's paths, which no operator of another machine needs to see."""
    known = {
        settings.GHOST.site_workdir: "<work>",
        hugo.SOURCE: "<site>",
        BASE_DIR: "<ghost>",
        sys.prefix: "<python>",
    }
    for path in sorted(known, key=lambda path: -len(str(path))):
        text = text.replace(str(path), known[path])
    return text.replace("\0", "")
