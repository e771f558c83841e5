"""Bodies and filters of requests about resources and categories."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from ninja import P, PathEx
from pydantic import AfterValidator, FailFast, Field, StringConstraints

from ghost.core.http.schema.schema_sentences import explain_pattern
from ghost.core.http.schema.schemas import (
    ABSENT,
    COMPOSED,
    MAX_ID,
    NO_NUL,
    WHOLE,
    Id,
    In,
    MomentIn,
    Name,
    Page,
    PathId,
    Text,
    validated,
)
from ghost.core.text import addresses
from resources import provenance, tags
from resources.models.resource import MAX_BODY_BYTES
from resources.states import DhtStatus, ProbeStatus, ResourceSort, SeedsBand, State
from resources.torrents import magnets

Title = Annotated[str, COMPOSED, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL)]
Body = Annotated[str, StringConstraints(max_length=MAX_BODY_BYTES, pattern=NO_NUL)]


def _plain(url: str) -> str:
    """The rows' own rule, told along with what else is wrong with a body."""
    if url and not addresses.is_plain(url):
        raise ValueError(addresses.NOT_PLAIN)
    return url


Link = Annotated[str, StringConstraints(max_length=2000, pattern=NO_NUL), AfterValidator(_plain)]
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
Licence = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
ResourceId = PathEx[PathId, P(description="The resource's number.", example=7)]
CategoryId = PathEx[PathId, P(description="The category's number.", example=2)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=NO_NUL)]


_HEX = explain_pattern(
    r"^[0-9A-Fa-f]{32,128}$", _("must be a checksum: 32 to 128 hexadecimal digits")
)


class Checksum(In):
    """A checksum of the work, or of one of its files."""

    algorithm: Literal["md5", "sha1", "sha256", "sha512", "blake2b", "blake3"]
    """How the checksum was computed."""
    value: Annotated[str, StringConstraints(pattern=_HEX)]
    """The checksum in hexadecimal."""
    file: Annotated[str, StringConstraints(max_length=provenance.MAX_FILE_CHARS)] = ""
    """Path of the file inside the torrent; left out for a work of one file."""

    example: ClassVar = {
        "algorithm": "sha1",
        "value": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "file": "film/film.mkv",
    }


Checksums = Annotated[list[Checksum], Field(max_length=provenance.MAX_CHECKSUMS), FailFast()]
"""Only the first one at fault is reported: there may be many."""

_RESOURCE: dict[str, Any] = {
    "title": "Big Buck Bunny",
    "magnet_uri": "magnet:?xt=urn:btih:dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c&dn=Big+Buck+Bunny",
    "category_id": 1,
    "content_markdown": "The *open* film of 2008.",
    "cover_image_url": "https://peach.blender.org/poster.jpg",
    "tags": ["film", "动画"],
    "team_id": 1,
    "published_at": "2026-01-31T12:00:00+00:00",
    "licence": "CC-BY-3.0",
    "source_url": "https://peach.blender.org/",
    "checksums": [Checksum.example],
    "supersedes_id": 3,
}
_OF_A_FORM = {
    name: value for name, value in _RESOURCE.items() if name not in {"magnet_uri", "checksums"}
}


class ResourceIn(In):
    """A resource to publish. Unless `published_at` says otherwise it becomes public as soon as its
    probe has succeeded."""

    title: Title
    """Title shown on the public site."""
    magnet_uri: MagnetUri
    """Magnet link with `urn:btih:` (40 hexadecimal or 32 base32 characters), `urn:btmh:1220` (64
    hexadecimal characters), or both."""
    category_id: Id
    """The category to file it under."""
    content_markdown: Body = ""
    """Description in Markdown, at most 100 kB; raw HTML is shown as text."""
    cover_image_url: Link | None = None
    """Address (http or https) from which to fetch the cover. The address is never published, only
    the picture."""
    tags: Tags = []
    """Tags to find it by."""
    team_id: Id | None = None
    """The team to publish for. A TeamMember always publishes for its own team, a Publisher for one
    that it owns."""
    published_at: MomentIn | None = ABSENT
    """When it becomes public. Left out: now. Null: not yet, it is a draft."""
    licence: Licence = ""
    """Licence of the work as an SPDX expression, such as `MIT OR Apache-2.0`."""
    source_url: Link = ""
    """Address (http or https) where the work comes from, linked from its page."""
    checksums: Checksums = []
    """Checksums by which visitors can verify their copy."""
    supersedes_id: Id | None = None
    """The older release that this one replaces; its page then points here."""

    example: ClassVar = _RESOURCE


class TorrentIn(In):
    """The other fields of a form with a `.torrent` file."""

    category_id: int = Field(ge=1, le=MAX_ID)
    """The category to file it under."""
    title: Title = ABSENT
    """Title shown on the public site; left out: the torrent's own name."""
    content_markdown: Body = ""
    """Description in Markdown, at most 100 kB; raw HTML is shown as text."""
    cover_image_url: Link | None = None
    """Address (http or https) from which to fetch the cover. The address is never published, only
    the picture."""
    tags: Tags = []
    """Tags to find it by; the field may come more than once."""
    team_id: int | None = Field(None, ge=1, le=MAX_ID)
    """The team to publish for. A TeamMember always publishes for its own team, a Publisher for one
    that it owns."""
    published_at: MomentIn | None = ABSENT
    """When it becomes public. Left out: now. Empty: not yet, it is a draft."""
    licence: Licence = ""
    """Licence of the work as an SPDX expression, such as `MIT OR Apache-2.0`."""
    source_url: Link = ""
    """Address (http or https) where the work comes from, linked from its page."""
    supersedes_id: int | None = Field(None, ge=1, le=MAX_ID)
    """The older release that this one replaces; its page then points here."""

    example: ClassVar = _OF_A_FORM

    @classmethod
    def from_form(cls, form: QueryDict) -> Self:
        """The fields of a form; an empty `published_at` is none: a draft."""
        values: dict[str, Any] = {name: form[name] for name in form if name != "tags"}
        values |= {"tags": form.getlist("tags")} if "tags" in form else {}
        if values.get("published_at") == "":
            values["published_at"] = None
        return validated(cls, values)


class ResourceChange(In):
    """The fields to change. An absent field stays as it is; null clears one that may be empty."""

    title: Title = ABSENT
    """Title shown on the public site."""
    magnet_uri: MagnetUri = ABSENT
    """Another magnet link. The resource leaves the public site until the new link has been
    probed."""
    category_id: Id = ABSENT
    """The category to file it under."""
    content_markdown: Body = ABSENT
    """Description in Markdown, at most 100 kB; raw HTML is shown as text."""
    cover_image_url: Link | None = ABSENT
    """Address (http or https) from which to fetch the cover. The address is never published, only
    the picture."""
    tags: Tags = ABSENT
    """Tags to find it by, in place of all former ones."""
    team_id: Id | None = ABSENT
    """The team to publish for. What a TeamMember published stays in its team."""
    published_at: MomentIn | None = ABSENT
    """When it becomes public. Null makes it a draft."""
    licence: Licence = ABSENT
    """Licence of the work as an SPDX expression, such as `MIT OR Apache-2.0`."""
    source_url: Link = ABSENT
    """Address (http or https) where the work comes from, linked from its page."""
    checksums: Checksums = ABSENT
    """Checksums by which visitors can verify their copy, in place of all former ones."""
    supersedes_id: Id | None = ABSENT
    """The older release that this one replaces; its page then points here."""

    example: ClassVar = _RESOURCE


class ResourceFilter(Page):
    """Which of the resources in scope to list. Taken-down ones are listed only with
    `state=taken_down`."""

    q: Text | None = Field(None, max_length=magnets.MAX_BYTES)
    """Part of the title, or all of some words of it, in any case; 6 or more digits of an info-hash; or a whole
    info-hash in any spelling, or a magnet link."""
    category_id: int | None = Field(None, ge=1, le=MAX_ID)
    """Only resources of this category, without those below it."""
    team_id: int | None = Field(None, ge=1, le=MAX_ID)
    """Only resources of this team."""
    tag: Text | None = Field(None, max_length=tags.MAX_CHARS)
    """Only resources with this tag."""
    dht_status: DhtStatus | None = None
    """Only resources with this health."""
    probe_status: ProbeStatus | None = None
    """Only resources whose last probe ended like this."""
    state: State | None = None
    """Only resources in this state."""
    updated_since: MomentIn | None = None
    """Only resources that changed at this moment or later. The order stays newest first."""
    seeds_band: SeedsBand | None = None
    """Only resources in this band of seeds."""
    missing_before: MomentIn | None = None
    """Only resources that have been missing since before this moment."""
    sort: ResourceSort = ResourceSort.NEWEST
    """The order: `newest` first, or by `seeds`, `missing_since` or `last_seen_at`, upwards or with `-`
    downwards. Resources without that value come last."""
    count: bool = False
    """Whether to answer the number of resources on all pages in `X-Total-Count`."""

    example: ClassVar = {
        **Page.example,
        "q": "bunny",
        "category_id": 1,
        "team_id": 1,
        "tag": "film",
        "dht_status": "Active",
        "probe_status": "ok",
        "state": "live",
        "updated_since": "2026-01-31T00:00:00Z",
        "seeds_band": "3-9",
        "missing_before": "2026-02-28T00:00:00Z",
        "sort": "newest",
        "count": True,
    }


class TakedownIn(In):
    """Why a resource is taken down."""

    reason: Reason
    """The reason, kept for operators and the publisher; it is not published."""

    example: ClassVar = {"reason": "Asked for by the rights holder."}


class SendBackIn(In):
    """Why a resource is not approved."""

    reason: Reason
    """The reason, shown to the publisher as `review_note`."""

    example: ClassVar = {"reason": "Please name the licence."}


class CategoryIn(In):
    """A category to create, at the root or below another one."""

    name: Name
    """Name shown on the public site."""
    slug: Slug = ""
    """Its part of the public address, different among siblings; left out: made from the name."""
    parent_id: Id | None = None
    """The category to put it under; null makes it a root."""
    sort_order: SortOrder = 0
    """Place among its siblings: lower numbers come first, equal ones in the order of their names."""
    torznab_id: TorznabId | None = None
    """Standard number by which Torznab clients also find the category."""

    example: ClassVar = {
        "name": "Films",
        "slug": "films",
        "parent_id": None,
        "sort_order": 0,
        "torznab_id": 2000,
    }


class CategoryChange(In):
    """The fields to change. An absent field stays as it is."""

    name: Name = ABSENT
    """Name shown on the public site."""
    slug: Slug = ABSENT
    """Its part of the public address, different among siblings; empty: made from the name."""
    parent_id: Id | None = ABSENT
    """The category to move it under; null makes it a root."""
    sort_order: SortOrder = ABSENT
    """Place among its siblings: lower numbers come first, equal ones in the order of their names."""
    torznab_id: TorznabId | None = ABSENT
    """Standard number by which Torznab clients also find the category; null removes it."""

    example: ClassVar = CategoryIn.example | {"name": "Open films"}
