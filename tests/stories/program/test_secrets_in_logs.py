"""Secrets of every kind go through the program at the most talkative level of its log: none comes out,
and what is shown once is stored nowhere."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail as django_mail
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from pydantic import SecretStr

from builds import deploy
from builds.deploy import after_build
from ghost.accounts.tasks import send_reset_links
from ghost.core.audit.models import AuditEvent
from ghost.core.config import env, mail_server
from ghost.core.config.values import is_secret, may_hold_password
from ghost.core.errors import GhostError
from ghost.core.io import mail
from ghost.core.logs.lines import FORMATTERS
from ghost.operations import tasks
from teams import credentials
from teams.models import Attempt
from tests import make
from tests.ghost.accounts import people
from tests.stories.program.test_routes import everything
from tests.world import WRITES, World, fake_prober, send  # noqa: F401  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake_prober")]

RAW = re.compile(r"ghost_[0-9A-Za-z]{49}")
PASSWORD, NEW_PASSWORD, WRONG = "zq correct horse", "zq battery staple 77", "zq wrong secret"
ADDRESSES = {
    "pages_remote_url": "https://ada:zqgitpass@127.0.0.1:1/site.git",
    "git_backup_remote": "https://ada:zqbackuppass@127.0.0.1:1/catalog.git",
    "email_url": "smtp+tls://ada:zqmailpass@127.0.0.1:1",
    "redis_url": "redis://:zqredispass@127.0.0.1:1/0",
}
"""Where nobody listens: all that goes wrong is told."""


@pytest.fixture
def planted(configure, tmp_path, settings) -> list[str]:
    """A marker in every variable that is secret, and in addresses with passwords."""
    markers = {
        name: f"zq-{name.replace('_', '-')}-" + "x" * 40
        for name, field in env.Env.model_fields.items()
        if is_secret(field)
    }
    configure(
        **{name: SecretStr(value) for name, value in markers.items()},
        **ADDRESSES,
        email_from="Ghost <ghost@example.org>",
        admin_url="https://a.example",
        age_identity_file=tmp_path / "identity",
        deploy_timeout_s=20,
        git_backup_enabled=True,
        git_backup_dir=tmp_path / "git-backup",
        git_backup_retries=0,
    )
    (tmp_path / "identity").write_text("AGE-SECRET-KEY-1ZQIDENTITY\n")
    settings.SECRET_KEY, settings.TOKEN_PEPPER = markers["secret_key"], markers["token_pepper"]
    return [
        *markers.values(),
        "zqgitpass",
        "zqbackuppass",
        "zqmailpass",
        "zqredispass",
        "ZQIDENTITY",
    ]


def test_every_address_with_a_password_is_among_those_tried():
    known = {name for name, field in env.Env.model_fields.items() if may_hold_password(field)}

    others = {
        "admin_url",
        "database_url",
        "site_repo_url",
        "deploy_target",
    }  # read by the same function
    assert known - others == set(ADDRESSES)


def sign_in(password: str) -> Client:
    browser = Client(raise_request_exception=False)
    browser.post("/admin/login/", {"username": "zoe", "password": password, "next": "/admin/"})
    return browser


def operators_round() -> list[str]:
    """An operator signs in, fails, issues a token, changes the password; what nobody else may know."""
    User.objects.create_superuser("zoe", password=PASSWORD)
    sign_in(WRONG)
    browser = sign_in(PASSWORD)
    issued = browser.post(
        "/admin/teams/token/add/",
        {"role": "Publisher", "display_name": "Bob", "scope_team": "", "note": ""},
    )
    fields = {
        "old_password": PASSWORD,
        "new_password1": NEW_PASSWORD,
        "new_password2": NEW_PASSWORD,
    }
    browser.post("/admin/password_change/", fields)
    browser.post("/admin/password_change/", {**fields, "old_password": WRONG})
    browser.get("/admin/teams/token/99999999/change/")
    session = [cookie.value for cookie in browser.cookies.values() if len(cookie.value) > 20]
    return [PASSWORD, NEW_PASSWORD, WRONG, *RAW.findall(issued.content.decode()), *session]


def second_factor_round() -> list[str]:
    """An app, recovery codes, and codes that are wrong."""
    ann = people.operator("ann", app=True, codes=True)
    browser = people.browser(raise_request_exception=False)
    people.sign_in(browser)
    codes = people.recovery_codes(ann)
    for code in ("000000", "zqnocode", codes[0]):
        browser.post("/admin/account/second-factor/", {"code": code})
    shown = [
        browser.get(address) for address in ("/admin/account/app/add/", "/admin/account/codes/")
    ]
    assert codes[1] in shown[1].content.decode()
    return [people.SECRET, *codes, "zqnocode"]


def reset_round() -> list[str]:
    """A link to a new password, by mail; used once, and once too often."""
    User.objects.filter(username="zoe").update(email="zoe@example.org")
    Client().post("/admin/account/password/reset/", {"email": "zoe@example.org"})
    send_reset_links()
    [link] = re.findall(r"https://a\.example(/\S+)", str(django_mail.outbox[-1].body))
    browser = Client()
    typed = {"new_password1": "zq stable of goats", "new_password2": "zq stable of goats"}
    for _ in range(2):
        form = browser.get(link)
        browser.post(form.headers.get("Location", link), typed)
    return [link.rstrip("/").rpartition("/")[2], "zq stable of goats"]


def publishers_round() -> list[str]:
    """Every write there is, what is shown once, and every way to send a token that opens nothing."""
    world, browser = World(), Client(raise_request_exception=False)
    shown = [world.admin.raw, world.ada.raw, world.mia.raw, unknown := credentials.make()]
    for operation in WRITES:
        path, body = WRITES[operation](world)
        method = {"resource_patch": "PATCH", "category_delete": "DELETE"}.get(operation, "POST")
        answer = send(browser, method, world.admin, path, body)
        shown += RAW.findall(answer.content.decode(errors="replace"))
    for raw in (unknown, unknown[:-1] + "x", f"{unknown}\r\nx"):
        for header in (f"Bearer {raw}", f"Basic {raw}", raw):
            browser.get("/api/resources", headers={"Authorization": header})
        browser.get("/api/torznab", {"apikey": raw, "t": "search"})
        browser.get(f"/api/nothing/{raw}")
        browser.post("/api/resources", raw, "application/json", headers={"Host": "evil.example"})
    return shown


def workers_round(public: Path) -> None:
    """Deployment, mail and backups, each where nothing works."""
    for attempt in (
        after_build.deliver_if_due,
        lambda: deploy.deploy(public, "state", lambda token: None),
        lambda: mail.send("ada@example.org", "x", "y"),
        tasks.back_up,
        tasks.back_up_to_git,
    ):
        try:
            attempt()
        except (GhostError, OSError) as error:
            logging.getLogger("tests").warning("A task failed.", exc_info=error)


def test_no_secret_is_in_any_line_or_table(planted, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    public = tmp_path / "public"
    public.mkdir()
    (public / "index.html").write_text("x")

    once = operators_round() + second_factor_round() + reset_round() + publishers_round()
    with override_settings(**mail_server.settings(ADDRESSES["email_url"], "ghost@example.org")):
        workers_round(public)

    formatters = [formatter() for formatter in FORMATTERS.values()]
    told = [
        line
        for record in caplog.records
        for line in (record.getMessage(), *(each.format(record) for each in formatters))
    ]
    assert len(set(RAW.findall(" ".join(once)))) >= 7
    assert len(told) >= 10
    assert [(secret, line) for line in told for secret in planted + once if secret in line] == []
    written = [*everything().items(), *((m._meta.label, list(m._base_manager.values()))
                                        for m in (User, AuditEvent, Attempt))]  # fmt: skip
    stored = {label: repr(rows) for label, rows in written}
    sessions = set(Session.objects.values_list("session_key", flat=True))
    shown_once = [secret for secret in once if secret not in sessions]
    assert [(secret, label) for label, rows in stored.items() for secret in planted + shown_once
            if secret in rows] == []  # fmt: skip


def test_queries_are_not_told_with_their_values(caplog):
    caplog.set_level(logging.DEBUG)

    with CaptureQueriesContext(connection) as queries:  # as with GHOST_DEBUG=1
        User.objects.filter(password="zqpassword").exists()

    assert "zqpassword" in queries[-1]["sql"]
    assert "zqpassword" not in caplog.text


def test_a_leak_would_be_found(caplog):
    raw = make.admin().raw
    caplog.set_level(logging.DEBUG)

    logging.getLogger("ghost").debug("a token: %s", raw)

    assert RAW.findall(caplog.records[-1].getMessage()) == [raw]
