"""CSV: the flat fields of resources, for spreadsheets (RFC 4180).

Publishers, teams and categories are named as people name them. File lists, checksums and the
blocklist are not in it: that is what JSON and NDJSON are for.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO

from ghost.core import moments
from ghost.core.errors import RefusedError
from ghost.core.io.text_encodings import MAX_LINE_CHARS, decoded_lines
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
_SEPARATOR = re.compile(rf'"?sep=([{SEPARATORS}])"?', re.IGNORECASE)
"""Excel's own line before the table."""
NOT_IN_UTF_8 = "It is not in UTF-8: save the table as “CSV UTF-8”, or give --encoding cp1252, or whatever it is in."
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
        table.writerow([guarded(cells[name]) for name in COLUMNS])
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


def guarded(value: object) -> object:
    """With an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


# -- reading


def read(stream: BinaryIO, encoding: str = "utf-8-sig") -> Iterator[Line]:
    """The rows as resources; one that can't be is handed on as its reason.

    RefusedError for a file that is no such table. Separators and byte order marks are found out, and a line
    `sep=;` before the names of the columns.
    """
    lines = _Bounded(decoded_lines(stream, encoding))
    table = csv.reader(lines, delimiter=_separator(lines), strict=True)
    columns = _columns(table)
    while True:
        place = f"line {lines.number + 1}"
        lines.taken = 0
        try:
            cells = next(table)
            if any(cell.strip() for cell in cells):
                yield Line(place, _record(_named(cells, columns)), sum(map(len, cells)))
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(place, RefusedError(f"It is no line of a table: {error}."))
        except RefusedError as error:
            if lines.is_over:
                raise
            yield Line(place, error)


class _Bounded:
    """Lines, of which one row of the table takes so many characters at most: a quoted cell may go over lines,
    and a row over any number of such cells."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.taken = 0
        """Characters since the row began."""
        self.number = 0
        """Lines that were read."""
        self.is_over = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.is_over = True  # unless there is a line: what comes after one that is too long can't be told from it
        line = next(self._lines)
        self.number += 1
        self.taken += len(line)
        if self.taken > MAX_LINE_CHARS:
            raise RefusedError(
                f"This is no table: line {self.number} ends a row of more than a million letters."
            )
        self.is_over = False
        return line

    def peek(self) -> str:
        """The next line, which is still to come."""
        line = next(self._lines, "")
        self._lines = chain([line], self._lines)
        return line


def _separator(lines: _Bounded) -> str:
    """What stands between cells: as `sep=;` says it, or the one that the first line has most of."""
    while (first := lines.peek()) and not first.strip():
        next(lines)
    if told := _SEPARATOR.fullmatch(first.rstrip("\r\n")):
        next(lines)
        return told[1]
    return max(SEPARATORS, key=first.count)


def _columns(table: Iterator[list[str]]) -> list[str]:
    """The names of the columns; those at the end that have none are what spreadsheets leave behind."""
    try:
        columns = [_column(name) for name in _trimmed(next(table, []))]
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
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise RefusedError(f"The column “{twice[0]}” is there twice: remove one of them.")
    return columns


def _column(name: str) -> str:
    """`Magnet URI` is `magnet_uri`."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _trimmed(cells: list[str], least: int = 0) -> list[str]:
    """Without the empty cells at its end, as far as there are more than so many."""
    while len(cells) > least and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _named(cells: list[str], columns: list[str]) -> dict[str, str]:
    """The cells by the names of their columns; RefusedError for a row that has others."""
    cells = _trimmed(cells, len(columns))
    if len(cells) != len(columns):
        raise RefusedError(f"It has {len(cells)} cells, and the first line names {len(columns)}.")
    if [_column(cell) for cell in cells] == columns:
        raise RefusedError("It names the columns once more: leave it out.")
    if not all(_is_text(cell) for cell in cells):
        raise RefusedError(NOT_IN_UTF_8)
    return dict(zip(columns, map(unguarded, cells), strict=True))


def unguarded(cell: str) -> str:
    """As it was before `guarded`."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


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
        return moments.parse(cell)
    except RefusedError as error:
        raise RefusedError(f"{name}: {error}.") from error


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
