"""The verbs that decide what the public sees, for sets of resources: each tells the catalog which
of them it sees otherwise from now on, and leaves an audit event for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils import timezone

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from resources import reasons
from resources.models import events
from resources.models.block import Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from resources.models.resource import Resource

BATCH = 400
"""Rows that one query names: databases bound the variables of a query."""
STANDING_FIELDS = ("takedown_at", "takedown_reason", "published_at", "awaits_review", "review_note")
"""What these verbs write."""
_FIELDS = (
    "title", "magnet_hash", "magnet_hash_v2", "other_hash", "probed_at", "probe_status",
    "publisher", "team",
    *STANDING_FIELDS,
)  # fmt: skip


class Showing(models.QuerySet["Resource"]):
    """Sets of resources that are shown or taken away."""

    def to_come(self) -> Self:
        """Drafts, and what is to be public later."""
        is_later = models.Q(published_at__gt=timezone.now())
        return self.filter(models.Q(published_at=None) | is_later)

    def take_down(self, *, reason: str, by: str) -> int:
        """Hide them from the next build on and block their hashes; how many there were."""

        def block(rows: list[Resource]) -> None:
            hashes = [h for row in rows for h in row.hashes]
            Block.objects.add(hashes, reason=reason, by=by, is_of_takedown=True)

        rows = self.filter(takedown_at=None)
        return rows._stand(
            "take_down",
            also=block,
            is_urgent=True,
            takedown_at=timezone.now(),
            takedown_reason=reason,
        )

    def restore(self) -> int:
        """Undo a takedown: visible again, its blocks gone; how many there were.

        A block that an operator made stays, and keeps the torrent from being listed anew.
        """

        def unblock(rows: list[Resource]) -> None:
            hashes = [h for row in rows for h in row.hashes]
            Block.objects.of_takedowns().covering(*hashes).delete()

        rows = self.filter(takedown_at__isnull=False)
        return rows._stand("restore", also=unblock, takedown_at=None, takedown_reason="")

    def withdraw(self) -> int:
        """Make them drafts again: off the site, and nothing is blocked; how many there were."""
        rows = self.filter(takedown_at=None, published_at__isnull=False)
        return rows._stand("withdraw", published_at=None)

    def publish(self) -> int:
        """Have drafts, and what was to come later, public from now on; how many there were."""
        rows = self.to_come().filter(takedown_at=None)
        return rows._stand("publish", published_at=timezone.now(), review_note="")

    def approve(self) -> int:
        """What awaits review may be public; how many there were."""
        rows = self.filter(awaits_review=True, takedown_at=None)
        return rows._stand("approve", awaits_review=False, review_note="")

    def ask_review(self) -> int:
        """Keep them from the public until somebody approves; how many there were."""
        rows = self.filter(awaits_review=False, takedown_at=None)
        return rows._stand("ask_review", awaits_review=True, review_note="")

    def send_back(self, *, reason: str) -> int:
        """What awaits review becomes a draft again, with the reason for its publisher; how many.

        It still awaits review, so that publishing it is asking again.
        """
        rows = self.filter(awaits_review=True, takedown_at=None)
        return rows._stand("send_back", published_at=None, review_note=reason)

    def _stand(
        self,
        action: str,
        *,
        also: Any = None,  # noqa: ANN401  # a function of the batch's rows
        is_urgent: bool = False,
        **values: object,
    ) -> int:
        """Write these values to each row; what is public before or after moves the catalog."""
        count, seen, title = 0, list[int](), ""
        with Catalog.turn():
            for rows in self._locked_batches():
                self._only(rows).update(**values, updated_at=timezone.now())
                if also:
                    also(rows)
                seen += written(action, rows, values)
                count, title = count + len(rows), rows[0].title
            if seen:
                Catalog.advance(reasons.of_action(action, count, title), seen, is_urgent=is_urgent)
        return count

    def _locked_batches(self) -> Iterator[list[Resource]]:
        """The rows by key, BATCH at a time; what is done with them may take them out of the set."""
        rows = self.order_by("pk").only(*_FIELDS).select_for_update(of=("self",))
        last = 0
        while batch := list(rows.filter(pk__gt=last)[:BATCH]):
            yield batch
            last = batch[-1].pk

    def _only(self, rows: Iterable[Resource]) -> Self:
        return type(self)(self.model, using=self.db).filter(pk__in=[row.pk for row in rows])


def written(action: str, rows: list[Resource], values: Mapping[str, object]) -> list[int]:
    """Set the values on the rows too, and write the deeds down; keys of those that the public
    sees otherwise."""
    deeds, seen = [], []
    for row in rows:
        was_public, before = row.is_public, {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        deeds.append((row, before, values))
        if was_public or row.is_public:
            seen.append(row.pk)
    trail.record_all(f"resource.{action}", deeds)
    events.changed(action, rows)
    return seen
