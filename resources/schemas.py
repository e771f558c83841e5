"""What the API says and hears about resources and categories."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from django.http import QueryDict
from pydantic import AliasChoices, FailFast, Field, StringConstraints, computed_field

from ghost.core.http.schemas import (
    ABSENT,
    COMPOSED,
    MAX_ID,
    NO_NUL,
    WHOLE,
    Id,
    In,
    Moment,
    MomentIn,
    Name,
    Out,
    Page,
    Problem,
    Text,
    validated,
)
from resources import provenance, tags
from resources.models.category import Place
from resources.models.resource import MAX_BODY_BYTES
from resources.states import DhtStatus, ProbeStatus, State
from resources.torrents import magnets

Title = Annotated[str, COMPOSED, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL)]
Body = Annotated[str, StringConstraints(max_length=MAX_BODY_BYTES, pattern=NO_NUL)]
Link = Annotated[str, StringConstraints(max_length=2000, pattern=NO_NUL)]
MagnetUri = Annotated[
    str, StringConstraints(min_length=1, max_length=magnets.MAX_BYTES, pattern=NO_NUL)
]
Tag = Annotated[
    str, COMPOSED, StringConstraints(min_length=1, max_length=tags.MAX_CHARS, pattern=NO_NUL)
]
Tags = Annotated[list[Tag], Field(max_length=tags.MAX_TAGS)]
Slug = Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)]
TorznabId = Annotated[int, Field(ge=1000, le=8999, strict=True), WHOLE]
SortOrder = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, strict=True), WHOLE]


class Checksum(In):
    """A checksum of the work, or of one of its files."""

    algorithm: Literal["md5", "sha1", "sha256", "sha512", "blake2b", "blake3"]
    value: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{32,128}$")]
    file: Annotated[str, StringConstraints(max_length=provenance.MAX_FILE_CHARS)] = ""


Checksums = Annotated[list[Checksum], Field(max_length=provenance.MAX_CHECKSUMS), FailFast()]
"""The first one at fault is told: there may be many."""
Licence = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]


class ResourceIn(In):
    """A resource to be. Without `published_at` it is public as soon as its probe succeeded."""

    title: Title
    magnet_uri: MagnetUri
    category_id: Id
    content_markdown: Body = ""
    cover_image_url: Link | None = None
    tags: Tags = []
    team_id: Id | None = None
    published_at: MomentIn | None = ABSENT
    licence: Licence = ""
    source_url: Link = ""
    checksums: Checksums = []
    supersedes_id: Id | None = None


class TorrentIn(In):
    """What a form says beside its `.torrent` file; without a title it has the torrent's name."""

    category_id: int = Field(ge=1, le=MAX_ID)
    title: Title = ABSENT
    content_markdown: Body = ""
    cover_image_url: Link | None = None
    tags: Tags = []
    team_id: int | None = Field(None, ge=1, le=MAX_ID)
    published_at: MomentIn | None = ABSENT
    licence: Licence = ""
    source_url: Link = ""
    supersedes_id: int | None = Field(None, ge=1, le=MAX_ID)

    @classmethod
    def of(cls, form: QueryDict) -> Self:
        """The fields of a form; an empty `published_at` is none: a draft."""
        values: dict[str, Any] = {name: form[name] for name in form if name != "tags"}
        values |= {"tags": form.getlist("tags")} if "tags" in form else {}
        if values.get("published_at") == "":
            values["published_at"] = None
        return validated(cls, values)


class ResourceChange(In):
    """What is to change; an absent field stays, null clears one that may be empty."""

    title: Title = ABSENT
    magnet_uri: MagnetUri = ABSENT
    category_id: Id = ABSENT
    content_markdown: Body = ABSENT
    cover_image_url: Link | None = ABSENT
    tags: Tags = ABSENT
    team_id: Id | None = ABSENT
    published_at: MomentIn | None = ABSENT
    licence: Licence = ABSENT
    source_url: Link = ABSENT
    checksums: Checksums = ABSENT
    supersedes_id: Id | None = ABSENT


class ResourceFilter(Page):
    """Which resources of those in scope. Taken-down ones are found by `state` alone.

    A page of long descriptions ends before `limit`: what counts is whether there is a `Link`.
    """

    q: Text | None = Field(
        None,
        max_length=300,
        description="Part of the title, in any case; or 6 digits or more of an info-hash.",
    )
    category_id: int | None = Field(None, ge=1, le=MAX_ID)
    team_id: int | None = Field(None, ge=1, le=MAX_ID)
    tag: Text | None = Field(None, max_length=tags.MAX_CHARS)
    dht_status: DhtStatus | None = None
    probe_status: ProbeStatus | None = None
    state: State | None = None
    updated_since: MomentIn | None = Field(
        None, description="Changed at that moment or later; the order stays newest first."
    )
    count: bool = Field(
        default=False, description="Tell in `X-Total-Count` how many there are on all pages."
    )


class NodeOut(Out):
    """A file, or a folder with what is in it."""

    name: str
    size_bytes: int = Field(validation_alias=AliasChoices("size", "size_bytes"))
    children: list[NodeOut] | None = None

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own pattern
    @property
    def type(self) -> str:
        """`dir` or `file`."""
        return "file" if self.children is None else "dir"


class ChecksumOut(Out):
    """A checksum; without a file it is that of the whole."""

    algorithm: str
    value: str
    file: str


class ResourceItem(Out):
    """A resource in a list."""

    id: int
    title: str
    magnet_uri: str
    magnet_hash: str
    magnet_hash_v2: str | None
    content_markdown: str
    cover_image_url: str | None
    cover_image_path: str | None
    tags: list[str]
    category_id: int
    publisher_token_hash: str
    team_id: int | None
    state: State
    dht_status: DhtStatus
    last_dht_check: Moment | None
    created_at: Moment
    updated_at: Moment
    published_at: Moment | None
    takedown_at: Moment | None
    takedown_reason: str
    total_size_bytes: int | None
    total_size_human: str | None
    file_count: int | None
    files_tree_summary: str
    num_peers: int | None
    probe_status: ProbeStatus
    probe_error: str
    cover_error: str
    review_note: str
    licence: str
    source_url: str
    checksums: list[ChecksumOut]
    supersedes_id: int | None


class ResourceOut(ResourceItem):
    """A resource; `task_id` names the probe that this request queued, if it could be."""

    files_tree: list[NodeOut] | None
    superseded_by: list[int]
    public_url: str | None
    task_id: str | None = None


class MetadataOut(Out):
    """What a probe found."""

    magnet_hash: str
    total_size_bytes: int
    total_size_human: str
    file_count: int
    files_tree_summary: str
    files_tree: list[NodeOut]
    num_peers: int
    fetched_at: Moment
    backend: str


Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=NO_NUL)]


class TakedownIn(In):
    """Why it has to go."""

    reason: Reason


class SendBackIn(In):
    """Why it is not approved, for its publisher."""

    reason: Reason


class BulkItemOut(Out):
    """What came of one item: `status` is that of a single request, `problem` why it was refused."""

    index: int
    status: int
    id: int | None = None
    magnet_hash: str | None = None
    task_id: str | None = None
    problem: Problem | None = None


class BulkOut(Out):
    """What came of all; of a dry run, what would."""

    created: int
    refused: int
    dry_run: bool
    items: list[BulkItemOut]


class QueuedOut(Out):
    """A task that was queued; null if the queue was busy, and the schedule takes its place."""

    task_id: str | None


class CategoryIn(In):
    """A category to be; without a slug it is made from the name."""

    name: Name
    slug: Slug = ""
    parent_id: Id | None = None
    sort_order: SortOrder = 0
    torznab_id: TorznabId | None = None


class CategoryChange(In):
    """What is to change; an absent field stays, a null `parent_id` makes it a root."""

    name: Name = ABSENT
    slug: Slug = ABSENT
    parent_id: Id | None = ABSENT
    sort_order: SortOrder = ABSENT
    torznab_id: TorznabId | None = ABSENT


class CategoryOut(Out):
    """A category."""

    id: int
    root_id: int
    parent_id: int | None
    name: str
    slug: str
    sort_order: int
    torznab_id: int | None
    created_at: Moment
    updated_at: Moment


class PlaceOut(CategoryOut):
    """A category where it stands in the tree."""

    depth: int
    path: str
    resource_count: int

    @classmethod
    def of(cls, place: Place) -> Self:
        """The category's fields and the place's."""
        category = dict(CategoryOut.model_validate(place.category))
        return cls(
            **category, depth=place.depth, path=place.path, resource_count=place.resource_count
        )
