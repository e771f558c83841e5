"""The blocklist as a file: a hash on each line, or a table with reasons and dates."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import BinaryIO

from django.utils import timezone

from ghost.core import moments
from ghost.core.audit import trail
from ghost.core.batches import batched
from ghost.core.catalog.models import Catalog
from ghost.core.db.pacing import PacedWriter
from ghost.core.errors import RefusedError
from ghost.core.io import text_encodings
from resources.exchange.csv_table import guarded, unguarded
from resources.exchange.report import Report
from resources.models import Block, Resource
from resources.torrents import magnets

COLUMNS = ("info_hash", "reason", "created_at", "created_by")
MAX_REASON_CHARS = 2000
AT_ONCE = 100
_NAMES = {
    "hash": "info_hash", "infohash": "info_hash", "date": "created_at", "when": "created_at",
    "by": "created_by",
}  # fmt: skip
_SEPARATORS = ",;\t"


@dataclass(frozen=True)
class Entry:
    """What a line says: hashes (a magnet link has one or two), why and since when they are blocked."""

    place: str
    hashes: tuple[str, ...]
    reason: str = ""
    created_at: datetime | None = None
    created_by: str = ""


def write(stream: BinaryIO, rows: Iterable[Block]) -> int:
    """A table of all of them; how many there are."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    table, written = csv.writer(text), 0
    table.writerow(COLUMNS)
    for row in rows:
        cells = (row.info_hash, row.reason, row.created_at.isoformat(), row.created_by)
        table.writerow([guarded(cell) for cell in cells])
        written += 1
    text.detach()
    return written


def read(stream: BinaryIO, report: Report, encoding: str = text_encodings.UTF_8) -> Iterator[Entry]:
    """The entries; what is none is told to the report. Blank lines and comments (`#`) are passed over, and what
    follows a hash behind a `#` is its reason. A byte order mark tells more than `encoding`."""
    lines = text_encodings.decoded_lines(stream, encoding)
    before, first = _first(lines)
    table = csv.reader(chain([first], lines), delimiter=max(_SEPARATORS, key=first.count))
    columns: tuple[str, ...] = COLUMNS
    while True:
        place = f"line {before + table.line_num + 1}"
        try:
            cells = next(table, None)
            if cells is None:
                return
            if not any(map(str.strip, cells)) or cells[0].lstrip().startswith("#"):
                continue
            names = tuple(_column(cell) for cell in cells)
            if "info_hash" in names:
                columns = names
            else:
                yield _entry(place, dict(zip(columns, cells, strict=False)))
        except (RefusedError, csv.Error) as error:
            report.refuse(place, str(error))
            report.tell()


def _first(lines: Iterator[str]) -> tuple[int, str]:
    """The first line that is neither blank nor a comment, and how many stand before it."""
    for before, line in enumerate(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            return before, line
    return 0, ""


def _column(name: str) -> str:
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    return _NAMES.get(plain, plain)


def _entry(place: str, cells: dict[str, str]) -> Entry:
    written, _, comment = cells.get("info_hash", "").strip().partition("#")
    reason = unguarded(cells.get("reason", "")).strip() or comment.strip()
    if any("\ud800" <= char <= "\udfff" for char in reason):
        raise RefusedError(
            "It is not in UTF-8: save the file as UTF-8, or give --encoding cp1252, or whatever it is in."
        )
    if "\0" in reason or len(reason) > MAX_REASON_CHARS:
        raise RefusedError(f"reason: it has zero bytes, or more than {MAX_REASON_CHARS:,} letters.")
    since = cells.get("created_at", "").strip()
    by = unguarded(cells.get("created_by", "")).strip()[:150]
    try:
        at = moments.parse(since) if since else None
        return Entry(place, _hashes(written.strip()), reason, at, by)
    except RefusedError as error:
        raise RefusedError(f"{'created_at: ' if _is_hash(written) else ''}{error}") from error


def _is_hash(written: str) -> bool:
    try:
        return bool(_hashes(written.strip()))
    except RefusedError:
        return False


def _hashes(written: str) -> tuple[str, ...]:
    if written.lower().startswith("magnet:"):
        magnet = magnets.parse(written)
        return tuple(each for each in (magnet.v1, magnet.v2) if each)
    return (magnets.normal_hash(written),)


def take(
    entries: Iterator[Entry], report: Report, *, by: str, takes_down: bool
) -> Iterator[list[Resource]]:
    """Block what is not blocked yet, part by part; yields after each what of the catalog stands there with such a
    hash, taken down if that is asked for."""
    writer = PacedWriter()
    for part in batched(entries, AT_ONCE):
        with report.part(), writer.writing(), Catalog.turn():
            found = _take(part, report.counts, by=by, takes_down=takes_down)
        yield found


def foresee(
    entries: Iterator[Entry], report: Report, *, takes_down: bool
) -> Iterator[list[Resource]]:
    """What `take` would do, with nothing written."""
    seen = set[str]()
    for part in batched(entries, AT_ONCE):
        named = {each for entry in part for each in entry.hashes}
        new = named - seen
        there = set(Block.objects.covering(*new).values_list("info_hash", flat=True))
        standing = list(Resource.objects.standing().twins_of(*new))
        seen |= new
        report.counts["created"] += len(new - there)
        report.counts["skipped"] += len(named) - len(new - there)
        report.counts["taken_down" if takes_down else "standing"] += len(standing)
        report.tell()
        yield standing


def _take(part: list[Entry], counts: Counter[str], *, by: str, takes_down: bool) -> list[Resource]:
    named = {each: entry for entry in part for each in entry.hashes}
    there = set(Block.objects.covering(*named).values_list("info_hash", flat=True))
    new = [_block(each, entry, by) for each, entry in named.items() if each not in there]
    Block.objects.store(new)
    trail.record_all("block.create", ((row, None, {"reason": row.reason}) for row in new))
    counts["created"] += len(new)
    counts["skipped"] += len(named) - len(new)
    standing = list(Resource.objects.standing().twins_of(*named))
    if takes_down:
        for row in standing:
            reason = next(named[each].reason for each in row.hashes if each in named)
            row.take_down(reason=reason or "On an imported blocklist.", by=by)
        counts["taken_down"] += len(standing)
    else:
        counts["standing"] += len(standing)
    return standing


def _block(info_hash: str, entry: Entry, by: str) -> Block:
    return Block(
        info_hash=info_hash,
        reason=entry.reason,
        created_at=entry.created_at or timezone.now(),
        created_by=entry.created_by or by,
    )
