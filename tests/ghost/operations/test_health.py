"""Health and readiness, as probes see them."""

from __future__ import annotations

import ipaddress
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_q.models import OrmQ

from builds.models import BuildState
from ghost.core import circuits
from ghost.core.circuits import Kind
from ghost.core.db import migrations_state
from ghost.core.http.request.client_address import normalized
from ghost.core.text.reasons import words
from ghost.operations.figures import gathering
from teams.models import Token
from teams.roles import Role
from tests import make, operators

pytestmark = pytest.mark.django_db


def fail_build() -> None:
    state = BuildState.get()
    state.last_error = words("hugo exited with 1")
    state.save()


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_health_tells_strangers_one_word(client, path):
    response = client.get(path)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response["Cache-Control"] == "private, no-cache"


def test_health_is_degraded_after_a_failed_build(client):
    fail_build()

    response = client.get("/health")

    assert (response.status_code, response.json()) == (200, {"status": "degraded"})


def test_health_is_degraded_when_nobody_works_the_queue(client):
    OrmQ.objects.create(key="ghost", payload="x", lock=timezone.now() - timedelta(minutes=11))

    assert client.get("/health").json() == {"status": "degraded"}


def test_health_is_loading_until_migrated(client):
    MigrationRecorder.Migration.objects.filter(app="builds").delete()

    response = client.get("/health")

    assert (response.status_code, response.json()) == (503, {"status": "loading"})
    assert client.get("/ready").status_code == 503


def test_health_answers_without_a_database(client, monkeypatch):
    def away():
        raise DatabaseError("gone")

    monkeypatch.setattr(migrations_state, "is_migrated", away)

    response = client.get("/health")

    assert (response.status_code, response.json()) == (503, {"status": "degraded"})
    assert client.get("/ready").status_code == 503


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_an_answer_of_503_is_no_error_in_the_log(client, caplog, path):
    MigrationRecorder.Migration.objects.filter(app="builds").delete()

    assert client.get(path).status_code == 503
    assert caplog.records == []


# -- who sees more


def bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {make.token(role).raw}"}


def items(response) -> dict[str, dict]:
    return {item["name"]: item for item in response.json().get("items", [])}


def test_an_admin_sees_how_each_part_stands(client):
    fail_build()
    circuits.failed(Kind.COVER_HOST, "covers.example", words("refused"), retry_after_s=600)

    response = client.get("/health", headers=bearer(Role.ADMIN))

    found = items(response)
    assert list(found) == ["database", *dict(gathering.SOURCES)]
    assert found["build"]["status"] == "degraded"
    assert found["build"]["last_error"] == "hugo exited with 1"
    assert found["build"]["advice"]
    assert found["circuits"]["counts"]["open_cover_host"] == 1
    assert found["circuits"]["rows"][0]["name"] == "covers.example"
    assert found["circuits"]["rows"][0]["last_error"] == "refused"
    assert json.dumps(response.json())


@pytest.mark.parametrize("group", [None, "Operator", "Moderator", "Viewer"])
def test_a_signed_in_operator_sees_it_too(group):
    assert items(operators.client(group).get("/health"))


def test_an_operator_reads_it_in_his_language():
    told = operators.client().get("/health", headers={"Accept-Language": "zh-hans"})

    assert items(told)["database"]["title"] == "数据库"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer gh_nonsense"},
        {"Authorization": "Bearer " + "x" * 9999},
        {"Authorization": "Basic YTpi"},
        {"Cookie": "sessionid=nonsense"},
        {"X-Forwarded-For": "127.0.0.1"},
    ],
)
def test_others_see_one_word(client, headers):
    response = client.get("/health", headers=headers)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_neither_a_publisher_nor_a_revoked_admin_nor_a_person_without_rights_sees_more(client):
    publisher, admin = bearer(Role.PUBLISHER), bearer(Role.ADMIN)
    Token.objects.filter(role=Role.ADMIN).update(revoked_at=timezone.now())
    told = [client.get("/health", headers=h).json() for h in (publisher, admin)]
    client.force_login(User.objects.create_user("nobody"))
    told.append(client.get("/health").json())

    assert told == [{"status": "ok"}] * 3


@pytest.mark.parametrize(
    ("allowed", "remote", "forwarded", "sees"),
    [
        ("192.0.2.7/32", "192.0.2.7", "", True),
        ("192.0.2.0/24", "192.0.2.200", "", True),
        ("2001:db8::/32", "2001:db8::1", "", True),
        ("192.0.2.7/32", "192.0.2.8", "", False),
        ("192.0.2.7/32", "192.0.2.8", "192.0.2.7", False),  # nobody trusts that header
        ("192.0.2.7/32", "10.0.0.1", "192.0.2.7", True),  # from a trusted proxy
        ("10.0.0.0/8", "10.0.0.1", "192.0.2.7", False),  # the proxy is not the caller
    ],
)
def test_the_allowlist_is_of_callers_addresses(client, configure, allowed, remote, forwarded, sees):
    configure(
        health_allowlist=(ipaddress.ip_network(allowed),),
        trusted_proxies=(ipaddress.ip_network("10.0.0.1/32"),),
    )
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    response = client.get("/health", REMOTE_ADDR=normalized(remote), headers=headers)

    assert bool(items(response)) == sees


def test_the_detail_has_nothing_private(configure, tmp_path):
    configure(
        deploy_target=str(tmp_path / "elsewhere"),
        pages_remote_url="https://u:secret@git.example/x.git",
    )

    told = operators.client().get("/health").content.decode()

    assert "secret" not in told
    assert "u:" not in told


def test_nothing_is_written_and_the_number_of_queries_is_bounded(client):
    wrote: list[str] = []
    asked: list[str] = []

    def watch(execute, sql, params, many, context):
        (asked if sql.lstrip().upper().startswith(("SELECT", "\n    SELECT")) else wrote).append(
            sql
        )
        return execute(sql, params, many, context)

    headers = bearer(Role.ADMIN)
    client.get("/health", headers=headers)
    with connection.execute_wrapper(watch):
        client.get("/health", headers=headers)
        client.get("/ready")

    assert wrote == []
    # Of two looks: no others are kept within a transaction.
    assert len(asked) <= {"sqlite": 49, "postgresql": 53}[connection.vendor]


# -- readiness


def test_ready_when_everything_is_there(client):
    response = client.get("/ready")

    assert (response.status_code, response.json()) == (200, {"ready": True})


def test_not_ready_until_the_integrated_site_is_built(client, configure, tmp_path):
    configure(deploy_mode="integrated", site_workdir=tmp_path)
    before = client.get("/ready").status_code
    (tmp_path / "public").mkdir()

    assert (before, client.get("/ready").status_code) == (503, 200)


def test_every_answer_carries_a_request_id(client):
    assert (
        client.get("/health", headers={"X-Request-ID": "abc-12345"})["X-Request-ID"] == "abc-12345"
    )
    assert len(client.get("/health", headers={"X-Request-ID": "a b\n"})["X-Request-ID"]) == 16
