"""What the public site is made of: builds' own copy of what is public, and every output of it.

The site is a function of these tables, the layouts and the configuration alone. That is why a
build of one change and a build of everything give the same bytes. See docs/decisions/0010.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Self, TypeVar

from django.db import connection, models

from builds.data import urls
from builds.data.entry import Entry
from builds.models import bulk
from ghost.core.db.pacing import PacedWriter
from resources.states import DhtStatus

MAX_ADDRESS_CHARS = 3000
FIRST_PART_ROWS = 5000
"""That one transaction writes at first; the next ones by how long that took."""
OUTPUT_COLUMNS = ("address", "owner", "is_page", "digest", "size_bytes", "languages_set_aside")
Model = TypeVar("Model", bound=models.Model)


class PartsQuerySet(models.QuerySet[Model]):
    """Sets that are read to their end while others, and the reader himself, write."""

    def in_parts(self, *fields: str, rows: int = 500) -> Iterator[tuple[Any, ...]]:
        """The key and these fields of each, in order of keys.

        A few rows at a time, each time by a query that is done: while one is open, SQLite refuses
        the reader's own writes as soon as somebody else has written.
        """
        return chain.from_iterable(self.parts(*fields, rows=rows))

    def parts(self, *fields: str, rows: int = 500) -> Iterator[list[tuple[Any, ...]]]:
        """The same, a part at a time."""
        found = self.order_by("pk").values_list("pk", *fields)
        part = list(found[:rows])
        while part:
            yield part
            part = list(found.filter(pk__gt=part[-1][0])[:rows])


class EntryRowQuerySet(PartsQuerySet["EntryRow"]):
    """Sets of entries of the site."""

    def endangered(self) -> Self:
        """What needs seeders: what went missing last comes first, since somebody may still have it."""
        return self.filter(dht_status=DhtStatus.STALE).order_by("-missing_since", "-id")

    def active(self) -> Self:
        """Those that somebody seeds, as far as probes found."""
        return self.filter(dht_status=DhtStatus.ACTIVE)


class EntryRow(models.Model):
    """A resource as the site shows it; its key is the resource's.

    No foreign key: it outlives its resource until a build has taken it off the site.
    """

    id = models.BigIntegerField(primary_key=True)
    entry_json = models.TextField()
    body = models.BinaryField()
    """`builds.data.body.Body`, compressed: what only its own page shows."""
    source = models.CharField(max_length=64)
    """Digest of what `body` was made from."""
    dht_status = models.CharField(max_length=8)
    missing_since = models.CharField(max_length=32)
    """As `Entry` has it; empty while it is not missing."""
    published_at = models.CharField(max_length=32)
    replaces = models.BigIntegerField(null=True)
    """As `Entry` has it; an entry of that key may come, go and come again."""
    shown: frozenset[str] = frozenset()
    """No column: hashes to be indexed, that rendering its text brought to light."""

    objects = EntryRowQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["dht_status", "missing_since"], name="builds_entry_by_health"),
            models.Index(
                fields=["replaces"],
                condition=models.Q(replaces__isnull=False),
                name="builds_entry_by_older",
            ),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk}"

    @property
    def entry(self) -> Entry:
        """What lists, feeds, indexes and the search show of it."""
        return Entry.from_json(self.entry_json)


class OutputQuerySet(PartsQuerySet[Model]):
    """Sets of pages and files."""

    def set_aside(self) -> Self:
        """Pages that Hugo could not render, by address."""
        return self.filter(languages_set_aside__gt="").order_by("address")


class OutputRow(models.Model):
    """One page or file of a site, and the digest of the record that it was made from."""

    address = models.CharField(max_length=MAX_ADDRESS_CHARS, primary_key=True)
    owner = models.CharField(max_length=100, db_index=True)
    """What it is made from: see `builds.pages.outputs`."""
    is_page = models.BooleanField()
    """Rendered by Hugo in each language, or written once as it is."""
    digest = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    """Of the record."""
    languages_set_aside = models.CharField(max_length=100, blank=True, db_index=True)
    """Codes of the languages in which Hugo could not render it, joined by commas."""

    objects = OutputQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.address

    @property
    def files(self) -> list[str]:
        """Where it lies: a page has a file in each language, but for those set aside."""
        return files_of(
            self.address, is_page=self.is_page, languages_set_aside=self.languages_set_aside
        )

    @property
    def files_set_aside(self) -> list[str]:
        """Those that are not there, since Hugo can't render them."""
        return [
            language.path + urls.file_of(self.address)
            for language in urls.languages()
            if language.code in self.languages_set_aside.split(",")
        ]

    def note_set_aside(self, code: str) -> None:
        """That Hugo can't render it in this language."""
        self.languages_set_aside = ",".join(
            sorted({*filter(None, self.languages_set_aside.split(",")), code})
        )


class Output(OutputRow):
    """One of the public site."""

    @classmethod
    def replace_all(cls, writer: PacedWriter) -> None:
        """Put those of the full build under way in the place of all, in many transactions: until
        the last one is over they describe neither site."""
        gone = cls.objects.exclude(pk__in=NextOutput.objects.values("pk"))
        for part in writer.in_parts(list(gone.values_list("pk", flat=True)), FIRST_PART_ROWS):
            with writer.writing():
                cls.objects.filter(pk__in=part).delete()
        alike = cls.objects.filter(**{name: models.OuterRef(name) for name in OUTPUT_COLUMNS})
        new = NextOutput.objects.exclude(models.Exists(alike)).values_list(*OUTPUT_COLUMNS)
        for rows in writer.in_parts(list(new), FIRST_PART_ROWS):
            with writer.writing():
                bulk.put(cls, OUTPUT_COLUMNS, rows)
        with writer.writing():
            NextOutput.clear()


class NextOutput(OutputRow):
    """One of the site that a full build is making: if it fails, the others still hold."""

    @classmethod
    def clear(cls) -> None:
        """Drop all, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {cls._meta.db_table}")  # noqa: S608  # name of our own table


def files_of(address: str, *, is_page: bool, languages_set_aside: str = "") -> list[str]:
    """The files of an output, relative to the site."""
    file = urls.file_of(address)
    if not is_page:
        return [file]
    left_out = languages_set_aside.split(",") if languages_set_aside else []
    return [each.path + file for each in urls.languages() if each.code not in left_out]


_DUE = ("owner", "before", "is_new")


class DueQuerySet(models.QuerySet["Due"]):
    """Sets of what is to be made anew."""

    def add(self, owners: dict[str, dict[str, Any] | None]) -> None:
        """That these changed; what `before` says of one that is due already stays."""
        rows = (
            (owner, None if before is None else json.dumps(before), True)
            for owner, before in owners.items()
        )
        bulk.add(Due, _DUE, rows)

    def add_anew(self, owners: Iterable[str]) -> None:
        """That these are due whatever is made of them now, and that the search index holds nothing
        of the entries among them."""
        bulk.put(Due, _DUE, ((owner, None, True) for owner in owners))


class Due(models.Model):
    """Something whose outputs are not on the site as they should be."""

    owner = models.CharField(max_length=100, primary_key=True)
    before: models.JSONField[dict[str, Any] | None] = models.JSONField(null=True)
    """Of an entry in the search index: what that holds of it now."""
    is_new = models.BooleanField(default=True)
    """Noted since a build began to make what was due: it may not have seen it."""

    objects = DueQuerySet.as_manager()

    def __str__(self) -> str:
        return self.owner
