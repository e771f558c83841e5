"""Which release takes the place of which, as far as the site shows both.

A resource that isn't public is never named here: its title is nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from builds.data.entry import Facts
from builds.listings.pagination import at_of
from builds.models import Entry

AT_ONCE = 400


@dataclass(frozen=True)
class Succession:
    """The public neighbours of some entries."""

    _older: dict[int, Facts] = field(default_factory=dict)
    _newer: dict[int, list[Facts]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Sequence[Facts]) -> Self:
        """Of these entries: one query for AT_ONCE of them, two if one of them replaces another."""
        found = cls()
        for start in range(0, len(entries), AT_ONCE):
            found._look(entries[start : start + AT_ONCE])
        return found

    def older(self, known: Facts) -> Facts | None:
        """What it replaces."""
        return self._older.get(known.replaces) if known.replaces else None

    def newer(self, known: Facts) -> list[Facts]:
        """What replaces it, the newest first."""
        return self._newer.get(known.id, [])

    def _look(self, entries: Sequence[Facts]) -> None:
        wanted = {known.replaces for known in entries if known.replaces}
        if wanted:
            self._older.update({known.id: known for known in _read(pk__in=wanted)})
        for known in _read(replaces__in=[known.id for known in entries]):
            assert known.replaces  # noqa: S101  # asked for by it
            self._newer.setdefault(known.replaces, []).append(known)
        for found in self._newer.values():
            found.sort(key=lambda known: (at_of(known), known.id), reverse=True)


def _read(**wanted: object) -> Iterator[Facts]:
    stored = Entry.objects.filter(**wanted).values_list("facts_json", flat=True)
    return map(Facts.read, stored)
