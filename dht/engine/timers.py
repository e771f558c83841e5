"""Calls that are due at a time."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Timers(Generic[_T]):
    """Planned calls by the time (of `time.monotonic()`) from which they are due."""

    def __init__(self) -> None:
        self._order = count()
        self._entries: list[tuple[float, int, Callable[[], _T]]] = []

    def call_at(self, at: float, call: Callable[[], _T]) -> None:
        """Make this call once that time has come: `due` does."""
        heapq.heappush(self._entries, (at, next(self._order), call))

    def due(self) -> Iterator[_T]:
        """Call what is due now, in order; what each returned."""
        now = time.monotonic()
        while self._entries and self._entries[0][0] <= now:
            yield heapq.heappop(self._entries)[2]()
