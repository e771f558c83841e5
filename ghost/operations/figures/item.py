"""One thing that can be well or not, and what a person needs to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from ghost.core.text.reasons import NONE, Reason

T = TypeVar("T")
MAX_ROWS = 100
"""Of workers, schedules or hosts that one item names."""


class Status(StrEnum):
    """How something stands."""

    OK = "ok"
    DEGRADED = "degraded"
    """It needs a person, or works in part."""
    DOWN = "down"
    """It does not work."""
    UNKNOWN = "unknown"
    """Nothing was seen of it yet, or nothing can be: no reason to call somebody."""


@dataclass(frozen=True)
class Moment:
    """When the figures are gathered, told by the database's clock; and what more than one item looks at."""

    now: datetime
    is_starting: bool
    """Whether the installation is so young that nobody need have been heard of yet."""
    _seen: dict[Callable[..., object], object] = field(
        default_factory=dict, repr=False, compare=False
    )

    def once(self, look: Callable[[Moment], T]) -> T:
        """What `look` sees now: whichever item asks first, the others get the same."""
        if look not in self._seen:
            self._seen[look] = look(self)
        return cast("T", self._seen[look])


@dataclass(frozen=True)
class Item:
    """How one thing stands. `rows` are plain values for JSON; they hold nothing secret, but names that are for operators."""

    name: str
    status: Status
    reason: Reason
    advice: Reason = NONE
    """What to do; there is one wherever the status is degraded or down."""
    counts: Mapping[str, int | float] = field(default_factory=dict)
    last_error: Reason = NONE
    since: datetime | None = None
    rows: Sequence[dict[str, Any]] = ()

    @property
    def is_bad(self) -> bool:
        """Whether it needs somebody."""
        return self.status in (Status.DEGRADED, Status.DOWN)


Source = Callable[[Moment], Item]
