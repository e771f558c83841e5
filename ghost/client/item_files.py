"""Files of many items: NDJSON and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import IO, NoReturn

from .bulk import Item
from .errors import Json, SetupError
from .resource_fields import FIELDS, NUMBERS, read_moment
from .transport import Notify

COLUMNS = (
    "id", "title", "state", "probe_status", "dht_status", "category_id", "team_id", "tags",
    "magnet_hash", "magnet_uri", "total_size_bytes", "file_count", "num_peers", "created_at",
    "updated_at", "published_at", "licence", "source_url", "supersedes_id",
)  # fmt: skip
"""The columns of `ghost list --csv`."""
_KNOWN = (*FIELDS, "category")
_SEPARATORS = ",;\t|"


def read_items(file: IO[bytes], *, is_csv: bool, notify: Notify) -> Iterator[Item]:
    """Items of NDJSON, one object in each line; or of CSV, whose first line names the fields.

    `category` may be a path. In CSV tags are separated by `;`, an empty cell says nothing,
    `published_at` may be `draft`, and columns of `ghost list --csv` that nobody sets are left out,
    of which `notify` hears. SetupError for other columns.
    """
    return _csv_items(file, notify) if is_csv else _json_items(file)


def _json_items(file: IO[bytes]) -> Iterator[Item]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield _json_item(number, line)


def _json_item(number: int, line: bytes) -> Item:
    try:
        values = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except ValueError as error:  # UnicodeDecodeError is one
        return Item(number, {}, f"This line is not JSON: {error}")
    if not isinstance(values, dict):
        return Item(number, {}, "A line must be a JSON object.")
    return Item(number, values)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _csv_items(file: IO[bytes], notify: Notify) -> Iterator[Item]:
    lines = (line.decode("utf-8-sig" if not n else "utf-8") for n, line in enumerate(file))
    try:
        first = next(lines, "")
        separator = max(_SEPARATORS, key=first.count)
        table = csv.reader(_chained(first, lines), delimiter=separator, strict=True)
        columns = _header(next(table, []), notify)
    except (csv.Error, UnicodeDecodeError) as error:
        raise SetupError(f"The file is no CSV: {error}") from error
    try:
        for cells in table:
            if cells:
                yield _csv_item(table.line_num, columns, cells)
    except (csv.Error, UnicodeDecodeError) as error:
        yield Item(table.line_num, {}, f"The file can't be read further: {error}")


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _header(names: Sequence[str], notify: Notify) -> list[str]:
    columns = [name.strip() for name in names]
    unknown = [name for name in columns if name not in (*_KNOWN, *COLUMNS)]
    if unknown or not columns:
        wrong = f"no field is called {', '.join(map(repr, unknown))}" if columns else "it is empty"
        known = ", ".join(_KNOWN)
        raise SetupError(f"The first line must name the fields: {wrong}. They are {known}.")
    if left_out := [name for name in columns if name not in _KNOWN]:
        notify(f"Nobody sets these columns, so they are left out: {', '.join(left_out)}")
    return columns


def _csv_item(line: int, columns: Sequence[str], cells: Sequence[str]) -> Item:
    if len(cells) != len(columns):
        wrong = f"This line has {len(cells)} cells, and the first one {len(columns)}."
        return Item(line, {}, f"{wrong} A cell with the separator in it needs quotes.")
    filled = {name: cell for name, cell in zip(columns, cells) if cell.strip()}
    values: Json = {name: _value(name, cell) for name, cell in filled.items() if name in _KNOWN}
    is_draft = filled.get("state") == "draft" and "published_at" not in filled
    try:
        publication = _publication(filled.get("published_at"), is_draft=is_draft)
    except SetupError as error:
        return Item(line, values, str(error))
    return Item(line, {**values, **publication})


def _value(name: str, cell: str) -> object:
    if name == "tags":
        return [tag.strip() for tag in cell.split(";") if tag.strip()]
    return int(cell) if name in NUMBERS and cell.isdigit() else cell


def _publication(cell: str | None, *, is_draft: bool) -> Json:
    if is_draft or cell == "draft":
        return {"published_at": None}
    return {"published_at": read_moment(cell)} if cell else {}
