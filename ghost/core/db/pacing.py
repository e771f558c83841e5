"""Long work that writes, and lets others write in between.

SQLite has one writer at a time. Who waits for the lock looks again every tenth of a second
(sqlite3_busy_timeout): a lock that is free for a moment only is never his. So a part of long work
ends after HOLD_S, and then the lock stays free for as long as it was held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TypeVar

from django.db import connection, models, transaction

HOLD_S = 0.1
"""So long at most others should wait for one transaction."""
LEAST_REST_S = 0.01
"""What is held for less than that is over before anybody looks."""
ROWS_AT_ONCE = 1000
T = TypeVar("T")
Row = TypeVar("Row", bound=models.Model)


class PacedWriter:
    """Writes in transactions, each as long as others can be made to wait."""

    held_s = 0.0
    """How long the last transaction was."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction; then a rest as long as it was, unless it is part of another one."""
        is_part = connection.in_atomic_block
        with transaction.atomic():
            began = monotonic()  # SQLite's lock is ours by now
            yield
        self.held_s = monotonic() - began
        if connection.vendor == "sqlite" and not is_part and self.held_s >= LEAST_REST_S:
            sleep(self.held_s)

    def in_parts(
        self, items: Sequence[T], size: int, weigh: Callable[[T], int] = lambda item: 1
    ) -> Iterator[Sequence[T]]:
        """`items` in their order, in parts of `size` (as they weigh) at first: each is written in
        one transaction, and the next part is smaller if that was too long, or larger."""
        begin = 0
        while begin < len(items):
            end, weight = begin, 0
            while end < len(items) and weight < size:
                weight += weigh(items[end])
                end += 1
            self.held_s = 0.0
            yield items[begin:end]
            begin, size = end, self._next_size(size)

    def _next_size(self, size: int) -> int:
        if self.held_s > HOLD_S:
            return max(1, int(size * HOLD_S / self.held_s / 1.5))
        return size * 2 if 0 < self.held_s < HOLD_S / 3 else size


def delete(rows: models.QuerySet[Row]) -> int:
    """Drop these rows, and what hangs on them, a part at a time; how many of the rows there were."""
    writer, count = PacedWriter(), 0
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for part in writer.in_parts(keys, ROWS_AT_ONCE):
        with writer.writing():
            _all, each = rows.model._default_manager.filter(pk__in=part).delete()
            count += each.get(rows.model._meta.label, 0)
    return count


def update(rows: models.QuerySet[Row], **values: object) -> int:
    """Give these rows such values, a part at a time; how many there were."""
    writer, count = PacedWriter(), 0
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for part in writer.in_parts(keys, ROWS_AT_ONCE):
        with writer.writing():
            count += rows.model._default_manager.filter(pk__in=part).update(**values)
    return count
