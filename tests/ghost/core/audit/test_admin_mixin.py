"""Whatever an operator writes through the admin stands in the audit trail, once for each row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db import models
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, Schedule, Task

from builds.models import BuildState, Deployment
from dht.models import Scan
from ghost.core.audit.models import AuditEvent
from ghost.core.audit.trail import HIDDEN
from ghost.core.circuits import Circuit
from ghost.operations.alerts.models import Alert, AlertRule
from ghost.operations.backups.models import Backup
from ghost.operations.schedules import sync as sync_schedules
from resources.models import Block, Category, Resource
from teams.models import Team, Token
from tests import make, operators
from tests.presence import present
from tests.resources.prober import FakeProber

pytestmark = pytest.mark.django_db

Rows = Callable[[], list[Any]]


@pytest.fixture(autouse=True)
def prober(settings, monkeypatch):
    settings.PROBER = "tests.resources.prober.FakeProber"
    monkeypatch.setattr(FakeProber, "queued", [])


@pytest.fixture
def root():
    return operators.client()


def label(model: type[models.Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def told_of(operation: Callable[[], Any]) -> list[tuple[str, str]]:
    """Action and key of the events that an operation left, in the order of keys."""
    AuditEvent.objects.all().delete()
    operation()
    assert set(AuditEvent.objects.values_list("actor_kind", "actor_name")) <= {("operator", "root")}
    return sorted(AuditEvent.objects.values_list("action", "object_key"))


# -- actions of lists


def resources(**kwargs) -> Rows:
    return lambda: [make.resource(**kwargs), make.resource(**kwargs)]


def taken_down() -> list[Resource]:
    rows = resources()()
    for row in rows:
        row.take_down(reason="asked", by="test")
    return rows


def schedules() -> list[Schedule]:
    return [Schedule.objects.create(name=name, func="dht.tasks.run_probes") for name in "ab"]


def own_schedules() -> list[Schedule]:
    sync_schedules()
    return list(Schedule.objects.filter(name__in=["scan health", "verify the site"]))


def failures() -> list[Failure]:
    now, func = timezone.now(), "dht.tasks.run_probes"
    for name in "ab":
        Task.objects.create(
            id=name, name=name, func=func, args=(1,), started=now, stopped=now, success=False
        )
    return list(Failure.objects.all())


def deployments(**kwargs) -> Rows:
    return lambda: [
        Deployment.objects.create(key=key, kind="folder", target=f"/srv/{key}", **kwargs)
        for key in "ab"
    ]


def circuits() -> list[Circuit]:
    later = timezone.now() + timedelta(hours=1)
    return [
        Circuit.objects.create(kind="tracker", name=name, failures=9, open_until=later)
        for name in ("a.b", "c.d")
    ]


def alerts(**kwargs: Any) -> Rows:
    now = timezone.now()
    return lambda: [
        Alert.objects.create(rule="disk", subject=name, level="warning", since=now, **kwargs)
        for name in "ab"
    ]


def alert_rules(**kwargs: Any) -> Rows:
    def made() -> list[AlertRule]:
        AlertRule.objects.sync()
        found = AlertRule.objects.filter(name__in=["disk", "memory"])
        found.update(**kwargs)
        return list(found)

    return made


SILENT = {"silenced_until": timezone.now() + timedelta(days=1)}


def backups() -> list[Backup]:
    now = timezone.now()
    return [
        Backup.objects.create(
            name=f"ghost-{name}.tar.gz", created_at=now, bytes=1, is_encrypted=False
        )
        for name in "ab"
    ]


def scans() -> list[Scan]:
    return [Scan.objects.create(trigger="test")]


def tokens() -> list[Token]:
    return [make.publisher(), make.publisher()]


def inert_tokens() -> list[Token]:
    rows = tokens()
    Token.objects.filter(pk__in=[row.pk for row in rows]).update(is_inert=True)
    return rows


ACTIONS: dict[tuple[type, str], tuple[Rows, str, dict[str, str]]] = {
    (Resource, "approve"): (resources(awaits_review=True), "resource.approve", {}),
    (Resource, "send_back"): (
        resources(awaits_review=True), "resource.send_back", {"reason": "No text."},
    ),
    (Resource, "take_down"): (resources(), "resource.take_down", {"reason": "asked"}),
    (Resource, "let_through"): (resources(is_private=True), "resource.let_through", {}),
    (Resource, "restore"): (taken_down, "resource.restore", {}),
    (Resource, "probe_again"): (resources(), "resource.probe", {}),
    (Resource, "publish_unprobed"): (resources(is_probed=False), "resource.skip_probe", {}),
    (Resource, "check_health"): (resources(), "resource.check_health", {}),
    (Schedule, "run_now"): (own_schedules, "schedule.run", {}),
    (Schedule, "pause"): (schedules, "schedule.pause", {}),
    (Schedule, "resume"): (schedules, "schedule.resume", {}),
    (Failure, "retry"): (failures, "failure.retry", {}),
    (Failure, "dismiss"): (failures, "failure.dismiss", {}),
    (Deployment, "allow_deletions"): (
        deployments(state="held", asked="x", deletions=3), "deployment.allow_deletions", {},
    ),
    (Deployment, "forget"): (deployments(), "deployment.forget", {}),
    (Circuit, "try_again"): (circuits, "circuit.reset", {}),
    **{
        (model, f"silence_{hours}"): (rows(), f"{model._meta.model_name}.silence", {})
        for model, rows in ((Alert, alerts), (AlertRule, alert_rules))
        for hours in (1, 8, 24, 168)
    },
    (Alert, "end_silence"): (alerts(**SILENT), "alert.silence", {}),
    (AlertRule, "end_silence"): (alert_rules(**SILENT), "alertrule.silence", {}),
    (AlertRule, "switch_on"): (alert_rules(is_enabled=False), "alertrule.change", {}),
    (AlertRule, "switch_off"): (alert_rules(), "alertrule.change", {}),
    (Backup, "verify"): (backups, "backup.verify", {}),
    (Scan, "stop"): (scans, "scan.stop", {}),
    (Token, "revoke"): (tokens, "token.revoke", {"confirmed": "1"}),
    (Token, "activate"): (inert_tokens, "token.activate", {"confirmed": "1"}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "name"), ACTIONS, ids=[f"{label(model)}-{name}" for model, name in ACTIONS]
)
def test_an_action_leaves_one_event_for_each_row(root, model, name):
    make_rows, action, fields = ACTIONS[model, name]
    rows = make_rows()
    keys = [str(row.pk) for row in rows]

    found = told_of(lambda: operators.act(root, label(model), name, *rows, **fields))

    assert found == sorted((action, key) for key in keys)


@pytest.mark.parametrize(
    ("model", "name"), ACTIONS, ids=[f"{label(model)}-{name}" for model, name in ACTIONS]
)
def test_what_a_viewer_may_not_do_leaves_nothing(model, name):
    make_rows, _action, fields = ACTIONS[model, name]
    rows, viewer = make_rows(), operators.client("Viewer")

    assert told_of(lambda: operators.act(viewer, label(model), name, *rows, **fields)) == []


def test_an_invitation_tells_of_the_token_that_it_made(root):
    team = make.team()

    found = told_of(lambda: operators.act(root, "teams_team", "invite", team, display_name="Mia"))

    assert found == [("token.issue", str(Token.objects.get(display_name="Mia").pk))]


# -- forms


def typed_resource() -> dict[str, Any]:
    category, publisher = make.category(), make.publisher()
    return {
        "title": "Debian", "magnet_uri": make.magnet(), "category": category.pk, "tags": "",
        "content_markdown": "", "publisher": publisher.pk, "team": "", "cover_image_url": "",
        "published_at_0": "2026-01-02", "published_at_1": "03:04",
    }  # fmt: skip


def typed_user() -> dict[str, Any]:
    return {
        "username": "zoe", "password1": "correct horse staple", "usable_password": "true",
        "password2": "correct horse staple",
    }  # fmt: skip


FORMS: dict[type, tuple[str, Callable[[], dict[str, Any]]]] = {
    Resource: ("resource.create", typed_resource),
    Category: ("category.create", lambda: {"name": "Films", "sort_order": 0, "parent": ""}),
    Block: ("block.add", lambda: {"info_hash": make.info_hash(), "reason": "asked"}),
    Token: ("token.issue", lambda: {"role": "Publisher", "display_name": "Zoe", "note": ""}),
    Team: ("team.create", lambda: {"name": "Restorers", "owner": make.publisher().pk}),
    User: ("user.add", typed_user),
    Group: ("group.add", lambda: {"name": "Helpers"}),
}


@pytest.mark.parametrize("model", FORMS, ids=label)
def test_adding_leaves_one_event(root, model):
    action, typed = FORMS[model]
    fields = typed()

    found = told_of(lambda: root.post(reverse(f"admin:{label(model)}_add"), fields))

    assert found == [(action, str(model.objects.order_by("pk").last().pk))]


def edited() -> dict[type, tuple[str, Any, dict[str, Any], list[str]]]:
    """Of each model: the action, a row, what is typed, and the names of what changes."""
    row, person = make.resource(), User.objects.create_user("zoe")
    category, team = make.category("Films"), make.team()
    group = Group.objects.create(name="Helpers")
    permission = Permission.objects.get(codename="view_block")
    block = Block.objects.create(info_hash=make.info_hash(), created_by="test")
    token = make.publisher(name="Zoe")
    joined = timezone.localtime(person.date_joined)
    return {
        Resource: (
            "resource.update", row,
            typed_resource() | {
                "magnet_uri": row.magnet_uri, "title": "New", "category": row.category_id,
                "publisher": row.publisher_id, "content_markdown": row.content_markdown,
                "published_at_0": present(row.published_at).date(),
                "published_at_1": present(row.published_at).strftime("%H:%M:%S"),
            },
            ["title"],
        ),
        Category: (
            "category.update", category,
            {"name": "Films", "slug": "films", "sort_order": 7, "torznab_id": 2000},
            ["sort_order", "torznab_id"],
        ),
        Block: ("block.change", block, {"reason": "asked"}, ["reason"]),
        Token: (
            "token.update", token, {"display_name": "Zoe", "needs_review": "on"}, ["needs_review"],
        ),
        Team: (
            "team.update", team,
            {"name": "Restorers", "members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}, ["name"],
        ),
        User: (
            "user.change", person,
            {
                "username": "zoe", "first_name": "Zoe", "is_active": "on", "groups": [group.pk],
                "date_joined_0": joined.date(), "date_joined_1": joined.strftime("%H:%M:%S"),
            },
            ["first_name", "groups"],
        ),
        Group: (
            "group.change", group, {"name": "Helpers", "permissions": [permission.pk]},
            ["permissions"],
        ),
        AlertRule: (
            "alertrule.change", alert_rules()()[0], {"is_enabled": "on", "limit": 20}, ["limit"],
        ),
    }  # fmt: skip


@pytest.mark.parametrize("model", [*FORMS, AlertRule], ids=label)
def test_a_change_leaves_one_event_with_what_changed(root, model):
    action, row, fields, wanted = edited()[model]
    if model is User:  # forms know no microseconds
        User.objects.filter(pk=row.pk).update(date_joined=row.date_joined.replace(microsecond=0))

    found = told_of(lambda: root.post(operators.form_of(label(model), row.pk), fields))

    assert found == [(action, str(row.pk))]
    assert sorted(AuditEvent.objects.get().changes) == wanted


@pytest.mark.parametrize("model", [Resource, Category, Block, User, Group], ids=label)
def test_a_deletion_leaves_one_event_with_what_there_was(root, model):
    _action, row, *_rest = edited()[model]
    if model is Resource:
        row.take_down(reason="asked", by="test")
    url = reverse(f"admin:{label(model)}_delete", args=(row.pk,))

    found = told_of(lambda: root.post(url, {"post": "yes"}))

    assert found == [(f"{model._meta.model_name}.delete", str(row.pk))]
    assert all(after is None for _before, after in AuditEvent.objects.get().changes.values())


def test_what_did_not_change_leaves_nothing(root):
    block = Block.objects.create(info_hash=make.info_hash(), reason="asked", created_by="test")

    url = operators.form_of("resources_block", block.pk)

    assert told_of(lambda: root.post(url, {"reason": "asked"})) == []


# -- what has no form of its own


def test_another_password_is_told_and_never_shown(root):
    person = User.objects.create_user("zoe", password="old horse battery")
    url = reverse("admin:auth_user_password_change", args=(person.pk,))
    words = {"password1": "correct horse staple", "password2": "correct horse staple"}

    found = told_of(lambda: root.post(url, words | {"usable_password": "true"}))

    assert found == [("user.change", str(person.pk))]
    assert AuditEvent.objects.get().changes == {"password": [HIDDEN, HIDDEN]}


def test_ones_own_password_is_told_too():
    person = User.objects.create_superuser("root", password="old horse battery")
    browser = Client()
    browser.force_login(person)
    words = {"new_password1": "correct horse staple", "new_password2": "correct horse staple"}
    url = reverse("admin:password_change")

    failed = told_of(lambda: browser.post(url, words | {"old_password": "wrong"}))
    found = told_of(lambda: browser.post(url, words | {"old_password": "old horse battery"}))

    assert (failed, found) == ([], [("user.change", str(person.pk))])
    assert AuditEvent.objects.get().changes == {"password": [HIDDEN, HIDDEN]}


def test_a_build_that_is_asked_for_is_told(root):
    found = told_of(lambda: root.post(reverse("admin:builds_build_start"), {"how": "force"}))

    assert found == [("build.trigger", str(BuildState.get().pk))]
    assert AuditEvent.objects.get().changes["extent"] == [None, "everything"]


def test_a_scan_that_is_asked_for_is_told(root):
    found = told_of(lambda: root.post(reverse("admin:dht_scan_start")))

    assert found == [("scan.ask", str(Scan.objects.get().pk))]


def test_a_deployment_that_is_asked_for_is_told(root, configure, tmp_path):
    configure(deploy_folder=tmp_path)
    found = told_of(lambda: root.post(reverse("admin:builds_deployment_start")))

    assert found == [("deployment.start", str(row.pk)) for row in Deployment.objects.all()]


# -- and nothing else writes


def test_every_write_of_every_admin_is_tried_here():
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    actions, adding = set[tuple[type, str]](), set[type]()

    for model in filter(admin.site.is_registered, apps.get_models()):
        each = admin.site.get_model_admin(model)
        actions |= {(model, name) for name in each.get_actions(request)}
        if each.has_add_permission(request) or each.has_change_permission(request):
            adding.add(model)

    assert actions == ACTIONS.keys() | {(Team, "invite")}
    assert adding == FORMS.keys() | {AlertRule}  # its rows are made by the code
