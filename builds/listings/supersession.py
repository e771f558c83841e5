"""Which release takes the place of which, as far as the site shows both.

A resource that isn't public is never named here: its title is nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

from builds.data.entry import Entry
from builds.listings.pagination import microseconds_of
from builds.models import EntryRow
from ghost.core.batches import batched

AT_ONCE = 400


@dataclass(frozen=True)
class Supersession:
    """The public neighbours of some entries."""

    _older: dict[int, Entry] = field(default_factory=dict)
    _newer: dict[int, list[Entry]] = field(default_factory=dict)

    @classmethod
    def around(cls, entries: Sequence[Entry]) -> Self:
        """Of these entries: one query for AT_ONCE of them, two if one of them replaces another."""
        found = cls()
        for batch in batched(entries, AT_ONCE):
            found._look(batch)
        return found

    def older(self, entry: Entry) -> Entry | None:
        """The public entry that this one replaces; None if there is none."""
        return self._older.get(entry.replaces) if entry.replaces else None

    def newer(self, entry: Entry) -> list[Entry]:
        """What replaces it, the newest first."""
        return self._newer.get(entry.id, [])

    def _look(self, entries: Sequence[Entry]) -> None:
        wanted = {entry.replaces for entry in entries if entry.replaces}
        if wanted:
            self._older.update({entry.id: entry for entry in _read(pk__in=wanted)})
        for entry in _read(replaces__in=[entry.id for entry in entries]):
            assert entry.replaces  # noqa: S101  # asked for by it
            self._newer.setdefault(entry.replaces, []).append(entry)
        for found in self._newer.values():
            found.sort(key=lambda entry: (microseconds_of(entry), entry.id), reverse=True)


def _read(**wanted: object) -> Iterator[Entry]:
    stored = EntryRow.objects.filter(**wanted).values_list("entry_json", flat=True)
    return map(Entry.from_json, stored)
