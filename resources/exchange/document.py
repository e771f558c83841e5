"""JSON: one object, the header's fields in it and the records as a list, in any layout.

The document is never held as a whole: its records are found by their brackets, and each is read
as in NDJSON.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ghost.core.errors import RefusedError
from resources.exchange import records
from resources.exchange.ndjson import MAX_LINE_BYTES, parsed
from resources.exchange.records import Header, Record
from resources.exchange.report import Line

MAX_HEADER_BYTES = 1 << 20
_LIST = b'"records"'
# Possessive: a string of megabytes is matched without remembering where it could be given up.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_BEFORE_LIST = re.compile(rb"\s*:\s*\[")


def write(stream: BinaryIO, header: Header, found: Iterable[Record]) -> Iterator[Record]:
    """Write them one by one, a line each; each, when it is written."""
    stream.write(
        header.model_dump_json(exclude={"records"}).removesuffix("}").encode() + b',"records":['
    )
    before = b"\n"
    for record in found:
        stream.write(before + record.model_dump_json().encode())
        before = b",\n"
        yield record
    stream.write(b"\n]}\n")


class Document:
    """A JSON document that lies in memory as far as it is looked at."""

    def __init__(self, body: mmap.mmap | bytes) -> None:
        self._body = body
        self._start, end = _list(body)
        if self._start + len(body) - end > MAX_HEADER_BYTES:
            raise RefusedError("This is no catalog of Ghost's: there is too much beside the list.")
        # With an empty list in place of theirs.
        self.header = records.header(body[: self._start] + b"[]" + body[end:])

    def read(self) -> Iterator[Line]:
        """The records; one that is none is handed on as its reason."""
        for number, (start, end) in enumerate(_objects(self._body, self._start), start=1):
            place = f"record {number}"
            if end - start > MAX_LINE_BYTES:
                reason = f"The record has more than {MAX_LINE_BYTES >> 20} MiB."
                yield Line(place, RefusedError(reason))
            else:
                yield parsed(place, self._body[start:end])


def _list(body: mmap.mmap | bytes) -> tuple[int, int]:
    """From where to where the list of records goes, its brackets included."""
    depth, start = 0, None
    for token in _TOKEN.finditer(body):
        kind = token[0]
        if kind in b"[{":
            depth += 1
        elif kind in b"]}":
            depth -= 1
            if depth == 1 and start is not None:
                return start, token.end()
            if not depth:
                break
        elif kind == _LIST and depth == 1 and (opening := _BEFORE_LIST.match(body, token.end())):
            start = opening.end() - 1
    if start is not None:
        raise RefusedError("The file ends before its list of records does: it was cut off.")
    raise RefusedError('This is no catalog of Ghost\'s: it has no list of "records".')


def _objects(body: mmap.mmap | bytes, start: int) -> Iterator[tuple[int, int]]:
    """From where to where each object of the list goes that begins at `start`."""
    depth, begin = 0, 0
    for token in _TOKEN.finditer(body, start):
        kind = token[0]
        if kind in b"[{":
            begin = token.start() if depth == 1 else begin
            depth += 1
        elif kind in b"]}":
            depth -= 1
            if not depth:
                return
            if depth == 1:
                yield begin, token.end()
