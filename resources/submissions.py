"""How a resource comes in, or changes, and has its magnet probed: one gate for API and admin."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ghost.errors import ConflictError, OutageError, RefusedError
from ghost.seats import Seats
from resources.models import Resource
from resources.probing import prober
from teams.models import Team, Token

MAX_WAITING = 4
"""Callers of one web process that wait for a probe: half of its threads, the others serve."""
TO_THE_END = math.inf

_seats = Seats(MAX_WAITING)


def store(row: Resource) -> bool:
    """Store a row, and queue a probe if its magnet is a new one; True if it is.

    OutageError, and nothing is written, if nothing can be probed here. `row.task_id` names the
    task after the commit. It stays None if the queue could not be reached by then: the row says
    that it is due, and the schedule finds it.
    """
    with transaction.atomic():
        needs_probe = row.store()
        if needs_probe:
            prober().require()
            _enqueue(row)
    return needs_probe


def add(values: dict[str, Any], *, by: Token, wait_s: float = 0) -> Resource:
    """`store` a new resource and wait up to `wait_s` seconds for its probe.

    If that ends meanwhile and failed, the resource is gone again: RefusedError with the probe's
    reason, or OutageError. If `wait_s` runs out it stays, pending; TO_THE_END runs out with an
    OutageError, and keeps nothing. What somebody else changed or took down meanwhile stays, and
    the error says so; an operator who publishes it without a probe makes it a success.
    """
    row = Resource(publisher=by)
    with _seat(wait_s):
        with transaction.atomic():
            _fill(row, {"team_id": None} | values, by)
            store(row)
        if wait_s:
            _await_probe(row, wait_s, undo=copy(row).forget)
    return row


def change(row: Resource, values: dict[str, Any], *, by: Token, wait_s: float = 0) -> Resource:
    """Change some fields; only another magnet is probed, and waited for as `add` does.

    If its probe failed, the row gets back what it had before, unless somebody else changed the
    row or took the old magnet meanwhile: the error says so then.
    """
    with _seat(wait_s):
        with transaction.atomic():
            row = Resource.objects.select_for_update(of=("self",)).get(pk=row.pk)
            row.require_change_by(by)
            before = copy(row)
            _fill(row, values, by)
            needs_probe = store(row)
        if wait_s and needs_probe:
            _await_probe(row, wait_s, undo=partial(copy(row).put_back, before))
    return row


def probe_again(row: Resource, *, by: Token) -> str | None:
    """Queue another probe of the same magnet; the task's id, or None as in `store`.

    ConflictError if it is taken down.
    """
    row.require_change_by(by)
    prober().require()
    with transaction.atomic():
        if not Resource.objects.filter(pk=row.pk).ask_probe():
            raise ConflictError(_("It is taken down; restore it first."))
        _enqueue(row)
    return row.task_id


def _fill(row: Resource, values: dict[str, Any], by: Token) -> None:
    if "team_id" in values:
        values = values | {"team": Team.objects.usable_by(by, values["team_id"])}
        del values["team_id"]
    for name, value in values.items():
        setattr(row, name, value)


def _enqueue(row: Resource) -> None:
    def enqueue() -> None:
        row.task_id = prober().enqueue(row.pk)

    # robust: the row is stored by then, and an answer of 503 would say that it is not.
    transaction.on_commit(enqueue, robust=True)


def _seat(wait_s: float) -> AbstractContextManager[None]:
    """A place among those who wait, taken before anything is written."""
    return _seats.taken(
        wait_s, or_else=_("Too many callers wait for their probes; ask again without waiting.")
    )


def _await_probe(row: Resource, wait_s: float, *, undo: Callable[[], bool]) -> None:
    try:
        is_reachable = prober().wait(row.pk, wait_s)
    except OutageError as error:
        raise OutageError(_undone(str(error), undo)) from error
    task_id = row.task_id
    try:
        row.refresh_from_db()
    except Resource.DoesNotExist as error:
        raise ConflictError(_("Somebody deleted the resource meanwhile.")) from error
    row.task_id = task_id
    if row.takedown_at:
        raise ConflictError(_("The resource was taken down meanwhile; it is kept."))
    if is_reachable is False:
        reason = row.probe_error or _("Nobody who shares this torrent could be reached.")
        raise RefusedError(_undone(reason, undo), field="magnet_uri")


def _undone(reason: str, undo: Callable[[], bool]) -> str:
    """Undo it; the reason, and that it could not be undone if that is so."""
    if undo():
        return reason
    kept = _(
        "It is kept all the same: somebody changed the resource, or took its old magnet, since."
    )
    return f"{reason} {kept}"
