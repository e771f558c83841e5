"""Addresses of mail servers: what they mean, and what is told of those that are none."""

from __future__ import annotations

import pytest

from ghost.core.config import env, listing, mail_server


@pytest.mark.parametrize(
    ("address", "host", "port", "tls", "ssl", "user", "password"),
    [
        ("smtps://ada:p%40ss@mail.example", "mail.example", 465, False, True, "ada", "p@ss"),
        ("smtp+tls://mail.example", "mail.example", 587, True, False, "", ""),
        ("smtp://10.0.0.5:2525", "10.0.0.5", 2525, False, False, "", ""),
        ("smtp://ada:p@[::1]", "::1", 25, False, False, "ada", "p"),
    ],
)
def test_a_server_is_read(address, host, port, tls, ssl, user, password):
    found = mail_server.settings(address, "ghost@example.org")

    assert found == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_TLS": tls,
        "EMAIL_USE_SSL": ssl,
        "EMAIL_TIMEOUT": 10,
        "DEFAULT_FROM_EMAIL": "ghost@example.org",
        "SERVER_EMAIL": "ghost@example.org",
    }


def test_for_development_mail_is_written_down(tmp_path):
    assert mail_server.parse("console:")["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert mail_server.parse(f"file://{tmp_path}")["EMAIL_FILE_PATH"] == str(tmp_path)
    assert mail_server.settings("", "")["EMAIL_BACKEND"].endswith("dummy.EmailBackend")


@pytest.mark.parametrize(
    "address",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtps://ada@mail.example",
        "smtps://:s3cret@mail.example",
        "smtps://ada:s3/cret@mail.example",
        "smtps://ada:s3cret@mail.example:0",
        "smtps://ada:s3cret@mail.example:70000",
        "smtps://ada:s3cret@mail.example/box",
        "smtps://ada:s3cret@mail.example?tls=0",
        "smtps://ada:s3cret@mail.example\r\nX: y",
        "smtp://ada:s3cret@mail.example",
        "file://host/folder",
        "file:///no/such/folder",
        "console://",
    ],
)
def test_what_is_no_server_is_told_without_its_password(monkeypatch, address):
    monkeypatch.setenv("GHOST_EMAIL_URL", address)
    monkeypatch.setenv("GHOST_EMAIL_FROM", "ghost@example.org")

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    [problem] = caught.value.problems
    assert problem.startswith("GHOST_EMAIL_URL: ")
    assert "cret" not in problem


@pytest.mark.parametrize("sender", ["", "Ghost", "Ghost <ghost>", "a@b.example\nBcc: c@d.example"])
def test_mail_needs_a_sender(monkeypatch, sender):
    monkeypatch.setenv("GHOST_EMAIL_URL", "console:")
    monkeypatch.setenv("GHOST_EMAIL_FROM", sender)

    with pytest.raises(env.ConfigError, match="GHOST_EMAIL_FROM: "):
        env.load()


def test_the_password_is_never_shown(monkeypatch):
    monkeypatch.setenv("GHOST_EMAIL_URL", "smtps://ada:s3cret@mail.example")
    monkeypatch.setenv("GHOST_EMAIL_FROM", "Ghost <ghost@example.org>")

    told = {row.name: row.value for row in listing.describe(env.load())}

    assert told["GHOST_EMAIL_URL"] == "smtps://***@mail.example"
