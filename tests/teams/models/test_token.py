"""New raw forms for old tokens, members' tokens, and what a revocation takes along."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.core.audit.models import UNAUTHORIZED, AuditEvent
from ghost.core.errors import ConflictError
from teams.models import Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def status(client, raw):
    return client.get("/api/build/status", headers={"Authorization": f"Bearer {raw}"}).status_code


def rotate(client, by, token_hash, **query):
    return client.post(
        f"/api/admin/tokens/{token_hash}/rotate",
        query_params=query,
        headers={"Authorization": f"Bearer {by}"},
    )


def test_both_forms_open_during_the_overlap(client):
    token = make.publisher()
    team = make.team(token)

    answer = rotate(client, token.raw, token.token_hash, overlap_hours=1).json()
    both = status(client, token.raw), status(client, answer["token"])
    Token.objects.update(old_hash_until=timezone.now() - timedelta(seconds=1))

    team.refresh_from_db()
    assert both == (200, 200)
    assert (status(client, token.raw), status(client, answer["token"])) == (401, 200)
    assert team.owner_token_hash == answer["token_hash"] != token.token_hash
    assert answer["former_until"] is not None


def test_without_an_overlap_the_former_form_ends_at_once(client):
    token = make.publisher()

    answer = rotate(client, token.raw, token.token_hash, overlap_hours=0).json()

    assert (status(client, token.raw), status(client, answer["token"])) == (401, 200)


def test_a_second_rotation_ends_the_first_form(client):
    token = make.publisher()
    first = token.raw

    second = token.rotate()
    third = token.rotate()

    assert [status(client, raw) for raw in (first, second, third)] == [401, 200, 200]


def test_the_former_form_rotates_nothing(client):
    token = make.publisher()
    raw = token.rotate()

    by_former = rotate(client, token.raw, token.token_hash)
    by_present = rotate(client, raw, token.token_hash)

    assert (by_former.status_code, by_present.status_code) == (403, 200)


def test_an_admin_rotates_any_and_others_their_own_alone(client):
    admin, ada, eve = make.admin(), make.publisher(), make.publisher(name="Eve")

    assert rotate(client, eve.raw, ada.token_hash).status_code == 403
    assert rotate(client, admin.raw, ada.token_hash).status_code == 200
    assert rotate(client, admin.raw, "0" * 64).status_code == 404
    assert rotate(client, eve.raw, "0" * 64).status_code == 403
    assert rotate(client, eve.raw, "nonsense").status_code == 422


def test_what_is_revoked_is_not_rotated(client):
    admin, ada = make.admin(), make.publisher()
    ada.revoke()

    assert rotate(client, admin.raw, ada.token_hash).status_code == 400


def test_a_revocation_ends_both_forms_and_finds_by_either(client):
    admin, token = make.admin(), make.publisher()
    former, present = token.raw, token.rotate()

    response = client.post(
        "/api/admin/tokens/revoke",
        {"token": former},
        content_type="application/json",
        **make.auth(admin),
    )

    assert response.json()["token_hash"] == token.token_hash
    assert (status(client, former), status(client, present)) == (401, 401)


def test_a_revocation_says_how_many_members_went_along(client):
    admin, owner = make.admin(), make.publisher()
    team = make.team(owner)
    members = [make.member(team), make.member(team)]

    def revoke(**query):
        return client.post(
            "/api/admin/tokens/revoke",
            {"token_hash": owner.token_hash},
            content_type="application/json",
            query_params=query,
            **make.auth(admin),
        ).json()["members_revoked"]

    alone, with_members = revoke(cascade="false"), revoke()

    assert (alone, with_members) == (0, 2)
    assert [status(client, m.raw) for m in members] == [401, 401]


def test_an_owner_lists_and_ends_its_members(client):
    owner = make.publisher()
    team = make.team(owner)
    first, second = make.member(team), make.member(team, name="Max")
    path = f"/api/teams/{team.pk}/members"

    listed = client.get(path, **make.auth(owner)).json()
    ended = client.post(f"{path}/{first.token_hash}/revoke", **make.auth(owner))

    assert [m["display_name"] for m in listed] == ["Max", "Mia"]
    assert "note" not in listed[0]
    assert ended.json()["token_hash"] == first.token_hash
    assert (status(client, first.raw), status(client, second.raw)) == (401, 200)


@pytest.mark.parametrize("by", ["eve", "member", "admin"])
def test_members_are_the_owners_and_admins(client, by):
    team = make.team()
    mia = make.member(team)
    asker = {"eve": make.publisher(name="Eve"), "member": mia, "admin": make.admin()}[by]
    path = f"/api/teams/{team.pk}/members"

    seen = client.get(path, **make.auth(asker)).status_code
    ended = client.post(f"{path}/{mia.token_hash}/revoke", **make.auth(asker)).status_code

    assert (seen, ended) == ((200, 200) if by == "admin" else (403, 403))


def test_only_members_of_the_team_are_ended_through_it(client):
    owner = make.publisher()
    team, other = make.team(owner), make.member(make.team(name="Other"))

    for token in (other, owner):
        response = client.post(
            f"/api/teams/{team.pk}/members/{token.token_hash}/revoke", **make.auth(owner)
        )
        assert response.status_code == 404


def test_a_token_revoked_in_the_middle_of_a_request_writes_nothing(client, monkeypatch):
    from teams.auth import Bearer

    token, real = make.publisher(), Bearer.authenticate

    def revoke_after(self, request, raw):
        found = present(real(self, request, raw))
        Token.objects.get(pk=found.pk).revoke()
        return found

    monkeypatch.setattr(Bearer, "authenticate", revoke_after)
    response = client.post(
        "/api/resources",
        {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk},
        content_type="application/json",
        **make.auth(token),
    )

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert token.resources.count() == 0


def test_the_former_form_of_an_admins_token_rotates_nobodys(client):
    admin, ada = make.admin(), make.publisher()
    admin.rotate()

    assert rotate(client, admin.raw, ada.token_hash).status_code == 403
    assert status(client, ada.raw) == 200


def test_of_two_rotations_at_once_one_is_done():
    token = make.publisher()
    same = Token.objects.get(pk=token.pk)
    token.rotate()

    with pytest.raises(ConflictError):
        same.rotate()


@pytest.mark.parametrize(
    ("role", "path", "body"),
    [
        ("owner", "/teams/{team}/invites", {}),
        ("owner", "/teams", {"name": "Other"}),
        ("owner", "/teams/{team}/members/{member}/revoke", None),
        ("owner", "/resources/{draft}/publish", None),
        ("owner", "/resources/{live}/withdraw", None),
        ("owner", "/categories", {"name": "Other"}),
        ("admin", "/admin/tokens/publisher", {"display_name": "Other"}),
        ("admin", "/admin/tokens/{member}/rotate", None),
        ("admin", "/resources/{live}/takedown", {"reason": "asked"}),
    ],
)
def test_who_is_revoked_in_the_middle_of_a_request_does_nothing(
    client, monkeypatch, role, path, body
):
    from teams.auth import Bearer

    make.admin()
    owner = make.publisher()
    asker, team = {"owner": owner, "admin": make.admin()}[role], make.team(owner)
    names = {
        "team": team.pk,
        "member": make.member(team).token_hash,
        "draft": make.resource(publisher=owner, published_at=None).pk,
        "live": make.resource(publisher=owner).pk,
    }
    events, real = (
        AuditEvent.objects.exclude(action__in=("token.revoke", UNAUTHORIZED)),
        Bearer.authenticate,
    )
    before = events.count()

    def revoke_after(self, request, raw):
        found = present(real(self, request, raw))
        Token.objects.get(pk=found.pk).revoke(cascade=False)
        return found

    monkeypatch.setattr(Bearer, "authenticate", revoke_after)
    response = client.post(
        f"/api{path}".format(**names), body, content_type="application/json", **make.auth(asker)
    )

    assert response.status_code == 401
    assert events.count() == before
    assert AuditEvent.objects.filter(action="token.revoke").count() == 1
