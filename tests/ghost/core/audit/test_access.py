"""Who came in and who was refused: told with the address, bounded in number, without what was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ghost.core.audit import access, models
from ghost.core.audit.models import AuditEvent
from ghost.core.db import pacing
from teams.models.sign_in_attempt import MOST
from tests import make, operators
from tests.threads import together

pytestmark = pytest.mark.django_db

PASSWORD = "a battery of horses"


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


def sign_in(password: str, username: str = "root", address: str = "192.0.2.1") -> Client:
    browser = Client(REMOTE_ADDR=address, raise_request_exception=False)
    browser.post("/admin/login/", {"username": username, "password": password, "next": "/admin/"})
    return browser


def knocks() -> list[tuple]:
    """Action, who, to whom, from where, how often."""
    access.write()
    rows = AuditEvent.objects.filter(object_type__in=("user", "request")).order_by("pk")
    return list(
        rows.values_list("action", "actor_kind", "actor_name", "object_name", "address", "times")
    )


def unauthorized(address: str = "192.0.2.1", **headers: str) -> None:
    headers = headers or {"Authorization": "Bearer s3cret-token"}
    assert Client(REMOTE_ADDR=address).get("/api/teams", headers=headers).status_code == 401


def test_who_comes_and_goes_is_noted_with_the_address(root, caplog):
    caplog.set_level("INFO")
    browser = sign_in(PASSWORD)
    browser.post("/admin/logout/")

    assert knocks() == [
        ("user.sign_in", "operator", "root", "root", "192.0.2.1", 1),
        ("user.sign_out", "operator", "root", "root", "192.0.2.1", 1),
    ]
    ids = list(AuditEvent.objects.filter(object_type="user").values_list("object_key", flat=True))
    assert ids == [str(root.pk)] * 2
    assert "user.sign_in: root from 192.0.2.1" in caplog.messages
    assert PASSWORD not in caplog.text


def test_a_failure_names_people_alone(root, caplog):
    sign_in("wrong-secret")
    sign_in("x", username=f"{PASSWORD}\n\x1b[2J2026 ERROR forged")
    sign_in("x", username="x" * 5000, address="192.0.2.2")

    assert knocks() == [
        ("user.sign_in_failed", "anonymous", "", "root", "192.0.2.1", 1),
        ("user.sign_in_failed", "anonymous", "", "", "192.0.2.1", 1),
        ("user.sign_in_failed", "anonymous", "", "", "192.0.2.2", 1),
    ]
    for typed in ("wrong-secret", PASSWORD, "forged", "xxxx"):
        assert typed not in caplog.text
        assert not AuditEvent.objects.filter(object_name__contains=typed).exists()
    assert len(caplog.messages) == 3


def test_what_was_typed_in_the_name_s_field_is_not_kept_to_count_it(root):
    sign_in("x", username=PASSWORD)

    with CaptureQueriesContext(connection):
        rows = connection.cursor().execute("SELECT * FROM teams_attempt").fetchall() if connection.vendor == "sqlite" else []  # fmt: skip

    assert PASSWORD not in str(rows)


def test_limited_attempts_are_one_row_a_minute(root):
    for _ in range(MOST):
        sign_in("wrong")
    for _ in range(7):
        sign_in(PASSWORD)
    for group in access._groups.values():
        group.until = 0
    sign_in(PASSWORD)

    told = [(action, name, times) for action, _, _, name, _, times in knocks()]
    assert sorted(told) == [
        ("user.sign_in_failed", "root", MOST),
        ("user.sign_in_limited", "root", 1),
        ("user.sign_in_limited", "root", 7),
    ]


def test_what_the_api_refuses_is_noted_without_what_was_sent(caplog):
    publisher = make.publisher(name="Ada")
    unauthorized()
    Client(REMOTE_ADDR="192.0.2.9").get("/api/torznab?t=search&apikey=s3cret-token")
    Client(REMOTE_ADDR="192.0.2.9").get("/api/admin/tokens", **make.auth(publisher))

    assert [row[:5] for row in knocks()] == [
        ("request.unauthorized", "anonymous", "", "GET /api/teams", "192.0.2.1"),
        ("request.unauthorized", "anonymous", "", "GET /api/torznab", "192.0.2.9"),
        ("request.forbidden", "token", str(publisher), "GET /api/admin/tokens", "192.0.2.9"),
    ]
    assert "s3cret" not in caplog.text
    assert not AuditEvent.objects.filter(changes__icontains="s3cret").exists()


def test_what_the_admin_refuses_is_noted(client):
    browser = operators.client("Viewer")
    AuditEvent.objects.all().delete()

    assert browser.get("/admin/auth/user/").status_code == 403

    [row] = knocks()
    assert row[:4] == ("request.forbidden", "operator", "viewer", "GET /admin/auth/user/")


def test_a_flood_from_one_address_is_one_row_and_one_line(caplog):
    for _ in range(50):
        unauthorized()
    with CaptureQueriesContext(connection) as queries:
        unauthorized()

    assert [row[-2:] for row in knocks()] == [("192.0.2.1", 51)]
    assert not [query for query in queries if not query["sql"].startswith("SELECT")]
    assert len(caplog.messages) == 1


def test_no_address_hides_what_another_does(root, caplog):
    for path in ("teams", "resources", "build/status", "tasks/1", "events/stats"):
        for method in ("get", "post", "put", "patch", "delete"):
            getattr(Client(REMOTE_ADDR="192.0.2.66"), method)(f"/api/{path}")
    for number in range(access.MOST_ROWS + 5):
        sign_in("x", username=f"nobody{number}", address="192.0.2.66")
    sign_in("wrong", address="192.0.2.1")

    rows = knocks()
    assert ("user.sign_in_failed", "anonymous", "", "root", "192.0.2.1", 1) in rows
    assert {row[4] for row in rows} == {"192.0.2.66", "192.0.2.1"}
    assert len(rows) <= 2 + 2 * (access.MOST_OF_ADDRESS + 1)


def test_a_flood_from_everywhere_is_bounded(caplog):
    for number in range(access.MOST_ROWS + 40):
        unauthorized(f"198.51.100.{number}")
    for group in access._groups.values():
        group.until = 0
    access.write()

    rows = knocks()
    assert len(rows) == access.MOST_ROWS + 1
    assert rows[-1] == ("request.unauthorized", "anonymous", "", "", "", 40)
    assert len(caplog.messages) == access.MOST_ROWS + 1


def test_addresses_of_one_network_of_ipv6_are_one():
    for number in range(5):
        unauthorized(f"2001:db8:1:2::{number}")

    assert [row[-2] for row in knocks()] == ["2001:db8:1:2::"]


def test_a_refusal_waits_for_nobody_and_is_written_later(monkeypatch):
    def locked():
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(access, "nowait", locked)
        unauthorized()
        unauthorized()
        meanwhile = knocks()

    access.write()

    assert meanwhile == []
    assert [row[-2:] for row in knocks()] == [("192.0.2.1", 2)]


def test_a_new_minute_is_a_new_row():
    unauthorized()
    unauthorized()
    for group in access._groups.values():
        group.until = 0
    unauthorized()

    assert sorted(row[-1] for row in knocks()) == [1, 2]


def test_threads_lose_none(file_database):
    def ask() -> None:
        for _ in range(10):
            unauthorized()

    together(*[ask] * 4)
    for group in access._groups.values():
        group.until = 0
    access.write()

    assert [row[-1] for row in knocks()] == [40]


def test_signing_in_changes_the_session_s_key_also_for_the_same_person(root):
    browser = sign_in(PASSWORD)
    first = browser.session.session_key

    browser.post("/admin/login/", {"username": "root", "password": PASSWORD, "next": "/admin/"})

    assert browser.session.session_key != first
    assert browser.get("/admin/").status_code == 200


# -- how long it is kept


def test_many_refusals_of_one_kind_push_out_none_of_another(monkeypatch):
    kept = {"actor_kind": "anonymous", "request_id": "-"}
    AuditEvent.objects.create(action=models.SIGN_IN_FAILED, object_type="user", **kept)
    for _ in range(4):
        AuditEvent.objects.create(action=models.UNAUTHORIZED, object_type="request", **kept)
    monkeypatch.setattr(models, "MOST_REFUSALS", 2)

    pacing.delete(AuditEvent.objects.outdated(timezone.now() - timedelta(days=365)))

    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == [models.SIGN_IN_FAILED, *[models.UNAUTHORIZED] * 2]


def test_addresses_are_forgotten_and_the_oldest_refusals_dropped(monkeypatch):
    now = timezone.now()
    kept = {"actor_kind": "anonymous", "object_type": "request", "request_id": "-"}
    for days in (100, 91, 5):
        at = now - timedelta(days=days)
        AuditEvent.objects.create(action=models.FORBIDDEN, address="192.0.2.1", at=at, **kept)
    AuditEvent.objects.create(action="x.y", **kept)
    monkeypatch.setattr(models, "MOST_REFUSALS", 2)

    pruned = pacing.delete(AuditEvent.objects.outdated(now - timedelta(days=365)))
    forgotten = AuditEvent.objects.forget_addresses(now - timedelta(days=90))

    assert (pruned, forgotten) == (1, 1)
    rows = AuditEvent.objects.order_by("pk").values_list("action", "address")
    assert list(rows) == [
        ("request.forbidden", ""),
        ("request.forbidden", "192.0.2.1"),
        ("x.y", ""),
    ]
