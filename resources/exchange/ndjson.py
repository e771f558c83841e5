"""NDJSON: the header on the first line, then a record on each (docs/exchange.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ghost.core.errors import RefusedError
from ghost.core.io import text_encodings
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


class Lines:
    """A file of records, its header first; RefusedError if that is none, or of another version."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = text_encodings.with_line_feeds(stream)
        self._number = 0
        self.header = records.header(self._first())

    def _first(self) -> bytes:
        """The first line that is not blank."""
        while line := self._next():
            if line.strip():
                return line
        return b""

    def _next(self) -> bytes:
        self._number += 1
        return self._stream.readline(MAX_LINE_BYTES + 1)

    def read(self) -> Iterator[Line]:
        """The records behind the header; a line that is none is handed on as its reason."""
        while line := self._next():
            place = f"line {self._number}"
            if len(line) > MAX_LINE_BYTES:
                _skip_line(self._stream, line)
                reason = f"The line has more than {MAX_LINE_BYTES >> 20} MiB."
                yield Line(place, RefusedError(reason))
            elif line.strip():
                yield parsed(place, line)


def parsed(place: str, body: bytes) -> Line:
    """The record in `body`, or why it is none."""
    try:
        return Line(place, records.parse(body), len(body))
    except RefusedError as error:
        return Line(place, error)


def _skip_line(stream: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(_PIECE)
