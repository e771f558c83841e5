"""The straight line from the catalog to the public site.

covers → sync → export → search → hugo → check → publish → deploy. A build renders what is due and
merges it into the public tree (a delta); where the tree can't be trusted, or its fingerprint is
another one, it renders everything into a new release (a full build). It keeps a row for the build
and one for each step, and renews the build's claim meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from django.db.models import F

from builds import covers, reasons
from builds.engine import full, incremental, purge, takedowns, verify
from builds.engine.incremental import Delta
from builds.engine.sync import sync
from builds.listings.reader import Reader
from builds.models import Build, BuildState, Due, Output, Step
from builds.render import fingerprint, hugo
from builds.run import Listener, Run, lease_renewed, reason_of
from builds.tree import check, merge_lock, patches, releases
from builds.tree.patches import Patch, PatchDraft
from builds.tree.releases import Draft

COVERS_S = 30

logger = logging.getLogger(__name__)


def run(
    build: Build,
    *,
    force: bool = False,
    verify: bool = False,
    listener: Listener | None = None,
) -> Build:
    """Carry out a claimed build to its end, whatever happens; the row, ended.

    `force` renders everything, even if nothing changed; `verify` compares everything and renders
    what is not as it should be. What went wrong is raised again after it was written down.
    """
    try:
        with lease_renewed(build):
            run = Run(build, listener, meanwhile=takedowns.take_off_site)
            _build(run, force=force, is_verification=verify)
    except BaseException as error:  # the queue's time-out arrives as SystemExit
        BuildState.fail(build, reason_of(error))
        raise
    return build


def _build(run: Run, *, force: bool, is_verification: bool) -> None:
    with merge_lock.held():
        state = BuildState.get()
        patches.finish_interrupted(state.token, state.removal_token)
    releases.clear()
    look = fingerprint.current()
    is_trusted = _is_trusted(BuildState.get(), look)
    if force or not is_trusted or not _build_due(run, is_verification=is_verification):
        _build_everything(run, look)
    purge.forget_known()


def _sync(run: Run, *, everything: bool, anew: bool = False) -> Reader:
    with run.step("sync") as step:
        reader = Reader.open(sync(run, everything=everything, anew=anew))
        run.build.revision, run.build.resources = reader.state.synced_revision, reader.count
        step.counts = {"resources": reader.count, "due": Due.objects.count()}
    return reader


def _is_trusted(state: BuildState, look: str) -> bool:
    """Whether the public tree is what the tables describe, but for what is due."""
    token = releases.token_of(releases.current())
    return bool(state.token) and (state.token, state.fingerprint) == (token, look)


# -- everything


def _build_everything(run: Run, look: str) -> None:
    run.build.is_full = True
    with run.step("covers") as step:
        lost = {"lost": covers.mend(run)}
        step.counts = lost | covers.localize(run, total_s=COVERS_S)
    # Another version of the code may page entries otherwise, or not know the old ones.
    reader = _sync(run, everything=True, anew=BuildState.get().fingerprint != look)
    draft = releases.begin(run.build.pk)
    try:
        _render_everything(run, reader, draft)
        with run.step("publish"):
            _publish_everything(run, reader, draft, look)
    finally:
        releases.discard(draft)


def _render_everything(run: Run, reader: Reader, draft: Draft) -> None:
    with run.step("export") as step:
        writer, chunks = full.export(reader, draft, run)
        step.counts = {"pages": writer.pages, "files": writer.files}
    with run.step("search") as step:
        step.counts = {"files": full.export_search(reader, writer, run)}
    with run.step("hugo") as step:
        full.note_set_aside(_hugo(run, step, chunks, draft.site, draft.work, writer.pages))
    with run.step("check") as step:
        sizes = check.require_files(draft.site, full.files())
        check.require_links(draft.site, sizes, full.files_set_aside(), run)
        files, size = len(sizes), sum(sizes.values())
        step.counts = {"files": files, "bytes": size}
    run.build.pages, run.build.files, run.build.bytes = writer.pages, files, size
    run.build.changed = files


def _publish_everything(run: Run, reader: Reader, draft: Draft, look: str) -> None:
    """The build is written down as done while the site is swapped, unless something was taken down
    that it still shows: then that is taken out of it first.

    Its row is locked until then: nobody can take over between the look at the claim and the swap.
    A builder killed in between leaves no `done` behind, and a site that is built again. So does one
    killed before, while the outputs are exchanged: the tables then say that they describe no site.
    """
    token = releases.new_token()
    run.build.release, run.build.token = draft.name, token
    releases.prepare(draft, token)
    with run.writing():
        BuildState.objects.filter(pk=1).update(token="")
    Output.replace_all(run)
    sieve, is_public = takedowns.Sieve(run, reader), False
    while not is_public:
        sieve.clean_draft(draft)
        with merge_lock.held(), run.committing():
            if is_public := sieve.is_clean():
                Due.objects.all().delete()
                BuildState.objects.filter(pk=1).update(fingerprint=look)
                sieve.note()
                run.succeed(Build.State.DONE, token)
                releases.publish(draft)
    releases.prune()


# -- what is due


def _build_due(run: Run, *, is_verification: bool) -> bool:
    """Whether it was built; False if everything has to be: too much changed, or the site is not
    what it should be."""
    reader = _sync(run, everything=is_verification)
    if is_verification and reader.state.token:
        _verify(run, reader)
    draft = patches.begin(run.build.pk) if BuildState.get().token else None
    if draft is None:
        return False
    try:
        _publish_due(run, reader, draft, _render_due(run, reader, draft))
    except check.MismatchError as error:
        logger.warning("no delta can mend this, so everything is built: %s", error)
        return False
    finally:
        patches.discard(draft)
    return True


def _verify(run: Run, reader: Reader) -> None:
    with run.step("verify") as step:
        drift = verify.compare(reader, releases.public(), run)
        step.counts, step.output = {"drift": drift.count}, drift.summary
        verify.mark_due(drift, run)
    if drift.count:
        logger.warning("the site had drifted and is mended: %s", drift.summary)


def _render_due(run: Run, reader: Reader, draft: PatchDraft) -> Delta:
    with run.step("export") as step:
        delta = incremental.make_due(reader, draft)
        step.counts = {"pages": delta.pages, "files": len(delta.rows) - delta.pages}
    with run.step("search") as step:
        step.counts = {"bytes": incremental.make_search(reader, draft, delta)}
    if delta.chunks:
        with run.step("hugo") as step:
            delta.note_set_aside(_hugo(run, step, delta.chunks, draft.new, draft.work, delta.pages))
    with run.step("check"):
        absent = incremental.files_set_aside().union(delta.files_set_aside())
        check.require_patch(
            draft.new, releases.public(), delta.files(), delta.removed_files(), absent
        )
    return delta


def _publish_due(run: Run, reader: Reader, draft: PatchDraft, delta: Delta) -> None:
    if not delta.is_empty:
        with run.step("publish") as step:
            step.counts = _publish_delta(run, reader, draft, delta)
        return
    with merge_lock.held(), run.committing():
        incremental.store(delta)
        state = BuildState.get()
        run.note_size(state)
        run.build.token = state.token
        run.succeed(Build.State.UNCHANGED)


def _publish_delta(run: Run, reader: Reader, draft: PatchDraft, delta: Delta) -> dict[str, int]:
    """Seal, commit, apply: after the commit the patch is bound to come, by whoever applies it."""
    patches.to_disk(draft)  # all but what is changed below: nobody has to wait for it
    with takedowns.clean_site(run.build):
        state, sieve = BuildState.get(), takedowns.Sieve(run, reader)
        patches.finish_sealed(state.token, state.removal_token)
        if state.token != draft.base:  # something was taken off meanwhile
            draft = replace(draft, base=state.token)
            incremental.make_search_again(reader, draft, delta)
        removed = sorted({*delta.removed_files(), *sieve.clean_delta(draft)})
        more_files, more_bytes = patches.growth(draft, removed)
        patch = patches.seal(draft, removed)
        with run.committing():
            _note_delta(patch, delta, more_files, more_bytes)
            sieve.note()
        patches.apply(draft.folder, patch)
        run.note_size(BuildState.get())
        run.build.changed = len(patch.files) + len(patch.removed)
        run.build.release, run.build.token = draft.release_name, patch.token
        run.succeed(Build.State.DONE)
    return {"files": len(patch.files), "removed": len(patch.removed)}


def _note_delta(patch: Patch, delta: Delta, more_files: int, more_bytes: int) -> None:
    """MismatchError if the site is not the one any more that the delta was made for: nothing is
    lost, since everything is built then."""
    state = BuildState.objects.filter(pk=1, token=patch.base)
    if not state.update(
        token=patch.token,
        pages=F("pages") + incremental.store(delta),
        files=F("files") + more_files,
        bytes=F("bytes") + more_bytes,
    ):
        raise check.MismatchError(reasons.OVERTAKEN())


def _hugo(
    run: Run, step: Step, chunks: Sequence[Path], into: Path, work: Path, pages: int
) -> list[str]:
    """Render chunks, which hold so many pages; addresses of those that Hugo could not render."""
    report = hugo.Report()
    try:
        hugo.render(chunks, into, work / "run", report, run, pages=pages)
    finally:
        step.exit_code, step.output = report.exit_code, report.output
        step.counts = {"runs": report.runs, "set_aside": len(report.set_aside)}
    if report.set_aside:
        said = reasons.SET_ASIDE(names=" ".join(report.set_aside))
        step.output += f"\n{said.stored()}"
        logger.warning("Hugo can't render %s; the rest is published", report.set_aside)
    return report.set_aside
