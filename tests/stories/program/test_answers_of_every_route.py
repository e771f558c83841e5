"""What every answer says to browsers and caches, whoever asks, errors too. Needs no edit for a new route."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from ghost.core.http.transport.cache_control import PRIVATE, PUBLIC, SECRET
from tests import make, operators, routes

pytestmark = pytest.mark.django_db

JSON = {"content_type": "application/json"}
PUBLIC_PATHS = {"/api/openapi.json"}
"""Declared so by their views; the public site's are looked at in tests/ghost/test_public_site.py."""
TOKENS = re.compile(r".*/(tokens/publisher|invites|rotate)")
"""Answers of the API that show a token."""
ROWS = re.compile(r"/admin/(teams|resources|dht|builds|ghost|auth|django_q)/|/api/")
"""What is asked for again and again, and shows nothing that opens anything; other pages may be `no-store`."""
ALWAYS = {
    "Cross-Origin-Resource-Policy": "same-origin",
}


def faults(response, path: str, *, is_read: bool) -> list[str]:
    """What is wrong with an answer's headers."""
    told = response.headers
    kept, kind = told.get("Cache-Control"), told.get("Content-Type", "")
    vary = set(told.get("Vary", "").split(", "))
    is_whole = is_read and response.status_code == 200 and not response.streaming
    wrong = {
        "cache": kept not in _right(path),
        "vary": kept != PUBLIC and not {"Authorization", "Cookie", "Accept-Language"} <= vary,
        "tag": kept == PRIVATE and is_whole and "ETag" not in told,
        "charset": kind.startswith("text/")
        and not re.search(r'charset="?utf-8|event-stream', kind),
        "cors": any(name.startswith("Access-Control-") for name in told),
    }
    wrong |= {name: told.get(name) != value for name, value in ALWAYS.items()}
    return [name for name, is_wrong in wrong.items() if is_wrong]


def _right(path: str) -> set[str]:
    if path in PUBLIC_PATHS:
        return {PUBLIC, PRIVATE}  # an error is no one's but the asker's
    is_of_rows = ROWS.match(path) and not TOKENS.match(path)
    return {PRIVATE} if is_of_rows else {SECRET, PRIVATE}


def wrong_answers(client, method: str, paths: list[str], **headers) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        response = getattr(client, method)(path, **headers)
        found[f"{path} {response.status_code}"] = faults(response, path, is_read=method == "get")
    return {name: each for name, each in found.items() if each}


def test_every_page_says_to_operators_who_may_keep_it():
    assert wrong_answers(operators.client(), "get", routes.addresses()) == {}


def test_every_address_of_the_api_says_to_tokens_who_may_keep_it():
    auth = make.auth(make.admin())

    assert wrong_answers(Client(), "get", routes.of_api(), **auth) == {}
    assert wrong_answers(Client(), "post", routes.of_api(), **auth, **JSON) == {}


@pytest.mark.parametrize("method", ["get", "post", "options", "delete", "trace"])
def test_strangers_and_refusals_are_told_the_same(client, method):
    assert wrong_answers(client, method, routes.addresses()) == {}


def test_head_is_get_without_a_body_on_every_address_of_the_api(client):
    auth = make.auth(make.admin())

    for path in routes.of_api():
        got, head = client.get(path, **auth), client.head(path, **auth)
        assert (path, head.status_code, head.getvalue()) == (path, got.status_code, b"")
        assert _told(path, head) == _told(path, got), path


def _told(path: str, response) -> dict[str, str]:
    of_its_own = (
        "X-Request-ID",
        "ETag",
        "Content-Length",
    )  # problems name the request, health and what operators look at their moment
    is_of_the_moment = path == "/api/health" or path.startswith("/api/ops/")
    is_told_anew = response.status_code >= 400 or is_of_the_moment
    names = of_its_own if is_told_anew else of_its_own[:1]
    return {name: value for name, value in response.items() if name not in names}


def test_options_names_the_methods_that_an_address_takes(client):
    methods = {
        path: set(client.options(path).headers.get("Allow", "").split(", "))
        for path in routes.addresses()
    }

    assert methods["/api/resources"] == {"GET", "HEAD", "OPTIONS", "POST"}
    assert methods["/api/resources/1"] == {"GET", "HEAD", "OPTIONS", "PATCH", "PUT"}
    assert methods["/api/session/verify"] == {"OPTIONS", "POST"}
    assert methods["/health"] == methods["/nothing-here"] == {"GET", "HEAD", "OPTIONS"}
    assert methods["/admin/"] == {"GET", "HEAD", "OPTIONS", "POST"}
    assert [path for path, told in methods.items() if "OPTIONS" not in told] == [
        "/metrics",  # it is not there unless switched on
        "/api/",
        "/api/nothing-here",
    ]


@pytest.mark.parametrize(
    "name", ["mfa_activate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"]
)
def test_what_opens_an_account_is_kept_by_nobody(name):
    browser = operators.client()

    answers = [browser.get(reverse(name)), browser.post(reverse(name))]

    told = {answer["Cache-Control"] for answer in answers if answer.status_code != 404}
    assert told <= {SECRET}


def test_signing_out_makes_the_browser_forget():
    browser = operators.client()

    answer = browser.post("/admin/logout/")

    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert (answer["Cache-Control"], browser.get("/admin/").status_code) == (SECRET, 302)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_changes_nothing(site):
    browser = operators.client()

    for path in [*routes.of_admin(), "/i18n/setlang/"]:
        answer = browser.post(path, headers={"Sec-Fetch-Site": site})
        assert (path, answer.status_code, answer.cookies) == (path, 403, {})


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_pages_change_what_they_are_for(client, site):
    answer = client.post("/i18n/setlang/", {"language": "en"}, headers={"Sec-Fetch-Site": site})

    assert answer.status_code == 302


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(client, to):
    answer = client.post("/i18n/setlang/", {"language": "en", "next": to})

    assert answer["Location"] == "/"


def test_a_parameter_is_taken_once(client):
    auth = make.auth(make.admin())

    twice = client.get("/api/resources?limit=1&limit=2", **auth)
    once = client.get("/api/resources?limit=1", **auth)

    assert (twice.status_code, once.status_code) == (422, 200)
    assert [each["field"] for each in twice.json()["errors"]] == ["limit"]


def test_a_static_file_is_for_everybody_here_and_for_no_other_site(client):
    answer = client.get("/static/ghost/admin.css", headers={"Origin": "https://evil.example"})
    answer.close()

    assert "public" in answer["Cache-Control"].split(", ")
    assert answer["Content-Type"] == 'text/css; charset="utf-8"'
    assert [name for name in answer.headers if name.startswith("Access-Control-")] == []
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
