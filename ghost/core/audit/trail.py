"""Writes the audit trail: who did what to which row.

Rows' own methods call `record` in the transaction of the write, so nothing is recorded that did
not happen, and nothing happens unrecorded. What workers find out (probes, scans, builds) is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import models

from ghost.core.audit import actors
from ghost.core.audit.actors import Actor
from ghost.core.audit.models import AuditEvent
from ghost.core.http.request.request_id import request_id

MAX_CHARS = 2000
"""Of a text, or a list as JSON, so much is kept on each side: a description may have 100 kB."""
BATCH = 500
HIDDEN = "…"
"""In place of what nobody may read here."""
SECRETS = frozenset({"password", "token"})


def record(
    action: str,
    row: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down that `action` (`resource.update`) was done to `row`.

    `before` and `after` are its fields on either side, None where there was no row. Kept is what
    differs; if both sides are given and nothing does, nothing is written.
    """
    record_all(action, [(row, before, after)])


def record_all(
    action: str,
    changes: Iterable[tuple[models.Model, Mapping[str, Any] | None, Mapping[str, Any] | None]],
) -> None:
    """`record` for many rows: each with its fields before and after."""
    who = actors.current()
    events = (_event(who, action, row, before, after) for row, before, after in changes)
    AuditEvent.objects.bulk_create((each for each in events if each), batch_size=BATCH)


def _event(
    who: Actor,
    action: str,
    row: models.Model,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> AuditEvent | None:
    changes = difference(before, after)
    if before is not None and after is not None and not changes:
        return None
    return AuditEvent(
        actor_kind=who.kind,
        actor_name=who.name[:150],
        actor_key=who.key,
        action=action,
        object_type=action.partition(".")[0],
        object_key=str(row.pk),
        object_name=str(row)[:300],
        changes=changes,
        request_id=request_id(),
    )


def reword(row: models.Model, field: str, clean: Callable[[str], str]) -> None:
    """Have what is kept of a field of this row as `clean` returns it: it has turned out to be nobody's business."""
    kind = row._meta.model_name or ""
    for event in AuditEvent.objects.filter(object_type=kind, object_key=str(row.pk)):
        if field not in event.changes:
            continue
        told = [clean(each) if isinstance(each, str) else each for each in event.changes[field]]
        if told != event.changes[field]:
            event.changes[field] = told
            event.save(update_fields=["changes"])


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """`{field: [before, after]}` of what differs; a missing side is all None."""
    old, new = before or {}, after or {}
    names = dict.fromkeys([*old, *new])
    return {
        name: [_plain(name, old.get(name)), _plain(name, new.get(name))]
        for name in names
        if old.get(name) != new.get(name)
    }


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401  # what a row's field holds
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if name in SECRETS:
        return HIDDEN
    if isinstance(value, datetime):
        return value.isoformat()
    is_text = not isinstance(value, (list, dict))
    text = str(value) if is_text else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= MAX_CHARS:
        return text if is_text else value
    return f"{text[:MAX_CHARS]}{HIDDEN} ({len(text)} characters)"
