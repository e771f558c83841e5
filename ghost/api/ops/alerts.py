"""Alerts: what is wrong, who was told, and being told less."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import P, PathEx, Query, Router, Status

from ghost.api.ops import access
from ghost.core.http import pagination
from ghost.core.http.schema.schemas import (
    In,
    Moment,
    MomentIn,
    Out,
    Page,
    PathId,
    problems,
)
from ghost.operations.alerts import trial, wording
from ghost.operations.alerts.models import Alert
from ghost.operations.channels.models import Delivery

router = Router(tags=[access.TAG])

AlertId = PathEx[PathId, P(description="The `id` of an alert.", example=7)]


class AlertOut(Out):
    """Something that is wrong, or was."""

    id: int
    """Identifies the alert; one that comes back keeps it."""
    rule: str
    """The `name` of its rule."""
    title: str
    """What the rule is about, in the reader's language."""
    subject: str
    """Which disk, target or host; empty where there is one alone."""
    level: str
    """`warning`: it needs care. `critical`: it does not work."""
    state: str
    """`pending`: seen, and not for long enough to be told. `firing`: it is so. `over`: it was."""
    reason: str
    """What is wrong, in a sentence."""
    advice: str
    """What to do."""
    since: Moment
    """Since when it is so, or was."""
    ended_at: Moment | None
    """When it was over; null while it is not."""
    told_at: Moment | None
    """When a message about it was written last."""
    silenced_until: Moment | None
    """Until when nobody is told of it."""
    runbook: str
    """The page of the documentation that says what to do, step by step."""
    admin_url: str
    """The page of the admin where it is seen."""

    example: ClassVar = {
        "id": 7,
        "rule": "disk",
        "title": "Disk nearly full",
        "subject": "GHOST_DB_PATH (ghost-1)",
        "level": "warning",
        "state": "firing",
        "reason": "8.5 % free on ghost-1",
        "advice": "Make space, or lower GHOST_BACKUP_KEEP, GHOST_SITE_RELEASES_KEEP or GHOST_KEEP_DAYS.",
        "since": "2026-01-31T03:00:00+00:00",
        "ended_at": None,
        "told_at": "2026-01-31T03:00:30+00:00",
        "silenced_until": None,
        "runbook": "docs/runbooks/disk-full.md",
        "admin_url": "https://admin.example.org/admin/",
    }


class SilenceIn(In):
    """For how long nobody is told."""

    until: MomentIn | None
    """Until then, within 31 days; null: operators are told again from now on."""

    example: ClassVar = {"until": "2026-02-01T08:00:00+00:00"}


class AlertFilter(Page):
    """Which alerts."""

    state: Literal["pending", "firing", "over"] | None = None
    """Only alerts that stand so."""

    example: ClassVar = {"limit": 50, "cursor": 1200, "state": "firing"}


class MessageOut(Out):
    """A message on its way to one target, and what came of it."""

    id: int
    """Identifies the message."""
    kind: str
    """`alert`, `digest` or `test`."""
    channel: str
    """`mail`, `webhook` or `apprise`."""
    target: str
    """Who is told: the name of an operator or an address of mail, for those who may see people; the host of a
    webhook, or the service of apprise."""
    subject: str
    """Its first line."""
    state: str
    """`waiting`, `sent` or `failed` (given up)."""
    attempts: int
    """How often it was tried."""
    created_at: Moment
    """When it was written."""
    next_try_at: Moment | None
    """When it is tried next; null once it has ended."""
    ended_at: Moment | None
    """When it was sent or given up."""
    error: str
    """Why it was not taken the last time; empty if it was."""

    example: ClassVar = {
        "id": 31,
        "kind": "test",
        "channel": "webhook",
        "target": "hooks.example.org#1f2e3d",
        "subject": "[Ghost] Test",
        "state": "waiting",
        "attempts": 0,
        "created_at": "2026-01-31T03:00:30+00:00",
        "next_try_at": "2026-01-31T03:00:30+00:00",
        "ended_at": None,
        "error": "",
    }


def _alert(row: Alert) -> dict[str, Any]:
    told = wording.plain(row)
    names = ("id", "told_at", "silenced_until", "since")
    own = {name: getattr(row, name) for name in names}
    return told | own | {"ended_at": row.ended_at if row.state == Alert.State.OVER else None}


def _message(row: Delivery) -> dict[str, Any]:
    names = (
        "id", "kind", "channel", "subject", "state", "attempts", "created_at", "next_try_at", "ended_at",
    )  # fmt: skip
    own = {name: getattr(row, name) for name in names}
    return own | {"target": row.shown_target, "error": str(row.error)}


@router.get(
    "/alerts",
    auth=access.READ,
    response={200: list[AlertOut]},
    operation_id="alert_list",
    summary="List alerts",
)
def list_alerts(
    request: HttpRequest, response: HttpResponse, wanted: Query[AlertFilter]
) -> list[dict[str, Any]]:
    """Get what is wrong and what was, the newest first."""
    rows = Alert.objects.order_by("-pk")
    rows = rows.filter(state=wanted.state) if wanted.state else rows
    return [_alert(row) for row in pagination.cut(rows, wanted, request, response)]


@router.post(
    "/alerts/{alert_id}/silence",
    auth=access.WRITE,
    response={200: AlertOut},
    operation_id="alert_silence",
    summary="Silence an alert",
)
def silence_alert(request: HttpRequest, alert_id: AlertId, wanted: SilenceIn) -> dict[str, Any]:
    """Tell nobody of this alert until then. If it is still so then, it is told."""
    row = get_object_or_404(Alert, pk=alert_id)
    row.silence(wanted.until)
    return _alert(row)


@router.post(
    "/alerts/test",
    auth=access.WRITE,
    response={202: list[MessageOut], **problems(400)},
    operation_id="test_alert_send",
    summary="Send a test message",
)
def send_test(request: HttpRequest) -> Status[list[dict[str, Any]]]:
    """Send a message by every channel that is configured, within some seconds. `GET /api/ops/alerts/messages` says
    what came of it."""
    return Status(202, [_message(row) for row in trial.write()])


@router.get(
    "/alerts/messages",
    auth=access.READ,
    response={200: list[MessageOut]},
    operation_id="alert_message_list",
    summary="List messages of alerts",
)
def list_messages(
    request: HttpRequest, response: HttpResponse, page: Query[Page]
) -> list[dict[str, Any]]:
    """Get who was told what, and what came of it, the newest first."""
    rows = Delivery.objects.order_by("-pk")
    return [_message(row) for row in pagination.cut(rows, page, request, response)]
