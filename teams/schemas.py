"""What the API says and hears about tokens and teams."""

from __future__ import annotations

from typing import Annotated, Self

from django.utils.translation import gettext as _
from pydantic import AliasChoices, BaseModel, Field, model_validator

from ghost.core.http.schemas import In, Moment, MomentIn, Name, Out, TokenHash
from teams.roles import Role


class SessionOut(Out):
    """Who a token is."""

    token_hash: str
    role: Role
    display_name: str
    scope_team_id: int | None


class TokenOut(SessionOut):
    """A token as Admins see it."""

    prefix: str
    note: str
    needs_review: bool
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None


class IssuedOut(SessionOut):
    """A new token; `token` is its raw form, which is shown this once."""

    token: str
    expires_at: Moment | None


class PublisherIn(In):
    """A Publisher to be."""

    display_name: Name
    expires_at: MomentIn | None = None
    needs_review: bool = Field(default=False, strict=True)


class MemberOut(SessionOut):
    """A member of a team, as its owner sees it."""

    prefix: str
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None


class RotatedOut(IssuedOut):
    """A token's new raw form; the former one opens the API until `former_until`."""

    former_until: Moment | None = Field(
        validation_alias=AliasChoices("old_hash_until", "former_until")
    )


class RotateIn(BaseModel):
    """How long the former form still opens the API."""

    overlap_hours: int = Field(24, ge=0, le=24 * 30, description="0: it ends at once.")


class RevokeIn(In):
    """A token by its raw form or by its hash, one of the two."""

    model_config = {
        "json_schema_extra": {"oneOf": [{"required": ["token"]}, {"required": ["token_hash"]}]}
    }

    token: Annotated[str, Field(max_length=200)] | None = None
    token_hash: TokenHash | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.token is None) == (self.token_hash is None):
            raise ValueError(_("give either token or token_hash"))
        return self


class RevokedOut(Out):
    """A token that ended."""

    token_hash: str
    revoked_at: Moment
    members_revoked: int = Field(description="Tokens of its teams that ended with it.")


class TeamIn(In):
    """A team to be; only an Admin names the owner."""

    name: Name
    owner_token_hash: TokenHash | None = None


class TeamOut(Out):
    """A team."""

    id: int
    name: str
    owner_token_hash: str
    created_at: Moment


class InviteIn(In):
    """A TeamMember to be; without a name, the team's name and “member”."""

    display_name: Name | None = None
    expires_at: MomentIn | None = None
