"""What comes without TLS where all should have it."""

from __future__ import annotations

import pytest

from tests import make, routes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def behind_tls(configure):
    configure(behind_tls=True)


@pytest.mark.parametrize("path", ["/", "/admin/", "/i18n/setlang/", "/a?b=c"])
def test_a_page_is_asked_for_again_with_tls(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer["Location"]) == (301, f"https://testserver{path}")


def test_the_api_is_refused_and_never_redirected(client):
    auth = make.auth(make.admin())
    probes = {"/api/health"}

    for headers in ({}, auth):
        for path in routes.of_api():
            answer = client.get(path, **headers)
            if path in probes and not headers:
                assert answer.status_code == 200
                continue
            assert (path, answer.status_code) == (path, 403)
            assert "Location" not in answer
            assert "https://testserver" in answer.content.decode()


def test_the_refusal_says_what_to_do_about_the_token(client):
    with_token = client.get("/api/resources", **make.auth(make.admin()))
    without = client.get("/api/resources")

    assert with_token["Content-Type"] == "application/problem+json"
    assert with_token.json()["type"] == "urn:ghost:problem:tls-required"
    assert "rotated" in with_token.json()["detail"]
    assert "rotated" not in without.json()["detail"]


@pytest.mark.parametrize("path", ["/health", "/api/health", "/ready", "/admin/", "/anything"])
def test_whatever_brings_a_token_is_refused(client, path):
    for answer in (
        client.get(path, **make.auth(make.admin())),
        client.get(path, {"ApiKey": "x"}),
        client.get(path, headers={"X-Ghost-Metrics-Key": "x"}),
    ):
        assert (answer.status_code, "Location" in answer) == (403, False)


def test_torznab_is_refused_in_its_own_words(client):
    answer = client.get("/api/torznab", {"t": "search", "apikey": make.publisher().raw})

    assert (answer.status_code, answer["Content-Type"]) == (403, "application/xml; charset=utf-8")
    assert b'<error code="102"' in answer.content


@pytest.mark.parametrize("path", ["/health", "/api/health", "/ready"])
def test_probes_without_a_token_are_answered(client, path):
    assert client.get(path).status_code in (200, 503)


def test_a_form_is_not_sent_on(client):
    answer = client.post("/admin/login/", {"username": "a", "password": "b"})

    assert (answer.status_code, "Location" in answer) == (403, False)


def test_with_tls_everything_is_answered(client):
    answer = client.get("/api/resources", secure=True, **make.auth(make.admin()))

    assert answer.status_code == 200


def test_a_wrong_host_is_refused_first(client):
    assert client.get("/", HTTP_HOST="evil.example").status_code == 400
