"""How a resource comes in, or changes, and has its magnet probed: one gate for API and admin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from copy import copy
from functools import cache, partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.errors import ConflictError, OutageError, RefusedError, StaleError
from ghost.core.http.concurrency import Seats
from resources.models import Resource, insert
from resources.publishing.prober import prober
from resources.torrents import metainfo
from teams.models import Team, Token

MAX_WAITING = 4
"""Callers of one web process that wait for a probe: half of its threads, the others serve."""
TO_THE_END = math.inf
REVIEWED = (
    "title", "magnet_uri", "content_markdown", "tags", "cover_image_url", "category_id", "team_id",
    "licence", "source_url", "checksums", "supersedes_id", "published_at",
)  # fmt: skip
"""Whoever's work is reviewed asks for another review with a change of one of these."""

_seats = Seats(MAX_WAITING)


def _any_version(row: Resource) -> bool:
    return True


def store(row: Resource) -> bool:
    """Store a row, and queue a probe if its magnet is a new one; True if it is.

    OutageError, and nothing is written, if nothing can be probed here. `row.task_id` names the
    task after the commit. It stays None if the queue could not be reached by then: the row says
    that it is due, and the schedule finds it.
    """
    with Catalog.turn():
        needs_probe = row.store()
        if needs_probe:
            prober().require()
            enqueue([row])
    return needs_probe


def add_many(
    items: Sequence[dict[str, Any]], *, by: Token
) -> list[Resource | RefusedError | ValidationError]:
    """`store` a new resource of each item, all at once; its row, or why it is refused.

    Nothing is queued: the caller does (`enqueue`). OutageError, and nothing is written, if nothing
    can be probed here.
    """
    prober().require()
    links = _Links(by, *items)
    found = [_filled(values, by, links) for values in items]
    rows = [row for row in found if isinstance(row, Resource)]
    with Catalog.turn():
        by.require_usable()
        told = iter(insert.insert(rows))
    return [(next(told) or row) if isinstance(row, Resource) else row for row in found]


def _filled(values: dict[str, Any], by: Token, links: _Links) -> Resource | RefusedError:
    row = Resource(publisher=by)
    try:
        _fill(row, {"team_id": None} | values, by, links)
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
    with _seat(wait_s):
        with Catalog.turn():
            by.require_usable()
            _fill(row, {"team_id": None} | values, by)
            store(row)
        if wait_s:
            _await_probe(row, wait_s, undo=copy(row).forget)
    return row


def add_file(body: bytes, values: dict[str, Any], *, by: Token) -> Resource:
    """A new resource of what a `.torrent` file says: nothing is probed. Without a title it has
    the torrent's name. RefusedError (field `torrent`) if the file can't be read."""
    magnet, found = metainfo.read(body)
    known = {"team_id": None, "title": magnet.name, "magnet_uri": magnet.uri()}
    row = Resource(publisher=by)
    with Catalog.turn():
        by.require_usable()
        _fill(row, known | values, by)
        row.store()
        row.record_metadata(found, is_reached=False)
    return row


def change(
    row: Resource,
    values: dict[str, Any],
    *,
    by: Token,
    wait_s: float = 0,
    is_present: Callable[[Resource], bool] = _any_version,
) -> Resource:
    """Change some fields; only another magnet is probed, and waited for as `add` does.

    StaleError if the row is not `is_present` any more when it is locked. If its probe failed, the
    row gets back what it had before, unless somebody else changed the row or took the old magnet
    meanwhile: the error says so then.
    """
    with _seat(wait_s):
        with Catalog.turn():
            row = Resource.objects.select_for_update(of=("self",)).get(pk=row.pk)
            row.viewer = by
            by.require_usable()
            row.require_change_by(by)
            if not is_present(row):
                raise StaleError(_("Somebody has changed it since: read it again, then repeat."))
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
    with Catalog.turn():
        by.require_usable()
        if not Resource.objects.filter(pk=row.pk).ask_probe():
            raise ConflictError(_("It is taken down; restore it first."))
        trail.record("resource.probe", row)
        enqueue([row])
    return row.task_id


def _fill(row: Resource, values: dict[str, Any], by: Token, links: _Links | None = None) -> None:
    links = links or _Links(by, values)
    if "team_id" in values:
        values = values | {"team": links.team(values["team_id"])}
        del values["team_id"]
    if "supersedes_id" in values:
        values = values | {"supersedes": links.older(values["supersedes_id"])}
        del values["supersedes_id"]
    was = {name: getattr(row, name) for name in REVIEWED}
    for name, value in values.items():
        setattr(row, name, value)
    if by.is_reviewed and (row.pk is None or any(getattr(row, n) != was[n] for n in REVIEWED)):
        row.awaits_review, row.review_note = True, ""


class _Links:
    """What items name by key, as far as this token may: looked up once for all of them."""

    def __init__(self, by: Token, *items: dict[str, Any]) -> None:
        wanted = {values["supersedes_id"] for values in items if values.get("supersedes_id")}
        self._older = Resource.objects.in_scope(by).in_bulk(wanted) if wanted else {}
        self.team = cache(partial(Team.objects.usable_by, by))

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


def _seat(wait_s: float) -> AbstractContextManager[None]:
    """A place among those who wait, taken before anything is written."""
    return _seats.taken(
        wait_s,
        or_else=_("Too many callers are waiting for their probes; try again without waiting."),
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
        raise ConflictError(_("Somebody deleted the resource in the meantime.")) from error
    row.task_id = task_id
    if row.takedown_at:
        raise ConflictError(_("The resource was taken down in the meantime; it is kept."))
    if is_reachable is False:
        reason = str(row.probe_error) or _("Nobody who shares this torrent could be reached.")
        raise RefusedError(_undone(reason, undo), field="magnet_uri")


def _undone(reason: str, undo: Callable[[], bool]) -> str:
    """Undo it; the reason, and that it could not be undone if that is so."""
    if undo():
        return reason
    kept = _(
        "It is kept nevertheless: somebody has changed the resource, or uses its previous magnet link, since."
    )
    return f"{reason} {kept}"
