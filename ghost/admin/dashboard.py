"""The operators' first page: how the catalog stands, and what needs a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.models import Failure

from builds import deploy
from builds.admin import live_build, unrendered
from builds.admin.labels import asked_by, kind
from builds.models import Build, BuildState
from dht.admin.scans import in_words, scanned_by
from dht.models import Scan
from ghost.core.catalog.models import Catalog
from ghost.core.jobs.entries import QueueEntry
from ghost.core.text.durations import age, ago, lasting
from ghost.operations import figures
from ghost.operations.alerts.models import Alert
from ghost.operations.alerts.rules import RULES
from ghost.operations.figures import Item, Status
from ghost.operations.figures.sentences import TITLES
from resources.models import DhtStatus, ProbeStatus, Resource
from resources.models.fields import state_is
from resources.states import State

LISTED = 5
PAGES = {
    "queue": ("ghost_queueentry", "ghost.view_queueentry"),
    "schedules": ("django_q_schedule", "django_q.view_schedule"),
    "build": ("builds_build", "builds.view_build"),
    "deployments": ("builds_deployment", "builds.view_deployment"),
    "dht": ("dht_scan", "dht.view_scan"),
    "circuits": ("ghost_circuit", "ghost.view_circuit"),
    "swarms": ("dht_scan", "dht.view_scan"),
    "alerts": ("ghost_delivery", "ghost.view_delivery"),
    "backups": ("ghost_backup", "ghost.view_backup"),
    "git_backup": ("ghost_gitbackup", "ghost.view_backup"),
}
"""Where an item can be looked into, and who may."""
KINDS = {
    Status.OK: "good", Status.DEGRADED: "warn", Status.DOWN: "bad", Status.UNKNOWN: "quiet",
}  # fmt: skip
STATES = {
    Status.OK: gettext_lazy("in order"),
    Status.DEGRADED: gettext_lazy("needs care"),
    Status.DOWN: gettext_lazy("does not work"),
    Status.UNKNOWN: gettext_lazy("not known"),
}
_BAD_PROBES = (ProbeStatus.INACTIVE, ProbeStatus.TIMEOUT, ProbeStatus.UNAVAILABLE)


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK: a fixed number of queries, however large the catalog is."""
    may = request.user.has_perm
    context["title"] = _("Dashboard")
    context |= _standing(request)
    if may("ghost.view_alert"):
        context |= _alerts()
    context["site_address"] = settings.GHOST.site_address
    if may("resources.view_resource"):
        context |= _catalog()
    if may("dht.view_scan"):
        context["scan"] = _scan()
    if may("builds.view_build"):
        context |= _builds(request)
    if may("builds.view_deployment"):
        context["stuck"] = deploy.rows().stuck()[:LISTED]
    if may("django_q.view_failure"):
        context |= _queue()
    return context


def _alerts() -> dict[str, Any]:
    """What is wrong by the rules, and since when."""
    firing = list(Alert.objects.firing())
    rows = firing[:LISTED]
    shown = [(row, age(row.since), RULES[row.rule].runbook) for row in rows if row.rule in RULES]
    worst = rows[0].level if rows else ""
    return {"alerts": shown, "alert_count": len(firing), "worst_alert": worst}


def _standing(request: HttpRequest) -> dict[str, Any]:
    """How the installation stands, as `/health` tells it, and what to do about it."""
    found = figures.current()
    items = [_shown(item, request) for item in found.items]
    names = [item.name for item in found.problems]
    by_name = {item["name"]: item for item in items}
    return {
        "standing": items,
        "problems": [by_name[name] for name in names],
        "is_down": any(item.status == Status.DOWN for item in found.items),
    }


def _shown(item: Item, request: HttpRequest) -> dict[str, Any]:
    view, permission = PAGES.get(item.name, ("", ""))
    is_linked = view and request.user.has_perm(permission)
    return {
        "name": item.name,
        "title": TITLES[item.name],
        "kind": KINDS[item.status],
        "state": STATES[item.status],
        "reason": item.reason,
        "advice": item.advice,
        "error": item.last_error if item.is_bad else "",
        "since": age(item.since),
        "address": reverse(f"admin:{view}_changelist") if is_linked else "",
    }


def _catalog() -> dict[str, Any]:
    live, standing = state_is(State.LIVE), Q(takedown_at=None)
    missed = Q(probed_at=None, probe_status__in=_BAD_PROBES)
    no_cover = standing & ~Q(cover_error="")
    counts = Resource.objects.aggregate(
        missed=Count("pk", filter=state_is(State.HELD) & missed),
        **{state.value: Count("pk", filter=state_is(state)) for state in State},
        **{status.name: Count("pk", filter=live & Q(dht_status=status)) for status in DhtStatus},
    )
    return {
        "counts": counts,
        "health": _shares(counts),
        "failed_probes": [
            (row, row.probe_error, _next_probe(row))
            for row in Resource.objects.filter(standing & missed)[:LISTED]
        ],
        "failed_covers": [
            (row, row.cover_error) for row in Resource.objects.filter(no_cover)[:LISTED]
        ],
    }


def _shares(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Health as parts of a bar."""
    order = ((DhtStatus.ACTIVE, "good"), (DhtStatus.STALE, "bad"), (DhtStatus.UNKNOWN, "unknown"))
    return [
        {
            "status": status,
            "label": status.label,
            "count": counts[status.name],
            "kind": kind,
        }
        for status, kind in order
    ]


def _scan() -> dict[str, Any]:
    """The scan under way, or else the last one; empty if there was none."""
    scan = Scan.objects.first()
    if scan is None:
        return {}
    return {
        "row": scan,
        "is_queued": scan.is_open and scan.is_queued,
        "who": scanned_by(scan),
        "when": age(scan.ended_at or scan.started_at or scan.requested_at),
        "took": lasting(scan.seconds),
        "counts": in_words(scan),
        "error": scan.error,
    }


def _builds(request: HttpRequest) -> dict[str, Any]:
    state, catalog = BuildState.get(), Catalog.get()
    recent = Build.objects.all()[:LISTED]
    return {
        "build_state": state,
        "live": live_build.watched_by(request),
        "held": state.held_build,
        "pending": catalog.revision > state.built_revision,
        "pending_reason": catalog.reason,
        "last_error": state.last_error,
        "retry_at": state.retry_at,
        "last_built": ago(state.last_build_at) if state.last_build_at else "",
        "recent_builds": [
            (build, kind(build), asked_by(build), lasting(build.seconds or 0)) for build in recent
        ],
        "set_aside": unrendered.missing_now(LISTED),
    }


def _queue() -> dict[str, Any]:
    return {
        "queue_waiting": QueueEntry.objects.waiting().count(),
        "queue_running": QueueEntry.objects.running().count(),
        "failures": [(task, ago(task.stopped)) for task in Failure.objects.all()[:LISTED]],
        "has_queue": True,
    }


def _next_probe(row: Resource) -> str:
    if row.probe_due_at is None:
        return ""
    if row.probe_due_at - timezone.now() < timedelta(minutes=1):
        return _("next probe soon")
    return _("next probe in %s") % timeuntil(row.probe_due_at)
