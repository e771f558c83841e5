"""Resources of a file, part by part: each is checked by the row's own `clean`, and all that are new
are written together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from ghost.core.audit import trail
from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError
from resources import reasons
from resources.exchange import records
from resources.exchange.importing import primary_keys
from resources.exchange.importing.accounts import People
from resources.exchange.importing.record_rows import (
    ADVICE,
    LINKS,
    OF_PEOPLE,
    UNCHECKED,
    AdvisedError,
    Arrival,
    Defaults,
    RecordRows,
    check,
)
from resources.exchange.report import Line, RecordOutcome, Report
from resources.models import (
    Block,
    Resource,
    ResourceTag,
    TextHash,
    cover_requests,
    events,
    findings,
)
from resources.torrents import magnets, metadata

MISSING = "The release that it replaces is not here: that is left out."


@dataclass(frozen=True)
class _Known:
    """What is here of what a part names: rows by hash, and blocked hashes."""

    rows: dict[str, Resource]
    blocked: frozenset[str]

    def twin(self, arrival: Arrival) -> Resource | None:
        return next((self.rows[h] for h in arrival.hashes if h in self.rows), None)


class Arrivals:
    """The resources of one import."""

    def __init__(
        self, people: People, report: Report, defaults: Defaults, *, updates: bool, is_dry_run: bool
    ) -> None:
        self.blocked: set[str] = set()
        """In a dry run: what the file itself blocks."""
        self.awaits_probe = False
        self._people = people
        self._report = report
        self._rows = RecordRows(people, defaults)
        self._updates = updates
        self._is_dry_run = is_dry_run
        self._seen: dict[bytes, str] = {}
        """Where each hash of this file stood."""
        self._newly_seen: list[bytes] = []

    @contextmanager
    def part(self) -> Iterator[None]:
        """What is taken inside counts as seen unless it ends in an error."""
        self._newly_seen = []
        try:
            yield
        except BaseException:
            for each in self._newly_seen:
                del self._seen[each]
            raise

    def take(self, lines: list[Line], *, is_last: bool) -> list[Line]:
        """Write what is new; those that wait for an older release, unless these are the last."""
        arrivals = [found for line in lines if (found := self._parsed(line))]
        known, new, waiting = _look_up(arrivals), list[tuple[Arrival, Resource]](), list[Line]()
        for arrival in arrivals:
            if self._must_wait(arrival, known) and not is_last:
                waiting.append(arrival.line)
                continue
            try:
                self._admit(arrival, known, new)
            except (RefusedError, ValidationError) as error:
                self._refuse(arrival.line.place, error)
            else:
                self._see(arrival)
        if new:
            self._write(new, known)
        return waiting

    def _see(self, arrival: Arrival) -> None:
        seen = {bytes.fromhex(h): arrival.line.place for h in arrival.hashes}
        self._seen.update(seen)
        self._newly_seen += seen

    def _parsed(self, line: Line) -> Arrival | None:
        assert isinstance(line.what, records.ResourceRecord)  # noqa: S101  # sorted by the caller
        try:
            return Arrival(line, line.what, magnets.parse(line.what.magnet_uri))
        except RefusedError as error:
            self._refuse(line.place, error)
            return None

    def _must_wait(self, arrival: Arrival, known: _Known) -> bool:
        older = arrival.record.supersedes
        return bool(older and older not in known.rows and bytes.fromhex(older) not in self._seen)

    # -- one of them

    def _admit(self, arrival: Arrival, known: _Known, new: list[tuple[Arrival, Resource]]) -> None:
        for each in arrival.hashes:
            if bytes.fromhex(each) in self._seen:
                place = self._seen[bytes.fromhex(each)]
                raise AdvisedError(f"It is the same torrent as {place}.", "Leave one of them out.")
        twin = known.twin(arrival)
        if twin is not None:
            if any(arrival.record.supersedes in row.hashes for _arrival, row in new):
                self._write(new, known)  # what it may be linked to
                known.rows.update({h: row for _arrival, row in new for h in row.hashes})
                new.clear()
            self._report.counts[self._meet(arrival, twin, known)] += 1
            self._tell_missing(arrival, known)
            return
        self._refuse_blocked(arrival, known)
        new.append((arrival, self._rows.row(arrival)))

    def _refuse_blocked(self, arrival: Arrival, known: _Known) -> None:
        blocked = known.blocked | self.blocked
        if arrival.record.takedown_at is None and not blocked.isdisjoint(arrival.hashes):
            raise AdvisedError("This torrent is blocked.", ADVICE["blocked"])

    # -- one that is here already

    def _meet(self, arrival: Arrival, twin: Resource, known: _Known) -> RecordOutcome:
        record = arrival.record
        if not self._updates or (record.takedown_at and twin.takedown_at):
            return RecordOutcome.SKIPPED
        if twin.takedown_at:
            raise AdvisedError("It is taken down here.", ADVICE["taken_down"])
        with Catalog.turn():
            row = Resource.objects.select_for_update(of=("self",)).get(pk=twin.pk)
            before = copy(row)
            self._overwrite(row, arrival, known)
            for note in row.notes:
                self._report.mend(arrival.line.place, str(note))
            is_changed = _written(row) != _written(before) or self._is_promised(record, known)
            if is_changed:
                row.store()
            if record.takedown_at:
                self._name_other_half(row, arrival)
                row.take_down(reason=record.takedown_reason, by="import_catalog")
            if record.metadata and row.probed_at is None and not self._is_dry_run:
                is_changed |= findings.record_metadata(row, record.metadata)
        return RecordOutcome.UPDATED if is_changed or record.takedown_at else RecordOutcome.SKIPPED

    def _name_other_half(self, row: Resource, arrival: Arrival) -> None:
        """A half of a hybrid that only the record names is taken down with the row."""
        other = next((each for each in arrival.hashes if each not in row.hashes), "")
        if other and not row.other_hash:
            row.alone().update(other_hash=other)

    def _is_promised(self, record: records.ResourceRecord, known: _Known) -> bool:
        """Whether it replaces what a dry run took in, and undid, in an earlier part."""
        older = record.supersedes
        return bool(older and older not in known.rows and bytes.fromhex(older) in self._seen)

    def _tell_missing(self, arrival: Arrival, known: _Known) -> None:
        """That the release which it is to replace is not here, nor in the file before it."""
        if self._updates and self._must_wait(arrival, known):
            self._report.mend(arrival.line.place, MISSING)

    def _overwrite(self, row: Resource, arrival: Arrival, known: _Known) -> None:
        """Set what the record says of what people write; the rest is what is known here."""
        record, given = arrival.record, arrival.record.model_fields_set
        for name in given.intersection(OF_PEOPLE):
            setattr(row, name, getattr(record, name))
        if given.intersection(LINKS):
            links = self._rows.links(self._completed(record, row))
            for name, found in links.items():
                setattr(row, name, found)
        if record.supersedes and record.supersedes in known.rows:
            row.supersedes = known.rows[record.supersedes]
        elif "supersedes" in given and record.supersedes is None:
            row.supersedes = None
        if (arrival.magnet.hash, arrival.magnet.v2) == (row.magnet_hash, row.magnet_hash_v2):
            row.magnet_uri = arrival.magnet.uri()
            row.notes.add(*arrival.magnet.notes)
        check(row)

    def _completed(self, record: records.ResourceRecord, row: Resource) -> records.ResourceRecord:
        """With the publisher and category that the row has, where the record names none."""
        own = {
            "publisher": record.publisher or row.publisher.token_hash,
            "category": record.category or self._people.path_of(row.category),
        }
        return record.model_copy(update=own)

    # -- all that are new

    def _write(self, new: list[tuple[Arrival, Resource]], known: _Known) -> None:
        _give_keys(new)
        rows = [row for _arrival, row in new]
        keyed = [row for row in rows if row.pk]
        Resource.objects.bulk_create(keyed)
        primary_keys.settle(Resource)
        Resource.objects.bulk_create([row for row in rows if not row.pk])
        ResourceTag.objects.index(rows)
        TextHash.objects.index(rows)
        cover_requests.announce(rows)
        self._link(new, known)
        for arrival, row in new:
            self._finish(arrival, row)
        public = [row.pk for row in rows if row.is_public]
        if public:
            Catalog.advance(reasons.IMPORTED(number=len(public)), public)
        trail.record_all("resource.create", ((row, None, _audited(row)) for row in rows))
        events.changed("create", rows)
        self._report.counts[RecordOutcome.CREATED] += len(rows)

    def _finish(self, arrival: Arrival, row: Resource) -> None:
        if row.takedown_at:
            reason, by = row.takedown_reason, "import_catalog"
            Block.objects.add(row.hashes, reason=reason, by=by, is_of_takedown=True, of=[row.pk])
        if arrival.record.metadata:
            TextHash.objects.index_files(row, arrival.record.metadata)
        if arrival.record.metadata and not self._is_dry_run:
            metadata.save(arrival.record.metadata, survives_power_loss=False)
        self.awaits_probe |= row.probe_due_at is not None
        for reason in (*arrival.line.mended, *map(str, row.notes)):
            self._report.mend(arrival.line.place, reason)

    def _link(self, new: list[tuple[Arrival, Resource]], known: _Known) -> None:
        """Each to the release that it replaces, which may be one that came before it here: none
        that comes after, so that no two replace each other."""
        rows, own = dict(known.rows), {h for _arrival, row in new for h in row.hashes}
        for arrival, row in new:
            older = arrival.record.supersedes
            if older in rows:
                row.supersedes = rows[older]
            elif older and (older in own or bytes.fromhex(older) not in self._seen):
                self._report.mend(arrival.line.place, MISSING)
            rows |= dict.fromkeys(row.hashes, row)
        linked = [row for _arrival, row in new if row.supersedes_id]
        Resource.objects.bulk_update(linked, ["supersedes"])

    def _refuse(self, place: str, error: RefusedError | ValidationError) -> None:
        if isinstance(error, ValidationError):
            self._report.refuse(place, " ".join(error.messages))
        else:
            self._report.refuse(place, str(error), getattr(error, "advice", ""))


def _look_up(arrivals: Iterable[Arrival]) -> _Known:
    named = {h for arrival in arrivals for h in arrival.hashes}
    older = {arrival.record.supersedes for arrival in arrivals if arrival.record.supersedes}
    rows = Resource.objects.twins_of(*named, *older)
    blocks = Block.objects.covering(*named).values_list("info_hash", flat=True)
    return _Known({h: row for row in rows for h in row.hashes}, frozenset(blocks))


def _give_keys(new: list[tuple[Arrival, Resource]]) -> None:
    """Each the key that it had where it comes from, if nobody has it here."""
    wanted = {arrival.record.id: row for arrival, row in new if arrival.record.id}
    taken = set(Resource.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    for key, row in wanted.items():
        row.pk = None if key in taken else key


def _written(row: Resource) -> list[object]:
    names = (*OF_PEOPLE, "magnet_uri", *(f"{name}_id" for name in UNCHECKED))
    return [getattr(row, name) for name in names]


def _audited(row: Resource) -> dict[str, object]:
    """Enough to tell what came; the whole text of a hundred thousand would double the database."""
    names = ("title", "magnet_hash", "category_id", "publisher_id", "published_at", "takedown_at")
    return {name: getattr(row, name) for name in names}
