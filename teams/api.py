"""Sessions, teams and tokens."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status
from ninja.decorators import decorate_view

from ghost.core.http import pagination
from ghost.core.http.schema.schemas import Page, problems
from ghost.core.http.transport.cache_control import secret
from teams import legacy_tokens
from teams.auth import Bearer, TokenRequest
from teams.models import Team, Token
from teams.policy import Action
from teams.roles import Role
from teams.schemas import (
    Cascade,
    InviteIn,
    IssuedOut,
    MemberOut,
    NamedHash,
    PublisherIn,
    RevokedOut,
    RevokeIn,
    RotatedOut,
    RotateIn,
    SessionOut,
    TeamId,
    TeamIn,
    TeamOut,
    TokenOut,
)

router = Router()


@router.post(
    "/session/verify",
    auth=Bearer(Action.SESSION_VERIFY),
    response={200: SessionOut},
    operation_id="session_verify",
    summary="Identify the token in use",
    tags=["session"],
)
def verify_session(request: TokenRequest) -> Token:
    """Answer whose token was sent with the request, and what its role is."""
    return request.auth


@router.get(
    "/teams",
    auth=Bearer(Action.TEAM_LIST),
    response={200: list[TeamOut]},
    operation_id="team_list",
    summary="List teams",
    tags=["teams"],
)
def list_teams(request: TokenRequest, response: HttpResponse, page: Query[Page]) -> list[Team]:
    """List the teams in scope, newest first: all teams for an Admin, those that it owns for a
    Publisher, its own team for a TeamMember.
    """
    teams = Team.objects.in_scope(request.auth).select_related("owner")
    return pagination.cut(teams, page, request, response)


@router.post(
    "/teams",
    auth=Bearer(Action.TEAM_CREATE),
    response={201: TeamOut},
    operation_id="team_create",
    summary="Create a team",
    tags=["teams"],
)
def create_team(request: TokenRequest, data: TeamIn) -> Status[Team]:
    """Create a team. A Publisher becomes the owner itself; an Admin names a Publisher in
    `owner_token_hash`.

    `400`: there is no usable Publisher token with that hash. `409`: the name is taken.
    """
    with request.auth.turn():
        return Status(201, Team.objects.create_as(request.auth, data.name, data.owner_token_hash))


@router.post(
    "/teams/{int:team_id}/invites",
    auth=Bearer(Action.TEAM_INVITE),
    response={200: IssuedOut},
    operation_id="member_invite",
    summary="Issue a token for a new team member",
    tags=["teams"],
)
@decorate_view(secret)
def invite(request: TokenRequest, team_id: TeamId, data: InviteIn | None = None) -> IssuedOut:
    """Issue a token for a new member of the team. Only the team's owner and Admins may.

    The raw token is in this answer and nowhere else. The body may be left out. `409`: somebody has that
    name, or one that differs only in case, accents or punctuation.
    """
    asked = data or InviteIn()
    with request.auth.turn():
        team = _owned(request, team_id)
        return _issued(*team.invite(**asked.model_dump()))


@router.get(
    "/teams/{int:team_id}/members",
    auth=Bearer(Action.MEMBER_LIST),
    response={200: list[MemberOut]},
    operation_id="member_list",
    summary="List the members of a team",
    tags=["teams"],
)
def list_members(
    request: TokenRequest, response: HttpResponse, team_id: TeamId, page: Query[Page]
) -> list[Token]:
    """List the members of a team, newest first, revoked ones included. Only the team's owner and
    Admins may.
    """
    return pagination.cut(_owned(request, team_id).members.all(), page, request, response)


@router.post(
    "/teams/{int:team_id}/members/{token_hash}/revoke",
    auth=Bearer(Action.MEMBER_REVOKE),
    response={200: RevokedOut},
    operation_id="member_revoke",
    summary="Revoke a member's token",
    tags=["teams"],
)
def revoke_member(request: TokenRequest, team_id: TeamId, token_hash: NamedHash) -> RevokedOut:
    """End the token of a member. What the member published stays in the team.

    Only the team's owner and Admins may. Revoking it a second time changes nothing.
    """
    with request.auth.turn():
        members = _owned(request, team_id).members.all()
        return _revoked(members.get_by_hash(token_hash), cascade=False)


@router.post(
    "/admin/tokens/publisher",
    auth=Bearer(Action.TOKEN_MANAGE),
    response={200: IssuedOut},
    operation_id="publisher_token_issue",
    summary="Issue a Publisher token",
    tags=["tokens"],
)
@decorate_view(secret)
def issue_publisher(request: TokenRequest, data: PublisherIn) -> IssuedOut:
    """Issue a token with the role Publisher. The raw token is in this answer and nowhere else.

    `409`: somebody has that name, or one that differs only in case, accents or punctuation.
    """
    with request.auth.turn():
        return _issued(*Token.objects.issue(Role.PUBLISHER, **data.model_dump()))


@router.get(
    "/admin/tokens",
    auth=Bearer(Action.TOKEN_LIST),
    response={200: list[TokenOut]},
    operation_id="token_list",
    summary="List all tokens",
    tags=["tokens"],
)
def list_tokens(request: TokenRequest, response: HttpResponse, page: Query[Page]) -> list[Token]:
    """List all tokens with their state, newest first. Raw tokens are stored nowhere and can't be
    listed.
    """
    return pagination.cut(Token.objects.all(), page, request, response)


@router.post(
    "/admin/tokens/revoke",
    auth=Bearer(Action.TOKEN_MANAGE),
    response={200: RevokedOut, **problems(404)},
    operation_id="token_revoke",
    summary="Revoke a token",
    tags=["tokens"],
)
def revoke_token(request: TokenRequest, data: RevokeIn, *, cascade: Cascade = True) -> RevokedOut:
    """End a token, named by its raw form or by its hash. Revoking it a second time changes nothing.

    `400`: it is the last usable Admin token.
    """
    hashes = [data.token_hash] if data.token_hash else legacy_tokens.hashes_of(data.token or "")
    token = Token.objects.get_by_hash(*hashes)
    with request.auth.turn():
        return _revoked(token, cascade=cascade)


@router.post(
    "/admin/tokens/{token_hash}/rotate",
    auth=Bearer(Action.TOKEN_ROTATE),
    response={200: RotatedOut, **problems(400)},
    operation_id="token_rotate",
    summary="Rotate a token",
    tags=["tokens"],
)
@decorate_view(secret)
def rotate_token(
    request: TokenRequest, token_hash: NamedHash, wanted: Query[RotateIn]
) -> RotatedOut:
    """Give a token a new raw form and a new hash; all that it owns stays its own. An Admin may rotate
    any token, other roles only their own.

    The previous form works for `overlap_hours` more. The new raw token is in this answer and nowhere
    else.
    """
    with request.auth.turn():
        token = Token.objects.for_rotation(token_hash, by=request.auth)
        raw = token.rotate(overlap=timedelta(hours=wanted.overlap_hours))
    return RotatedOut(**dict(_issued(token, raw)), former_until=token.old_hash_until)


def _owned(request: TokenRequest, team_id: int) -> Team:
    """404 if there is none, 403 if it is not the token's."""
    team = get_object_or_404(Team, pk=team_id)
    team.require_owner(request.auth)
    return team


def _revoked(token: Token, *, cascade: bool) -> RevokedOut:
    was_usable = token.revoked_at is None
    count = token.revoke(cascade=cascade)
    return RevokedOut(
        token_hash=token.token_hash, revoked_at=token.revoked_at, members_revoked=count - was_usable
    )


def _issued(token: Token, raw: str) -> IssuedOut:
    known = dict(SessionOut.model_validate(token))
    return IssuedOut(**known, token=raw, expires_at=token.expires_at)
