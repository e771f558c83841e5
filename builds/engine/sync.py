"""From the catalog's changes to builds' own tables: with `builds.engine.entry_rows`, the one place
that reads the catalog.

Rows are read at one moment and written afterwards, so that no writer of the catalog waits for a
build. What changes is noted as due in the transaction that changes it: a build that dies later
has lost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard

from django.utils import timezone

from builds.data.entry import Entry
from builds.data.taxonomy import Taxonomy
from builds.engine import entry_rows, renames
from builds.feeds import sitemaps
from builds.listings.pagination import Pagination
from builds.listings.repagination import repaginate
from builds.models import BuildState, Due, EntryRow
from builds.models.bulk import put
from builds.run import Progress
from builds.search import entries as search_entries
from ghost.core.batches import batched
from ghost.core.catalog.models import Catalog, Change
from ghost.core.db.snapshot import one_moment
from resources.models import Block, Resource, TextHash

MASS = 2000
MASS_SHARE = 0.1
"""More changes than MASS, and than this share of all, are cheaper built anew than one by one."""
FIRST_PART_ENTRIES = 100
"""Entries that one transaction writes at first; the next ones by how long that took."""
NO_REVISION = -1
"""The tables hold nothing, or nothing to go by."""
BATCH = 500
COLUMNS = (
    "id", "entry_json", "body", "source", "dht_status", "missing_since", "published_at", "replaces",
)  # fmt: skip
DueOwners = dict[str, dict[str, object] | None]


@dataclass
class CatalogSnapshot:
    """The catalog at one moment: some of its resources as rows; None for what is not public."""

    revision: int
    changed_at: datetime
    as_of: datetime
    taxonomy: Taxonomy
    rows: dict[int, EntryRow | None] = field(default_factory=dict)


def sync(progress: Progress, *, everything: bool, anew: bool = False) -> BuildState:
    """Bring the tables up to the catalog's present; the state afterwards.

    `everything` compares each resource, otherwise only those that are noted as changed; `anew`
    pages all listings anew too. Then, and after more than MASS changes, the state has no token:
    everything is to be built.
    """
    Catalog.get()  # made on the first look, and inside a moment nothing may be written
    state = BuildState.get()
    if anew or state.synced_revision == NO_REVISION or _is_mass(len(_changed_ids(state))):
        _sync_mass(state, progress)
    elif everything:
        for ids in _all_ids(progress):
            _sync_some(state, progress, ids)
    _sync_some(state, progress)
    return state


def _changed_ids(state: BuildState) -> set[int]:
    """Resources that are noted as changed, and those whose hour has come, since the last sync."""
    changed = Change.objects.after(state.synced_revision).values_list("resource_id", flat=True)
    if state.synced_as_of is None:
        return set(changed)
    if state.synced_as_of > timezone.now():  # of a clock that ran ahead
        return {*changed, *Resource.objects.public().values_list("pk", flat=True)}
    come = Resource.objects.public().filter(published_at__gt=state.synced_as_of)
    return {*changed, *come.values_list("pk", flat=True)}


def _all_ids(progress: Progress) -> Iterator[list[int]]:
    """Keys of all public resources and of all entries, in batches."""
    public = Resource.objects.public().values_list("pk", flat=True)
    ids = sorted({*public, *EntryRow.objects.values_list("pk", flat=True)})
    for number, batch in enumerate(batched(ids, BATCH)):
        progress.report(number * BATCH, len(ids))
        yield batch


# -- a few


def _sync_some(state: BuildState, progress: Progress, ids: Iterable[int] = ()) -> None:
    """These resources and all that changed, and whatever shows a name that changed."""
    with one_moment():
        snapshot = _take_snapshot()
        # Only now: what changes between two queries of ours is in the later one.
        snapshot.rows = _rows_of({*ids, *_changed_ids(state)})
        before = Taxonomy.from_json(state.taxonomy)
        renamed = renames.renamed_listings(before, snapshot.taxonomy)
        touched = renames.entries_in(renamed)
    if _is_mass(len(touched)):
        with progress.writing():
            _invalidate(state)
            _put(snapshot.rows)
        _repaginate(state, snapshot, progress)
        return
    changed = _ChangedEntries(snapshot, before, touched)
    for part in progress.in_parts(changed.ids, FIRST_PART_ENTRIES):
        changed.write(part, progress)
    with progress.writing():
        is_renamed = renames.mark(before, snapshot.taxonomy, renamed)
        _save(state, snapshot, is_changed=is_renamed or bool(changed.ids))


def _is_mass(count: int) -> bool:
    return count > MASS and count > MASS_SHARE * EntryRow.objects.count()


def _take_snapshot() -> CatalogSnapshot:
    as_of, catalog = timezone.now(), Catalog.get()
    return CatalogSnapshot(catalog.revision, catalog.changed_at, as_of, Taxonomy.from_catalog())


def _rows_of(ids: set[int]) -> dict[int, EntryRow | None]:
    parts = batched(sorted(ids), BATCH)
    return {pk: row for part in parts for pk, row in entry_rows.rows_of(part).items()}


class _ChangedEntries:
    """Entries that came, changed, went or stand in something that was renamed.

    They are written a part at a time. If one fails, the next sync finds the others done, and what
    they made due.
    """

    def __init__(self, snapshot: CatalogSnapshot, before: Taxonomy, touched: set[int]) -> None:
        self._rows, self._taxonomy, self._before = snapshot.rows, snapshot.taxonomy, before
        gone = [pk for pk, row in self._rows.items() if row is None and pk not in touched]
        stored = EntryRow.objects.filter(pk__in=gone).values_list("pk", flat=True)
        differing = {pk for pk, row in self._rows.items() if row and not _is_stored(row)}
        self.ids = sorted(touched | differing | set(stored))
        self._pagination: Pagination | None = None

    def write(self, ids: Sequence[int], progress: Progress) -> None:
        """These entries, where they stand in listings, and what is due for them: worked out
        first, then written in one transaction."""
        pagination = self._pagination = self._pagination or self._aligned()
        olds = {row.pk: row for row in EntryRow.objects.filter(pk__in=ids).defer("body")}
        news = {pk: self._rows.get(pk, olds.get(pk)) for pk in ids}
        relatives = self._relatives(olds, news)
        changes = {pk: (_entry(olds.get(pk)), _entry(new)) for pk, new in news.items()}
        if _is_other_supersession(olds, news):  # lists mark what is replaced
            changes |= {pk: (entry, entry) for pk, entry in relatives.items()}
        pagination.apply(changes)
        due = self._due(olds, news) | {f"entry/{pk}": None for pk in relatives}
        with progress.writing():
            _put(news)
            Due.objects.add(due | dict.fromkeys(pagination.save() - due.keys()))

    def _aligned(self) -> Pagination:
        pagination = Pagination(self._taxonomy)
        pagination.align_categories()
        return pagination

    def _due(self, olds: Mapping[int, EntryRow], news: Mapping[int, EntryRow | None]) -> DueOwners:
        due: DueOwners = {"site": None}
        for pk, new in news.items():
            old = olds.get(pk)
            due |= {f"entry/{pk}": None, f"search/{pk}": self._indexed(old)}
            if old is None or new is None:
                due[f"sitemap/{sitemaps.part_of(pk)}"] = None
        return due

    def _relatives(
        self, olds: Mapping[int, EntryRow], news: Mapping[int, EntryRow | None]
    ) -> dict[int, Entry]:
        """What shows that one of these is there, and its title: the releases that they replaced,
        replace now, or are replaced by."""
        either = (*olds.values(), *news.values())
        older = {each.replaces for each in either if each and each.replaces}
        newer = EntryRow.objects.filter(replaces__in=news).values_list("pk", flat=True)
        rows = EntryRow.objects.filter(pk__in=older.union(newer).difference(news)).defer("body")
        entries = {row.pk: row.entry for row in rows}
        return {pk: entry for pk, entry in entries.items() if self._taxonomy.includes(entry)}

    def _indexed(self, old: EntryRow | None) -> dict[str, object] | None:
        """What the search index holds of it. Under names that are not known yet it was written by
        a sync that failed: what was indexed before that is noted already."""
        return search_entries.indexed(old, self._before) if _is_named(old, self._before) else None


def _is_other_supersession(
    olds: Mapping[int, EntryRow], news: Mapping[int, EntryRow | None]
) -> bool:
    """Whether one of these comes, goes, or replaces another one than it did."""
    pairs = [(olds.get(pk), new) for pk, new in news.items()]
    return any(
        (old and (old.pk, old.replaces)) != (new and (new.pk, new.replaces)) for old, new in pairs
    )


def _entry(row: EntryRow | None) -> Entry | None:
    return row.entry if row else None


def _is_stored(row: EntryRow | None) -> bool:
    """Whether it was read from the table and not made anew."""
    return row is not None and not row._state.adding


def _put(rows: Mapping[int, EntryRow | None]) -> None:
    """Write those that are not stored as they are; drop those that are None."""
    gone = [pk for pk, row in rows.items() if row is None]
    EntryRow.objects.filter(pk__in=gone).delete()
    made = [row for row in rows.values() if row and not _is_stored(row)]
    put(EntryRow, COLUMNS, ([getattr(row, name) for name in COLUMNS] for row in made))
    _index({row.pk: row.shown for row in made if row.shown})


def _index(shown: Mapping[int, frozenset[str]]) -> None:
    """Have takedowns find what these show. What was blocked before they could is told now."""
    if not shown:
        return
    with Catalog.turn():  # nobody blocks one meanwhile
        TextHash.objects.index_shown(shown)
        blocked = TextHash.objects.of(shown, Block.objects.values("info_hash"))
        if late := {each for pk, hashes in blocked.items() for each in hashes & shown[pk]}:
            TextHash.objects.tell(late, is_blocked=True)


def _save(state: BuildState, snapshot: CatalogSnapshot, *, is_changed: bool) -> None:
    state.synced_revision, state.synced_as_of = snapshot.revision, snapshot.as_of
    if is_changed or state.generated_at is None:
        state.generated_at = snapshot.changed_at
    state.taxonomy = snapshot.taxonomy.as_json
    fields = ["synced_revision", "synced_as_of", "generated_at", "taxonomy", "token"]
    state.save(update_fields=fields)


# -- everything at once


def _sync_mass(state: BuildState, progress: Progress) -> None:
    with progress.writing():
        _invalidate(state)
    with one_moment():
        snapshot = _take_snapshot()
    for ids in _all_ids(progress):
        with one_moment():
            rows = entry_rows.rows_of(ids)
        known = {pk: row if _is_named(row, snapshot.taxonomy) else None for pk, row in rows.items()}
        with progress.writing():
            _put(known)
    _repaginate(state, snapshot, progress)


def _repaginate(state: BuildState, snapshot: CatalogSnapshot, progress: Progress) -> None:
    repaginate(snapshot.taxonomy, progress)
    with progress.writing():
        _save(state, snapshot, is_changed=True)


def _is_named(row: EntryRow | None, taxonomy: Taxonomy) -> TypeGuard[EntryRow]:
    """Not if it came to a category, publisher or team after the taxonomy was read: then it is
    noted as changed, and synced with their names afterwards."""
    return row is not None and taxonomy.includes(row.entry)


def _invalidate(state: BuildState) -> None:
    """Pages are numbered anew in many steps: if one fails, all of it is to be done again."""
    state.token, state.synced_revision = "", NO_REVISION
    state.save(update_fields=["token", "synced_revision"])
