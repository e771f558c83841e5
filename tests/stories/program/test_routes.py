"""Every address there is, tried by everybody who may not use it, and what each answer carries."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.utils import timezone

from ghost.core.config.env import BASE_DIR
from teams.models import Token
from teams.roles import Role
from tests import make, operators, routes
from tests.ghost.admin.rows import one_of_each
from tests.teams.test_policy import MAY
from tests.teams.test_policy import routes as operations
from tests.world import WRITES, World, fake_prober, send  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db

PASSKEY = "/admin/account/passkey/"
"""What a passkey has to sign, and a session that remembers it: nobody is signed in by that."""
OPEN = {
    "/health", "/api/health", "/ready", "/api/openapi.json", "/api/docs", "/admin/login/", PASSKEY,
    "/admin/account/password/reset/", "/admin/account/password/reset/1/1/",
}  # fmt: skip
"""What anybody may read: whether it works, what it can do, and where to sign in."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
NO_LEAK = (str(BASE_DIR), "Traceback", "site-packages", "SELECT ", "DJANGO_SETTINGS")
CARRIED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = ("frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "default-src '")
NOTES_OF_USE = {"sessions.Session", "auth.User", "ghost.AuditEvent", "teams.Attempt"}
"""What a visit itself may leave: when somebody came, and what was refused."""


def everything() -> dict[str, list]:
    """All rows of all tables but those that a visit itself writes."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label not in NOTES_OF_USE and model._meta.managed
    }


def changed(before: dict[str, list]) -> list[str]:
    return [label for label, rows in everything().items() if rows != before[label]]


def answers(browser: Client, addresses: list[str], methods: tuple[str, ...]):
    browser.raise_request_exception = False
    for address in addresses:
        for method in methods:
            yield f"{method} {address}", browser.generic(method, address)


def missing(response) -> list[str]:
    """The headers that an answer lacks."""
    policy = response.headers.get("Content-Security-Policy", "")
    lost = [name for name, value in CARRIED.items() if response.headers.get(name) != value]
    lost += [part for part in POLICY if part not in policy]
    return lost + ["X-Request-ID"] * ("X-Request-ID" not in response.headers)


def wrong_with(response) -> list[str]:
    """What no answer to a stranger may have or lack, wherever it comes from."""
    body = b"" if response.streaming else response.content
    kind = response.headers.get("Content-Type", "")
    names_charset = "charset=utf-8" in kind or kind.endswith("json")
    found = missing(response)
    found += [f"leaks {word}" for word in NO_LEAK if word.encode() in body]
    found += ["echoes the request"] if b"X-Planted" in body or b"planted-value" in body else []
    found += ["no charset"] if body and not names_charset else []
    found += ["other origins"] if "Access-Control-Allow-Origin" in response.headers else []
    begins = settings.SESSION_COOKIE_NAME in response.cookies
    found += ["a session"] if begins and response.request["PATH_INFO"] != PASSKEY else []
    return found + (["a fault of ours"] if response.status_code >= 500 else [])


def test_a_stranger_gets_nothing_changes_nothing_and_meets_the_same_headers_everywhere():
    one_of_each(1)
    before = everything()
    stranger = Client(headers={"X-Planted": "planted-value", "Origin": "https://evil.example"})

    seen = list(answers(stranger, routes.addresses(), METHODS))

    given = [(name, response) for name, response in seen if response.status_code < 300]
    found = {name.partition(" ")[2] for name, _ in given if not name.startswith("OPTIONS")}
    assert found == OPEN
    assert {name: wrong for name, response in seen if (wrong := wrong_with(response))} == {}
    assert changed(before) == []


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_choosing_a_language_leads_nowhere_else(client, wanted):
    response = client.post("/i18n/setlang/", {"language": "en", "next": wanted})

    assert (response.status_code, response.headers["Location"]) == (302, "/")


def test_over_tls_every_answer_demands_it_from_then_on(settings, configure):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    configure(behind_tls=True, trusted_proxies=(ip_network("127.0.0.1"),))
    browser = Client(headers={"X-Forwarded-Proto": "https"})
    lost = [
        name
        for name, response in answers(browser, routes.addresses(), ("GET", "TRACE"))
        if "max-age=31536000" not in response.headers.get("Strict-Transport-Security", "")
    ]

    assert lost == []


def test_static_files_carry_the_headers_and_are_not_listed():
    file = Client().get("/static/ghost/mark.svg")
    file.close()

    assert (file.status_code, missing(file)) == (200, [])
    for folder in ("/static/", "/static/ghost/", "/static/../manage.py", "/.git/config", "/.env"):
        assert Client().get(folder).status_code == 404


def test_no_page_of_the_admin_acts_on_a_get():
    one_of_each(1)
    browser = operators.client()
    browser.get("/admin/")  # what is remembered of content types is there from here on
    before = everything()

    statuses = {n: r.status_code for n, r in answers(browser, routes.of_admin(), ("GET",))}

    assert statuses["GET /admin/logout/"] == 405
    assert [name for name, status in statuses.items() if status >= 500] == []
    assert changed(before) == []


def test_a_viewer_changes_nothing_whatever_is_posted():
    one_of_each(1)
    browser = operators.client("Viewer")
    browser.get("/admin/")  # as above
    pages = [each for each in routes.of_admin() if "logout" not in each]
    before = everything()

    for name, response in answers(browser, pages, ("POST",)):
        assert response.status_code < 500, name

    assert changed(before) == []


def test_a_session_without_the_csrf_token_posts_nowhere():
    one_of_each(1)
    browser = operators.client()
    browser.handler.enforce_csrf_checks = True
    before = everything()

    statuses = {
        name: response.status_code
        for name, response in answers(browser, routes.addresses(), ("POST", "PUT", "DELETE"))
    }

    assert {name: status for name, status in statuses.items() if status < 400} == {}
    assert changed(before) == []


# -- the API, by callers that have no right to it


def garbage() -> str:
    return "ghost_" + "a" * 49


def revoked(role: Role) -> str:
    row = make.token(role) if role != Role.TEAM_MEMBER else make.member()
    Token.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
    return row.raw


def expired() -> str:
    row = make.admin()
    Token.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    return row.raw


def inert() -> str:
    row = make.admin()
    Token.objects.filter(pk=row.pk).update(is_inert=True)
    return row.raw


CALLERS = {
    "an unknown token": lambda: f"Bearer {garbage()}",
    "a revoked Admin": lambda: f"Bearer {revoked(Role.ADMIN)}",
    "a revoked member": lambda: f"bearer {revoked(Role.TEAM_MEMBER)}",
    "an expired Admin": lambda: f"Bearer {expired()}",
    "an Admin that came with a file": lambda: f"Bearer {inert()}",
    "two tokens": lambda: f"Bearer {make.admin().raw}, {make.admin().raw}",
    "no token": lambda: "Bearer ",
    "a digest": lambda: f"Bearer {make.admin().token_hash}",
    "a beginning": lambda: f"Bearer {make.admin().raw[:-1]}",
    "another scheme": lambda: f"Token {make.admin().raw}",
    "a name and a token": lambda: "Basic " + b64encode(f":{make.admin().raw}".encode()).decode(),
}
"""What stands in the header `Authorization`."""


@pytest.mark.parametrize("caller", CALLERS)
def test_no_operation_knows_a_caller_without_a_usable_token(caller):
    header = {"Authorization": CALLERS[caller]()}
    before = everything()

    statuses = {
        name: Client().generic(method, path, b"", headers=header).status_code
        for name, (method, path, _action) in operations().items()
    }

    assert statuses == dict.fromkeys(MAY, 401)
    assert changed(before) == []


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.usefixtures("fake_prober")
def test_a_refused_write_leaves_every_table_as_it_was(client, operation):
    """The body is right, and the token is not: nothing is written before that is known."""
    world = World()
    method, _path, _action = operations()[operation]
    path, body = WRITES[operation](world)
    Token.objects.filter(pk=world.admin.pk).update(revoked_at=timezone.now())
    before = everything()

    response = send(client, method, world.admin, path, body)

    assert response.status_code == 401
    assert changed(before) == []
