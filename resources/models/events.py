"""The events of resources (`ghost.core.events`), added in the transaction of the change.

A resource's events are for those in whose scope it is: its publisher, its team's owner and members.
What happens to many at once is told in one event for each audience, so that a scan of everything
costs little, and does not crowd out what else is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ghost.core.batches import batched
from ghost.core.events import outbox
from ghost.core.events.models import Event, EventKind
from resources.models.fields import ResourceFields
from resources.swarms import SwarmFigures

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
Health = tuple[int, int, int | None, SwarmFigures, SwarmFigures]
"""Of one row: its key, its publisher, its team, what was known of its swarm and what is now."""


def changed(action: str, rows: Iterable[ResourceFields]) -> None:
    """That this was done to them."""
    what = WORDS.get(action, action)
    items = (
        ((row.publisher_id, row.team_id), {"resource_id": row.pk, "state": _state(what, row)})
        for row in rows
    )
    _add(EventKind.RESOURCE, items, change=what)


def _state(what: str, row: ResourceFields) -> str | None:
    return None if what == "deleted" else str(row.state)


def health(rows: Iterable[Health]) -> None:
    """That their health, or how many seed them, is another one from now on."""
    items = (
        ((publisher, team), {"resource_id": key} | _swarm(old, new))
        for key, publisher, team, old, new in rows
    )
    _add(EventKind.HEALTH, items)


def _swarm(old: SwarmFigures, new: SwarmFigures) -> dict[str, Any]:
    since = new.missing_since
    return {
        "was": old.dht_status,
        "status": new.dht_status,
        "seeds_band": new.seeds_band,
        "seeds": new.seeds,
        "peers": new.peers,
        "missing_since": since.isoformat() if since else None,
    }


def on_site(rows: Iterable[ResourceFields], revisions: Mapping[int, int], at: datetime) -> None:
    """That readers see their present versions, which came with these revisions of the catalog."""
    items = (
        (
            (row.publisher_id, row.team_id),
            {
                "resource_id": row.pk,
                "url": row.public_url,
                "revision": revisions[row.pk],
                "on_site_at": at.isoformat(),
            },
        )
        for row in rows
    )
    _add(EventKind.ON_SITE, items)


def probed(old: ResourceFields, now: ResourceFields) -> None:
    """That a probe has ended, and what it made of the resource."""
    item = {
        "resource_id": now.pk,
        "was": str(old.dht_status),
        "status": str(now.dht_status),
        "probe_status": str(now.probe_status),
        "state": str(now.state),
    }
    _add(EventKind.HEALTH, [((now.publisher_id, now.team_id), item)])


def _add(kind: EventKind, items: Iterable[tuple[Audience, dict[str, Any]]], **more: str) -> None:
    by_audience: dict[Audience, list[dict[str, Any]]] = defaultdict(list)
    for audience, item in items:
        by_audience[audience].append(item)
    outbox.add_all(
        [
            Event(kind=kind, data=more | {"resources": part}, token_id=publisher, team_id=team)
            for (publisher, team), resources in by_audience.items()
            for part in batched(resources, IN_ONE)
        ]
    )
