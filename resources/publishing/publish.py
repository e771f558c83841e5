"""How a resource comes in, or changes, and has its magnet probed: one way for API and admin."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.errors import ConflictError, OutageError, PassingError, RefusedError
from ghost.core.heartbeats import workers
from ghost.core.http.limits.concurrency import WaitLimit
from resources.models import Resource, findings, new_rows, undo
from resources.models.queryset import ResourceQuerySet
from resources.publishing import etags
from resources.publishing.prober import prober
from resources.publishing.visibility import mark_for_review, reviewed_values
from resources.torrents import metainfo
from resources.torrents.magnets import Magnet
from teams.models import Team, Token

MAX_WAITING = 4
"""Callers of one web process that wait for a probe: half of its threads, the others serve."""
TO_THE_END = math.inf
_waiting = WaitLimit(MAX_WAITING)
LARGE_BYTES = 10_000_000
_large = threading.Lock()
"""One file of more than LARGE_BYTES at a time: it takes some four times its size in memory."""


def store(row: Resource) -> bool:
    """Store a row, and queue a probe if its magnet is a new one; True if it is.

    OutageError, and nothing is written, if nothing can be probed here. `row.task_id` names the
    task after the commit. It stays None if the queue could not be reached by then: the row says
    that it is due, and the schedule finds it.
    """
    with Catalog.turn():
        needs_probe = _store(row)
    note_waiting(row, is_probed=needs_probe)
    return needs_probe


def note_waiting(row: Resource, *, is_probed: bool = False) -> None:
    """Where no worker is alive, add to its notes what waits for one: its probe (`is_probed`), or the site."""
    if is_probed or row.is_public:
        workers.note(row.notes, workers.PROBE_WAITS if is_probed else workers.SITE_WAITS)


def _store(row: Resource) -> bool:
    """`store`, within a turn."""
    needs_probe = row.store()
    if needs_probe:
        prober().require()
        enqueue([row])
    return needs_probe


Outcome = Resource | RefusedError | ValidationError
"""What comes of an item: its row, or why it is refused."""


def check_many(items: Sequence[dict[str, Any]], *, by: Token) -> list[Outcome]:
    """A new row of each item, checked and not stored, or why it is refused: no lock is held.

    OutageError if nothing can be probed here, RevokedError if the token is not usable any more.
    """
    prober().require()
    by.require_usable_now()
    named = _Named(by, *items)
    results = [_filled(values, by, named) for values in items]
    rows = [row for row in results if isinstance(row, Resource)]
    errors = iter(new_rows.check(rows))
    return [(next(errors) or row) if isinstance(row, Resource) else row for row in results]


def check(values: dict[str, Any], *, by: Token) -> Resource:
    """The row that `add` would store: the same is refused, nothing is kept, and no lock is held."""
    (result,) = check_many([values], by=by)
    if isinstance(result, Exception):
        raise result
    return result


def store_many(rows: Sequence[Resource], *, by: Token) -> list[ValidationError | None]:
    """Store rows as `check_many` gives them, all at once; why not, for each that can't be any more.

    Nothing is queued: the caller does (`enqueue`).
    """
    with Catalog.turn():
        by.require_usable()
        return new_rows.insert(rows)


def _filled(values: dict[str, Any], by: Token, named: _Named) -> Resource | RefusedError:
    row = Resource(publisher=by)
    try:
        _fill(row, {"team_id": None} | values, by, named)
    except RefusedError as error:
        return error
    return row


def add(values: dict[str, Any], *, by: Token, wait_s: float = 0) -> Resource:
    """`store` a new resource and wait up to `wait_s` seconds for its probe.

    If that ends meanwhile and failed, the resource is gone again: RefusedError with the probe's
    reason, or OutageError. If `wait_s` runs out it stays, pending; TO_THE_END runs out with an
    OutageError, and keeps nothing. What somebody else changed or took down meanwhile stays, and
    the error says so; an operator who publishes it without a probe makes it a success.
    """
    row = Resource(publisher=by)
    with _wait_place(wait_s):
        with Catalog.turn():
            by.require_usable()
            _fill(row, {"team_id": None} | values, by)
            needs_probe = _store(row)
        note_waiting(row, is_probed=needs_probe)
        if wait_s:
            _await_probe(row, wait_s, undo=partial(undo.delete_new, copy(row)))
    return row


def add_file(body: bytes, values: dict[str, Any], *, by: Token) -> Resource:
    """A new resource of what a `.torrent` file says: nothing is probed. Without a title it has
    the torrent's name. RefusedError (field `torrent`) if the file can't be read."""
    with _large if len(body) > LARGE_BYTES else nullcontext():
        return _add_file(body, values, by=by)


def _add_file(body: bytes, values: dict[str, Any], *, by: Token) -> Resource:
    magnet, contents = metainfo.read(body)
    row = Resource(publisher=by)
    row.require_unlisted(magnet)  # else its file would be written over
    with findings.saved(contents), Catalog.turn():
        by.require_usable()
        _fill(row, _of_file(magnet) | values, by)
        row.store()
        findings.record_saved(row, contents, is_reached=False)
    note_waiting(row)
    return row


def check_file(body: bytes, values: dict[str, Any], *, by: Token) -> Resource:
    """The row that `add_file` would store: the same is refused, nothing is kept, and no lock is held."""
    magnet, _contents = metainfo.read(body)
    row = Resource(publisher=by)
    by.require_usable_now()
    _fill(row, _of_file(magnet) | values, by)
    (error,) = new_rows.check([row])
    if error is not None:
        raise error
    return row


def _of_file(magnet: Magnet) -> dict[str, Any]:
    return {"team_id": None, "title": magnet.name, "magnet": magnet}


def change(
    row: Resource,
    values: dict[str, Any],
    *,
    by: Token,
    wait_s: float = 0,
    is_present: Callable[[Resource], bool] = etags.any_version,
) -> Resource:
    """Change some fields; only another magnet is probed, and waited for as `add` does.

    StaleError if the row is not `is_present` any more when it is locked. If its probe failed, the
    row gets back what it had before, unless somebody else changed the row or took the old magnet
    meanwhile: the error says so then.
    """
    with _wait_place(wait_s):
        with Catalog.turn():
            row = Resource.objects.select_for_update(of=("self",)).get(pk=row.pk)
            row.viewer = by
            by.require_usable()
            row.require_change_by(by)
            etags.require_present([row], is_present)
            before = copy(row)
            _fill(row, values, by)
            needs_probe = _store(row)
        note_waiting(row, is_probed=needs_probe)
        if wait_s and needs_probe:
            _await_probe(row, wait_s, undo=partial(undo.put_back, copy(row), before))
    return row


def probe_again(rows: ResourceQuerySet[Resource]) -> list[Resource]:
    """Queue another probe of the same magnets; those that are probed, with their `task_id`, None as
    in `store`. What is taken down is left out.

    OutageError if nothing can be probed here.
    """
    prober().require()
    with Catalog.turn():
        due = list(rows.standing().only("title"))
        rows.standing().ask_probe()
        trail.record_all("resource.probe", [(row, None, None) for row in due])
        enqueue(due)
    return due


def probe_one_again(row: Resource, *, by: Token) -> str | None:
    """`probe_again` for one; the task's id. ConflictError if it is taken down."""
    row.require_change_by(by)
    with Catalog.turn():
        by.require_usable()
        due = probe_again(row.alone())
        if not due:
            raise ConflictError(_("It is taken down; restore it first."))
    return due[0].task_id


def _fill(row: Resource, values: dict[str, Any], by: Token, named: _Named | None = None) -> None:
    named = named or _Named(by, values)
    before = reviewed_values(row) if by.is_reviewed else None
    for name, value in values.items():
        if name == "team_id":
            row.team = named.team(value)
        elif name == "supersedes_id":
            row.supersedes = named.older(value)
        else:
            setattr(row, name, value)
    if before is not None:
        mark_for_review(row, before)


def made_before(error: Exception, *, by: Token, since: datetime | None) -> Resource | None:
    """The row that a request made which died after `since`, if this error says that it is listed already."""
    if since is None or not isinstance(error, ValidationError) or not hasattr(error, "error_dict"):
        return None
    found = [each for errors in error.error_dict.values() for each in errors]
    twins = [(each.params or {}).get("twin") for each in found]
    keys = [twin.pk for twin in twins if twin is not None]
    return Resource.objects.filter(pk__in=keys, publisher=by, created_at__gte=since).first()


class _Named:
    """What items name by key, as far as this token may: looked up once for all of them."""

    def __init__(self, by: Token, *items: dict[str, Any]) -> None:
        wanted = {values["supersedes_id"] for values in items if values.get("supersedes_id")}
        self._older = Resource.objects.in_scope(by).in_bulk(wanted) if wanted else {}
        self._teams: dict[int, Team | None] = {}
        self._by = by

    def team(self, team_id: int | None) -> Team | None:
        """The team that it is published into; a token's own unless it names one."""
        if team_id is None:
            return self._by.scope_team
        if team_id not in self._teams:
            self._teams[team_id] = Team.objects.usable_by(self._by, team_id)
        return self._teams[team_id]

    def older(self, resource_id: int | None) -> Resource | None:
        """The release that another one replaces; RefusedError unless the token may see it."""
        if resource_id is not None and resource_id not in self._older:
            raise RefusedError(_("You have no such resource."), field="supersedes_id")
        return None if resource_id is None else self._older[resource_id]


def enqueue(rows: Sequence[Resource]) -> None:
    """Queue one probe for all of these rows, which are due: whoever takes it takes all of them."""

    def queue() -> None:
        task_id = prober().enqueue(*(row.pk for row in rows))
        for row in rows:
            row.task_id = task_id

    if rows:
        # robust: the rows are stored by then, and an answer of 503 would say that they are not.
        transaction.on_commit(queue, robust=True)


def _wait_place(wait_s: float) -> AbstractContextManager[None]:
    """A place among those who wait, taken before anything is written."""
    too_many = _("Too many callers are waiting for their probes; try again without waiting.")
    return _waiting.place(wait_s, or_else=too_many)


def _await_probe(row: Resource, wait_s: float, *, undo: Callable[[], bool]) -> None:
    try:
        is_reachable = prober().wait(row.pk, wait_s)
    except OutageError as error:
        raise OutageError(_undone(str(error), undo)) from error
    task_id = row.task_id
    try:
        row.refresh_from_db()
    except Resource.DoesNotExist as error:
        raise ConflictError(_("Somebody deleted the resource in the meantime.")) from error
    row.task_id = task_id
    if row.takedown_at:
        raise ConflictError(_("The resource was taken down in the meantime; it is kept."))
    if is_reachable is False:
        reason = str(row.probe_error) or _("Nobody who shares this torrent could be reached.")
        raise PassingError(_undone(reason, undo), field="magnet_uri")
    row.heed_privacy()


def _undone(reason: str, undo: Callable[[], bool]) -> str:
    """Undo it; the reason, and that it could not be undone if that is so."""
    if undo():
        return reason
    kept = _(
        "It is kept nevertheless: somebody has changed the resource, or uses its previous magnet link, since."
    )
    return f"{reason} {kept}"
