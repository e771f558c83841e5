"""Many rows changed alike: each batch locked, written, audited and told to listeners."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from django.db import models
from django.utils import timezone

from ghost.core.audit import trail
from resources.models import events
from resources.models.fields import ResourceFields, first_public_at

Row = TypeVar("Row", bound=ResourceFields)

BATCH = 400
"""Rows that one query names: databases bound the variables of a query."""
_COLUMNS = (
    "title", "magnet_hash", "magnet_hash_v2", "other_hash", "probed_at", "probe_status",
    "publisher", "team", "takedown_at", "takedown_reason", "published_at", "awaits_review",
    "review_note", "became_public_at", "is_private", "is_let_through",
)  # fmt: skip


def write(
    action: str,
    rows: models.QuerySet[Row],
    values: Mapping[str, object],
    *,
    unaudited: Mapping[str, object] | None = None,
    also: Callable[[Sequence[Row]], None] = lambda rows: None,
) -> tuple[int, list[Row]]:
    """Write these values to each row of the set; how many there were, and those that the public
    sees otherwise from now on.

    `also` is done with each batch after its write. Call it in `Catalog.turn`.
    """
    count, seen = 0, list[Row]()
    for batch in _locked(rows):
        keys = [row.pk for row in batch]
        written = rows.model._default_manager.filter(pk__in=keys)
        written.update(**values, **(unaudited or {}))
        note_publicity(written)
        also(batch)
        seen += _set(action, batch, values)
        count += len(batch)
    return count, seen


def _locked(rows: models.QuerySet[Row]) -> Iterator[list[Row]]:
    """The rows by key, BATCH at a time; what is done with them may take them out of the set."""
    ordered = rows.order_by("pk").only(*_COLUMNS).select_for_update(of=("self",))
    last = 0
    while batch := list(ordered.filter(pk__gt=last)[:BATCH]):
        yield batch
        last = batch[-1].pk


def _set(action: str, rows: Sequence[Row], values: Mapping[str, object]) -> list[Row]:
    """Set the values on the rows too, and record it; those that the public sees otherwise."""
    changes, seen = [], []
    for row in rows:
        was_public, before = row.is_public, {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        changes.append((row, before, values))
        row.note_publicity()
        if was_public or row.is_public:
            seen.append(row)
    trail.record_all(f"resource.{action}", changes)
    events.changed(action, rows)
    return seen


def note_publicity(rows: models.QuerySet[Row]) -> None:
    """Write down which of these are public for the first time now, or will be (`became_public_at`)."""
    is_new = models.Q(became_public_at=None) | models.Q(became_public_at__gt=timezone.now())
    rows.order_by().filter(is_new).update(became_public_at=first_public_at())
