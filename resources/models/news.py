"""What listeners hear of resources (`ghost.events`), told in the transaction of the change.

A resource's events are for those in whose scope it is: its publisher, its team's owner and members.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ghost import events
from ghost.events import Event, Kind

if TYPE_CHECKING:
    from resources.models.record import Record

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
}
"""By what was done (as the audit trail calls it): what became of the resource."""

Health = tuple[int, str, int, int | None]
"""Of one row: its key, the health that it had, its publisher and its team."""


def changed(action: str, rows: Iterable[Record]) -> None:
    """That this was done to them."""
    what = WORDS.get(action, action)
    events.tell_all(
        Event(
            kind=Kind.RESOURCE,
            data={
                "resource_id": row.pk,
                "change": what,
                "state": None if what == "deleted" else str(row.state),
            },
            token_id=row.publisher_id,
            team_id=row.team_id,
        )
        for row in rows
    )


def health(rows: Iterable[Health], status: str) -> None:
    """That their health is another one from now on."""
    events.tell_all(
        Event(
            kind=Kind.HEALTH,
            data={"resource_id": key, "was": was, "status": status},
            token_id=publisher,
            team_id=team,
        )
        for key, was, publisher, team in rows
    )


def probed(old: Record, now: Record) -> None:
    """That a probe has ended, and what it made of the resource."""
    events.tell(
        Kind.HEALTH,
        {
            "resource_id": now.pk,
            "was": str(old.dht_status),
            "status": str(now.dht_status),
            "probe_status": str(now.probe_status),
            "state": str(now.state),
        },
        token_id=now.publisher_id,
        team_id=now.team_id,
    )
