"""Growing pauses between attempts that fail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Backoff:
    """A ladder of pauses: the first one after the first failure, and so on."""

    pauses: tuple[timedelta, ...]

    def after(self, failures: int) -> timedelta:
        """How long to wait after so many failures in a row, 1 or more; the last pause is taken
        again and again."""
        return self.pauses[min(failures, len(self.pauses)) - 1]

    def is_over(self, failures: int) -> bool:
        """Whether there were more failures in a row than there are pauses."""
        return failures > len(self.pauses)


def of_minutes(*minutes: int) -> Backoff:
    """A ladder whose pauses last so many minutes."""
    return Backoff(tuple(timedelta(minutes=each) for each in minutes))


def of_hours(*hours: int) -> Backoff:
    """A ladder whose pauses last so many hours."""
    return Backoff(tuple(timedelta(hours=each) for each in hours))
