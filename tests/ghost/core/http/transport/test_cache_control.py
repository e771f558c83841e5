"""Asking again: what has not changed is not sent again, and a secret is kept by nobody."""

from __future__ import annotations

import uuid

import pytest

from tests import make

pytestmark = pytest.mark.django_db
LISTS = ["/api/resources", "/api/teams", "/api/categories/tree", "/api/build/status"]


@pytest.mark.parametrize("path", LISTS)
def test_what_has_not_changed_is_not_sent_again(client, path):
    auth = make.auth(make.admin())["headers"]
    first = client.get(path, headers=auth)

    for known in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}', "*"):
        again = client.get(path, headers=auth | {"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        assert again["Cache-Control"] == "private, no-cache"
        assert again["X-Content-Type-Options"] == "nosniff"
        assert "Content-Type" not in again


def test_what_has_changed_is_sent_again(client):
    auth = make.auth(make.admin())["headers"]
    first = client.get("/api/resources", headers=auth)
    make.resource()

    again = client.get("/api/resources", headers=auth | {"If-None-Match": first["ETag"]})

    assert (again.status_code, len(again.json())) == (200, 1)


def test_a_resource_in_another_language_is_another_answer(client):
    row, auth = make.resource(), make.auth(make.admin())["headers"]
    address = f"/api/resources/{row.pk}"
    english = client.get(address, headers=auth | {"Accept-Language": "en"})

    chinese = client.get(
        address, headers=auth | {"Accept-Language": "zh-hans", "If-None-Match": english["ETag"]}
    )

    assert chinese.status_code == 200
    change = client.patch(
        address,
        {"title": "New"},
        "application/json",
        headers=auth | {"If-Match": chinese["ETag"], "Accept-Language": "en"},
    )
    assert change.status_code == 200


def test_an_error_is_no_version_of_anything(client):
    answer = client.get(
        "/api/resources/1", headers=make.auth(make.admin())["headers"] | {"If-None-Match": "*"}
    )

    assert (answer.status_code, "ETag" in answer) == (404, False)


def test_a_write_is_carried_out_whatever_the_asker_has(client):
    auth = make.auth(make.admin())["headers"]

    answer = client.post("/api/session/verify", headers=auth | {"If-None-Match": "*"})

    assert answer.status_code == 200


def test_nobody_keeps_a_raw_token_nor_its_replay(client):
    team, key = make.team(), str(uuid.uuid4())
    auth = make.auth(make.admin())["headers"]
    asked = {
        "/api/admin/tokens/publisher": {"display_name": "Zoe"},
        f"/api/teams/{team.pk}/invites": {"display_name": "Mia"},
    }

    for path, body in asked.items():
        for is_replayed in (False, True):
            answer = client.post(
                path, body, "application/json", headers=auth | {"Idempotency-Key": key + path}
            )
            assert (answer.status_code, "token" in answer.json()) == (200, True)
            assert ("Idempotency-Replayed" in answer) is is_replayed
            assert answer["Cache-Control"] == "no-store"
            assert "ETag" not in answer


def test_nobody_keeps_a_rotated_token(client):
    token = make.publisher()

    answer = client.post(f"/api/admin/tokens/{token.token_hash}/rotate", **make.auth(token))

    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
