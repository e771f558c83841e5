"""Deployments in the admin."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.urls import reverse
from django_q.models import OrmQ

from builds.models import Deployment
from tests import operators

pytestmark = pytest.mark.django_db


START = "admin:builds_deployment_start"


def test_deploy_now_is_for_operators_and_by_post(target_folder, django_capture_on_commit_callbacks):
    operator, viewer = operators.client("Operator"), operators.client("Viewer")

    with django_capture_on_commit_callbacks(execute=True):
        refused = viewer.post(reverse(START))
        got = operator.get(reverse(START))
        done = operator.post(reverse(START))

    assert (refused.status_code, got.status_code, done.status_code) == (403, 405, 302)
    assert [message.func() for message in OrmQ.objects.all()] == ["builds.deploy.tasks.deploy_now"]
    pages = [client.get(operators.list_of("builds_deployment")) for client in (operator, viewer)]
    assert [reverse(START).encode() in page.content for page in pages] == [True, False]


def test_an_operator_allows_deletions_that_wait(
    waiting, target_folder, django_capture_on_commit_callbacks
):
    row, done = Deployment.objects.get(), Deployment.objects.create(key="x", kind="git", target="x")
    operator, viewer = operators.client("Operator"), operators.client("Viewer")
    page = operator.get(operators.form_of("builds_deployment", row.pk)).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        operators.act(viewer, "builds_deployment", "allow_deletions", row)
        untouched = Deployment.objects.get(pk=row.pk).is_held
        answer = operators.act(operator, "builds_deployment", "allow_deletions", row, done)

    assert "50 of 101 files would be deleted" in page
    assert 'value="allow_deletions"' in page
    assert untouched
    assert operators.told(answer) == ["1 deployment goes on."]
    assert not Deployment.objects.get(pk=row.pk).is_held
    assert [message.func() for message in OrmQ.objects.all()] == ["builds.deploy.tasks.deploy_now"]


def test_a_target_that_is_not_configured_any_more_can_be_removed(site, target_folder, configure):
    target_folder.write_bytes(b"in the way")
    site.deploy()
    old = Deployment.objects.get()
    operator, viewer = operators.client("Operator"), operators.client("Viewer")
    stuck = operator.get(reverse("admin:index")).content.decode()
    configure(deploy_target=str(target_folder.parent / "elsewhere"))
    site.deploy()
    new = Deployment.objects.exclude(pk=old.pk).get()

    rest = operator.get(reverse("admin:index")).content.decode()
    listed = operator.get(operators.list_of("builds_deployment")).content.decode()
    form = operator.get(operators.form_of("builds_deployment", old.pk)).content.decode()
    operators.act(viewer, "builds_deployment", "forget", old)
    untouched = Deployment.objects.count()
    answer = operators.act(operator, "builds_deployment", "forget", old, new)

    assert [str(target_folder) in stuck, str(target_folder) in rest] == [True, False]
    assert len(re.findall(r">\s*no longer configured\s*<", listed)) == 1
    assert ('value="forget"' in form, untouched) == (True, 2)
    assert operators.told(answer) == ["1 deployment removed."]
    assert list(Deployment.objects.all()) == [new]
    assert old.circuit is None


def test_a_list_without_targets_says_what_to_set():
    page = operators.client("Viewer").get(operators.list_of("builds_deployment"))

    assert b"GHOST_DEPLOY_TARGET" in page.content


def test_no_row_can_be_added_changed_or_deleted():
    operator = operators.client("Operator")
    row = Deployment.objects.create(key="x", kind="git", target="x")

    for name, args in (("add", ()), ("delete", (row.pk,))):
        answer = operator.get(reverse(f"admin:builds_deployment_{name}", args=args))
        assert answer.status_code == 403

    operator.post(operators.form_of("builds_deployment", row.pk), {"target": "y"})
    row.refresh_from_db()
    assert row.target == "x"
    assert connection.in_atomic_block
