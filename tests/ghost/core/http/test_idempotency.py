"""Idempotency-Key: the same request twice is one operation with one answer."""

import json
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from ghost.core import process
from ghost.core.http import idempotency
from ghost.core.http.idempotency import KeptAnswer
from ghost.core.http.renewals import Renewals
from resources.models import Category, Resource
from teams.models import Token
from tests import make
from tests.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(client):
    def send(token, path, body, key=None, method="post", raw=None):
        headers = {"Authorization": f"Bearer {raw or token.raw}"}
        return client.generic(
            method.upper(),
            f"/api{path}",
            json.dumps(body).encode(),
            content_type="application/json",
            headers=headers | ({"Idempotency-Key": key} if key is not None else {}),
        )

    return send


def test_the_same_request_gets_the_same_answer(post):
    token = make.publisher()

    first = post(token, "/categories", {"name": "Films"}, "k1")
    second = post(token, "/categories", {"name": "Films"}, "k1")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Category.objects.count() == 1


def test_a_form_where_json_is_due_is_refused_as_it_is_without_a_key(client):
    headers = make.auth(make.publisher())["headers"]

    keyed = client.post(
        "/api/categories", {"name": "Films"}, headers=headers | {"Idempotency-Key": "k1"}
    )
    plain = client.post("/api/categories", {"name": "Films"}, headers=headers)

    assert (keyed.status_code, plain.status_code) == (415, 415)
    assert keyed.json()["detail"] == plain.json()["detail"]
    assert not Category.objects.exists()


def test_the_same_key_with_another_body_or_address_is_refused(post):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"}, "k1")

    body = post(token, "/categories", {"name": "Music"}, "k1")
    path = post(token, "/teams", {"name": "Films"}, "k1")

    assert (body.status_code, path.status_code) == (422, 422)
    assert body.json()["type"] == "urn:ghost:problem:idempotency-key-reused"
    assert path.json()["type"] == "urn:ghost:problem:idempotency-key-elsewhere"
    assert Category.objects.count() == 1


def test_keys_of_two_tokens_are_two_keys(post):
    first = post(make.publisher(), "/categories", {"name": "Films"}, "k1")
    second = post(make.publisher(name="Eve"), "/categories", {"name": "Films"}, "k1")

    assert (first.status_code, second.status_code) == (201, 409)


def test_a_refusal_is_kept_and_a_lack_of_rights_is_not(post, monkeypatch):
    token = make.publisher()

    for _ in range(2):
        refused = post(token, "/categories", {"name": ""}, "k1")
        forbidden = post(token, "/admin/tokens/publisher", {"display_name": "X"}, "k2")

    assert refused.headers["Idempotency-Replayed"] == "true"
    assert (refused.status_code, forbidden.status_code) == (422, 403)
    assert KeptAnswer.objects.count() == 1


def test_a_fault_of_ours_frees_the_key(post, settings, prober_away):
    token = make.publisher()
    body = {"title": "T", "magnet_uri": make.magnet(), "category_id": make.category().pk}

    away = post(token, "/resources", body, "k1")
    settings.PROBER = "tests.resources.prober.FakeProber"
    prober_away.is_able = True
    there = post(token, "/resources", body, "k1")

    assert (away.status_code, there.status_code) == (503, 201)


@pytest.fixture
def prober_away(settings, monkeypatch):
    from tests.resources.prober import FakeProber

    settings.PROBER = "tests.resources.prober.FakeProber"
    monkeypatch.setattr(FakeProber, "is_able", False)
    monkeypatch.setattr(FakeProber, "queued", [])
    monkeypatch.setattr(FakeProber, "outcome", True)
    return FakeProber


def test_a_probe_that_failed_frees_the_key_and_a_refusal_does_not(post, prober_away):
    prober_away.is_able, prober_away.outcome = True, False
    token, category = make.publisher(), make.category()
    body = {"title": "T", "magnet_uri": make.magnet(), "category_id": category.pk}

    failed = post(token, "/resources?wait=true", body, "k1")
    prober_away.outcome = True
    reached = post(token, "/resources?wait=true", body, "k1")
    twins = [post(token, "/resources?wait=true", body, "k2") for _ in range(2)]

    assert (failed.status_code, reached.status_code) == (400, 201)
    assert [each.status_code for each in twins] == [409, 409]
    assert twins[1].headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("bulk", [False, True])
def test_what_a_request_that_died_had_made_is_found_again(post, prober_away, bulk):
    prober_away.is_able = True
    token, category = make.publisher(), make.category()
    body = {"title": "T", "magnet_uri": make.magnet(), "category_id": category.pk}
    path, sent = ("/resources/bulk", [body]) if bulk else ("/resources", body)
    post(token, path, sent, "k1")
    row = Resource.objects.get()
    KeptAnswer.objects.update(status=None, renewed_at=timezone.now() - timedelta(seconds=16))

    again = post(token, path, sent, "k1")
    fresh = post(token, path, sent, "k2")

    said = again.json()["items"][0] if bulk else again.json()
    assert (said["id"], Resource.objects.count()) == (row.pk, 1)
    assert again.status_code == (200 if bulk else 201)
    assert fresh.json()["refused"] == 1 if bulk else fresh.status_code == 409


def test_a_living_process_renews_its_lease(db):
    seen, rung = [], threading.Event()

    def renew(keys):
        seen.append(list(keys))
        rung.set()

    renewals = Renewals(renew, 0.01)
    renewals.hold(7)
    assert rung.wait(10)
    thread = renewals._thread
    renewals.let_go(7)
    if thread:
        thread.join(10)

    assert seen[0] == [7]
    assert renewals._thread is None


def test_a_raw_token_is_answered_again_and_stored_nowhere(post):
    admin = make.admin()

    first = post(admin, "/admin/tokens/publisher", {"display_name": "Ada"}, "k1")
    second = post(admin, "/admin/tokens/publisher", {"display_name": "Ada"}, "k1")

    raw = first.json()["token"]
    assert second.json()["token"] == raw
    assert Token.objects.filter(display_name="Ada").count() == 1
    assert raw.encode() not in bytes(KeptAnswer.objects.get().sealed)


def test_a_key_outlives_rotations_of_its_token(post):
    admin = make.admin()
    first = post(admin, "/admin/tokens/publisher", {"display_name": "Ada"}, "k1")
    former, raw = admin.raw, admin.rotate()

    by_new = post(admin, "/admin/tokens/publisher", {"display_name": "Ada"}, "k1", raw=raw)
    by_former = post(admin, "/admin/tokens/publisher", {"display_name": "Ada"}, "k1", raw=former)

    assert by_new.content == by_former.content == first.content
    assert Token.objects.filter(display_name="Ada").count() == 1


def test_a_rotation_whose_answer_was_lost_can_be_asked_for_again(post):
    token = make.publisher()
    path = f"/admin/tokens/{token.token_hash}/rotate"
    first = post(token, path, None, "k1")

    again = post(token, path, None, "k1")

    assert (again.status_code, again.content) == (200, first.content)
    assert post(token, path, None, "k1", raw=first.json()["token"]).content == first.content


def test_an_answer_that_was_tampered_with_says_so(post, caplog):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"}, "k1")
    sealed = bytes(KeptAnswer.objects.get().sealed)
    KeptAnswer.objects.update(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))

    response = post(token, "/categories", {"name": "Films"}, "k1")

    assert response.status_code == 409
    assert response.json()["type"] == "urn:ghost:problem:idempotency-answer-lost"
    assert "can't be read any more" in response.json()["detail"]
    assert "can't be read" in caplog.text


def test_a_revoked_token_gets_no_old_answer(post):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"}, "k1")
    token.revoke()

    assert post(token, "/categories", {"name": "Films"}, "k1").status_code == 401


def test_a_key_is_free_again_after_a_day(post):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"}, "k1")
    KeptAnswer.objects.update(made_at=timezone.now() - timedelta(hours=25))

    response = post(token, "/categories", {"name": "Films"}, "k1")

    assert response.status_code == 409  # the name is taken


def test_a_request_that_died_elsewhere_holds_its_key_for_seconds_only(post):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"}, "k1")
    unheard = timezone.now() - timedelta(seconds=11.5)
    KeptAnswer.objects.update(status=None, held_by="elsewhere:1:1", renewed_at=unheard)

    under_way = post(token, "/categories", {"name": "Films"}, "k1")
    assert under_way.json()["type"] == "urn:ghost:problem:under-way"
    assert under_way.headers["Retry-After"] == "4"
    KeptAnswer.objects.update(renewed_at=timezone.now() - timedelta(seconds=15))
    free = post(token, "/categories", {"name": "Films"}, "k1")

    assert under_way.status_code == 409
    assert "still running" in under_way.json()["detail"]
    assert free.status_code == 409
    assert "Idempotency-Replayed" not in free.headers


def test_a_request_whose_process_died_holds_its_key_no_more(post):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"}, "k1")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server:
        KeptAnswer.objects.update(status=None, held_by=process.name(server.pid))
        under_way = post(token, "/categories", {"name": "Films"}, "k1")
        server.kill()

    free = post(token, "/categories", {"name": "Films"}, "k1")

    assert "still running" in under_way.json()["detail"]
    assert (free.status_code, "still running" in free.json()["detail"]) == (409, False)


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(post, key):
    response = post(make.publisher(), "/categories", {"name": "Films"}, key)

    assert response.status_code == 422
    assert response.json()["type"] == "urn:ghost:problem:idempotency-key-invalid"


def test_only_posts_have_keys(post):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"})
    path = f"/categories/{Category.objects.get().pk}"

    for name in ("A", "B"):
        assert post(token, path, {"name": name}, "k1", method="put").status_code == 200

    assert KeptAnswer.objects.count() == 0


def test_a_form_is_the_same_whatever_its_boundary(client, tmp_path):
    token, category = make.publisher(), make.category()

    def send(content, **fields):
        file = SimpleUploadedFile("a.torrent", content)
        headers = make.auth(token)["headers"] | {"Idempotency-Key": "k1"}
        boundary = f"b{timezone.now().timestamp()}".replace(".", "")
        from django.test.client import encode_multipart

        data = {"torrent": file, "category_id": category.pk} | fields
        return client.generic(
            "POST",
            "/api/resources/from-torrent",
            encode_multipart(boundary, data),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers=headers,
        )

    first, again, other = send(b"x"), send(b"x"), send(b"y")

    assert first.status_code == again.status_code
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert other.json()["type"] == "urn:ghost:problem:idempotency-key-reused"


def test_of_many_at_once_one_is_done(file_database):
    token = make.publisher()

    def send():
        response = Client().post(
            "/api/categories",
            b'{"name": "Films"}',
            content_type="application/json",
            headers={"Authorization": f"Bearer {token.raw}", "Idempotency-Key": "k"},
        )
        return response.status_code, response.content

    answers = together(*[send] * 6)

    made = {content for status, content in answers if status == 201}
    assert len(made) == 1
    assert {status for status, _content in answers} <= {201, 409}
    assert Category.objects.count() == 1


def test_an_answer_opens_in_its_own_row_alone(post):
    token = make.publisher()
    post(token, "/categories", {"name": "Films"}, "k1")
    post(token, "/categories", {"name": "Music"}, "k2")
    films, music = KeptAnswer.objects.order_by("key")
    KeptAnswer.objects.filter(pk=films.pk).update(nonce=music.nonce, sealed=music.sealed)

    moved = post(token, "/categories", {"name": "Films"}, "k1")

    assert moved.status_code == 409
    assert "Idempotency-Replayed" not in moved.headers


def test_a_key_whose_first_request_has_just_failed_is_under_way(post, monkeypatch):
    # Between the collision of two keys and the look at the other's answer, that one is gone.
    token = make.publisher()
    monkeypatch.setattr(idempotency, "_claim", lambda *_: None)

    response = post(token, "/categories", {"name": "Films"}, "k1")

    assert response.status_code == 409
    assert "still running" in response.json()["detail"]
    assert Category.objects.count() == 0


def test_what_was_done_is_answered_though_the_answer_cannot_be_kept(post, monkeypatch):
    def fail(*_):
        raise OperationalError("database is locked")

    monkeypatch.setattr(KeptAnswer, "keep", fail)

    response = post(make.publisher(), "/categories", {"name": "Films"}, "k1")

    assert response.status_code == 201
    assert Category.objects.count() == 1


def test_answers_that_say_the_same_many_times_take_little_room(client):
    token = make.publisher()
    answers = [
        client.generic(
            "POST",
            "/api/resources/bulk",
            b"1\n" * 1000,
            content_type="application/x-ndjson",
            headers=make.auth(token)["headers"] | {"Idempotency-Key": "k"},
        )
        for _ in range(2)
    ]

    assert answers[0].content == answers[1].content
    assert len(answers[0].content) > 200_000
    assert len(KeptAnswer.objects.get().sealed) < 20_000


def test_what_is_only_tried_uses_up_no_key(post):
    token, magnet = make.publisher(), make.magnet()
    body = {"title": "A", "magnet_uri": magnet, "category_id": make.category().pk}

    tried = post(token, "/resources?dry_run=true", body, "k1")
    sent = post(token, "/resources", body, "k1")

    assert (tried.status_code, sent.status_code) == (200, 201)
    assert KeptAnswer.objects.count() == 1
