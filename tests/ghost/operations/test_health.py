"""Health and readiness, as probes see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_q.models import OrmQ

from builds.models import BuildState
from ghost.core.text.reasons import words
from ghost.operations import health

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_health_tells_strangers_one_word(client, path):
    response = client.get(path)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_health_is_degraded_after_a_failed_build(client):
    state = BuildState.get()
    state.last_error = words("hugo exited with 1")
    state.save()

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
    monkeypatch.setattr(health, "is_migrated", lambda: (_ for _ in ()).throw(DatabaseError("gone")))

    response = client.get("/health")

    assert (response.status_code, response.json()) == (503, {"status": "degraded"})


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_an_answer_of_503_is_no_error_in_the_log(client, caplog, path):
    MigrationRecorder.Migration.objects.filter(app="builds").delete()

    assert client.get(path).status_code == 503
    assert caplog.records == []


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
