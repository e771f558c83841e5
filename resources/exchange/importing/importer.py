"""The one way by which records become rows: in short transactions, so that others get in between,
and by hash, so that whoever is interrupted starts again and finds what is there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from ghost.core.audit import actors, trail
from ghost.core.catalog.models import Catalog
from ghost.core.db.outages import OUTAGES
from ghost.core.db.pacing import PacedWriter
from ghost.core.errors import OutageError, RefusedError
from resources.exchange import records
from resources.exchange.importing.accounts import People
from resources.exchange.importing.deferred import Waiting
from resources.exchange.importing.import_resources import Arrivals
from resources.exchange.importing.record_rows import Defaults
from resources.exchange.report import Line, Report, chunks
from resources.models import Block, Resource
from resources.publishing.prober import prober
from teams.models import Token

AT_ONCE = 60
"""Records that one transaction takes in, in some 100 ms."""
MAX_BYTES_AT_ONCE = 16 << 20
MOST_ROUNDS = 100
"""Through what waits: a chain that runs backwards would take as many as it has links."""

ENDS = (OutageError, OSError, MemoryError, *OUTAGES)
"""No fault of a line's: the disk is full, the database is locked or away."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How to take records in."""

    is_dry_run: bool = False
    """Do everything and keep nothing."""
    updates: bool = False
    """Change what is there already, instead of leaving it alone."""
    brings_people: bool = True
    """Whether publishers and categories may come with the file; else the defaults must be here."""
    defaults: Defaults = Defaults()  # noqa: RUF009  # it is frozen


class Intake:
    """One import under way, from the first line to the last deferred one."""

    def __init__(self, options: Options, report: Report) -> None:
        self._is_dry_run = options.is_dry_run
        self._report = report
        self._options = options
        self._people = People()
        self._waiting = Waiting()
        self._writer = PacedWriter()
        self._arrivals = Arrivals(
            self._people, report, options.defaults,
            updates=options.updates, is_dry_run=options.is_dry_run,
        )  # fmt: skip

    def _require_defaults(self) -> None:
        """RefusedError if there is no such publisher or category as is given for what names none."""
        given = self._options.defaults
        if given.publisher:
            self._people.named(given.publisher)
        if given.category and not given.makes_categories:
            self._people.at(given.category)

    def take(self, lines: Iterator[Line]) -> Iterator[int]:
        """Take all of them in; yields after each part how many lines that were.

        RefusedError for defaults that are not here, where the file can't bring them.
        """
        with closing(self._waiting), actors.acting_as("import_catalog"):
            if not self._options.brings_people:
                self._require_defaults()
            for part in chunks(lines, count=AT_ONCE, max_bytes=MAX_BYTES_AT_ONCE):
                before, from_blocks = _split(part)
                self._take(before)
                if from_blocks:  # they must not meet what stood before them
                    self._take_waiting()
                    self._take(from_blocks)
                yield len(part)
            self._take_waiting()
            if not self._is_dry_run:
                self._tell_workers()

    @property
    def inert_tokens(self) -> list[Token]:
        """Tokens of the file that open nothing yet, in the order of their keys."""
        return [self._people.inert[key] for key in sorted(self._people.inert)]

    def _take_waiting(self) -> None:
        """Those whose older release has come meanwhile, as long as there are such; then all."""
        before = -1
        for _ in range(MOST_ROUNDS):
            if self._waiting.count in (0, before):
                break
            before = self._waiting.count
            self._take_parts(self._waiting.read())
        self._take_parts(self._waiting.read(), is_last=True)

    def _take_parts(self, lines: Iterator[Line], *, is_last: bool = False) -> None:
        for part in chunks(lines, count=AT_ONCE, max_bytes=MAX_BYTES_AT_ONCE):
            self._take(part, is_last=is_last)

    def _take(self, part: list[Line], *, is_last: bool = False) -> None:
        """All of it in one transaction. Where the database refuses, each half by itself, down to the line at fault."""
        try:
            self._take_at_once(part, is_last=is_last)
        except (
            Exception
        ) as error:  # whatever a line provokes is told of that line, and the others come in
            if isinstance(error, ENDS):
                raise
            if len(part) == 1:
                self._refuse(part[0].place, error)
                return
            for half in (part[: len(part) // 2], part[len(part) // 2 :]):
                self._take(half, is_last=is_last)

    def _take_at_once(self, part: list[Line], *, is_last: bool) -> None:
        put_off = list[Line]()
        with self._report.part(), self._people.part(), self._arrivals.part(), self._transaction():
            for kind, group in groupby(part, key=lambda line: type(line.what)):
                put_off += self._take_group(kind, list(group), is_last=is_last)
        self._waiting.keep(put_off)

    def _refuse(self, place: str, error: Exception) -> None:
        if not isinstance(error, (RefusedError, ValidationError, DatabaseError, OverflowError)):
            log.error("import: %s", place, exc_info=error)
        self._report.refuse(place, reason_of(error))
        self._report.tell()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One part of it; in a dry run with what the parts before made, and undone."""
        with self._writer.writing(), Catalog.turn():
            if self._is_dry_run:
                self._people.again()
            yield
            if self._is_dry_run:
                transaction.set_rollback(True)

    def _take_group(self, kind: type, lines: list[Line], *, is_last: bool) -> list[Line]:
        """Take them in; those that wait for an older release."""
        if kind is records.ResourceRecord:
            return self._arrivals.take(lines, is_last=is_last)
        if kind is records.BlockRecord:
            self._take_blocks(lines)
        else:
            for line in lines:
                self._take_one(line)
        return []

    def _take_one(self, line: Line) -> None:
        self._people.mended.clear()
        try:
            with transaction.atomic():
                self._found(line.what)
        except (RefusedError, ValidationError) as error:
            self._report.refuse(line.place, reason_of(error))
            return
        for reason in (*line.mended, *self._people.mended):
            self._report.mend(line.place, reason)

    def _found(self, what: records.Record | RefusedError) -> None:
        counts = self._report.counts
        match what:
            case records.PublisherRecord():
                counts["publishers"] += self._people.publisher(what)
            case records.TeamRecord():
                counts["teams"] += self._people.team(what)
            case records.CategoryRecord():
                counts["categories"] += self._people.category(what)
            case RefusedError():
                raise what

    def _take_blocks(self, lines: list[Line]) -> None:
        rows = [_block(line.what) for line in lines if isinstance(line.what, records.BlockRecord)]
        hashes = [row.info_hash for row in rows]
        there = set(Block.objects.covering(*hashes).values_list("info_hash", flat=True))
        new = {row.info_hash: row for row in rows if row.info_hash not in there}
        Block.objects.store(list(new.values()))
        trail.record_all(
            "block.create", ((row, None, {"reason": row.reason}) for row in new.values())
        )
        self._report.counts["blocks"] += len(new)
        if self._is_dry_run:
            self._arrivals.blocked.update(hashes)

    def _tell_workers(self) -> None:
        """One task takes all probes that are due."""
        first = Resource.objects.due_for_probe().order_by("pk").values_list("pk", flat=True).first()
        if self._arrivals.awaits_probe and first is not None:
            prober().enqueue(first)


def _split(part: list[Line]) -> tuple[list[Line], list[Line]]:
    """What comes before the first block that an operator made, and the rest."""
    for number, line in enumerate(part):
        if isinstance(line.what, records.BlockRecord) and not line.what.is_of_takedown:
            return part[:number], part[number:]
    return part, []


def _block(record: records.BlockRecord) -> Block:
    return Block(
        info_hash=record.info_hash,
        reason=record.reason,
        created_at=record.created_at or timezone.now(),
        created_by=record.created_by,
        is_of_takedown=record.is_of_takedown,
    )


def reason_of(error: Exception) -> str:
    """The reason in one line."""
    match error:
        case RefusedError():
            return str(error)
        case ValidationError():
            return " ".join(error.messages)
        case IntegrityError():
            return "It can't be stored beside what is here already."
        case DatabaseError() | OverflowError():
            return "A value in it is more than the database can hold."
    return f"It can't be taken in ({type(error).__name__}: {str(error)[:200]})."
