"""The end of the events, as they come: each once, in whichever order transactions commit."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db.models import Q

from ghost.core.events.models import Event

AT_ONCE = 1000
LATE_S = 300.0
"""An id that was skipped may still come for so long: its transaction had not ended."""
MOST_MISSING = 2000


class Tail:
    """Reads what is new, and keeps the ids in mind that were skipped.

    SQLite has one writer at a time and skips none. On PostgreSQL an id is given out before its
    transaction ends, so that a lower one may appear later, or never if that was rolled back.
    """

    def __init__(self) -> None:
        self.top = 0
        """The highest id seen."""
        self._missing: dict[int, float] = {}
        """Ids below it that were not there, and until when they may come."""

    def begin(self) -> None:
        """From here on: what is there already is not new, but for what comes late."""
        ids = list(Event.objects.order_by("-id").values_list("id", flat=True)[:AT_ONCE])
        self._missing, self.top = {}, ids[-1] if ids else 0
        for number in reversed(ids):
            self._note(number)

    def read(self, prepare: Callable[[list[Event]], None]) -> list[Event]:
        """What has come since, AT_ONCE at most. If `prepare` fails on it, it is read again."""
        now = time.monotonic()
        self._missing = {number: until for number, until in self._missing.items() if until > now}
        wanted = Q(id__gt=self.top) | Q(id__in=list(self._missing))
        found = list(Event.objects.filter(wanted).order_by("id")[:AT_ONCE])
        prepare(found)
        for event in found:
            self._note(event.pk)
        return found

    def known(self, after: int) -> Q:
        """The condition of events after that id which were read already."""
        return Q(id__gt=after, id__lte=self.top) & ~Q(id__in=list(self._missing))

    def settled(self, number: int) -> int:
        """An id up to which all has been read, `number` at most: where to go on from later."""
        return min([number, *(missing - 1 for missing in self._missing)])

    def _note(self, number: int) -> None:
        if number <= self.top:
            self._missing.pop(number, None)
            return
        if self.top:  # before the very first one nothing was skipped
            skipped = range(self.top + 1, number)[-MOST_MISSING:]
            self._missing |= dict.fromkeys(skipped, time.monotonic() + LATE_S)
            for oldest in list(self._missing)[:-MOST_MISSING]:
                del self._missing[oldest]
        self.top = number
