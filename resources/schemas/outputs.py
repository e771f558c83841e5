"""Answers about resources and categories."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import AliasChoices, Field, computed_field

from ghost.core.http.schema.schemas import Moment, NoteTexts, Out, Problem, ReasonText
from resources.models.category import Place
from resources.schemas.inputs import Checksum, ResourceIn
from resources.states import DhtStatus, ProbeStatus, SeedsBand, State

_HASH = "dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c"
_TASK = "b1946ac92492d234"


class NodeOut(Out):
    """A file, or a folder with what is in it."""

    name: str
    """Name of the file or folder, without the path to it."""
    size_bytes: int = Field(validation_alias=AliasChoices("size", "size_bytes"))
    """Size in bytes; of a folder that of all that is in it."""
    children: list[NodeOut] | None = None
    """What is in the folder; null for a file."""

    example: ClassVar[dict[str, Any]] = {
        "name": "film",
        "size_bytes": 3_000_000,
        "children": [
            {"name": "film.mkv", "size_bytes": 3_000_000, "children": None, "type": "file"}
        ],
        "type": "dir",
    }

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own pattern
    @property
    def type(self) -> str:
        """`dir` or `file`."""
        return "file" if self.children is None else "dir"


class ChecksumOut(Out):
    """A checksum of the work, or of one of its files."""

    algorithm: str
    """How the checksum was computed, such as `sha256`."""
    value: str
    """The checksum in lower-case hexadecimal."""
    file: str
    """Path of the file inside the torrent; empty for the work as a whole."""

    example: ClassVar = Checksum.example


class ResourceItem(Out):
    """A resource in a list: all fields but the file tree."""

    id: int
    """The resource's number."""
    title: str
    """Title shown on the public site."""
    magnet_uri: str
    """The magnet link, normalised."""
    magnet_hash: str
    """Info-hash in lower-case hexadecimal: that of version 1 (40 digits), or of version 2 (64 digits)
    if the link names no other."""
    magnet_hash_v2: str | None
    """Info-hash of version 2 (BEP 52) in lower-case hexadecimal, if the link names it."""
    content_markdown: str
    """Description in Markdown."""
    cover_image_url: str | None
    """Address from which the cover is fetched; never published."""
    cover_image_path: str | None
    """Path of the cover on the public site; null while there is none."""
    tags: list[str]
    """Tags to find it by."""
    category_id: int
    """The category that it is filed under."""
    publisher_token_hash: str
    """Hash of the token that published it."""
    team_id: int | None
    """The team that it was published for, if any."""
    state: State
    """`draft`: not published. `review`: waits for an Admin's approval. `scheduled`: becomes public
    later. `held`: no probe has succeeded yet, or the torrent is private. `live`: public. `taken_down`: removed and blocked."""
    dht_status: DhtStatus
    """Health: `Active` if peers were found lately, `Stale` if several checks in a row found none,
    `Unknown` if it was not checked yet or could not be."""
    last_dht_check: Moment | None
    """When the health was last checked; null if never."""
    seeds: int | None
    """How many had the whole torrent at the last check, as the tracker counts that knows most; null if no
    tracker told."""
    peers: int | None
    """How many the last check saw in all, in trackers or in the DHT; null if it was not checked yet."""
    last_seen_at: Moment | None
    """When a check or a probe last found anybody; null if none did."""
    missing_since: Moment | None
    """Since when checks in a row find nobody, once it is `Stale`; null while it is not missing."""
    seeds_band: SeedsBand
    """`seeds` in bands, as the public site shows it: it changes when two checks in a row say so. `0` is
    reached together with `Stale`; `unknown`: no tracker tells."""
    created_at: Moment
    """When the resource was created."""
    updated_at: Moment
    """When a person or script last changed it; health checks don't count."""
    published_at: Moment | None
    """When it became or becomes public; null for a draft."""
    became_public_at: Moment | None
    """When readers saw it for the first time, or will if nothing changes; null while it waits for
    something else. Lists and feeds of the site stand in this order."""
    on_site_at: Moment | None
    """Since when the public site shows it as it is now; null: not yet, or no longer."""
    takedown_at: Moment | None
    """When it was taken down; null if it is not."""
    takedown_reason: str
    """Why it was taken down; not published."""
    total_size_bytes: int | None
    """Size of all files in bytes; null until a probe has succeeded."""
    total_size_human: str | None
    """The same for people to read."""
    file_count: int | None
    """Number of files; null until a probe has succeeded."""
    files_tree_summary: str
    """The first file names, for people to read; empty until a probe has succeeded."""
    is_private: bool
    """Whether the torrent is marked private (BEP 27): its trackers are never published, and it is
    `held` until an operator lets it through."""
    num_peers: int | None
    """Number of peers that the last successful probe saw; null if there was none."""
    probe_status: ProbeStatus
    """How the last probe ended: `pending` (not yet), `ok`, `inactive` (no peers found), `timeout`
    (peers did not answer), `unavailable` (could not be tried), `skipped` (an operator allows it
    without one)."""
    probe_error: ReasonText
    """Why the last probe failed; empty if it did not. Not published."""
    cover_error: ReasonText
    """Why the cover could not be fetched; empty if it could. Not published."""
    review_note: str
    """Why an Admin sent it back; empty if nobody did. Not published."""
    licence: str
    """Licence of the work as an SPDX expression; empty if not given."""
    source_url: str
    """Address where the work comes from; empty if not given."""
    checksums: list[ChecksumOut]
    """Checksums by which visitors can verify their copy."""
    supersedes_id: int | None
    """The older release that this one replaces, if any."""

    example: ClassVar[dict[str, Any]] = ResourceIn.example | {
        "id": 7,
        "magnet_hash": _HASH,
        "magnet_hash_v2": None,
        "cover_image_path": "assets/covers/7.webp",
        "publisher_token_hash": "77ab5e3c0f1d4a96b8c2e7f05d3a1946c8e0b7f2a5d49316e8c7b0f3a2d51e64",
        "state": "live",
        "dht_status": "Active",
        "became_public_at": "2026-01-31T12:00:00+00:00",
        "last_dht_check": "2026-02-14T08:30:00+00:00",
        "seeds": 4,
        "peers": 7,
        "last_seen_at": "2026-02-14T08:30:00+00:00",
        "missing_since": None,
        "seeds_band": "3-9",
        "created_at": "2026-01-31T10:00:00+00:00",
        "updated_at": "2026-01-31T10:00:00+00:00",
        "on_site_at": "2026-01-31T10:00:05+00:00",
        "takedown_at": None,
        "takedown_reason": "",
        "total_size_bytes": 3_000_000,
        "total_size_human": "2.86 MiB",
        "file_count": 1,
        "files_tree_summary": "film.mkv",
        "is_private": False,
        "num_peers": 3,
        "probe_status": "ok",
        "probe_error": "",
        "cover_error": "",
        "review_note": "",
    }


class ResourceOut(ResourceItem):
    """A resource with its file tree."""

    files_tree: list[NodeOut] | None
    """Files and folders of the torrent; null until a probe has succeeded."""
    superseded_by: list[int]
    """Newer releases that replace this one, newest first."""
    published_magnet_uri: str
    """The magnet link that the public site, its feeds and Torznab show: with all known hashes, the torrent's
    own name, its size, and GHOST_DEFAULT_TRACKERS."""
    public_url: str | None
    """Address of its page on the public site; null while it is not public, or if the settings don't
    say where the site is."""
    notes: NoteTexts = []
    """What the writer should know, in sentences: what was left out or changed, and why. Empty where
    nothing was, and when the resource is only read."""
    task_id: str | None = None
    """The probe that this request queued. Null if it queued none, or if the queue was busy: then the
    probe starts within a minute all the same."""

    example: ClassVar = ResourceItem.example | {
        "files_tree": [NodeOut.example],
        "superseded_by": [9],
        "published_magnet_uri": f"magnet:?xt=urn:btih:{_HASH}&dn=film&xl=3000000",
        "public_url": "https://example.org/resources/7/",
        "notes": ["Left out of the magnet link: so (its readers choose the files themselves)."],
        "task_id": _TASK,
    }


class MetadataOut(Out):
    """What the last successful probe found."""

    magnet_hash: str
    """Info-hash in lower-case hexadecimal."""
    total_size_bytes: int
    """Size of all files in bytes."""
    total_size_human: str
    """The same for people to read."""
    file_count: int
    """Number of files."""
    files_tree_summary: str
    """The first file names, for people to read."""
    files_tree: list[NodeOut]
    """Files and folders of the torrent."""
    num_peers: int
    """Number of peers that the probe saw."""
    fetched_at: Moment
    """When the probe ended."""
    backend: str
    """What read the metadata: `libtorrent`, or `file` for an uploaded `.torrent` file."""
    created_at: Moment | None
    """When the torrent was made, as its `.torrent` file says; null for one that never came as a file."""

    example: ClassVar = {
        "magnet_hash": _HASH,
        "total_size_bytes": 3_000_000,
        "total_size_human": "2.86 MiB",
        "file_count": 1,
        "files_tree_summary": "film.mkv",
        "files_tree": [NodeOut.example],
        "num_peers": 3,
        "fetched_at": "2026-01-31T10:00:03+00:00",
        "backend": "libtorrent",
        "created_at": None,
    }


class BulkItemOut(Out):
    """The outcome of one item."""

    index: int
    """Position of the item in the request, from 0."""
    status: int
    """HTTP status that the item would have got in a request of its own."""
    id: int | None = None
    """Number of the new resource; null if the item was refused, and in a dry run."""
    magnet_hash: str | None = None
    """Info-hash of the new resource; null if the item was refused."""
    task_id: str | None = None
    """The probe that was queued, the same for all items; null if there is none."""
    notes: NoteTexts = []
    """What was left out or changed, and why, in sentences; empty where nothing was."""
    problem: Problem | None = None
    """Why the item was refused; null if it was not."""

    example: ClassVar[dict[str, Any]] = {
        "index": 0,
        "status": 201,
        "id": 7,
        "magnet_hash": _HASH,
        "task_id": _TASK,
        "notes": [],
        "problem": None,
    }


class CheckedOut(Out):
    """What a dry run found: the resource could be published."""

    dry_run: bool = True
    """That nothing was kept."""
    magnet_hash: str | None
    """Info-hash that the resource would have."""
    notes: NoteTexts = []
    """What would be left out or changed, and why, in sentences; empty where nothing would."""

    example: ClassVar = {"dry_run": True, "magnet_hash": _HASH, "notes": []}


class BulkOut(Out):
    """The outcome of a bulk request; of a dry run, what it would have been."""

    created: int
    """Number of items that were published."""
    refused: int
    """Number of items that were refused."""
    dry_run: bool
    """Whether everything was only tried, and nothing kept."""
    items: list[BulkItemOut]
    """The outcome of each item, in the order of the request."""
    notes: NoteTexts = []
    """What to know of all of them, in sentences: that no worker is alive, and what waits for one."""

    example: ClassVar = {
        "created": 1,
        "refused": 0,
        "dry_run": False,
        "items": [BulkItemOut.example],
        "notes": [],
    }


class QueuedOut(Out):
    """A task that was queued."""

    task_id: str | None
    """The task, to be followed at `/api/tasks/{task_id}`. Null if the queue was busy: then it starts
    within a minute all the same."""
    notes: NoteTexts = []
    """That no worker is alive, and what waits for one, in a sentence; empty where one is."""

    example: ClassVar = {"task_id": _TASK, "notes": []}


class CategoryOut(Out):
    """A category, and its place in the tree."""

    id: int
    """The category's number."""
    root_id: int
    """The root of the tree that it is in; a root's own number."""
    parent_id: int | None
    """The category above it; null for a root."""
    name: str
    """Name shown on the public site."""
    slug: str
    """Its part of the public address."""
    sort_order: int
    """Place among its siblings: lower numbers come first."""
    torznab_id: int | None
    """Standard number by which Torznab clients also find the category, if any."""
    created_at: Moment
    """When the category was created."""
    updated_at: Moment
    """When it was last changed."""

    example: ClassVar[dict[str, Any]] = {
        "id": 2,
        "root_id": 1,
        "parent_id": 1,
        "name": "Films",
        "slug": "films",
        "sort_order": 0,
        "torznab_id": 2000,
        "created_at": "2026-01-31T10:00:00+00:00",
        "updated_at": "2026-01-31T10:00:00+00:00",
    }


class PlaceOut(CategoryOut):
    """A category with its place in the tree."""

    depth: int
    """How far below the root it is; 0 for a root."""
    path: str
    """Slugs from the root down to it, joined by `/`."""
    resource_count: int
    """Number of resources in the category itself, taken-down ones included."""

    example: ClassVar = CategoryOut.example | {
        "depth": 1,
        "path": "video/films",
        "resource_count": 12,
    }

    @classmethod
    def from_place(cls, place: Place) -> Self:
        """The category's fields and the place's."""
        category = dict(CategoryOut.model_validate(place.category))
        return cls(
            **category, depth=place.depth, path=place.path, resource_count=place.resource_count
        )
