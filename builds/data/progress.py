"""How far a build is, said by those who do the work to whoever listens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

EVERY = 500

T = TypeVar("T")


class Beat(Protocol):
    """What long work calls on its way; it raises if the work is not wanted any more."""

    def __call__(self, done: int = 0, total: int = 0) -> None:
        """So much is `done` of `total`, where that is known."""


def unheard(done: int = 0, total: int = 0) -> None:
    """A beat that nobody hears."""


def counted(items: Iterable[T], total: int, beat: Beat, every: int = EVERY) -> Iterator[T]:
    """Pass items on, and tell now and then how many have gone by."""
    for number, item in enumerate(items):
        if not number % every:
            beat(number, total)
        yield item
