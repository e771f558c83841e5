"""A stored reason is said in the language of whoever reads it, in the admin and in the API."""

from __future__ import annotations

from contextlib import suppress
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation

import builds.reasons
import dht.reasons
import resources.reasons
from builds.models import Build, BuildState, Deployment
from builds.run import Run
from dht import probe_jobs
from dht.models import Scan
from ghost.core import circuits
from ghost.core.catalog.models import Catalog
from ghost.core.circuits import Kind
from ghost.core.errors import OutageError
from ghost.core.io import failures
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from ghost.core.text.reasons import Reason
from resources.models import ProbeStatus, Resource, findings
from tests import make, operators

pytestmark = pytest.mark.django_db


def in_both(reason: Reason) -> tuple[str, str]:
    with translation.override("zh-hans"):
        return reason.english, str(reason)


def require_said(browser: Client, address: str, reason: Reason) -> None:
    english, chinese = in_both(reason)

    in_english = unescape(browser.get(address).content.decode())
    browser.cookies["django_language"] = "zh-hans"
    cache.clear()
    in_chinese = unescape(browser.get(address).content.decode())

    assert (english in in_english, english in in_chinese) == (True, False)
    assert (chinese in in_english, chinese in in_chinese) == (False, True)


def answers(client: Client, address: str) -> list[dict]:
    token = make.admin()
    return [
        client.get(
            address, headers=make.auth(token)["headers"] | {"Accept-Language": language}
        ).json()
        for language in ("", "zh-hans")
    ]


def failed_probe() -> tuple[Resource, Reason]:
    row, reason = make.resource(is_probed=False), dht.reasons.NO_METADATA(number=3, seconds=25.0)
    findings.record_probe_miss(row, ProbeStatus.TIMEOUT, reason)
    return row, reason


def failed_cover() -> tuple[Resource, Reason]:
    row, reason = make.resource(cover_image_url="https://a.example/x"), failures.TOO_SLOW()
    findings.record_cover(row, None, error=reason)
    return row, reason


def failed_build() -> tuple[Build, Reason]:
    build, reason = Build.objects.claim("test"), builds.reasons.NOT_RENDERED(name="/x/", reason="…")
    assert build is not None
    BuildState.fail(build, reason)
    return build, reason


def build_with_a_failed_step() -> tuple[Build, Reason]:
    build, reason = Build.objects.claim("test"), builds.reasons.NOT_RENDERED(name="/x/", reason="…")
    assert build is not None
    with suppress(OutageError), Run(build).step("hugo") as step:
        step.output = "Total in 3 ms"
        raise OutageError(reason)
    return build, reason


def test_a_failed_probe_in_the_admin():
    row, reason = failed_probe()

    require_said(operators.client(), operators.form_of("resources_resource", row.pk), reason)


def test_a_cover_that_failed_in_the_admin():
    row, reason = failed_cover()

    require_said(operators.client(), operators.form_of("resources_resource", row.pk), reason)


def test_a_circuit_in_the_admin():
    reason = failures.STATUS(number=503)
    circuits.failed(Kind.COVER_HOST, "a.example", reason)

    require_said(operators.client(), operators.list_of("ghost_circuit"), reason)


def test_a_scan_in_the_admin():
    reason = dht.reasons.WORKERS_DIED(number=2)
    scan = Scan.objects.create(trigger="Ada")
    scan.fail(reason)

    require_said(operators.client(), operators.form_of("dht_scan", scan.pk), reason)


def test_a_build_in_the_admin():
    build, reason = failed_build()

    require_said(operators.client(), operators.form_of("builds_build", build.pk), reason)


def test_what_a_step_of_a_build_says_in_the_admin():
    build, reason = build_with_a_failed_step()

    require_said(operators.client(), operators.form_of("builds_build", build.pk), reason)


def test_what_a_step_of_a_build_says_in_the_api(client):
    build, reason = build_with_a_failed_step()

    found = answers(client, f"/api/builds/{build.pk}")

    said = tuple(each["steps"][0]["output"] for each in found)
    assert said == tuple(f"Total in 3 ms\n{text}" for text in in_both(reason))


@pytest.mark.parametrize("state", ["failed", "held"])
def test_a_deployment_in_the_admin(state):
    row = Deployment.objects.create(key="k", kind=Deployment.Kind.FOLDER, target="/x")
    reason = builds.reasons.STRANGE_FILES(number=2)
    row.fail(reason) if state == "failed" else row.hold(reason, 2, "digest")

    require_said(operators.client(), operators.list_of("builds_deployment"), reason)


def test_what_is_to_be_built_in_the_admin():
    row = make.resource(title="“One”")

    require_said(
        operators.client(), reverse("admin:index"), resources.reasons.ADDED(name=row.title)
    )


def test_resources_in_the_api(client):
    probed, why = failed_probe()
    covered, why_no_cover = failed_cover()

    probes = [each["probe_error"] for each in answers(client, f"/api/resources/{probed.pk}")]
    listed = answers(client, "/api/resources")

    assert tuple(probes) == in_both(why)
    assert tuple(rows[0]["cover_error"] for rows in listed) == in_both(why_no_cover)
    assert tuple(rows[1]["probe_error"] for rows in listed) == in_both(why)
    assert listed[0][0]["id"] == covered.pk


def test_builds_in_the_api(client):
    build, reason = failed_build()
    Catalog.advance(resources.reasons.IMPORTED(number=2))

    states = answers(client, "/api/build/status")
    rows = answers(client, f"/api/builds/{build.pk}")

    assert tuple(state["last_error"] for state in states) == in_both(reason)
    assert tuple(row["error"] for row in rows) == in_both(reason)
    pending = tuple(state["pending_reason"] for state in states)
    assert pending == in_both(resources.reasons.IMPORTED(number=2))


def test_tasks_in_the_api(client):
    row, reason = make.resource(is_probed=False), dht.reasons.NO_DHT()
    subject = probe_jobs.subject(row.pk)
    task_id = queue.enqueue("builtins.len", kind=JobKind.PROBE, subjects=[subject])
    findings.record_probe_miss(row, ProbeStatus.UNAVAILABLE, reason)
    probe_jobs.settle(row)

    found = answers(client, f"/api/tasks/{task_id}")

    assert tuple(each["error"] for each in found) == in_both(reason)
    assert tuple(each["result"]["probe_error"] for each in found) == in_both(reason)


def test_an_error_that_is_met_at_once_in_the_api(client, monkeypatch):
    reason = dht.reasons.NOT_LOADED(reason="no library")
    monkeypatch.setattr("dht.engine.session.require", _raise(OutageError(reason)))
    row, token = make.resource(), make.admin()
    headers = make.auth(token)["headers"] | {"Accept-Language": "zh-hans"}

    answer = client.post(f"/api/resources/{row.pk}/probe", headers=headers)

    assert (answer.status_code, answer.json()["detail"]) == (503, in_both(reason)[1])


def _raise(error: Exception):
    def call() -> None:
        raise error

    return call
