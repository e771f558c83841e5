"""Every table has a class of data and an end, as docs/security.md tells; what is personal really ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import CASCADE
from django.utils import timezone
from django_q.models import Task

from builds.models import Build
from dht.models import HealthSample, Scan
from ghost.accounts.links.first_operator import FirstOperatorLink
from ghost.accounts.links.reset_links import ResetRequest
from ghost.core.audit.models import AuditEvent
from ghost.core.events.models import Event
from ghost.core.http.idempotency import KeptAnswer
from ghost.core.http.limits.rate_limit import Usage
from ghost.core.jobs.models import Job
from ghost.operations import tasks
from ghost.operations.alerts.models import Alert
from ghost.operations.channels.models import Delivery
from teams.models import Attempt
from tests import make

SECRET, PERSONAL, PRIVATE, PUBLIC = "secret", "personal", "private", "public"
STAYS = "until somebody deletes it"
WITH_IT = "with the row that it belongs to"
BOUNDED = "one for each thing there is, written over"
BUILT = "made anew from other tables"

TABLES = {
    # label: class of the most delicate column, what ends a row
    "account.EmailAddress": (PERSONAL, WITH_IT),
    "account.EmailConfirmation": (SECRET, WITH_IT),
    "admin.LogEntry": (PERSONAL, "GHOST_AUDIT_KEEP_DAYS"),
    "auth.Group": (PRIVATE, BOUNDED),
    "auth.Group_permissions": (PRIVATE, WITH_IT),
    "auth.Permission": (PRIVATE, BOUNDED),
    "auth.User": (SECRET, STAYS),
    "auth.User_groups": (PERSONAL, WITH_IT),
    "auth.User_user_permissions": (PERSONAL, WITH_IT),
    "builds.Build": (PRIVATE, "GHOST_KEEP_DAYS"),
    "builds.BuildState": (PRIVATE, BOUNDED),
    "builds.Cover": (PRIVATE, WITH_IT),
    "builds.CoverLease": (PRIVATE, "minutes"),
    "builds.Deployment": (PRIVATE, BOUNDED),
    "builds.Due": (PUBLIC, BUILT),
    "builds.EntryRow": (PUBLIC, BUILT),
    "builds.Listing": (PUBLIC, BUILT),
    "builds.ListingEntry": (PUBLIC, BUILT),
    "builds.ListingPage": (PUBLIC, BUILT),
    "builds.NextOutput": (PUBLIC, BUILT),
    "builds.Output": (PUBLIC, BUILT),
    "builds.Step": (PRIVATE, WITH_IT),
    "contenttypes.ContentType": (PRIVATE, BOUNDED),
    "dht.HealthSample": (PRIVATE, "GHOST_KEEP_DAYS"),
    "dht.NodeCount": (PRIVATE, BOUNDED),
    "dht.Scan": (PRIVATE, "GHOST_KEEP_DAYS"),
    "dht.ScanPart": (PRIVATE, WITH_IT),
    "django_q.OrmQ": (PRIVATE, "minutes"),
    "django_q.Schedule": (PRIVATE, BOUNDED),
    "django_q.Task": (PRIVATE, "GHOST_KEEP_DAYS"),
    "ghost.Alert": (PRIVATE, "GHOST_KEEP_DAYS"),
    "ghost.AlertRule": (PRIVATE, BOUNDED),
    "ghost.AlertWatch": (PRIVATE, BOUNDED),
    "ghost.AuditEvent": (PERSONAL, "GHOST_AUDIT_KEEP_DAYS"),
    "ghost.Backup": (PRIVATE, "GHOST_BACKUP_KEEP"),
    "ghost.Catalog": (PRIVATE, BOUNDED),
    "ghost.CatalogCount": (PRIVATE, BOUNDED),
    "ghost.Change": (PRIVATE, BUILT),
    "ghost.Circuit": (PRIVATE, "GHOST_KEEP_DAYS"),
    "ghost.ConnectionReset": (PRIVATE, BOUNDED),
    "ghost.CounterValue": (PRIVATE, BOUNDED),
    "ghost.Delivery": (PERSONAL, "GHOST_KEEP_DAYS"),
    "ghost.Event": (PRIVATE, "GHOST_EVENTS_KEEP_HR"),
    "ghost.FirstOperatorLink": (SECRET, "24 hours"),
    "ghost.GitBackup": (PRIVATE, BOUNDED),
    "ghost.Heartbeat": (PRIVATE, "a day"),
    "ghost.Job": (PRIVATE, "GHOST_KEEP_DAYS"),
    "ghost.JobPart": (PRIVATE, WITH_IT),
    "ghost.KeptAnswer": (SECRET, "24 hours"),
    "ghost.QueueEntry": (PRIVATE, "minutes"),
    "ghost.QueuePause": (PRIVATE, BOUNDED),
    "ghost.Removal": (PRIVATE, BUILT),
    "ghost.ResetRequest": (PERSONAL, "30 minutes"),
    "ghost.Sample": (PRIVATE, "14 days"),
    "ghost.ScheduleRun": (PRIVATE, BOUNDED),
    "ghost.SlowCall": (PRIVATE, "48 hours"),
    "ghost.Stream": (PERSONAL, "minutes"),
    "ghost.Usage": (PRIVATE, "minutes"),
    "ghost.WorkerReplacement": (PRIVATE, "a day"),
    "mfa.Authenticator": (SECRET, WITH_IT),
    "resources.Block": (PRIVATE, STAYS),
    "resources.Category": (PUBLIC, STAYS),
    "resources.Resource": (PRIVATE, STAYS),
    "resources.ResourceTag": (PUBLIC, WITH_IT),
    "resources.TextHash": (PRIVATE, WITH_IT),
    "sessions.Session": (SECRET, "when it has ended"),
    "teams.Attempt": (PERSONAL, "15 minutes"),
    "teams.Team": (PUBLIC, STAYS),
    "teams.Token": (SECRET, STAYS),
    "usersessions.UserSession": (PERSONAL, "when its session has ended"),
}
OLD = timezone.now() - timedelta(days=500)


def test_every_table_has_a_class_and_an_end():
    tables = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }

    assert tables == set(TABLES)


def rows_of_long_ago() -> list[Any]:
    """One of each table that a time ends."""
    person, row = User.objects.create_user("zoe"), make.resource()
    history = LogEntry.objects.create(
        user=person, object_id="1", object_repr="x", action_flag=ADDITION, change_message="[]"
    )
    LogEntry.objects.update(action_time=OLD)
    rows = [
        history,
        Alert.objects.create(
            rule="disk", since=OLD, ended_at=OLD, level="warning", state=Alert.State.OVER
        ),
        Delivery.objects.create(created_at=OLD, key="k"),
        AuditEvent.objects.create(at=OLD, actor_name="zoe", action="x.y"),
        Build.objects.create(
            trigger="x", state="done", lease_until=OLD, started_at=OLD, ended_at=OLD
        ),
        HealthSample.objects.create(resource=row, checked_at=OLD, method="dht", status="Active"),
        Scan.objects.create(trigger="x", state="done", requested_at=OLD, ended_at=OLD),
        Task.objects.create(id="a", name="a", func="x", started=OLD, stopped=OLD, success=True),
        Event.objects.create(at=OLD, kind="x", data={}),
        Job.objects.create(task_id="a", kind="probe", asked_at=OLD),
        KeptAnswer.objects.create(token_id=1, key="k", fingerprint="f", made_at=OLD, nonce=b"n"),
        Usage.objects.create(caller="token 1", window=1),
        Session.objects.create(session_key="a" * 32, session_data="", expire_date=OLD),
        UserSession.objects.create(user=person, session_key="a" * 32, ip="192.0.2.1"),
        Attempt.objects.create(subject="zoe", scope="192.0.2.1", at=OLD),
        ResetRequest.objects.create(email="zoe@example.org", language="en", at=OLD),
        FirstOperatorLink.objects.create(digest="x", expires_at=OLD),
    ]
    Build.objects.create(trigger="x", state="done", lease_until=timezone.now())
    Event.objects.create(kind="x", data={})  # of both the newest stays, however old
    return rows


@pytest.mark.django_db
def test_what_is_personal_or_old_is_dropped_when_its_time_is_over():
    rows = rows_of_long_ago()

    for task in (tasks.prune, tasks.prune_events, tasks.drop_ended_sessions):
        task()

    left = [row._meta.label for row in rows if type(row)._base_manager.filter(pk=row.pk).exists()]
    assert left == []


def test_what_belongs_to_a_person_goes_with_the_account():
    """Nothing but the trail, which has names of its own, remembers who is deleted."""
    kept = [
        relation.related_model._meta.label
        for relation in User._meta.related_objects
        if relation.on_delete is not CASCADE
    ]

    assert kept == []
