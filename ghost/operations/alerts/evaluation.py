"""Looks at the figures by every rule, brings the alerts up to date, and leaves messages for what changed.

Any process may call `evaluate` as often as it likes: by one row, one of them looks every EVERY.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from ghost.core.db import clock
from ghost.operations import figures
from ghost.operations.alerts import blackout, rules, wording
from ghost.operations.alerts.models import Alert, AlertRule, AlertWatch
from ghost.operations.channels import deadman, targets
from ghost.operations.channels.models import Delivery
from ghost.operations.channels.sending import sender

EVERY_S = 30.0
_EVERY = timedelta(seconds=EVERY_S - 5)
"""A look that comes a moment early is not put off to the next one."""

log = logging.getLogger(__name__)


def evaluate() -> bool:
    """Look, if it is this process's turn, and have what there is to tell sent; whether it was."""
    began = time.monotonic()
    try:
        is_ours = AlertWatch.objects.claim(_EVERY)
        if is_ours:
            blackout.succeeded()
            _look()
            deadman.start()
        sender.start()
    except DatabaseError as error:
        blackout.failed(error, began)
        raise
    return is_ours


def _look() -> None:
    found = figures.current()
    if found.is_serving:  # else the database alone was looked at, and nothing is known of the rest
        apply(found)


def look() -> None:
    """`evaluate`, as a chore of the watch."""
    evaluate()


def apply(found: figures.Figures) -> None:
    """Bring the alerts up to date with these figures, and write what there is to tell."""
    set_by_operators = AlertRule.objects.by_name()
    active = [name for name, row in set_by_operators.items() if row.is_enabled]
    limits = {name: set_by_operators[name].limit_in_force for name in active}
    waits = {name: set_by_operators[name].wait_in_force for name in active}
    now = clock.now()
    with transaction.atomic():
        findings = rules.findings(found, limits, active)
        Alert.objects.see(findings, waits, now, rules.unseen(found))
        _tell(set_by_operators, now)


def _tell(set_by_operators: dict[str, AlertRule], now: datetime) -> None:
    """Write messages for what stands otherwise than was told, but for what is silenced or switched off."""
    changed = [row for row in Alert.objects.all() if row.is_to_tell]
    to = targets.everybody() if changed else []
    for row in changed:
        rule = set_by_operators.get(row.rule)
        if rule is not None and rule.is_enabled:
            if row.is_silenced(now) or rule.is_silenced(now):
                continue
            Delivery.objects.write(wording.message(row), Delivery.Kind.ALERT, to, about=_about(row))
            log.warning("%s: %s %s", row.state, row, row.reason.english)
        row.note_told(now)


def _about(row: Alert) -> str:
    return f"{row.rule} {row.subject}"[:255]
