"""Alerts: what is wrong, by which rules, who was told, and being told less."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import P, PathEx, Query, Router, Status
from pydantic import Field, StringConstraints

from ghost.api.ops import access
from ghost.core.http import pagination
from ghost.core.http.schema.schemas import (
    ABSENT,
    NO_NUL,
    In,
    Moment,
    MomentIn,
    Out,
    Page,
    PathId,
    problems,
)
from ghost.operations.alerts import trial, wording
from ghost.operations.alerts.models import Alert, AlertRule
from ghost.operations.channels.models import Delivery

router = Router(tags=[access.TAG])

Name = PathEx[
    Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)],
    P(description="The `name` of a rule.", example="disk"),
]
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


class RuleOut(Out):
    """What a rule looks at, and what operators set about it."""

    name: str
    """Name of the rule; it stays."""
    title: str
    """What it is about, in the reader's language."""
    is_enabled: bool
    """Whether it is looked at."""
    limit: float | None
    """The limit that operators set; null for the rule's own."""
    default_limit: float | None
    """The rule's own limit; null if it has none."""
    limit_meaning: str
    """What the limit counts; empty if there is none."""
    wait_s: int | None
    """Seconds for which it has to be so before anybody is told, as operators set it; null for the rule's own."""
    default_wait_s: int
    """The rule's own seconds."""
    silenced_until: Moment | None
    """Until when nobody is told of anything by this rule."""
    runbook: str
    """The page of the documentation that says what to do."""

    example: ClassVar = {
        "name": "disk",
        "title": "Disk nearly full",
        "is_enabled": True,
        "limit": None,
        "default_limit": 10.0,
        "limit_meaning": "percent free at least",
        "wait_s": None,
        "default_wait_s": 0,
        "silenced_until": None,
        "runbook": "docs/runbooks/disk-full.md",
    }


class RuleIn(In):
    """What to set about a rule; what is left out stays."""

    is_enabled: bool = Field(ABSENT, strict=True)
    """Whether it is looked at."""
    limit: float | None = Field(ABSENT, strict=True, allow_inf_nan=False)
    """The limit; null for the rule's own."""
    wait_s: int | None = Field(ABSENT, ge=0, le=86_400, strict=True)
    """Seconds for which it has to be so before anybody is told; null for the rule's own."""

    example: ClassVar = {"is_enabled": True, "limit": 15.0, "wait_s": 60}


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


def _rule(row: AlertRule) -> dict[str, Any]:
    rule = row.rule
    limit = rule.limit if rule else None
    names = ("name", "is_enabled", "limit", "wait_s", "silenced_until")
    return {name: getattr(row, name) for name in names} | {
        "title": str(row),
        "default_limit": limit.default if limit else None,
        "limit_meaning": str(limit.meaning) if limit else "",
        "default_wait_s": rule.wait_s if rule else 0,
        "runbook": rule.runbook_path if rule else "",
    }


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


@router.get(
    "/alerts/rules",
    auth=access.READ,
    response={200: list[RuleOut]},
    operation_id="alert_rule_list",
    summary="List the rules of alerts",
)
def list_rules(request: HttpRequest) -> list[dict[str, Any]]:
    """Get each rule, with its limit and what operators set about it."""
    return [_rule(row) for row in AlertRule.objects.by_name().values()]


@router.patch(
    "/alerts/rules/{name}",
    auth=access.WRITE,
    response={200: RuleOut},
    operation_id="alert_rule_update",
    summary="Change a rule of alerts",
)
def change_rule(request: HttpRequest, name: Name, wanted: RuleIn) -> dict[str, Any]:
    """Set its limit, its wait, or whether it is looked at. It counts from the next look, within 30 seconds."""
    row = get_object_or_404(AlertRule, name=name)
    row.change(**wanted.model_dump(exclude_unset=True))
    return _rule(row)


@router.post(
    "/alerts/rules/{name}/toggle",
    auth=access.WRITE,
    response={200: RuleOut},
    operation_id="alert_rule_toggle",
    summary="Switch a rule of alerts off or on",
)
def toggle_rule(request: HttpRequest, name: Name) -> dict[str, Any]:
    """Switch it off if it is on, and on if it is off. What is wrong by a rule that is off ends without a message."""
    row = get_object_or_404(AlertRule, name=name)
    row.toggle()
    return _rule(row)


@router.post(
    "/alerts/rules/{name}/silence",
    auth=access.WRITE,
    response={200: RuleOut},
    operation_id="alert_rule_silence",
    summary="Silence a rule of alerts",
)
def silence_rule(request: HttpRequest, name: Name, wanted: SilenceIn) -> dict[str, Any]:
    """Tell nobody of anything by this rule until then. What is still wrong then is told."""
    row = get_object_or_404(AlertRule, name=name)
    row.silence(wanted.until)
    return _rule(row)


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
