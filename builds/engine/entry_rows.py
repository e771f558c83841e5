"""From a resource's row to the row of its entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from builds import covers
from builds.data import markdown
from builds.data.body import make_body, source_digest
from builds.data.entry import Entry, Picture
from builds.data.mentions import NONE, Blocked, has_link, words
from builds.data.records import digest
from builds.models import Cover, EntryRow
from ghost.core.text import info_hashes
from ghost.core.text.info_hashes import masked
from resources.models import Block, Resource, TextHash
from resources.torrents import magnets, metadata, metainfo, named_hashes
from resources.torrents.magnets import Magnet

V1_CHARS = 40
CHECKED_AGAIN = timedelta(days=7)
"""A page says when its resource was checked. It says so anew when something else changes too, or
when it is so far behind: a scan of everything must not change every page every day."""
SOFT = ("checked_at", "seen_at", "peers", "updated_at", "missing_since")
"""Facts that make no page due by themselves; of the last one it is the day that does."""
DAY_CHARS = len("2026-01-31")
FIELDS = (
    "title", "magnet_uri", "magnet_hash", "magnet_hash_v2", "content_markdown",
    "cover_image_path", "tags", "category", "publisher", "team", "dht_status", "seeds_band",
    "missing_since", "last_seen_at", "peers", "last_dht_check", "total_size_bytes", "file_count", "files_tree_summary", "probed_at",
    "published_at", "became_public_at", "updated_at", "licence", "source_url", "checksums", "supersedes",
    "torrent_name", "other_hash", "is_private",
)  # fmt: skip


class _Content(NamedTuple):
    """What is made of a resource's text and metadata, which is too dear to make each time."""

    source: str
    body: bytes
    summary: str
    torrent: str
    blocked: Blocked
    """What it was made without."""
    shown: frozenset[str] = NONE
    """Hashes that its page shows, or would, though its text as it was typed names none of them."""


def rows_of(ids: Sequence[int]) -> dict[int, EntryRow | None]:
    """The row of each resource as it should be: the very one that is stored if that is right, a new
    one that isn't stored if not, None if the resource is not public."""
    resources = Resource.objects.public().filter(pk__in=ids).only("pk", *FIELDS)
    pictures = _pictures(ids)
    olds = EntryRow.objects.in_bulk(ids)
    blocked = TextHash.objects.present().of(ids, Block.objects.values("info_hash"))
    too_many = TextHash.objects.too_many(ids)
    rows: dict[int, EntryRow | None] = dict.fromkeys(ids)
    for resource in resources:
        pk, hashes = resource.pk, frozenset(blocked.get(resource.pk, ()))
        old, cover = olds.get(pk), pictures.get(pk)
        rows[pk] = _row(resource, hashes, old, cover, names_files=pk not in too_many)
    return rows


def _pictures(ids: Sequence[int]) -> dict[int, Picture]:
    return {
        row.resource_id: Picture(row.digest, row.width, row.height)
        for row in Cover.objects.made().filter(resource__in=ids)
        if covers.are_there(row.digest)
    }


def _row(
    resource: Resource,
    blocked: Blocked,
    old: EntryRow | None,
    cover: Picture | None,
    *,
    names_files: bool,
) -> EntryRow:
    """`blocked`: hashes that a text of it names and nothing may show."""
    source = source_digest(resource, blocked)
    if old and old.source == source:
        content = _Content(source, bytes(old.body), old.entry.summary, old.entry.torrent, blocked)
    else:
        content = _make_content(resource, blocked, names_files=names_files)
    entry = _entry(resource, content, cover if resource.cover_image_path else None)
    if not names_files:
        entry = replace(entry, files_summary="")
    if content.blocked:
        entry = _masked(entry, magnets.parse(resource.published_magnet_uri), content.blocked)
    if old and old.source == content.source and not _differs(old.entry, entry):
        return old
    row = EntryRow(
        id=resource.pk,
        entry_json=entry.json,
        body=content.body,
        source=content.source,
        dht_status=entry.dht_status,
        missing_since=entry.missing_since or "",
        published_at=entry.published_at,
        replaces=entry.replaces,
    )
    row.shown = content.shown
    return row


def _make_content(resource: Resource, blocked: Blocked, *, names_files: bool) -> _Content:
    """Metadata that can't be read now is looked for again: then there is no source."""
    text, blocked, shown = _rendered(resource, blocked)
    info = metadata.load(resource.magnet_hash) if resource.probed_at else None
    source = source_digest(resource, blocked) if info or resource.probed_at is None else ""
    if info and not names_files:
        info = replace(info, files=(), files_in_all=info.file_count, info=b"")
    link = magnets.parse(resource.published_magnet_uri)
    torrent = metainfo.make(info, link) if info and _is_free(info, blocked) else None
    return _Content(
        source=source,
        body=make_body(text.html, info, resource.checksums, blocked).packed,
        summary=text.summary,
        torrent=digest(torrent) if torrent else "",
        blocked=blocked,
        shown=shown,
    )


def _rendered(
    resource: Resource, blocked: Blocked
) -> tuple[markdown.Rendered, Blocked, frozenset[str]]:
    """Its text without what is blocked, which of that it would show, and what else it shows that
    nobody would find in the text itself."""
    text = markdown.render(resource.content_markdown, blocked)
    shown = frozenset(text.named - resource.mentions)
    late = Block.objects.filter(info_hash__in=shown).values_list("info_hash", flat=True)
    if shown and (found := frozenset(late)):
        blocked |= found
        text = markdown.render(resource.content_markdown, blocked)
    return text, blocked, shown


def _is_free(info: metadata.Metadata, blocked: Blocked) -> bool:
    """Whether the info section, of which no byte can be another one, names none of these, and has no
    magnet link, which could not be written anew."""
    if has_link(info.info.decode("latin-1")):  # with peers and addresses, perhaps
        return False
    if not blocked:
        return True
    names = info.info.lower()
    is_spelled = any(each.encode() in names for h in blocked for each in info_hashes.spellings(h))
    return not is_spelled and named_hashes.of(info).isdisjoint(blocked)


def _masked(entry: Entry, magnet: Magnet, blocked: Blocked) -> Entry:
    """What lists, feeds, indexes and the search show, without these hashes."""

    def free(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(text for text in texts if masked(text, blocked) == text)

    link = replace(
        magnet,
        name=masked(magnet.name, blocked),
        trackers=free(magnet.trackers),
        web_seeds=free(magnet.web_seeds),
    )
    return replace(
        entry,
        title=masked(entry.title, blocked),
        magnet=link.uri(),
        files_summary=masked(entry.files_summary, blocked),
        licence="".join(free([entry.licence])),
        source_url="".join(free([entry.source_url])),
    )


def _entry(resource: Resource, content: _Content, cover: Picture | None) -> Entry:
    assert resource.published_at is not None  # noqa: S101  # public() asks for it
    is_v1 = len(resource.magnet_hash) == V1_CHARS
    return Entry(
        id=resource.pk,
        title=words(resource.title, NONE),
        magnet=resource.published_magnet_uri,
        hash=resource.magnet_hash,
        hash_v1=resource.magnet_hash if is_v1 else None,
        hash_v2=resource.magnet_hash_v2 if is_v1 else resource.magnet_hash,
        category=resource.category_id,
        publisher=resource.publisher_id,
        team=resource.team_id,
        tags=tuple(resource.tags),
        size_bytes=resource.total_size_bytes,
        file_count=resource.file_count,
        files_summary=words(resource.files_tree_summary, NONE),
        dht_status=resource.dht_status,
        seeds_band=resource.seeds_band,
        missing_since=_iso(resource.missing_since),
        checked_at=_iso(resource.last_dht_check),
        seen_at=_iso(resource.last_seen_at),
        peers=resource.peers,
        published_at=resource.published_at.isoformat(),
        became_public_at=(resource.became_public_at or resource.published_at).isoformat(),
        updated_at=resource.updated_at.isoformat(),
        summary=content.summary,
        cover=cover,
        torrent=content.torrent,
        licence=resource.licence,
        source_url=resource.source_url,
        replaces=resource.supersedes_id,
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _differs(old: Entry, new: Entry) -> bool:
    """Whether the public should see it otherwise; see CHECKED_AGAIN."""
    if replace(new, **{name: getattr(old, name) for name in SOFT}) != old:
        return True
    if (old.missing_since or "")[:DAY_CHARS] != (new.missing_since or "")[:DAY_CHARS]:
        return True
    if new.checked_at is None or old.checked_at is None:
        return new.checked_at != old.checked_at
    behind = datetime.fromisoformat(new.checked_at) - datetime.fromisoformat(old.checked_at)
    return behind >= CHECKED_AGAIN
