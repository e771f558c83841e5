"""Request bodies and answers of the API about tokens and teams."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from django.utils.translation import gettext as _
from ninja import P, PathEx, QueryEx
from pydantic import AliasChoices, BaseModel, Field, model_validator

from ghost.core.http.schema.schemas import (
    Documented,
    In,
    Moment,
    MomentIn,
    Name,
    Out,
    PathId,
    TokenHash,
    show_example,
)
from teams.roles import Role

_HASH = "77ab5e3c0f1d4a96b8c2e7f05d3a1946c8e0b7f2a5d49316e8c7b0f3a2d51e64"
TeamId = PathEx[PathId, P(description="The team's number.", example=1)]
NamedHash = PathEx[
    TokenHash,
    P(description="Hash of the token, as lists of tokens and members show it.", example=_HASH),
]
Cascade = QueryEx[
    bool,
    P(
        description="Whether to revoke the tokens of its teams' members too, if it is a Publisher's.",
        example=True,
    ),
]
_ENDED = "2026-03-31T10:00:00+00:00"


class SessionOut(Out):
    """Which token the request was made with, and what it may do."""

    token_hash: str
    """Identifies the token without revealing it; changes when the token is rotated."""
    role: Role
    """What the token may do: `Admin` everything; `Publisher` its own resources and its teams;
    `TeamMember` the resources of its team."""
    display_name: str
    """Name of the token's holder, shown publicly as the publisher."""
    scope_team_id: int | None
    """The team that a TeamMember belongs to; null for other roles."""
    is_read_only: bool
    """Whether it can only read, listen to events and search by Torznab."""

    example: ClassVar = {
        "token_hash": _HASH,
        "role": "Publisher",
        "display_name": "Ada",
        "scope_team_id": None,
        "is_read_only": False,
    }


class TokenOut(SessionOut):
    """A token as Admins see it, without its raw form."""

    prefix: str
    """First characters of the raw token, so that people can tell tokens apart."""
    note: str
    """Private note of the operators about the token."""
    needs_review: bool
    """Whether an Admin has to approve what this Publisher and its teams publish."""
    is_inert: bool
    """Whether it came with an import and opens nothing, since no operator has activated it."""
    created_at: Moment
    """When the token was issued."""
    expires_at: Moment | None
    """When the token stops working by itself; null if never."""
    revoked_at: Moment | None
    """When the token was revoked; null if it was not."""
    last_used_at: Moment | None
    """When the token was last used, to the minute; null if never."""

    example: ClassVar = {
        **SessionOut.example,
        "prefix": "ghost_VxwTGr",
        "note": "Contact: ada@example.org",
        "needs_review": False,
        "is_inert": False,
        "created_at": "2026-01-31T10:00:00+00:00",
        "expires_at": "2027-01-31T00:00:00+00:00",
        "revoked_at": None,
        "last_used_at": "2026-02-14T08:30:00+00:00",
    }


class IssuedOut(SessionOut):
    """A new token. This answer is the only place where its raw form is shown."""

    token: str
    """The raw token, to be sent as `Authorization: Bearer <token>`. Keep it safe: it can't be shown
    again."""
    expires_at: Moment | None
    """When the token stops working by itself; null if never."""

    example: ClassVar = {
        **SessionOut.example,
        "token": "ghost_VxwTGr…",
        "expires_at": "2027-01-31T00:00:00+00:00",
    }


class PublisherIn(In):
    """A Publisher token to issue."""

    display_name: Name
    """Name of the publisher, shown on the public site. It must differ from all others in more than case, accents or punctuation."""
    expires_at: MomentIn | None = None
    """When the token stops working by itself; null or left out: never."""
    needs_review: bool = Field(default=False, strict=True)
    """Whether an Admin has to approve what this Publisher and its teams publish."""
    is_read_only: bool = Field(default=False, strict=True)
    """Whether it can only read, listen to events and search by Torznab."""

    example: ClassVar = {
        "display_name": "Ada",
        "expires_at": "2027-01-31T00:00:00Z",
        "needs_review": False,
        "is_read_only": False,
    }


class MemberOut(SessionOut):
    """A member of a team, as its owner sees it."""

    prefix: str
    """First characters of the raw token, so that people can tell tokens apart."""
    created_at: Moment
    """When the member was invited."""
    expires_at: Moment | None
    """When the token stops working by itself; null if never."""
    revoked_at: Moment | None
    """When the token was revoked; null if it was not."""
    last_used_at: Moment | None
    """When the token was last used, to the minute; null if never."""

    example: ClassVar = {
        "token_hash": _HASH,
        "role": "TeamMember",
        "display_name": "Mia",
        "scope_team_id": 1,
        "is_read_only": False,
        "prefix": "ghost_8sKdPq",
        "created_at": "2026-01-31T10:00:00+00:00",
        "expires_at": None,
        "revoked_at": _ENDED,
        "last_used_at": "2026-02-14T08:30:00+00:00",
    }


class RotatedOut(IssuedOut):
    """The new raw form of a token."""

    former_until: Moment | None = Field(
        validation_alias=AliasChoices("old_hash_until", "former_until")
    )
    """Until when the previous raw form still works; null if it has ended already."""

    example: ClassVar = {**IssuedOut.example, "former_until": "2026-02-01T10:00:00+00:00"}


class RotateIn(Documented):
    """How long the previous raw form still works."""

    overlap_hours: int = Field(24, ge=0, le=24 * 30)
    """Hours for which the previous raw form still works; 0 ends it at once."""

    example: ClassVar = {"overlap_hours": 48}


def _is_one_of_two(schema: dict[str, Any], model: type[BaseModel]) -> None:
    show_example(schema, model)
    schema["oneOf"] = [{"required": ["token"]}, {"required": ["token_hash"]}]
    schema["properties"]["token"]["examples"] = ["ghost_VxwTGr…"]


class RevokeIn(In):
    """The token to revoke: by its raw form or by its hash, exactly one of the two."""

    model_config = {"json_schema_extra": _is_one_of_two}

    token: Annotated[str, Field(max_length=200)] | None = None
    """The raw token."""
    token_hash: TokenHash | None = None
    """The token's hash."""

    example: ClassVar = {"token_hash": _HASH}

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.token is None) == (self.token_hash is None):
            raise ValueError(_("give either token or token_hash"))
        return self


class RevokedOut(Out):
    """A token that was revoked."""

    token_hash: str
    """The token's hash."""
    revoked_at: Moment
    """When it was revoked: now, or earlier if it was revoked already."""
    members_revoked: int
    """Number of tokens of its teams' members that were revoked with it."""

    example: ClassVar = {"token_hash": _HASH, "revoked_at": _ENDED, "members_revoked": 2}


class TeamIn(In):
    """A team to create, and who owns it."""

    name: Name
    """Name of the team. It must differ from all others, also publishers', in more than case, accents or
    punctuation."""
    owner_token_hash: TokenHash | None = None
    """Hash of the Publisher token that is to own the team. Needed from Admins; a Publisher leaves it
    out and owns the team itself."""

    example: ClassVar = {"name": "Archive", "owner_token_hash": _HASH}


class TeamOut(Out):
    """A team, and the Publisher that owns it."""

    id: int
    """The team's number."""
    name: str
    """The team's name, shown publicly."""
    owner_token_hash: str
    """Hash of the Publisher token that owns the team."""
    created_at: Moment
    """When the team was created."""

    example: ClassVar = {
        "id": 1,
        "name": "Archive",
        "owner_token_hash": _HASH,
        "created_at": "2026-01-31T10:00:00+00:00",
    }


class InviteIn(In):
    """A member to invite: a token of the team is made for them."""

    display_name: Name | None = None
    """Name of the member, shown publicly as the publisher, that no other token has; left out: the team's
    name and “member”."""
    expires_at: MomentIn | None = None
    """When the member's token stops working by itself; null or left out: never."""
    is_read_only: bool = Field(default=False, strict=True)
    """Whether it can only read, listen to events and search by Torznab."""

    example: ClassVar = {
        "display_name": "Mia",
        "expires_at": "2027-01-31T00:00:00Z",
        "is_read_only": False,
    }
