"""CSV: the flat fields of resources, for spreadsheets (RFC 4180).

Publishers, teams and categories are named as people name them. File lists, checksums and the
blocklist are not in it: that is what JSON and NDJSON are for.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO

from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.exchange.report import Line
from resources.models import Resource

TEXTS = ("title", "magnet_uri", "content_markdown", "licence", "source_url", "takedown_reason")
NAMES = ("category", "publisher", "team", "cover_image_url", "supersedes")
"""Nothing in them is nothing said."""
MOMENTS = ("published_at", "created_at", "updated_at", "takedown_at")
SHOWN = ("magnet_hash", "state", "dht_status", "total_size_bytes", "file_count")
"""For people to look at; an import does not read them."""
COLUMNS = (
    "id", "title", "magnet_uri", "category", "publisher", "team", "tags", "published_at",
    "licence", "source_url", "cover_image_url", "supersedes", "takedown_at", "takedown_reason",
    "created_at", "updated_at", *SHOWN, "content_markdown",
)  # fmt: skip
SEPARATORS = ",;\t|"
MAX_LINE_CHARS = 1_000_000
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet would compute; more apostrophes before it, so that none is lost."""


# -- writing


def write(stream: BinaryIO, rows: Iterable[Resource], paths: Mapping[int, str]) -> Iterator[int]:
    """Write a line for each row, `paths` being those of the categories; yields what is written."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for row in rows:
        cells = _cells(row, paths)
        table.writerow([_harmless(cells[name]) for name in COLUMNS])
        yield 1
    text.detach()


def _cells(row: Resource, paths: Mapping[int, str]) -> dict[str, Any]:
    own = ("id", *TEXTS, "cover_image_url", "magnet_hash", "dht_status", "total_size_bytes",
           "file_count")  # fmt: skip
    return {
        **{name: getattr(row, name) for name in own},
        **{name: _iso(getattr(row, name)) for name in MOMENTS},
        "category": paths[row.category_id],
        "publisher": row.publisher.display_name,
        "team": row.team.name if row.team else "",
        "tags": _joined(row.tags),
        "supersedes": row.supersedes.magnet_hash if row.supersedes else "",
        "state": row.state.value,
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _joined(tags: list[str]) -> str:
    """`a|b`, or as JSON where a tag could be taken for two."""
    is_plain = not any("|" in tag for tag in tags) and not (tags and tags[0].startswith("["))
    return "|".join(tags) if is_plain else json.dumps(tags, ensure_ascii=False)


def _harmless(value: object) -> object:
    """With an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


# -- reading


def read(stream: BinaryIO) -> Iterator[Line]:
    """The rows as resources; one that can't be is handed on as its reason.

    RefusedError for a file that is no such table. Separators and byte order marks are found out.
    """
    lines = _lines(stream)
    first = next(lines, "")
    bounded = _Bounded(first, lines)
    table = csv.reader(bounded, delimiter=_separator(first), strict=True)
    columns = _columns(table)
    while True:
        bounded.taken = 0
        place = f"line {table.line_num + 1}"
        try:
            cells = next(table)
            if cells:
                yield Line(place, _record(dict(zip(columns, _fitting(cells, columns), strict=True))),
                           sum(map(len, cells)))  # fmt: skip
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(place, RefusedError(f"It is no line of a table: {error}."))
        except RefusedError as error:
            yield Line(place, error)


def _lines(stream: BinaryIO) -> Iterator[str]:
    start = stream.read(4)
    is_16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    whole = _Joined(start, stream)
    # What is not UTF-8 is refused line by line.
    text = io.TextIOWrapper(
        io.BufferedReader(whole),
        encoding="utf-16" if is_16 else "utf-8-sig",
        errors="surrogateescape",
        newline="",
    )
    number = 0
    while line := text.readline(MAX_LINE_CHARS + 1):
        number += 1
        if len(line) > MAX_LINE_CHARS:
            raise RefusedError(f"This is no table: line {number} has more than a million letters.")
        yield line


class _Joined(io.RawIOBase):
    """What was read of a stream already, and the rest of it."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  # a writable buffer
        body = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(body) :]
        buffer[: len(body)] = body
        return len(body)


class _Bounded:
    """Lines, of which one row of the table takes so many characters at most: a quoted cell may go over lines,
    and a row over any number of such cells."""

    def __init__(self, first: str, rest: Iterator[str]) -> None:
        self._lines: Iterator[str] = chain([first], rest)
        self.taken = 0
        """Characters since the row began."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += len(line)
        if self.taken > MAX_LINE_CHARS:
            self._lines = iter(())  # what comes after it can't be told from it
            raise RefusedError("This is no table: a row has more than a million letters.")
        return line


def _separator(first: str) -> str:
    return max(SEPARATORS, key=first.count)


def _columns(table: Iterator[list[str]]) -> list[str]:
    try:
        columns = [name.strip() for name in next(table, [])]
    except csv.Error as error:
        raise RefusedError(f"This is no table: {error}.") from error
    if missing := {"title", "magnet_uri"} - {*columns}:
        raise RefusedError(
            f"The first line must name the columns; {sorted(missing)[0]} is missing."
        )
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise RefusedError(
            f"The column “{unknown[0][:60]}” is unknown: remove it, or name it one of"
            f" {', '.join(COLUMNS)}."
        )
    if len(columns) != len({*columns}):
        raise RefusedError("A column is there twice: remove one of them.")
    return columns


def _fitting(cells: list[str], columns: list[str]) -> list[str]:
    if len(cells) != len(columns):
        raise RefusedError(f"It has {len(cells)} cells, and the first line names {len(columns)}.")
    if not all(_is_text(cell) for cell in cells):
        raise RefusedError("It is not in UTF-8: save the table as “CSV UTF-8”.")
    return [cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell for cell in cells]


def _is_text(cell: str) -> bool:
    return cell.isascii() or not any("\ud800" <= c <= "\udfff" for c in cell)


def _record(cells: Mapping[str, str]) -> records.ResourceRecord:
    values: dict[str, Any] = {}
    for name, cell in cells.items():
        if name in TEXTS:
            values[name] = cell
        elif name in NAMES:
            values[name] = cell.strip() or None
        elif name in MOMENTS:
            values[name] = _moment(name, cell.strip())
        elif name == "tags":
            values[name] = _tags(cell)
        elif name == "id" and cell.isascii() and cell.isdigit():
            values[name] = int(cell[:10])
    return records.build(**values)


def _moment(name: str, cell: str) -> datetime | None:
    if not cell:
        return None
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RefusedError(f"{name}: write a date as 2026-01-31T12:00:00+00:00, with its zone.")
    return moment


def _tags(cell: str) -> list[str]:
    if not cell.startswith("["):
        return [tag.strip() for tag in cell.split("|") if tag.strip()]
    try:
        tags = json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise RefusedError("tags: write them as a|b|c.") from error
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise RefusedError("tags: write them as a|b|c.")
    return tags
