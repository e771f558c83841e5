"""How a publisher's resource comes in, or changes, and has its magnet probed."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ghost.errors import ConflictError, OutageError, RefusedError
from resources.models import Resource
from resources.probing import prober
from teams.models import Team, Token


def add(values: dict[str, Any], *, by: Token, wait: bool = False) -> Resource:
    """Store a new resource and queue its probe; the row's `task_id` names the task.

    With `wait` it is kept only if the probe succeeds: RefusedError with the probe's reason, or
    OutageError, and it is gone again. OutageError and nothing written if no probe is possible.
    """
    row = Resource(publisher=by)
    with transaction.atomic():
        _fill(row, {"team_id": None} | values, by)
        _store(row)
    if wait:
        _await_probe(row, undo=row.forget)
    return row


def change(row: Resource, values: dict[str, Any], *, by: Token, wait: bool = False) -> Resource:
    """Change some fields; only another magnet is probed.

    With `wait` and a new magnet that can't be reached, the row gets back what it had before,
    unless somebody else changed it meanwhile.
    """
    with transaction.atomic():
        row = Resource.objects.select_for_update(of=("self",)).get(pk=row.pk)
        row.require_change_by(by)
        before = copy(row)
        _fill(row, values, by)
        _store(row)
    if wait and row.task_id:
        _await_probe(row, undo=lambda: row.put_back(before))
    return row


def probe_again(row: Resource, *, by: Token) -> str:
    """Queue another probe of the same magnet; the task's id. ConflictError if it is taken down."""
    row.require_change_by(by)
    prober().require()
    if not Resource.objects.filter(pk=row.pk).ask_probe():
        raise ConflictError(_("It is taken down; restore it first."))
    return prober().enqueue(row.pk)


def _fill(row: Resource, values: dict[str, Any], by: Token) -> None:
    if "team_id" in values:
        values = values | {"team": Team.objects.usable_by(by, values["team_id"])}
        del values["team_id"]
    for name, value in values.items():
        setattr(row, name, value)


def _store(row: Resource) -> None:
    if row.store():
        prober().require()  # an error here undoes the transaction
        transaction.on_commit(lambda: setattr(row, "task_id", prober().enqueue(row.pk)))


def _await_probe(row: Resource, *, undo: Callable[[], None]) -> None:
    try:
        is_reachable = prober().wait(row.pk)
    except OutageError:
        undo()
        raise
    task_id = row.task_id
    row.refresh_from_db()
    row.task_id = task_id
    if not is_reachable:
        reason = row.probe_error or _("Nobody who shares this torrent could be reached.")
        undo()
        raise RefusedError(reason, field="magnet_uri")
