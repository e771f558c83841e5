"""Sessions, teams, invites and tokens through the API."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from teams import credentials
from teams.models import Team, Token
from teams.roles import Role
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(client):
    """`call(token, "post", "/teams", {...})`: one request."""

    def send(token, method, path, body=None):
        content = b"" if body is None else json.dumps(body).encode()
        return client.generic(
            method.upper(),
            f"/api{path}",
            content,
            content_type="application/json",
            **make.auth(token),
        )

    return send


# -- who asks


@pytest.mark.parametrize("token_of", [make.admin, make.publisher, make.member])
def test_session_says_who_the_token_is(call, token_of):
    token = token_of()

    response = call(token, "post", "/session/verify")

    assert (response.status_code, response.json()) == (
        200,
        {
            "token_hash": token.token_hash,
            "role": token.role,
            "display_name": token.display_name,
            "scope_team_id": token.scope_team_id,
            "is_read_only": False,
        },
    )


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic {raw}",
        "{raw}",
        "Bearer  {raw}",
        "Bearer {raw} x",
        "Bearer {raw}x",
        "Bearer ghost_" + "0" * 49,
        "Bearer \udcff\udcfe",
        "Bearer " + "x" * 10_000,
    ],
)
def test_without_a_good_token_nothing_opens(client, header):
    raw = make.admin().raw
    given = {} if header is None else {"Authorization": header.format(raw=raw)}

    response = client.post("/api/session/verify", headers=given)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/problem+json"


def test_scheme_is_read_in_any_case(client):
    raw = make.admin().raw

    response = client.post("/api/session/verify", headers={"Authorization": f"bearer {raw}"})

    assert response.status_code == 200


def test_authentication_takes_one_query(client, django_assert_num_queries):
    token = make.admin()
    client.post("/api/session/verify", **make.auth(token))

    with django_assert_num_queries(1):
        client.post("/api/session/verify", **make.auth(token))


def test_typing_error_takes_none(client, django_assert_num_queries):
    token = make.admin()
    token.raw = token.raw[:-1] + ("a" if token.raw[-1] != "a" else "b")

    with django_assert_num_queries(0):
        response = client.post("/api/session/verify", **make.auth(token))

    assert response.status_code == 401


def test_last_use_is_written_once_a_minute(client):
    token = make.admin()

    client.post("/api/session/verify", **make.auth(token))
    first = Token.objects.get(pk=token.pk).last_used_at
    client.post("/api/session/verify", **make.auth(token))
    second = Token.objects.get(pk=token.pk).last_used_at
    Token.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    client.post("/api/session/verify", **make.auth(token))
    third = present(Token.objects.get(pk=token.pk).last_used_at)

    assert first == second
    assert present(third) > present(first)


# -- teams


def test_publisher_founds_a_team(call):
    token = make.publisher()

    response = call(token, "post", "/teams", {"name": " The  Team "})

    row = Team.objects.get()
    assert (response.status_code, response.json()) == (
        201,
        {
            "id": row.pk,
            "name": "The Team",
            "owner_token_hash": token.token_hash,
            "created_at": row.created_at.isoformat(),
        },
    )


def test_publisher_founds_no_team_for_others(call):
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")

    statuses = [
        call(ada, "post", "/teams", {"name": "T", "owner_token_hash": owner}).status_code
        for owner in (bob.token_hash, "0" * 64, ada.token_hash)
    ]

    assert statuses == [403, 403, 201]


def test_admin_names_the_owner(call):
    admin, ada, mia = make.admin(), make.publisher(), make.member()
    ended = make.publisher(name="Ended")
    ended.revoke()

    statuses = [
        call(admin, "post", "/teams", {"name": f"T{n}", "owner_token_hash": owner}).status_code
        for n, owner in enumerate(
            (ada.token_hash, None, "0" * 64, ended.token_hash, mia.token_hash, "x")
        )
    ]

    assert statuses == [201, 400, 400, 400, 422, 422]


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "  "}, {"name": "x" * 101}])
def test_team_needs_a_name(call, body):
    response = call(make.publisher(), "post", "/teams", body)

    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "name")


def test_team_names_are_ones_own(call):
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")

    statuses = [
        call(who, "post", "/teams", {"name": name}).status_code
        for who, name in [
            (ada, "T"),
            (ada, "T"),
            (bob, "\uff54\u200b"),
            (bob, "Ad\u00e1"),
            (ada, "ADA"),
        ]
    ]

    assert statuses == [201, 409, 409, 409, 201]


def test_teams_are_listed_by_scope(call):
    ada, bob = make.publisher(name="Ada"), make.publisher(name="Bob")
    first, second, third = make.team(ada, "1"), make.team(ada, "2"), make.team(bob, "3")

    listed = {
        who: [team["id"] for team in call(token, "get", "/teams").json()]
        for who, token in [
            ("admin", make.admin()),
            ("ada", ada),
            ("bob", bob),
            ("mia", make.member(first)),
            ("stranger", make.publisher(name="Eve")),
        ]
    }

    assert listed == {
        "admin": [third.pk, second.pk, first.pk],
        "ada": [second.pk, first.pk],
        "bob": [third.pk],
        "mia": [first.pk],
        "stranger": [],
    }


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("path", ["/teams", "/admin/tokens"])
def test_lists_take_two_queries_for_any_length(call, django_assert_num_queries, path, count):
    admin = make.admin()
    for number in range(count):
        make.member(make.team(make.publisher(), f"T{number}"))
    call(admin, "get", path)

    with django_assert_num_queries(2):
        response = call(admin, "get", path)

    assert len(response.json()) == (count if path == "/teams" else 1 + 2 * count)


# -- invites


def test_owner_and_admin_invite(call):
    team = make.team()
    owner: Any = team.owner
    owner.raw = None
    admin = make.admin()

    named = call(admin, "post", f"/teams/{team.pk}/invites", {"display_name": "Mia"})
    plain = call(admin, "post", f"/teams/{team.pk}/invites")

    answer = named.json()
    assert (named.status_code, plain.status_code) == (200, 200)
    assert credentials.is_well_formed(answer["token"])
    assert (answer["role"], answer["scope_team_id"]) == ("TeamMember", team.pk)
    assert answer["token_hash"] == credentials.digest(answer["token"])
    assert (answer["display_name"], plain.json()["display_name"]) == ("Mia", "Team member")


def test_invited_token_opens_the_api(call):
    owner = make.publisher()
    team = make.team(owner)
    mia = make.member(team)

    raw = call(owner, "post", f"/teams/{team.pk}/invites").json()["token"]

    mia.raw = raw
    assert call(mia, "post", "/session/verify").json()["scope_team_id"] == team.pk


def test_only_the_owner_invites(call):
    ada = make.publisher(name="Ada")
    team = make.team(ada)
    strangers = [make.publisher(name="Bob"), make.member(team)]

    statuses = [call(who, "post", f"/teams/{team.pk}/invites").status_code for who in strangers]
    missing = call(ada, "post", "/teams/123456/invites").status_code

    assert (statuses, missing) == ([403, 403], 404)


@pytest.mark.parametrize(
    ("expires_at", "status"),
    [
        ("2999-01-01T00:00:00Z", 200),
        ("2999-01-01T00:00:00", 422),
        ("2001-01-01T00:00:00Z", 422),
        (None, 200),
    ],
)
def test_invite_may_expire(call, expires_at, status):
    owner = make.publisher()
    team = make.team(owner)

    response = call(owner, "post", f"/teams/{team.pk}/invites", {"expires_at": expires_at})

    assert response.status_code == status
    if status == 200 and expires_at:
        assert response.json()["expires_at"] == "2999-01-01T00:00:00+00:00"


# -- tokens


def test_admin_issues_a_publisher(call):
    response = call(make.admin(), "post", "/admin/tokens/publisher", {"display_name": "Bob"})

    answer = response.json()
    row = Token.objects.get(token_hash=answer["token_hash"])
    assert (response.status_code, row.role, row.display_name) == (200, Role.PUBLISHER, "Bob")
    assert Token.objects.find_usable(answer["token"]) == row


@pytest.mark.parametrize("is_read_only", [True, False])
def test_publishers_and_members_can_be_read_only(call, is_read_only):
    admin, team = make.admin(), make.team()
    body = {"display_name": "Prowlarr", "is_read_only": is_read_only}

    issued = call(admin, "post", "/admin/tokens/publisher", body).json()
    body["display_name"] = "Sonarr"
    invited = call(admin, "post", f"/teams/{team.pk}/invites", body).json()

    members = call(admin, "get", f"/teams/{team.pk}/members").json()
    assert [each["is_read_only"] for each in (issued, invited, *members)] == [is_read_only] * 3
    assert present(Token.objects.find_usable(issued["token"])).is_read_only is is_read_only


def test_tokens_are_listed_without_their_raw_form(call):
    admin = make.admin()
    bob = make.publisher(name="Bob")

    response = call(admin, "get", "/admin/tokens")

    shown = response.json()[0]
    assert [row["display_name"] for row in response.json()] == ["Bob", "Root"]
    assert shown == {
        "token_hash": bob.token_hash,
        "role": "Publisher",
        "display_name": "Bob",
        "scope_team_id": None,
        "prefix": bob.raw[:12],
        "note": "",
        "needs_review": False,
        "is_read_only": False,
        "is_inert": False,
        "created_at": bob.created_at.isoformat(),
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }
    assert bob.raw not in response.content.decode()


@pytest.mark.parametrize("by", ["token", "token_hash"])
def test_revoked_token_opens_nothing(call, by):
    admin, bob = make.admin(), make.publisher()
    value = bob.raw if by == "token" else bob.token_hash

    response = call(admin, "post", "/admin/tokens/revoke", {by: value})
    again = call(admin, "post", "/admin/tokens/revoke", {by: value})

    bob.refresh_from_db()
    assert response.json() == {
        "token_hash": bob.token_hash,
        "revoked_at": present(bob.revoked_at).isoformat(),
        "members_revoked": 0,
    }
    assert again.json() == response.json()
    assert call(bob, "post", "/session/verify").status_code == 401


@pytest.mark.parametrize(("query", "left"), [("", 0), ("?cascade=true", 0), ("?cascade=false", 2)])
def test_revoking_a_publisher_ends_its_members_unless_told(call, query, left):
    owner = make.publisher()
    team = make.team(owner)
    make.member(team, "A")
    make.member(team, "B")
    other = make.member(make.team(make.publisher(name="Bob"), "Other"), "C")

    call(make.admin(), "post", f"/admin/tokens/revoke{query}", {"token_hash": owner.token_hash})

    assert Token.objects.usable().filter(scope_team=team).count() == left
    assert Token.objects.usable().filter(pk=other.pk).exists()


def test_last_admin_stays(call):
    admin = make.admin()
    ended = make.admin(name="Ended")
    ended.revoke()

    response = call(admin, "post", "/admin/tokens/revoke", {"token_hash": admin.token_hash})

    assert (response.status_code, Token.objects.get(pk=admin.pk).revoked_at) == (400, None)


def test_last_but_one_admin_may_go(call):
    admin, other = make.admin(), make.admin(name="Other")

    response = call(admin, "post", "/admin/tokens/revoke", {"token_hash": other.token_hash})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"token_hash": "0" * 64}, 404),
        ({"token": credentials.make()}, 404),
        ({"token": "x"}, 404),
        ({"token_hash": "x"}, 422),
        ({"token": "x", "token_hash": "0" * 64}, 422),
        ({}, 422),
    ],
)
def test_revoke_wants_one_known_token(call, body, status):
    assert call(make.admin(), "post", "/admin/tokens/revoke", body).status_code == status
