"""The neutral records that every format is read into and written from.

Publishers are named by a number that holds in one file only; resources know each other by
info-hash, categories by their path of slugs. Whatever is read is checked here for its form; the
rows' own `clean` checks what it says.
"""

from __future__ import annotations

import codecs
import json
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from ghost.core.errors import RefusedError
from ghost.core.http.schema import schema_sentences
from ghost.core.http.schema.schema_sentences import explain_pattern
from ghost.core.http.schema.schemas import Text, TokenHash
from ghost.core.moments import Moment
from resources.states import DhtStatus, ProbeStatus, SeedsBand
from resources.torrents import metadata
from teams.roles import Role
from teams.token_schemes import Scheme

FORMAT, VERSION = "ghost-catalog", 1
MAX_ID = 2_000_000_000
"""A key far above would use up those that are left."""
NO_TEXT = "It is damaged: some of its bytes are no letters in the encoding that the file is in."
MAX_PARTS = 1_000_000
"""Of one JSON object, counted by its commas."""

_HASH = explain_pattern(
    r"^([0-9a-f]{40}|[0-9a-f]{64})$", "must be an info-hash of 40 or 64 small hexadecimal digits"
)
Ref = Annotated[int, Field(ge=1, le=MAX_ID)]
Hash = Annotated[str, StringConstraints(pattern=_HASH)]
_Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Small = Annotated[int, Field(ge=0, le=2**15 - 1)]
_Size = Annotated[int, Field(ge=0, le=2**63 - 1)]
_Metadata = Annotated[metadata.Metadata, AfterValidator(metadata.require_sound)]
_Order = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class _Record(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, ser_json_bytes="base64", val_json_bytes="base64"
    )


class Header(_Record):
    """What the file is, and how many records of each type come."""

    format: Literal["ghost-catalog"] = "ghost-catalog"
    version: int
    counts: dict[str, _Size]
    records: Annotated[list[Any], Field(max_length=0)] = []
    """Of a JSON document; read one by one instead."""


class PublisherRecord(_Record):
    """A token; without `token_hash` only a name and a role, which nobody can sign in with."""

    type: Literal["publisher"] = "publisher"
    ref: Ref
    role: Role
    name: Text
    team: Ref | None = None
    """The team of a TeamMember."""
    token_hash: TokenHash | None = None
    scheme: Scheme = Scheme.GHOST
    old_hash: TokenHash | None = None
    old_hash_until: Moment | None = None
    prefix: Annotated[Text, Field(max_length=16)] = ""
    note: Annotated[Text, Field(max_length=300)] = ""
    needs_review: bool = False
    is_read_only: bool = False
    created_at: Moment | None = None
    expires_at: Moment | None = None
    revoked_at: Moment | None = None
    last_used_at: Moment | None = None


class TeamRecord(_Record):
    """A team; its owner is a publisher that came before it."""

    type: Literal["team"] = "team"
    id: Ref
    name: Text
    owner: Ref
    created_at: Moment | None = None


class CategoryRecord(_Record):
    """A category; its parent came before it."""

    type: Literal["category"] = "category"
    id: Ref | None = None
    path: Text
    """Slugs from the root down, joined by `/`."""
    name: Text
    sort_order: _Order = 0
    torznab_id: _Count | None = None
    created_by: Ref | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


class BlockRecord(_Record):
    """A hash that must not come back. Those of takedowns come before the resources, so that these
    find them; an operator's come after, since what stood before it may go on standing."""

    type: Literal["block"] = "block"
    info_hash: Hash
    reason: Annotated[Text, Field(max_length=2000)] = ""
    created_at: Moment | None = None
    created_by: Annotated[Text, Field(max_length=150)] = ""
    is_of_takedown: bool = False


class ResourceRecord(_Record):
    """A resource with all that people and probes wrote. What is left out has its usual value."""

    type: Literal["resource"] = "resource"
    id: Ref | None = None
    title: Text
    magnet_uri: Text
    content_markdown: Text = ""
    tags: list[Text] = []
    category: Text | None = None
    """The category's path."""
    publisher: Ref | Text | None = None
    """Its number in this file; a name or a token's hash where a format has no numbers."""
    team: Ref | Text | None = None
    licence: Text = ""
    source_url: Text = ""
    checksums: list[dict[Text, Text]] = []
    supersedes: Hash | None = None
    cover_image_url: Text | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    published_at: Moment | None = None
    became_public_at: Moment | None = None
    takedown_at: Moment | None = None
    takedown_reason: Text = ""
    awaits_review: bool = False
    review_note: Text = ""
    dht_status: DhtStatus = DhtStatus.UNKNOWN
    dht_misses: _Count = 0
    dht_changed_at: Moment | None = None
    last_dht_check: Moment | None = None
    seeds: _Count | None = None
    peers: _Count | None = None
    last_seen_at: Moment | None = None
    first_missed_at: Moment | None = None
    missing_since: Moment | None = None
    seeds_band: SeedsBand = SeedsBand.UNKNOWN
    next_band: SeedsBand = SeedsBand.UNKNOWN
    probe_status: ProbeStatus = ProbeStatus.PENDING
    probe_error: Text = ""
    probe_attempts: _Small = 0
    probed_at: Moment | None = None
    num_peers: _Count | None = None
    other_hash: Hash | Literal[""] = ""
    is_private: bool = False
    torrent_name: Annotated[Text, Field(max_length=255)] = ""
    is_let_through: bool = False
    total_size_bytes: _Size | None = None
    file_count: _Count | None = None
    files_tree_summary: Text = ""
    metadata: _Metadata | None = None


Record = PublisherRecord | TeamRecord | CategoryRecord | BlockRecord | ResourceRecord
TYPES = ("publisher", "team", "category", "block", "resource")

_any = TypeAdapter[Record](Annotated[Record, Field(discriminator="type")])


def parse(body: bytes | str) -> Record:
    """The record that this JSON object is; RefusedError with the reason if it is none."""
    body = body.strip()
    require_few_parts(body)
    try:
        found = _any.validate_json(body)
    except ValidationError as error:
        raise RefusedError(_told(error) if _is_text(body) else NO_TEXT) from error
    require_one_of_each(body)
    return found


def require_few_parts(body: bytes | str) -> None:
    """RefusedError for JSON of more parts than a torrent of 100,000 files has: each takes some fifty bytes of
    memory, though two in the file."""
    found = body.count(b",") if isinstance(body, bytes) else body.count(",")
    if found > MAX_PARTS:
        raise RefusedError(f"It has more than {MAX_PARTS:,} parts.")


def require_one_of_each(body: bytes | str) -> None:
    """RefusedError for an object that names a field twice: readers differ in which of the two holds (RFC 8259 §4)."""
    try:
        json.loads(body, object_pairs_hook=_different_names)
    except (ValueError, RecursionError) as error:
        place = schema_sentences.place_in_json(ValueError(str(error)))
        raise RefusedError(_OF_WHOLE["json_invalid"] % place) from error


def _different_names(pairs: list[tuple[str, Any]]) -> None:
    names = set[str]()
    for name, _value in pairs:
        if name in names:
            raise RefusedError(f"{name[:40]}: It stands there twice.")
        names.add(name)


def _is_text(body: bytes | str) -> bool:
    try:
        return isinstance(body, str) or bool(body.decode() or True)
    except UnicodeDecodeError:
        return False


def header(body: bytes) -> Header:
    """The header that this JSON object is; RefusedError if it is none, or of another version."""
    require_few_parts(body)
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        found = Header.model_validate_json(body)
    except ValidationError as error:
        raise RefusedError(
            'This is no catalog of Ghost\'s: it begins with {"format": "ghost-catalog", …}.'
        ) from error
    if found.version != VERSION:
        raise RefusedError(
            f"The catalog is of version {found.version}, and this Ghost reads version {VERSION}:"
            " import it with the Ghost that wrote it, or a later one."
        )
    require_one_of_each(body)
    return found


def build(**values: Any) -> ResourceRecord:  # noqa: ANN401  # of a foreign format
    """A resource of what a foreign format says; RefusedError with the reason for what can't be."""
    try:
        return ResourceRecord(**values)
    except ValidationError as error:
        raise RefusedError(_told(error)) from error


def _told(error: ValidationError) -> str:
    """The first of what is wrong, in one line of our words."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid" and (bound := _bound_of(first["msg"])):
        return bound
    if first["type"] in _OF_WHOLE:
        told = _OF_WHOLE[first["type"]]
        return (
            told % schema_sentences.place_in_json(ValueError(first["msg"])) if "%" in told else told
        )
    place = ".".join(str(part) for part in first["loc"] if _is_place(part))
    reason = schema_sentences.sentence(first)
    return f"{place}: {reason}" if place else reason


_OF_WHOLE = {
    "json_invalid": "It is no JSON (%s).",
    "union_tag_not_found": f'It has no "type": one of {", ".join(TYPES)}.',
    "union_tag_invalid": f'Its "type" is none of {", ".join(TYPES)}.',
}


def _bound_of(message: str) -> str:
    """Which of the parser's own bounds it breaks, if that is what is wrong."""
    bounds = {
        "recursion limit": "It is nested too deeply.",
        "out of range": "A number in it is too large.",
    }
    return next((told for said, told in bounds.items() if said in message), "")


def _is_place(part: str | int) -> bool:
    """Whether it says where something stands, and not which of pydantic's types was tried there."""
    if isinstance(part, int):
        return True
    return part not in TYPES and part not in _TRIED and not set("-[(") & set(part)


_TRIED = frozenset({"str", "int", "Literal", "none"})
