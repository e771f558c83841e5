"""The rules of alerts: what is looked at, with which limits, and what operators set about it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import P, PathEx, Router
from pydantic import Field, StringConstraints

from ghost.api.ops import access
from ghost.api.ops.alerts import SilenceIn
from ghost.core.http.schema.schemas import (
    ABSENT,
    NO_NUL,
    In,
    Moment,
    Out,
)
from ghost.operations.alerts.models import AlertRule

router = Router(tags=[access.TAG])

Name = PathEx[
    Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)],
    P(description="The `name` of a rule.", example="disk"),
]


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
