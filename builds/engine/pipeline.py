"""The straight line from the catalog to the public site.

covers → absorb → export → search → hugo → check → publish → deploy. A build renders what is due
and merges it into the public tree (a delta); where the tree can't be trusted, or its look is
another one, it renders everything into a new release (a full build). It keeps a row for the build
and one for each step, and renews the build's claim meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from builds import covers
from builds.data import urls
from builds.engine import full, incremental
from builds.engine import verify as verify_site
from builds.engine.run import Listener, Run, alive, reason_of
from builds.engine.sync import absorb
from builds.listings.reader import Shelf
from builds.models import Build, BuildState, Due, Output, Step
from builds.render import fingerprint as looks
from builds.render import hugo
from builds.tree import check, patches, releases
from builds.tree.patches import Stage
from builds.tree.releases import Draft
from ghost.core.catalog.models import Change

COVERS_S = 30

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
        with alive(build):
            _straight(Run(build, tell), force=force, verify=verify)
    except BaseException as error:  # the queue's time-out arrives as SystemExit
        build.fail(reason_of(error))
        raise
    return build


def _straight(run: Run, *, force: bool, verify: bool) -> None:
    patches.finish(BuildState.get().token)
    releases.clear()
    look = looks.look()
    is_trusted = _is_trusted(BuildState.get(), look)
    run.gives_way = is_trusted and (force or verify)
    if force or not is_trusted or not _what_is_due(run, verify=verify):
        _everything(run, look)
    Change.objects.forget(run.build.revision or 0)


def _absorb(run: Run, *, everything: bool, anew: bool = False) -> Shelf:
    with run.step("absorb") as step:
        state = absorb(everything=everything, anew=anew, beat=run.beat, writing=run.writing)
        shelf = Shelf.open(state)
        run.build.revision, run.build.resources = state.absorbed_revision, shelf.count
        step.counts = {"resources": shelf.count, "due": Due.objects.count()}
    return shelf


def _is_trusted(state: BuildState, look: str) -> bool:
    """Whether the public tree is what the tables describe, but for what is due."""
    token = releases.token_of(releases.current())
    return bool(state.token) and (state.token, state.look) == (token, look)


# -- everything


def _everything(run: Run, look: str) -> None:
    run.build.is_full = True
    with run.step("covers") as step:
        lost = {"lost": covers.mend(run.beat)}
        step.counts = lost | covers.localize(run.beat, total_s=COVERS_S)
    # Another version of the code may place entries otherwise, or not know the old ones.
    shelf = _absorb(run, everything=True, anew=BuildState.get().look != look)
    draft = releases.begin(run.build.pk)
    try:
        _render_all(run, shelf, draft)
        with run.step("publish"):
            _publish_all(run, draft, look)
    finally:
        releases.discard(draft)


def _render_all(run: Run, shelf: Shelf, draft: Draft) -> None:
    with run.step("export") as step:
        writer, chunks = full.export(shelf, draft, run.beat, run.writing)
        step.counts = {"pages": writer.pages, "files": writer.files}
    with run.step("search") as step:
        step.counts = {"files": full.search(shelf, writer, run.beat)}
    with run.step("hugo") as step:
        full.set_aside(_hugo(run, step, chunks, draft.site, draft.work / "run", writer.pages))
    with run.step("check") as step:
        files, size = check.whole(draft.site, full.wanted, full.aside_files(), run.beat)
        step.counts = {"files": files, "bytes": size}
    run.build.pages, run.build.files, run.build.bytes = writer.pages, files, size
    run.build.changed = files


def _publish_all(run: Run, draft: Draft, look: str) -> None:
    token = releases.new_token()
    run.build.release, run.build.token = draft.name, token
    releases.publish(draft, token, _closing(run, token, look))


@contextmanager
def _closing(run: Run, token: str, look: str) -> Iterator[None]:
    """The build is written down as done while the site is swapped in the block.

    Its row is locked until then: nobody can take over between the look at the claim and the swap.
    A builder killed in the block leaves no `done` behind, and a site that is built again.
    """
    with run.writing():
        Output.replace_all()
        Due.objects.all().delete()
        BuildState.objects.filter(pk=1).update(look=look)
        run.succeed(Build.State.DONE, token)
        yield


# -- what is due


def _verify(run: Run, shelf: Shelf) -> None:
    with run.step("verify") as step:
        drift = verify_site.look(shelf, releases.public(), run.beat)
        step.counts, step.output = {"drift": drift.count}, drift.told
        verify_site.note(drift)
    if drift.count:
        logger.warning("the site had drifted and is mended: %s", drift.told)


def _what_is_due(run: Run, *, verify: bool) -> bool:
    """Whether it was built; False if everything has to be: too much changed, or the site is not
    what it should be."""
    shelf = _absorb(run, everything=verify)
    if verify and shelf.state.token:
        _verify(run, shelf)
    stage = patches.begin(run.build.pk) if BuildState.get().token else None
    if stage is None:
        return False
    try:
        _merge(run, shelf, stage, _render_due(run, shelf, stage))
    except check.MismatchError as error:
        logger.warning("no delta can mend this, so everything is built: %s", error)
        return False
    finally:
        patches.discard(stage)
    return True


def _render_due(run: Run, shelf: Shelf, stage: Stage) -> incremental.Difference:
    with run.step("export") as step:
        found = incremental.compare(shelf, stage)
        step.counts = {"pages": found.pages, "files": len(found.rows) - found.pages}
    with run.step("search") as step:
        step.counts = {"bytes": incremental.add_search(shelf, stage, found)}
    if found.chunks:
        with run.step("hugo") as step:
            work = stage.work / "run"
            found.set_aside(_hugo(run, step, found.chunks, stage.new, work, found.pages))
    with run.step("check"):
        aside = incremental.aside_files() | {
            f for row in found.rows.values() for f in row.files_aside
        }
        check.part(stage.new, releases.public(), found.wanted(), found.removed(), aside)
    return found


def _merge(run: Run, shelf: Shelf, stage: Stage, found: incremental.Difference) -> None:
    if not found.is_empty:
        with run.step("publish") as step:
            step.counts = _publish_due(run, shelf.state, stage, found)
        return
    with run.writing():
        incremental.store(found)
        run.counted(shelf.state)
        run.build.token = stage.base
        run.succeed(Build.State.UNCHANGED, stage.base)


def _publish_due(
    run: Run, state: BuildState, stage: Stage, found: incremental.Difference
) -> dict[str, int]:
    """Seal, commit, merge: after the commit the merge is bound to come, by whoever does it."""
    grown = patches.growth(stage, found.removed())
    plan = patches.seal(stage, found.removed())
    with run.writing():
        pages = state.pages + incremental.store(found)
        files, size = state.files + grown[0], state.bytes + grown[1]
        BuildState.objects.filter(pk=1).update(
            token=plan.token, pages=pages, files=files, bytes=size
        )
    patches.merge(stage.folder, plan)
    run.counted(BuildState.get())
    run.build.changed = len(plan.files) + len(plan.removed)
    run.build.release, run.build.token = stage.folder.parent.parent.name, plan.token
    run.succeed(Build.State.DONE, plan.token)
    return {"files": len(plan.files), "removed": len(plan.removed)}


def _hugo(
    run: Run, step: Step, chunks: Sequence[Path], into: Path, work: Path, pages: int
) -> list[str]:
    """Addresses of pages that Hugo could not render."""
    report, files = hugo.Report(), pages * len(urls.languages())

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
