"""NDJSON: the header on the first line, then a record on each (docs/exchange.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.exchange.records import Header, Record
from resources.exchange.report import Line

MAX_LINE_BYTES = 64 << 20
"""A torrent of 100,000 files with its info section has about 30 MB."""
_PIECE = 1 << 20


def write(stream: BinaryIO, header: Header, found: Iterable[Record]) -> Iterator[Record]:
    """Write them one by one; each, when it is written."""
    stream.write(header.model_dump_json(exclude={"records"}).encode() + b"\n")
    for record in found:
        stream.write(record.model_dump_json().encode() + b"\n")
        yield record


def read_header(stream: BinaryIO) -> Header:
    """The first line; RefusedError if this is no catalog, or of another version."""
    return records.header(stream.readline(MAX_LINE_BYTES))


def read(stream: BinaryIO) -> Iterator[Line]:
    """The records behind the header; a line that is none is handed on as its reason."""
    number = 1
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES:
            _skip_line(stream, line)
            reason = f"The line has more than {MAX_LINE_BYTES >> 20} MiB."
            yield Line(f"line {number}", RefusedError(reason))
        elif line.strip():
            yield parsed(f"line {number}", line)


def parsed(place: str, body: bytes) -> Line:
    """The record in `body`, or why it is none."""
    try:
        return Line(place, records.parse(body), len(body))
    except RefusedError as error:
        return Line(place, error)


def _skip_line(stream: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(_PIECE)
