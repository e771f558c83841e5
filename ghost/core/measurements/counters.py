"""Counters: how often something happened, or how long it took, over all processes and for good.

Whoever counts defines a `Counter` or a `Histogram` once, in a module of its room, and adds to it.
A label has few values, and they are known beforehand wherever they can be: each combination is a row
of the database and a line of `/metrics`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Sums
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from threading import Lock
from typing import ClassVar

OTHER = "other"
"""What a label says in place of a value that it can't have."""
MOST_SERIES = 500
"""Combinations of one counter's labels that a process adds to; those beyond are counted as OTHER."""
SUM = "sum"
INFINITY = "+Inf"

Labels = tuple[str, ...]
Series = tuple[str, Labels, str]
"""A counter's name, the values of its labels, and which part of it: empty, SUM, or the upper bound of a bucket."""


@dataclass(frozen=True)
class Counter:
    """What is counted. Its name follows https://prometheus.io/docs/practices/naming/, without `_total`."""

    name: str
    help: str
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Each with the values that it may have; none are named where the code names them, as it does
    functions."""
    known: ClassVar[dict[str, Counter]] = {}
    """All that were defined, by name."""

    def __post_init__(self) -> None:
        if self.name in self.known:
            raise ValueError(f"{self.name} is counted twice")
        self.known[self.name] = self

    def add(self, number: float = 1, **labels: str) -> None:
        """Count that it happened once more, or so often."""
        pending.add((self.name, self._values(labels), ""), number)

    def from_the_start(self) -> Iterator[Labels]:
        """What can be told before anything was counted, so that the first time is seen as a change."""
        if all(self.labels.values()):
            yield from product(*self.labels.values())

    def _values(self, labels: Mapping[str, str]) -> Labels:
        return tuple(
            value if (value := str(labels[name])) in allowed or not allowed else OTHER
            for name, allowed in self.labels.items()
        )


@dataclass(frozen=True)
class Histogram(Counter):
    """How long something took, in seconds. `buckets` are upper bounds; without any, number and sum alone are kept."""

    buckets: tuple[float, ...] = ()

    def observe(self, seconds: float, **labels: str) -> None:
        """It took so long once more."""
        values, place = self._values(labels), bisect_left(self.buckets, seconds)
        bound = str(self.buckets[place]) if place < len(self.buckets) else INFINITY
        pending.add((self.name, values, bound), 1)
        pending.add((self.name, values, SUM), seconds)


class Pending:
    """What this process has counted and not written down yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sums: Sums[Series] = Sums()
        self._seen: dict[str, set[Labels]] = {}

    def add(self, series: Series, number: float) -> None:
        """Count so many more of it."""
        name, labels, part = series
        with self._lock:
            seen = self._seen.setdefault(name, set())
            if labels not in seen and len(seen) >= MOST_SERIES:
                labels = (OTHER,) * len(labels)
            seen.add(labels)
            self._sums[name, labels, part] += number  # type: ignore[assignment]  # seconds are no whole numbers

    def take(self) -> dict[Series, float]:
        """What was counted since it was taken last."""
        with self._lock:
            taken, self._sums = self._sums, Sums()
        return dict(taken)

    def give_back(self, taken: Mapping[Series, float]) -> None:
        """It could not be written down: it is taken again the next time."""
        with self._lock:
            for series, number in taken.items():
                self._sums[series] += number  # type: ignore[assignment]  # as above

    def forget(self) -> None:
        """Count from nothing, as a process that was just forked does: its parent writes its own."""
        self._lock = Lock()
        self._sums = Sums()


pending = Pending()
"""Of this process."""
