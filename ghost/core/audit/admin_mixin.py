"""What operators write through the admin, for the audit trail.

Rows whose own methods record it do so themselves; for all others the admin does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import models, transaction
from django.http import HttpRequest

from ghost.core.audit import trail
from ghost.core.batches import batched

M = TypeVar("M", bound=models.Model)
BATCH = 500


class AuditedAdmin(ModelAdmin[M]):
    """Leaves an event for each row that is written, `<model>.<what was done>`."""

    audits_itself = False
    """Whether the rows' own methods record what the form and its deletion do."""

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> M | None:
        """With what it was before a form changes it."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "POST" and not self.audits_itself:
            request.row_before = fields_of(row)  # type: ignore[attr-defined]  # for `log_change`
        return row

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """In the history, and in the trail."""
        if not self.audits_itself:
            trail.record(self.action_name("add"), obj, None, fields_of(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """In the history, and in the trail."""
        if not self.audits_itself:
            before = getattr(request, "row_before", None)
            trail.record(self.action_name("change"), obj, before, fields_of(obj))
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """In the history, and in the trail."""
        if not self.audits_itself:
            deleted = ((row, fields_of(row), None) for row in queryset)
            trail.record_all(self.action_name("delete"), deleted)
        return super().log_deletions(request, queryset)

    def action_name(self, done: str) -> str:
        """The name of an action: `schedule.pause`."""
        return f"{self.opts.model_name}.{done}"

    def note(self, request: HttpRequest, keys: Iterable[Any], what: str, *, done: str = "") -> None:
        """Write `what` into the history of the rows with these primary keys, and what was
        `done`, if the rows' own methods don't record it, into the trail."""
        for some in batched(keys, BATCH):
            rows = self.model._default_manager.filter(pk__in=some)
            who: Any = request.user.pk  # nobody comes here without having signed in
            LogEntry.objects.log_actions(who, rows, CHANGE, what)
            if done:
                trail.record_all(self.action_name(done), ((row, None, None) for row in rows))

    @contextmanager
    def doing(
        self, request: HttpRequest, keys: Iterable[Any], what: str, *, done: str
    ) -> Iterator[None]:
        """`note`, with what changes in these rows inside; some may be gone at its end."""
        rows = list(self.model._default_manager.filter(pk__in=list(keys)))
        before = {row.pk: fields_of(row) for row in rows}
        with transaction.atomic():
            self.note(request, before, what)
            yield
            left = self.model._default_manager.in_bulk(list(before))
            after = {pk: fields_of(row) for pk, row in left.items()}
            changes = ((row, *_sides(before[row.pk], after.get(row.pk))) for row in rows)
            trail.record_all(self.action_name(done), changes)


def _sides(before: dict[str, Any], after: dict[str, Any] | None) -> tuple[Any, Any]:
    """An action that changed no field is recorded all the same."""
    return (None, None) if before == after else (before, after)


def fields_of(row: models.Model) -> dict[str, Any]:
    """What is stored of a row but its key, as JSON can hold it; of many others their names."""
    found = {
        field.attname: _plain(field.value_from_object(row))
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    many = {
        field.name: sorted(str(each) for each in getattr(row, field.name).all())
        for field in row._meta.many_to_many
    }
    return found | many


def _plain(value: Any) -> Any:
    if not isinstance(value, (list, dict)):
        return value
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return str(value)
