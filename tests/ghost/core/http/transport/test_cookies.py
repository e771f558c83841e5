"""Every cookie, by its name and attributes, with TLS and without."""

from __future__ import annotations

import runpy

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from ghost.core.config.env import BASE_DIR
from tests import make, operators

pytestmark = pytest.mark.django_db
OURS = ("SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE", "MESSAGES_COOKIE")


def cookies_of(monkeypatch, *, behind_tls: bool) -> dict[str, object]:
    """The settings of all cookies, as an installation has them."""
    monkeypatch.setenv("GHOST_BEHIND_TLS", str(int(behind_tls)))
    found = runpy.run_path(str(BASE_DIR / "ghost" / "settings.py"))
    return {name: value for name, value in found.items() if name.startswith(OURS)}


def seen(browser: Client) -> dict[str, str]:
    """What is set by pages that set each of them, by name, as the header has it."""
    make.resource()
    row = make.token()
    asked = [
        browser.get("/admin/password_change/", secure=True),
        browser.post("/i18n/setlang/", {"language": "en"}, secure=True),
        browser.post(
            reverse("admin:teams_token_change", args=(row.pk,)),
            {"display_name": "Zoe", "note": "x"}, secure=True,
        ),
    ]  # fmt: skip
    return {name: cookie.OutputString() for each in asked for name, cookie in each.cookies.items()}


def attributes(header: str) -> set[str]:
    return {part.strip().partition("=")[0] for part in header.split(";")[1:]}


def test_behind_tls_every_cookie_is_of_this_host_alone(monkeypatch):
    with override_settings(
        **cookies_of(monkeypatch, behind_tls=True), SESSION_SAVE_EVERY_REQUEST=True
    ):
        found = seen(operators.client())

    assert set(found) == {
        f"__Host-{name}" for name in ("sessionid", "csrftoken", "django_language", "messages")
    }
    for name, header in found.items():
        assert attributes(header) >= {"Secure", "HttpOnly", "SameSite", "Path"}, name
        assert "Domain" not in attributes(header)
        assert "Path=/;" in header + ";"


def test_without_tls_browsers_take_them_too(monkeypatch):
    with override_settings(
        **cookies_of(monkeypatch, behind_tls=False), SESSION_SAVE_EVERY_REQUEST=True
    ):
        found = seen(operators.client())

    assert set(found) == {"sessionid", "csrftoken", "django_language", "messages"}
    assert [name for name, header in found.items() if "Secure" in attributes(header)] == []
    assert all("HttpOnly" in attributes(header) for header in found.values())


@pytest.mark.parametrize("is_wide", [False, True])
def test_hsts_is_for_subdomains_only_when_asked(monkeypatch, client, is_wide):
    monkeypatch.setenv("GHOST_BEHIND_TLS", "1")
    monkeypatch.setenv("GHOST_HSTS_INCLUDE_SUBDOMAINS", str(int(is_wide)))
    found = runpy.run_path(str(BASE_DIR / "ghost" / "settings.py"))
    hsts = {name: value for name, value in found.items() if name.startswith("SECURE_HSTS")}

    with override_settings(**hsts):
        answers = [
            client.get(path, secure=True) for path in ("/health", "/api/x", "/static/x", "/x")
        ]
        plain = client.get("/health")

    expected = "max-age=31536000; includeSubDomains" if is_wide else "max-age=31536000"
    assert {answer["Strict-Transport-Security"] for answer in answers} == {expected}
    assert "Strict-Transport-Security" not in plain
