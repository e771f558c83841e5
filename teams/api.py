"""Sessions, teams and tokens."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Status

from ghost import paging
from ghost.schemas import Page, PathId, problems
from teams.auth import Bearer, TokenRequest
from teams.models import Team, Token
from teams.policy import Action
from teams.roles import Role
from teams.schemas import (
    InviteIn,
    IssuedOut,
    PublisherIn,
    RevokedOut,
    RevokeIn,
    SessionOut,
    TeamIn,
    TeamOut,
    TokenOut,
)

router = Router()


@router.post(
    "/session/verify",
    auth=Bearer(Action.SESSION_VERIFY),
    response={200: SessionOut, **problems()},
    operation_id="teams_verify_session",
    summary="Whose token this is",
    tags=["session"],
)
def verify_session(request: TokenRequest) -> Token:
    return request.auth


@router.get(
    "/teams",
    auth=Bearer(Action.TEAM_LIST),
    response={200: list[TeamOut], **problems(422)},
    operation_id="teams_list",
    summary="Teams in scope, newest first",
    tags=["teams"],
)
def list_teams(request: TokenRequest, response: HttpResponse, page: Query[Page]) -> list[Team]:
    teams = Team.objects.in_scope(request.auth).select_related("owner")
    return paging.cut(teams, page, request, response)


@router.post(
    "/teams",
    auth=Bearer(Action.TEAM_CREATE),
    response={201: TeamOut, **problems(400, 409, 413, 415, 422)},
    operation_id="teams_create",
    summary="Found a team",
    tags=["teams"],
)
def create_team(request: TokenRequest, data: TeamIn) -> Status[Team]:
    return Status(201, Team.objects.found(request.auth, data.name, data.owner_token_hash))


@router.post(
    "/teams/{int:team_id}/invites",
    auth=Bearer(Action.TEAM_INVITE),
    response={200: IssuedOut, **problems(400, 404, 413, 415, 422)},
    operation_id="teams_invite",
    summary="Issue a token for a member of the team",
    tags=["teams"],
)
def invite(request: TokenRequest, team_id: Path[PathId], data: InviteIn | None = None) -> IssuedOut:
    team = get_object_or_404(Team, pk=team_id)
    team.require_owner(request.auth)
    asked = data or InviteIn()
    return _issued(*team.invite(asked.display_name, expires_at=asked.expires_at))


@router.post(
    "/admin/tokens/publisher",
    auth=Bearer(Action.TOKEN_MANAGE),
    response={200: IssuedOut, **problems(400, 413, 415, 422)},
    operation_id="teams_issue_publisher",
    summary="Issue a Publisher token",
    tags=["tokens"],
)
def issue_publisher(request: TokenRequest, data: PublisherIn) -> IssuedOut:
    return _issued(
        *Token.objects.issue(Role.PUBLISHER, data.display_name, expires_at=data.expires_at)
    )


@router.get(
    "/admin/tokens",
    auth=Bearer(Action.TOKEN_MANAGE),
    response={200: list[TokenOut], **problems(422)},
    operation_id="teams_list_tokens",
    summary="All tokens, newest first, without their raw form",
    tags=["tokens"],
)
def list_tokens(request: TokenRequest, response: HttpResponse, page: Query[Page]) -> list[Token]:
    return paging.cut(Token.objects.all(), page, request, response)


@router.post(
    "/admin/tokens/revoke",
    auth=Bearer(Action.TOKEN_MANAGE),
    response={200: RevokedOut, **problems(400, 404, 413, 415, 422)},
    operation_id="teams_revoke_token",
    summary="End a token, and those of its teams unless cascade=false",
    tags=["tokens"],
)
def revoke_token(request: TokenRequest, data: RevokeIn, *, cascade: bool = True) -> Token:
    token = Token.objects.find(raw=data.token, token_hash=data.token_hash)
    token.revoke(cascade=cascade)
    return token


def _issued(token: Token, raw: str) -> IssuedOut:
    known = dict(SessionOut.model_validate(token))
    return IssuedOut(**known, token=raw, expires_at=token.expires_at)
