"""From the catalog's changes to builds' own tables: the one place that reads the catalog.

Rows are read at one moment and written afterwards, so that no writer of the catalog waits for a
build. What changes is noted as due in the transaction that changes it: a build that dies later
has lost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeGuard

from django.db import transaction
from django.utils import timezone

from builds import covers
from builds.data import body as bodies
from builds.data import markdown
from builds.data.entry import Facts, Picture
from builds.data.progress import Beat, unheard
from builds.data.records import digest
from builds.data.taxonomy import Names
from builds.feeds import sitemaps
from builds.listings.pagination import Key, Kind, Places
from builds.listings.repagination import Writing, place_all
from builds.models import BuildState, Cover, Due, Entry, Place
from builds.search import entries as searchable
from ghost.core.catalog.models import Catalog, Change
from ghost.core.db.snapshot import one_moment
from resources.models import Resource
from resources.torrents import metadata, metainfo

MASS = 2000
MASS_SHARE = 0.1
"""More changes than MASS, and than this share of all, are cheaper built anew than one by one."""
AT_ONCE = 100
"""Entries that one transaction writes: other writers wait for it."""
NOTHING = -1
"""As a revision: the tables hold nothing, or nothing to go by."""
BATCH = 500
V1_CHARS = 40
CHECKED_AGAIN = timedelta(days=7)
"""A page says when its resource was checked. It says so anew when something else changes too, or
when it is so far behind: a scan of everything must not change every page every day."""
FIELDS = (
    "title", "magnet_uri", "magnet_hash", "magnet_hash_v2", "content_markdown",
    "cover_image_path", "tags", "category", "publisher", "team", "dht_status", "dht_misses",
    "last_dht_check", "total_size_bytes", "file_count", "files_tree_summary", "probed_at",
    "published_at", "updated_at", "licence", "source_url", "checksums", "supersedes",
)  # fmt: skip


@dataclass
class Seen:
    """The catalog at one moment: some of its resources as entries; None for what is not public."""

    revision: int
    changed_at: datetime
    as_of: datetime
    names: Names
    entries: dict[int, Entry | None] = field(default_factory=dict)


def absorb(
    *,
    everything: bool,
    anew: bool = False,
    beat: Beat = unheard,
    writing: Writing = transaction.atomic,
) -> BuildState:
    """Bring the tables up to the catalog's present; the state afterwards.

    `everything` compares each resource, otherwise only those that are noted as changed; `anew`
    places them all anew too. Then, and after more than MASS changes, the state has no token:
    everything is to be built.
    """
    Catalog.get()  # made on the first look, and inside a moment nothing may be written
    state = BuildState.get()
    if anew or state.absorbed_revision == NOTHING or _is_mass(len(_news(state))):
        _absorb_mass(state, beat, writing)
    elif everything:
        for ids in _all_ids(beat):
            _absorb(state, writing, ids)
    _absorb(state, writing)
    return state


def _news(state: BuildState) -> set[int]:
    """Resources that are noted as changed, and those whose hour has come, since the last look."""
    changed = Change.objects.after(state.absorbed_revision).values_list("resource_id", flat=True)
    if state.absorbed_as_of is None:
        return set(changed)
    if state.absorbed_as_of > timezone.now():  # of a clock that ran ahead
        return {*changed, *Resource.objects.public().values_list("pk", flat=True)}
    come = Resource.objects.public().filter(published_at__gt=state.absorbed_as_of)
    return {*changed, *come.values_list("pk", flat=True)}


def _all_ids(beat: Beat) -> Iterator[list[int]]:
    """Keys of all public resources and of all entries, in batches."""
    public = Resource.objects.public().values_list("pk", flat=True)
    ids = sorted({*public, *Entry.objects.values_list("pk", flat=True)})
    for start in range(0, len(ids), BATCH):
        beat(start, len(ids))
        yield ids[start : start + BATCH]


# -- a few


def _absorb(state: BuildState, writing: Writing, ids: Iterable[int] = ()) -> None:
    """These resources and all that is news, and whatever shows a name that changed."""
    with one_moment():
        seen = _look()
        seen.entries = _entries_of({*ids, *_news(state)})  # later: what comes between is seen
        names = Names.of(state.names)
        renamed = _renamed(names, seen.names)
        touched = _standing_in(renamed)
    if _is_mass(len(touched)):
        with writing():
            _give_up(state)
            _store(seen.entries)
        _place_all(state, seen, writing)
        return
    changed = _Changed(seen, names, touched)
    for part in _parts(changed.ids, AT_ONCE):
        with writing():
            changed.write(part)
    with writing():
        is_news = _write_names(names, seen.names, renamed) or bool(changed.ids)
        _keep(state, seen, is_news=is_news)


def _is_mass(count: int) -> bool:
    return count > MASS and count > MASS_SHARE * Entry.objects.count()


def _look() -> Seen:
    as_of, catalog = timezone.now(), Catalog.get()
    return Seen(catalog.revision, catalog.changed_at, as_of, Names.read())


def _parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


class _Changed:
    """Entries that came, changed, went or stand in something that was renamed.

    They are written a part at a time. If one fails, the next absorption finds the others done,
    and what they made due.
    """

    def __init__(self, seen: Seen, names: Names, touched: set[int]) -> None:
        self._seen, self._names = seen, names
        known = Entry.objects.in_bulk([pk for pk in seen.entries if pk not in touched])
        differing = {pk for pk, new in seen.entries.items() if new is not None or pk in known}
        self.ids = sorted(touched | {pk for pk in differing if not _is_kept(seen.entries[pk])})
        self._places: Places | None = None

    def write(self, ids: Sequence[int]) -> None:
        """These entries, their places, and what is due for them."""
        places = self._places = self._places or Places(self._seen.names)
        olds = Entry.objects.in_bulk(ids)
        kin = self._kin(olds, ids)
        places.lay()
        places.load([*ids, *kin])
        due: dict[str, dict[str, object] | None] = {"site": None}
        for pk in ids:
            old = olds.get(pk)
            new = self._seen.entries.get(pk, old)
            places.put(pk, old.facts if old else None, new.facts if new else None)
            due[f"entry/{pk}"] = None
            due[f"search/{pk}"] = self._held(old)
            if old is None or new is None:
                due[f"sitemap/{sitemaps.part_of(pk)}"] = None
            _put(pk, old, new)
        if self._is_other_succession(olds, ids):  # lists mark what is replaced
            for pk, facts in kin.items():
                places.put(pk, facts, facts)
        due |= {f"entry/{pk}": None for pk in kin}
        Due.objects.add(due | dict.fromkeys(places.save() - due.keys()))

    def _kin(self, olds: Mapping[int, Entry], ids: Sequence[int]) -> dict[int, Facts]:
        """What shows that one of these is there, and its title: the releases that they replaced,
        replace now, or are replaced by."""
        news = (self._seen.entries.get(pk) for pk in ids)
        older = {each.replaces for each in (*olds.values(), *news) if each and each.replaces}
        newer = Entry.objects.filter(replaces__in=ids).values_list("pk", flat=True)
        found = Entry.objects.in_bulk(sorted(older.union(newer).difference(ids)))
        kin = {pk: entry.facts for pk, entry in found.items()}
        return {pk: facts for pk, facts in kin.items() if self._seen.names.know(facts)}

    def _is_other_succession(self, olds: Mapping[int, Entry], ids: Sequence[int]) -> bool:
        """Whether one of these comes, goes, or replaces another one than it did."""
        pairs = [(olds.get(pk), self._seen.entries.get(pk, olds.get(pk))) for pk in ids]
        return any(
            (old and (old.pk, old.replaces)) != (new and (new.pk, new.replaces))
            for old, new in pairs
        )

    def _held(self, old: Entry | None) -> dict[str, object] | None:
        """What the search holds of it. Under names that are not known yet it was written by an
        absorption that failed: what was held before that is noted already."""
        return searchable.held(old, self._names) if _is_named(old, self._names) else None


def _is_kept(entry: Entry | None) -> bool:
    """Whether it is the very one that is stored."""
    return entry is not None and not entry._state.adding


def _put(pk: int, old: Entry | None, new: Entry | None) -> None:
    if new is None:
        Entry.objects.filter(pk=pk).delete()
    elif not _is_kept(new):
        new.save(force_insert=old is None, force_update=old is not None)


def _write_names(before: Names, after: Names, renamed: set[Key]) -> bool:
    """Make due what shows the names themselves; whether there is anything."""
    if before == after:
        return False
    places = Places(after)
    places.lay()
    for key in renamed:
        places.touch(key)
    _touch_parents(places, before, after)
    Due.objects.add(dict.fromkeys([*sorted(places.save()), "site"]))
    return True


def _touch_parents(places: Places, before: Names, after: Names) -> None:
    """A category's bare page names its children, in their order."""
    for pk in before.nodes.keys() | after.nodes.keys():
        old, new = before.nodes.get(pk), after.nodes.get(pk)
        for node in (old, new) if old != new else ():
            if node and node.parent_id:
                places.touch_bare((Kind.CATEGORY, str(node.parent_id)))


def _renamed(before: Names, after: Names) -> set[Key]:
    """Listings whose entries show another name, address or place in the tree."""
    found: set[Key] = set()
    for kind, old, new in (
        (Kind.CATEGORY, _shown(before), _shown(after)),
        (Kind.PUBLISHER, before.people, after.people),
        (Kind.TEAM, before.teams, after.teams),
    ):
        both = old.keys() | new.keys()
        found |= {(kind, str(pk)) for pk in both if old.get(pk) != new.get(pk)}
    return found


def _shown(names: Names) -> dict[int, tuple[object, ...]]:
    return {pk: (node.trail, node.chain) for pk, node in names.nodes.items()}


def _standing_in(keys: Iterable[Key]) -> set[int]:
    """Entries of these listings."""
    found: set[int] = set()
    for kind, key in keys:
        rows = Place.objects.filter(listing__kind=kind, listing__key=key)
        found |= set(rows.values_list("entry_id", flat=True))
    return found


def _keep(state: BuildState, seen: Seen, *, is_news: bool) -> None:
    state.absorbed_revision, state.absorbed_as_of = seen.revision, seen.as_of
    if is_news or state.generated_at is None:
        state.generated_at = seen.changed_at
    state.names = seen.names.plain
    fields = ["absorbed_revision", "absorbed_as_of", "generated_at", "names", "token"]
    state.save(update_fields=fields)


# -- everything at once


def _absorb_mass(state: BuildState, beat: Beat, writing: Writing) -> None:
    with writing():
        _give_up(state)
    with one_moment():
        seen = _look()
    for ids in _all_ids(beat):
        with one_moment():
            found = _entries(ids)
        known = {pk: each if _is_named(each, seen.names) else None for pk, each in found.items()}
        with writing():
            _store(known)
    _place_all(state, seen, writing)


def _place_all(state: BuildState, seen: Seen, writing: Writing) -> None:
    place_all(seen.names, writing)
    with writing():
        _keep(state, seen, is_news=True)


def _is_named(entry: Entry | None, names: Names) -> TypeGuard[Entry]:
    """Not if it came to a category, publisher or team after the names were read: then its change
    is news, and absorbed with their names afterwards."""
    return entry is not None and names.know(entry.facts)


def _give_up(state: BuildState) -> None:
    """Places are made anew in many steps: if one fails, all of it is to be done again."""
    state.token, state.absorbed_revision = "", NOTHING
    state.save(update_fields=["token", "absorbed_revision"])


def _store(found: dict[int, Entry | None]) -> None:
    fields = ["facts_json", "body", "source", "dht_status", "misses", "published_at", "replaces"]
    Entry.objects.filter(pk__in=[pk for pk, entry in found.items() if entry is None]).delete()
    Entry.objects.bulk_create(
        [entry for entry in found.values() if entry],
        update_conflicts=True, update_fields=fields, unique_fields=["id"],
    )  # fmt: skip


# -- one row


def _entries_of(ids: set[int]) -> dict[int, Entry | None]:
    return {
        pk: entry for part in _parts(sorted(ids), BATCH) for pk, entry in _entries(part).items()
    }


def _entries(ids: Sequence[int]) -> dict[int, Entry | None]:
    """The entry of each resource as it should be; the very one that is there if it is right."""
    rows = Resource.objects.public().filter(pk__in=ids).only("pk", *FIELDS)
    made = _covers(ids)
    olds = Entry.objects.in_bulk(ids)
    found: dict[int, Entry | None] = dict.fromkeys(ids)
    for row in rows:
        found[row.pk] = _entry(row, olds.get(row.pk), made.get(row.pk))
    return found


def _covers(ids: Sequence[int]) -> dict[int, Picture]:
    return {
        row.resource_id: Picture(row.digest, row.width, row.height)
        for row in Cover.objects.made().filter(resource__in=ids)
        if covers.are_there(row.digest)
    }


def _entry(row: Resource, old: Entry | None, cover: Picture | None) -> Entry:
    source = bodies.source_of(row)
    if old and old.source == source:
        known = old.facts
        body, summary, torrent = bytes(old.body), known.summary, known.torrent
    else:
        source, body, summary, torrent = _make(row, source)
    facts = _facts(row, summary, torrent, cover if row.cover_image_path else None)
    if old and old.source == source and not _differs(old.facts, facts):
        return old
    return Entry(
        id=row.pk,
        facts_json=facts.json,
        body=body,
        source=source,
        dht_status=facts.dht_status,
        misses=facts.misses,
        published_at=facts.published_at,
        replaces=facts.replaces,
    )


def _make(row: Resource, source: str) -> tuple[str, bytes, str, str]:
    """Source, body, summary and digest of the torrent file. Metadata that can't be read now is
    looked for again: then there is no source."""
    text = markdown.render(row.content_markdown)
    found = metadata.load(row.magnet_hash) if row.probed_at else None
    torrent = metainfo.make(found, row.magnet) if found else None
    source = source if found or row.probed_at is None else ""
    body = bodies.make(text.html, found, row.checksums).packed
    return source, body, text.summary, digest(torrent) if torrent else ""


def _facts(row: Resource, summary: str, torrent: str, cover: Picture | None) -> Facts:
    assert row.published_at is not None  # noqa: S101  # public() asks for it
    v1, v2 = (
        (row.magnet_hash, row.magnet_hash_v2)
        if len(row.magnet_hash) == V1_CHARS
        else (None, row.magnet_hash)
    )
    return Facts(
        id=row.pk,
        title=row.title,
        magnet=row.magnet_uri,
        hash=row.magnet_hash,
        hash_v1=v1,
        hash_v2=v2,
        category=row.category_id,
        publisher=row.publisher_id,
        team=row.team_id,
        tags=tuple(row.tags),
        size_bytes=row.total_size_bytes,
        file_count=row.file_count,
        files_summary=row.files_tree_summary,
        dht_status=row.dht_status,
        misses=row.dht_misses,
        checked_at=row.last_dht_check.isoformat() if row.last_dht_check else None,
        published_at=row.published_at.isoformat(),
        updated_at=row.updated_at.isoformat(),
        summary=summary,
        cover=cover,
        torrent=torrent,
        licence=row.licence,
        source_url=row.source_url,
        replaces=row.supersedes_id,
    )


def _differs(old: Facts, new: Facts) -> bool:
    """Whether the public should see it otherwise; see CHECKED_AGAIN."""
    soft = {"misses": old.misses, "checked_at": old.checked_at, "updated_at": old.updated_at}
    if replace(new, **soft) != old:  # type: ignore[arg-type]  # fields by name
        return True
    if new.checked_at is None or old.checked_at is None:
        return new.checked_at != old.checked_at
    behind = datetime.fromisoformat(new.checked_at) - datetime.fromisoformat(old.checked_at)
    return behind >= CHECKED_AGAIN
