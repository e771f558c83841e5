"""What was taken down, withdrawn or blocked is off the public site at once, whatever is being built.

The standing site is patched as by a delta, so that a rollback, deployments and whoever comes after
a crash know what to do; what is about to be published is looked through before. Whether the tables
describe the standing site or not: it is the site itself that says where a resource stands
(`builds.removals`). What was touched is due, for the next build to make it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.db import transaction
from django.db.models import F, Subquery
from django.utils import timezone

from builds import reasons
from builds.data import urls
from builds.engine import removed_outputs
from builds.listings.pagination import Kind
from builds.listings.reader import Reader
from builds.models import Build, BuildState, ListingEntry
from builds.pages import lists
from builds.removals import masks
from builds.removals.removal import Masked, take_out, take_out_of_delta
from builds.removals.tree_edits import TreeEdits
from builds.run import Run
from builds.search import entries
from builds.tree import merge_lock, patches, releases
from builds.tree.patches import PatchDraft
from builds.tree.releases import Draft
from ghost.core.batches import QUERY_KEYS, batched
from ghost.core.catalog.models import Catalog, Removal
from ghost.core.errors import OutageError
from resources.models import Resource

TRIES = 5

logger = logging.getLogger(__name__)


def is_pending() -> bool:
    """Whether something that was taken down may still stand on the public site: one query."""
    last = Subquery(Catalog.objects.filter(pk=1).values("removal_revision")[:1])
    return BuildState.objects.filter(pk=1, removed_revision__lt=last).exists()


@dataclass(frozen=True)
class Taken:
    """What had to leave the site after one revision, up to another one."""

    ids: frozenset[int]
    """Resources that were taken down or withdrawn, and are not public again."""
    masked: Masked
    """Hashes that were blocked, by resources that name them."""
    revision: int
    is_urgent: bool = False
    """Whether more than withdrawals are among them: those go to targets with the next build."""

    def __bool__(self) -> bool:
        return bool(self.ids or self.masked)

    @property
    def all(self) -> set[int]:
        """Keys of all of them."""
        return {*self.ids, *self.masked}

    @classmethod
    def nothing(cls) -> Taken:
        """What had to leave a site that nobody has looked at yet."""
        return cls(frozenset(), {}, 0)

    @classmethod
    def since(cls, revision: int) -> Taken:
        """What had to leave after that revision, and may not be back."""
        last = Catalog.get().removal_revision
        found = Removal.objects.after(revision).filter(revision__lte=last)
        kinds = list(found.values_list("resource_id", "kind"))
        naming = {pk for pk, kind in kinds if kind == Removal.Kind.MENTION}
        ids = {pk for pk, kind in kinds if kind != Removal.Kind.MENTION}
        public = set[int]()
        for part in batched(sorted(ids), QUERY_KEYS):
            public.update(
                Resource.objects.public().filter(pk__in=part).values_list("pk", flat=True)
            )
        gone, is_urgent = ids - public, any(k != Removal.Kind.WITHDRAWAL for _, k in kinds)
        return cls(frozenset(gone), masks.of(naming - gone), max(last, revision), is_urgent)


def take_off_site() -> int:
    """Take what was taken down off the standing site; how many of its files changed.

    Safe to do at any time, by any number of processes, and again after it was killed anywhere.
    OutageError if others changed the site again and again meanwhile.
    """
    for _ in range(TRIES if is_pending() else 0):
        with merge_lock.held():
            state = BuildState.get()
            patches.finish_sealed(state.token, state.removal_token)
            taken = Taken.since(state.removed_revision)
            if taken.ids and taken.masked:  # it must not wait for all who named it
                _patch_standing(state, replace(taken, masked={}))
                state = BuildState.get()
            changed = _patch_standing(state, taken)
            if changed is not None:
                rows = BuildState.objects.filter(pk=1, removed_revision__lt=taken.revision)
                rows.update(removed_revision=taken.revision)
                return changed
    if is_pending():
        raise OutageError(reasons.OVERTAKEN())
    return 0


@contextmanager
def clean_site(build: Build) -> Iterator[None]:
    """Have the public tree to oneself while nothing stands on it that was taken down after this
    build read the catalog; OutageError if something is taken down again and again meanwhile."""
    for _ in range(TRIES):
        with merge_lock.held():
            seen = max(BuildState.get().removed_revision, build.revision or 0)
            if not Taken.since(seen):
                yield
                return
        take_off_site()
    raise OutageError(reasons.OVERTAKEN())


def _patch_standing(state: BuildState, taken: Taken) -> int | None:
    """How many files changed; None if another one has changed the site meanwhile."""
    current = releases.current()
    if current is None or not taken:
        return 0
    base = releases.token_of(current)
    is_known = bool(base) and base == state.token
    edits = _edits(current / "site", state, taken, is_known=is_known)
    if not edits:
        return 0
    draft = patches.begin(Build.objects.values_list("pk", flat=True).first() or 0)
    assert draft  # noqa: S101  # there is a release
    try:
        edits.write_to(draft.new)
        if not _merge(state, draft, edits, taken, is_known=is_known):
            return None
    finally:
        patches.discard(draft)
    logger.info("taken off the site: %s", ", ".join(map(str, sorted(taken.all)[:20])))
    return len(edits.written) + len(edits.removed)


def _merge(
    state: BuildState, draft: PatchDraft, edits: TreeEdits, taken: Taken, *, is_known: bool
) -> bool:
    """Seal, commit, apply, as a delta does; False if the site is another one meanwhile."""
    files, size = patches.growth(draft, edits.removed)
    patch = patches.seal(draft, edits.removed)
    with transaction.atomic():
        same = BuildState.objects.filter(pk=1, token=state.token, removal_token=state.removal_token)
        is_due = (
            taken.is_urgent or state.held_at
        )  # nothing is built, and deployed, while it is held
        due = {"removal_due_at": timezone.now()} if is_due else {}
        if not same.update(removal_token=patch.token, **due):
            (draft.folder / patches.PATCH_FILE).unlink()
            return False
        if draft.base:  # the same state of the site, but for what is gone
            Build.objects.filter(token=draft.base).update(token=patch.token)
        if is_known:
            pages = removed_outputs.note(edits, taken.ids, taken.masked)
            BuildState.objects.filter(pk=1).update(
                token=patch.token, pages=F("pages") - pages, files=F("files") + files,
                bytes=F("bytes") + size,
            )  # fmt: skip
    patches.apply(draft.folder, patch)
    return True


def _edits(site: Path, state: BuildState, taken: Taken, *, is_known: bool) -> TreeEdits:
    """`is_known`: the tables say where these stand, nearly."""
    if not is_known:
        return take_out(site, taken.ids, masked=taken.masked)
    reader, ids = Reader.open(state), taken.all
    places, known = _places(reader, ids), entries.held(ids, reader.taxonomy)
    return take_out(site, taken.ids, places, known, taken.masked)


def _places(reader: Reader, ids: Collection[int]) -> dict[int, list[str]]:
    """Paths of the list pages on which these stand, by the tables."""
    found: dict[int, list[str]] = {pk: [] for pk in ids}
    for part in batched(sorted(ids), QUERY_KEYS):
        rows = ListingEntry.objects.filter(entry_id__in=part).exclude(
            page__listing__kind=Kind.MONTH
        )
        for pk, listing_id, page in rows.values_list("entry_id", "page__listing", "page__number"):
            with suppress(KeyError):  # a listing that came or went while we read
                address = lists.address(reader, reader.listings[listing_id], page)
                found[pk].append(urls.file_of(address))
    return found


# -- what is about to be published


@dataclass
class Sieve:
    """Keeps what was taken down since a build read the catalog out of what it publishes."""

    run: Run
    reader: Reader
    _edits: TreeEdits | None = None
    _taken: Taken = field(default_factory=Taken.nothing)

    def clean_draft(self, draft: Draft) -> None:
        """Take it out of a whole new site."""
        taken = Taken.since(max(self.run.build.revision or 0, self._taken.revision))
        if not taken:
            return
        places = _places(self.reader, taken.all)
        edits = take_out(draft.site, taken.ids, places, masked=taken.masked)
        edits.carry_out()
        self._edits = edits.after(self._edits) if self._edits else edits
        ids, masked = taken.ids | self._taken.ids, {**self._taken.masked, **taken.masked}
        self._taken = Taken(ids, masked, taken.revision)

    def clean_delta(self, draft: PatchDraft) -> list[str]:
        """Take it out of what a delta brings; files that the delta has to remove beside its own."""
        taken = Taken.since(self.run.build.revision or 0)
        if not taken:
            return []
        site, torrents = releases.public(), _torrents(taken.ids)
        edits = take_out_of_delta(draft.new, site, taken.ids, torrents, taken.masked)
        edits.carry_out()
        self._edits, self._taken = edits, taken
        return edits.removed

    def is_clean(self) -> bool:
        """Whether nothing had to leave since it was cleaned last."""
        return not Taken.since(max(self.run.build.revision or 0, self._taken.revision))

    def note(self) -> None:
        """Write down what was taken out; in the transaction that publishes, once its rows stand."""
        if self._edits:
            removed_outputs.note(self._edits, self._taken.ids, self._taken.masked)


def _torrents(ids: Collection[int]) -> set[str]:
    hashes = Resource.objects.filter(pk__in=ids).values_list("magnet_hash", flat=True)
    return {urls.torrent(each).lstrip("/") for each in hashes}
