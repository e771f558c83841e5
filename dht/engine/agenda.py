"""What is to be done when."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Agenda(Generic[_T]):
    """Calls by the time (of `time.monotonic()`) from which they are due."""

    def __init__(self) -> None:
        self._order = count()
        self._entries: list[tuple[float, int, Callable[[], _T]]] = []

    def note(self, at: float, call: Callable[[], _T]) -> None:
        """Have this called then."""
        heapq.heappush(self._entries, (at, next(self._order), call))

    def due(self) -> Iterator[_T]:
        """Call what is due now, in order; what each returned."""
        now = time.monotonic()
        while self._entries and self._entries[0][0] <= now:
            yield heapq.heappop(self._entries)[2]()
