"""Many things, a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
QUERY_KEYS = 400
"""So many keys at most stand in one query: databases bound its length, and SQLite its parameters."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items` in their order, in lists of `size`; the last one may be shorter.

    `itertools.batched` does it from Python 3.12 on.
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
