"""The end of the events, as they come: each once, in whichever order transactions commit."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from ghost.core.events.models import Event

AT_ONCE = 1000
LATE_S = 300.0
"""An id that was skipped may still come for so long: its transaction had not ended."""
MOST_GAPS = 100


@dataclass
class Gap:
    """Ids between two events that were not there when those were read."""

    first: int
    last: int
    until: float


class Tail:
    """Reads what is new, and keeps the ids in mind that were skipped.

    SQLite has one writer at a time and skips none. On PostgreSQL an id is given out before its
    transaction ends, so that a lower one may appear later, or never if that was rolled back.
    """

    def __init__(self) -> None:
        self.top = 0
        """The highest id seen."""
        self._gaps: list[Gap] = []

    def begin(self) -> None:
        """From here on: what is there already is not new, but for what comes late."""
        ids = list(Event.objects.order_by("-id").values_list("id", flat=True)[:AT_ONCE])
        self._gaps, self.top = [], ids[-1] if ids else 0
        for number in reversed(ids):
            self._note(number)

    def read(self, prepare: Callable[[list[Event]], None] | None = None) -> list[Event]:
        """What has come since, AT_ONCE at most. If `prepare` fails on it, it is read again."""
        now = time.monotonic()
        self._gaps = [gap for gap in self._gaps if gap.until > now][-MOST_GAPS:]
        wanted = Q(id__gt=self.top)
        for gap in self._gaps:
            wanted |= Q(id__range=(gap.first, gap.last))
        found = list(Event.objects.filter(wanted).order_by("id")[:AT_ONCE])
        if prepare:
            prepare(found)
        for event in found:
            self._note(event.pk)
        return found

    def known(self, after: int) -> Q:
        """The condition of events after that id which were read already."""
        found = Q(id__gt=after, id__lte=self.top)
        for gap in self._gaps:
            found &= ~Q(id__range=(gap.first, gap.last))
        return found

    def settled(self, number: int) -> int:
        """An id up to which all has been read, `number` at most: where to go on from later."""
        return min([number, *(gap.first - 1 for gap in self._gaps)])

    def _note(self, number: int) -> None:
        if number > self.top:
            if self.top:  # before the very first one nothing was skipped
                self._skip(self.top + 1, number - 1)
            self.top = number
            return
        for gap in [gap for gap in self._gaps if gap.first <= number <= gap.last]:
            self._gaps.remove(gap)
            self._skip(gap.first, number - 1, gap.until)
            self._skip(number + 1, gap.last, gap.until)

    def _skip(self, first: int, last: int, until: float | None = None) -> None:
        if first <= last:
            self._gaps.append(Gap(first, last, until or time.monotonic() + LATE_S))
            self._gaps.sort(key=lambda gap: gap.first)
