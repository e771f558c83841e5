"""The straight line from the catalog to the public site.

covers → absorb → export → search → hugo → check → publish → deploy. A build renders what is due
and merges it into the public tree (a delta); where the tree can't be trusted, or its look is
another one, it renders everything into a new release (a full build). It keeps a row for the build
and one for each step, and renews the build's claim meanwhile.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from builds import addresses, check, covers, delta, deltas, full, hugo, release
from builds import verify as verify_site
from builds.absorb import absorb
from builds.deltas import Stage
from builds.models import LEASE, Build, BuildState, Due, Output, Step
from builds.release import Draft
from builds.shelf import Shelf
from ghost.env import BASE_DIR
from ghost.errors import GhostError, OutageError
from resources.models import Change

GIVEN_UP = "This build was given up for dead, so it stopped."
BEAT_S = LEASE.total_seconds() / 4
COVERS_S = 30
TOLD_EVERY_S = 1
"""How far a step is, is written down so often at most."""
Listener = Callable[[Step], None]

logger = logging.getLogger(__name__)


def run(
    build: Build,
    *,
    force: bool = False,
    verify: bool = False,
    tell: Listener = lambda step: None,
) -> Build:
    """Carry out a claimed build to its end, whatever happens; the row, ended.

    `force` renders everything, even if nothing changed; `verify` compares everything and renders
    what is not as it should be. `tell` hears of each step when it begins, how far it is, and when
    it ends. What went wrong is raised again after it was written down.
    """
    try:
        with _alive(build):
            _straight(_Run(build, tell), force=force, verify=verify)
    except BaseException as error:  # the queue's time-out arrives as SystemExit
        build.fail(told(error))
        raise
    return build


def _straight(run: _Run, *, force: bool, verify: bool) -> None:
    deltas.finish(BuildState.get().token)
    look = hugo.look()
    is_full = force or not _is_trusted(BuildState.get(), look)
    if is_full:
        with run.step("covers") as step:
            lost = {"lost": covers.mend(run.beat)}
            step.counts = lost | covers.localize(run.beat, total_s=COVERS_S)
    with run.step("absorb") as step:
        state = absorb(everything=is_full or verify, beat=run.beat)
        shelf = Shelf.open(state)
        run.build.revision, run.build.resources = state.absorbed_revision, shelf.count
        step.counts = {"resources": shelf.count, "due": Due.objects.count()}
    if verify and not is_full and state.token:
        _verify(run, shelf)
    if is_full or not BuildState.get().token or not _delta(run, shelf):
        _full(run, shelf, look)
    Change.objects.filter(revision__lte=state.absorbed_revision).delete()


def _is_trusted(state: BuildState, look: str) -> bool:
    """Whether the public tree is what the tables describe, but for what is due."""
    token = release.token_of(release.current())
    return bool(state.token) and (state.token, state.look) == (token, look)


# -- everything


def _full(run: _Run, shelf: Shelf, look: str) -> None:
    run.build.is_full = True
    BuildState.objects.filter(pk=1).update(token="")  # until it is published, no tree agrees
    draft = release.begin(run.build.pk)
    try:
        _render_all(run, shelf, draft)
        with run.step("publish"):
            _publish_all(run, draft, look)
    finally:
        release.discard(draft)


def _render_all(run: _Run, shelf: Shelf, draft: Draft) -> None:
    with run.step("export") as step:
        writer, chunks = full.export(shelf, draft, run.beat)
        step.counts = {"pages": writer.pages, "files": writer.files}
    with run.step("search") as step:
        step.counts = {"files": full.index(shelf, writer, run.beat)}
    with run.step("hugo") as step:
        full.set_aside(_hugo(run, step, chunks, draft.site, draft.work / "run", writer.pages))
    with run.step("check") as step:
        files, size = check.whole(draft.site, full.wanted, delta.aside_files(), run.beat)
        step.counts = {"files": files, "bytes": size}
    run.build.pages, run.build.files, run.build.bytes = writer.pages, files, size
    run.build.changed = files


def _publish_all(run: _Run, draft: Draft, look: str) -> None:
    token = release.new_token()
    run.build.release, run.build.token = draft.name, token
    release.publish(draft, token, _closing(run, token, look))


@contextmanager
def _closing(run: _Run, token: str, look: str) -> Iterator[None]:
    """The build is written down as done while the site is swapped in the block.

    Its row is locked until then: nobody can take over between the look at the claim and the swap.
    A builder killed in the block leaves no `done` behind, and a site that is built again.
    """
    with transaction.atomic():
        Due.objects.all().delete()
        BuildState.objects.filter(pk=1).update(look=look)
        run.succeed(Build.State.DONE, token)
        yield


# -- what is due


def _verify(run: _Run, shelf: Shelf) -> None:
    with run.step("verify") as step:
        drift = verify_site.look(shelf, release.public(), run.beat)
        step.counts, step.output = {"drift": drift.count}, drift.told
        verify_site.note(drift)
    if drift.count:
        logger.warning("the site had drifted and is mended: %s", drift.told)


def _delta(run: _Run, shelf: Shelf) -> bool:
    """Whether it was done; False if the site is not what it should be, so that no delta helps."""
    stage = deltas.begin(run.build.pk)
    if stage is None:
        return False
    try:
        found = _render_due(run, shelf, stage)
        if found.is_empty:
            delta.store(found)
            run.counted(shelf.state)
            run.build.token = stage.base
            run.succeed(Build.State.UNCHANGED, stage.base)
            return True
        with run.step("publish") as step:
            step.counts = _merge(run, shelf.state, stage, found)
    except check.MismatchError as error:
        logger.warning("no delta can mend this, so everything is built: %s", error)
        return False
    finally:
        deltas.discard(stage)
    return True


def _render_due(run: _Run, shelf: Shelf, stage: Stage) -> delta.Difference:
    with run.step("export") as step:
        found = delta.compare(shelf, stage)
        step.counts = {"pages": found.pages, "files": len(found.rows) - found.pages}
    with run.step("search") as step:
        step.counts = {"bytes": delta.add_search(shelf, stage, found)}
    if found.chunks:
        with run.step("hugo") as step:
            work = stage.work / "run"
            found.set_aside(_hugo(run, step, found.chunks, stage.new, work, found.pages))
    with run.step("check"):
        aside = delta.aside_files() | {f for row in found.rows.values() for f in row.files_aside}
        check.part(stage.new, release.public(), found.wanted(), found.removed(), aside)
    return found


def _merge(run: _Run, state: BuildState, stage: Stage, found: delta.Difference) -> dict[str, int]:
    """Seal, commit, merge: after the commit the merge is bound to come, by whoever does it."""
    grown = deltas.growth(stage, found.removed())
    plan = deltas.seal(stage, found.removed())
    with transaction.atomic():
        run.keep_claim()
        pages = state.pages + delta.store(found)
        files, size = state.files + grown[0], state.bytes + grown[1]
        BuildState.objects.filter(pk=1).update(
            token=plan.token, pages=pages, files=files, bytes=size
        )
    deltas.merge(stage.folder, plan)
    run.counted(BuildState.get())
    run.build.changed = len(plan.files) + len(plan.removed)
    run.build.release, run.build.token = stage.folder.parent.parent.name, plan.token
    run.succeed(Build.State.DONE, plan.token)
    return {"files": len(plan.files), "removed": len(plan.removed)}


def _hugo(
    run: _Run, step: Step, chunks: Sequence[Path], into: Path, work: Path, pages: int
) -> list[str]:
    """Addresses of pages that Hugo could not render."""
    report, files = hugo.Report(), pages * len(addresses.languages())

    def beat(done: int = 0, total: int = 0) -> None:
        run.beat(files * done // max(total, 1), files)  # chunks are of one size, nearly

    try:
        hugo.render(chunks, into, work, report, beat=beat)
    finally:
        step.exit_code, step.output = report.exit_code, report.output
        step.counts = {"runs": report.runs, "set_aside": len(report.set_aside)}
    if report.set_aside:
        step.output += "\nset aside: " + " ".join(report.set_aside)
        logger.warning("Hugo can't render %s; the rest is published", report.set_aside)
    return report.set_aside


class _Run:
    """One build under way: its row, its steps' rows, and who listens."""

    def __init__(self, build: Build, tell: Listener) -> None:
        self.build = build
        self._tell = tell
        self._step: Step | None = None
        self._told_at = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step's row, ended when the block is; what went wrong in it is its last words."""
        self.require_claim()
        self._step = step = Step.objects.create(build=self.build, name=name)
        self._told_at = time.monotonic()
        self._tell(step)
        try:
            yield step
            step.is_ok = True
        except BaseException as error:
            step.is_ok = False
            step.output = f"{step.output}\n{error}".strip()
            raise
        finally:
            self._step = None
            step.ended_at, step.output = timezone.now(), clean(step.output)
            step.save()
            self._tell(step)

    def require_claim(self) -> None:
        """OutageError if this build was given up for dead: another one may be under way."""
        if not Build.objects.running().filter(pk=self.build.pk).exists():
            raise OutageError(GIVEN_UP)

    def keep_claim(self) -> None:
        """The same in a transaction: nobody can give this build up before its end."""
        if not self.build.renew():
            raise OutageError(GIVEN_UP)

    def beat(self, done: int = 0, total: int = 0) -> None:
        """The step is so far; OutageError as `require_claim`."""
        self.require_claim()
        step, now = self._step, time.monotonic()
        if step and total and now - self._told_at >= TOLD_EVERY_S:
            self._told_at, step.done, step.total = now, done, total
            step.save(update_fields=["done", "total"])
            self._tell(step)

    def counted(self, state: BuildState) -> None:
        """What the site has as a whole, for the build's row."""
        build = self.build
        build.pages, build.files, build.bytes = state.pages, state.files, state.bytes

    def succeed(self, state: Build.State, token: str) -> None:
        """Write down that the public site holds what was absorbed; OutageError if this build was
        given up for dead, so that it has no say any more."""
        self.build.set_aside = [
            "/" + file.removesuffix("index.html")
            for row in Output.objects.left_aside()
            for file in row.files_aside
        ]
        if not self.build.succeed(state, token):
            raise OutageError(GIVEN_UP)


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
