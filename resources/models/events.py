"""What listeners hear of resources (`ghost.core.events.models`), told in the transaction of the change.

A resource's events are for those in whose scope it is: its publisher, its team's owner and members.
What happens to many at once is told in one event for each audience, so that a scan of everything
costs little, and does not crowd out what else is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ghost.core.events import outbox
from ghost.core.events.models import Event, EventKind

if TYPE_CHECKING:
    from resources.models.fields import Record

IN_ONE = 200
WORDS = {
    "create": "created",
    "update": "updated",
    "take_down": "taken_down",
    "restore": "restored",
    "withdraw": "withdrawn",
    "publish": "published",
    "approve": "approved",
    "ask_review": "to_be_reviewed",
    "send_back": "sent_back",
    "forget": "deleted",
    "delete": "deleted",
    "skip_probe": "probe_skipped",
    "cover": "cover_changed",
}
"""By what was done (as the audit trail calls it): what became of the resource."""

Audience = tuple[int, int | None]
"""Publisher and team of a resource."""
Health = tuple[int, str, int, int | None]
"""Of one row: its key, the health that it had, its publisher and its team."""


def changed(action: str, rows: Iterable[Record]) -> None:
    """That this was done to them."""
    what = WORDS.get(action, action)
    told = (
        ((row.publisher_id, row.team_id), {"resource_id": row.pk, "state": _state(what, row)})
        for row in rows
    )
    _tell(EventKind.RESOURCE, told, change=what)


def _state(what: str, row: Record) -> str | None:
    return None if what == "deleted" else str(row.state)


def health(rows: Iterable[Health], status: str) -> None:
    """That their health is another one from now on."""
    told = (
        ((publisher, team), {"resource_id": key, "was": was, "status": status})
        for key, was, publisher, team in rows
    )
    _tell(EventKind.HEALTH, told)


def probed(old: Record, now: Record) -> None:
    """That a probe has ended, and what it made of the resource."""
    told = {
        "resource_id": now.pk,
        "was": str(old.dht_status),
        "status": str(now.dht_status),
        "probe_status": str(now.probe_status),
        "state": str(now.state),
    }
    _tell(EventKind.HEALTH, [((now.publisher_id, now.team_id), told)])


def _tell(kind: EventKind, told: Iterable[tuple[Audience, dict[str, Any]]], **more: str) -> None:
    by_audience: dict[Audience, list[dict[str, Any]]] = defaultdict(list)
    for audience, each in told:
        by_audience[audience].append(each)
    outbox.add_all(
        Event(kind=kind, data=more | {"resources": part}, token_id=publisher, team_id=team)
        for (publisher, team), all_of_them in by_audience.items()
        for part in _parts(all_of_them)
    )


def _parts(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), IN_ONE):
        yield rows[start : start + IN_ONE]
