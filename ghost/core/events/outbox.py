"""Where events are put: in the transaction of what they tell, so that none tells what did not happen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ghost.core.events.models import Event, EventKind

BATCH = 500


def add(
    kind: EventKind,
    data: dict[str, Any],
    *,
    more: dict[str, Any] | None = None,
    is_for_all: bool = False,
    token_id: int | None = None,
    team_id: int | None = None,
) -> None:
    """Say that this happened, within the transaction in which it did.

    Admins hear of everything, and read `more` besides; every token if it `is_for_all`; else the
    token and the team (its owner and its members) that are named.
    """
    Event.objects.create(
        kind=kind, data=data, more=more, is_for_all=is_for_all, token_id=token_id, team_id=team_id
    )


def add_all(events: Iterable[Event]) -> None:
    """`add` many events that were not saved yet."""
    Event.objects.bulk_create(events, batch_size=BATCH)
