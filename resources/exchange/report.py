"""What formats hand on, one by one, and what became of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO

from ghost.core.errors import RefusedError
from resources.exchange.records import Record

SHOWN = 20
"""So many refusals are shown; the report has all."""


@dataclass(frozen=True)
class Line:
    """A record, or why there is none, with where it stood: `line 17`, `resource 5`."""

    place: str
    what: Record | RefusedError
    size: int = 0
    """Bytes that it takes, about."""
    mended: tuple[str, ...] = ()
    """What its format had to change for it to be a record."""


class RecordOutcome(StrEnum):
    """What became of a resource."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    """It was there, and stays as it is."""
    REFUSED = "refused"


@dataclass
class Report:
    """How an import went: counts, and each line that was refused or changed on its way in."""

    show: Callable[[str], None]
    file: TextIO | None = None
    counts: Counter[str] = field(default_factory=Counter)
    """Resources by outcome, and new rows of other types (`publishers`, …)."""
    told: int = 0

    _pending: list[tuple[str, str, str, str]] = field(default_factory=list)

    def refuse(self, place: str, reason: str, advice: str = "") -> None:
        """This one is not in."""
        self.counts[RecordOutcome.REFUSED] += 1
        self._pending.append(("refused", place, reason, advice))

    def mend(self, place: str, reason: str) -> None:
        """This one is in, otherwise than it stood."""
        self.counts["mended"] += 1
        self._pending.append(("mended", place, reason, ""))

    @contextmanager
    def part(self) -> Iterator[None]:
        """What is said inside counts once it ends well; as if it had not been said otherwise."""
        before, said = self.counts.copy(), len(self._pending)
        try:
            yield
        except BaseException:
            self.counts.clear()  # the same object: others look at it
            self.counts.update(before)
            del self._pending[said:]
            raise
        self.tell()

    def tell(self) -> None:
        """Write down what was said so far."""
        for said in self._pending:
            self._tell(*said)
        self._pending.clear()

    def _tell(self, what: str, place: str, reason: str, advice: str) -> None:
        told = {"outcome": what, "place": place, "reason": reason, "advice": advice}
        if self.file is not None:
            self.file.write(json.dumps(told, ensure_ascii=False) + "\n")
        self.told += 1
        if self.told <= SHOWN:
            self.show(f"{place}: {what}: {reason} {advice}".rstrip())
        elif self.told == SHOWN + 1:
            self.show("… more: --report FILE has them all.")


def chunks(lines: Iterator[Line], *, count: int, max_bytes: int) -> Iterator[list[Line]]:
    """The lines in parts of so many, fewer where they are big. If reading ends in an error, it is raised once the
    lines before it were handed on."""
    part: list[Line] = []
    size = 0
    try:
        for line in lines:
            if part and (len(part) >= count or size + line.size > max_bytes):
                yield part
                part, size = [], 0
            part.append(line)
            size += line.size
    except Exception:
        if part:
            yield part
        raise
    if part:
        yield part
