"""Whether each target has the site."""

from __future__ import annotations

import pytest

from builds.deploy import targets
from builds.models import Deployment
from ghost.core.text.reasons import words
from tests.ghost.operations.figures.moments import ago, item, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(configure, tmp_path):
    configure(deploy_target=str(tmp_path / "there"))
    (target,) = targets.configured()
    return Deployment.objects.for_target(target)


def test_no_target_is_none_that_is_missing():
    assert told("deployments") == ("ok", "deployments.none")


def test_the_site_is_there(row):
    row.want("a")
    row.succeed("a", "", 1, 1, 0)

    assert told("deployments") == ("ok", "deployments.done")


def test_a_failed_deployment_degrades_health(row, client):
    row.want("a")
    row.begin()
    row.fail(words("no route to host"))

    found = item("deployments")
    assert told("deployments") == ("degraded", "deployments.failed")
    assert str(found.last_error) == "no route to host"
    assert found.counts["failed"] == 1
    assert client.get("/health").json() == {"status": "degraded"}


def test_one_that_waits_for_an_operator_does_so_too(row):
    row.want("a")
    row.hold(words("would delete much"), 90, "digest")
    held = told("deployments")
    row.allow()

    assert (held, told("deployments")[0]) == (("degraded", "deployments.held"), "ok")


def test_one_that_nobody_tries_is_late_but_not_without_the_scheduler(row, configure):
    row.want("a")
    row.begin()
    before = told("deployments")
    Deployment.objects.update(tried_at=ago(minutes=20))
    after = told("deployments")
    configure(enable_scheduler=False)

    assert (before, after, told("deployments")[0]) == (
        ("ok", "deployments.waiting"), ("degraded", "deployments.overdue"), "ok",
    )  # fmt: skip


def test_a_target_that_is_configured_no_more_counts_for_nothing(row, configure):
    row.fail(words("no route to host"))
    configure(deploy_target="")

    assert told("deployments") == ("ok", "deployments.none")
