"""Alerts in words: the same for mail, webhooks and messengers, in GHOST_MESSAGE_LANGUAGE."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ghost.operations.alerts.levels import Level
from ghost.operations.alerts.models import Alert
from ghost.operations.alerts.rules import RULES, Rule
from ghost.operations.channels.message import Message

FIRING, OVER, TEST = "firing", "over", "test"
"""What a message says, for programs."""


def message(alert: Alert) -> Message:
    """What is told of it as it stands now."""
    with translation.override(settings.GHOST.message_language):
        is_over = alert.state == Alert.State.OVER
        said = _("Over: %s") if is_over else "%s"
        return Message(
            subject=_subject(said % alert), text=_text(alert), data={"alert": plain(alert)} | _event(
                OVER if is_over else FIRING
            ),
        )  # fmt: skip


def test() -> Message:
    """What says that messages arrive."""
    with translation.override(settings.GHOST.message_language):
        text = _("This is a test. Alerts of this installation reach you by this way.")
        return Message(subject=_subject(_("Test")), text=text, data=_event(TEST))


def plain(alert: Alert) -> dict[str, Any]:
    """An alert as values for JSON, its texts in the active language."""
    rule = RULES.get(alert.rule)
    return {
        "rule": alert.rule,
        "title": str(rule.title) if rule else alert.rule,
        "subject": alert.subject,
        "level": alert.level,
        "state": alert.state,
        "reason": str(alert.reason),
        "code": alert.reason.code,
        "advice": str(alert.advice),
        "since": alert.since.isoformat(),
        "ended_at": alert.ended_at.isoformat() if _is_over(alert) and alert.ended_at else None,
        "runbook": rule.runbook_path if rule else "",
        "runbook_url": runbook_url(rule) if rule else "",
        "admin_url": admin_url(rule.page) if rule else "",
    }


def admin_url(page: str = "") -> str:
    """The address of a page of the admin, for those who are not in it yet."""
    return f"{settings.GHOST.admin_address}/admin/{page}"


def runbook_url(rule: Rule) -> str:
    """Where the run book can be read in the admin."""
    return admin_url(f"ghost/alert/runbooks/{rule.runbook}/")


def at(moment: datetime) -> str:
    """A time for people, with its zone."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'DATETIME_FORMAT')} ({timezone.get_current_timezone_name()})"


def _is_over(alert: Alert) -> bool:
    return alert.state == Alert.State.OVER


def _event(event: str) -> dict[str, str]:
    return {"event": event, "site": settings.GHOST.site_title, "url": settings.GHOST.admin_address}


def _subject(text: str) -> str:
    return f"[{settings.GHOST.site_title}] {text}"


def _text(alert: Alert) -> str:
    """The sentence, what to do and where to read on."""
    rule = RULES[alert.rule]
    lines = [str(alert.reason), "", _("Since: %s") % at(alert.since)]
    if _is_over(alert) and alert.ended_at:
        lines += [_("Over since: %s") % at(alert.ended_at)]
    else:
        lines += [_("Level: %s") % Level(alert.level).label, "", str(alert.advice), ""]
        lines += [_("Run book: %s") % runbook_url(rule), f"({rule.runbook_path})"]
    return "\n".join([*lines, _("In the admin: %s") % admin_url(rule.page)]) + "\n"
