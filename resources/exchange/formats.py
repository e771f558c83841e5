"""Which format a file is in, and how it is opened and written."""

from __future__ import annotations

import mmap
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from ghost.core.db.snapshot import one_moment
from ghost.core.errors import RefusedError
from ghost.core.io import text_encodings
from ghost.core.io.files import replacing
from resources.exchange import csv_table, document, folder, ndjson
from resources.exchange.catalog import Export, Selection
from resources.exchange.legacy import database
from resources.exchange.records import Header
from resources.exchange.report import Line
from resources.exchange.text_folder import reading

STANDARD = "-"
PRIVATE = 0o600
"""Hashes of tokens and reasons of takedowns stand in it."""


class Format(StrEnum):
    """What a catalog can be written as or read from."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    TORRENTS = "torrents"
    EARLIER = "earlier"
    TEXT = "text"
    """A folder of text, as the git backup writes it."""


WRITTEN = ("json", "ndjson", "csv", "torrents")
READ = (*WRITTEN, "earlier", "text")
OF_RESOURCES = frozenset({Format.CSV, Format.TORRENTS})
"""They bring neither publishers nor categories."""
_SUFFIXES = {
    ".json": Format.JSON, ".ndjson": Format.NDJSON, ".jsonl": Format.NDJSON, ".csv": Format.CSV,
    ".tsv": Format.CSV, ".db": Format.EARLIER, ".sqlite": Format.EARLIER,
    ".sqlite3": Format.EARLIER,
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """An open file: its lines, how many there are as far as that is known before, and how many
    records of each type it promises."""

    lines: Iterator[Line]
    total: int | None = None
    promised: Mapping[str, int] = field(default_factory=dict)


def of_target(name: str) -> Format:
    """The format to write to a file of this name; RefusedError if that can't be told."""
    if name == STANDARD:
        return Format.NDJSON
    if name.endswith("/") or Path(name).is_dir():
        return Format.TORRENTS
    found = _SUFFIXES.get(Path(name).suffix.lower())
    if found not in WRITTEN:
        raise RefusedError(f"Name the format with --format: {', '.join(WRITTEN)}.")
    return found


def require_there(name: str) -> None:
    """RefusedError if there is nothing to read."""
    if name != STANDARD and not Path(name).exists():
        raise RefusedError(f"There is no file or folder “{name}”.")


def of_source(name: str) -> Format:
    """The format of what lies there, by its content, and by its name where that tells nothing."""
    path = Path(name)
    if name == STANDARD:
        return Format.NDJSON
    if path.is_dir():
        return Format.TEXT if reading.is_one(path) else Format.TORRENTS
    with path.open("rb") as stream:
        first = text_encodings.in_utf_8(stream).read(1000).lstrip().replace(b"\r", b"\n")
    if first.startswith(database.MAGIC):
        return Format.EARLIER
    if first.startswith(b"{"):
        is_named_so = _SUFFIXES.get(path.suffix.lower()) == Format.JSON
        is_whole = first.partition(b"\n")[0].rstrip().endswith(b"}")
        return Format.NDJSON if is_whole and not is_named_so else Format.JSON
    return Format.CSV


# -- reading


@contextmanager
def opened(
    name: str, kind: Format, *, metadata_dir: Path | None = None, encoding: str = ""
) -> Iterator[Source]:
    """Open it; RefusedError if it is not of that format, or of a version that nobody knows.

    `encoding` is that of a CSV without a byte order mark.
    """
    if encoding and kind != Format.CSV:
        raise RefusedError("--encoding is for CSV; JSON is in UTF-8, or says what it is in.")
    match kind:
        case Format.EARLIER:
            with database.opened(Path(name), metadata_dir) as legacy:
                yield Source(legacy.read(), legacy.total())
        case Format.TORRENTS:
            files = folder.paths(Path(name))
            yield Source(folder.read(Path(name), files), len(files))
        case Format.TEXT:
            text = reading.TextFolder(Path(name))
            yield Source(text.read(), sum(text.promised.values()), text.promised)
        case Format.JSON:
            with byte_stream(name) as stream, _in_memory(stream) as body:
                found = document.Document(body)
                yield _promising(found.header, found.read())
        case Format.NDJSON:
            with byte_stream(name) as stream:
                lines = ndjson.Lines(text_encodings.in_utf_8(stream))
                yield _promising(lines.header, lines.read())
        case Format.CSV:
            with byte_stream(name) as stream:
                how = text_encodings.named(encoding) if encoding else text_encodings.UTF_8
                yield Source(csv_table.read(stream, how))


def _promising(header: Header, lines: Iterator[Line]) -> Source:
    return Source(lines, sum(header.counts.values()), header.counts)


@contextmanager
def byte_stream(name: str) -> Iterator[BinaryIO]:
    """A file to read, or standard input for STANDARD."""
    if name == STANDARD:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as stream:
        yield stream


@contextmanager
def _in_memory(stream: BinaryIO) -> Iterator[mmap.mmap | bytes]:
    """What is in a file, read from it as it is looked at; in UTF-8."""
    with tempfile.TemporaryFile() as copy:
        if not _is_as_it_is(stream):
            shutil.copyfileobj(text_encodings.in_utf_8(stream), copy)
            copy.flush()
            stream = copy
        if not stream.seek(0, 2):
            yield b""
            return
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as body:
            yield body


def _is_as_it_is(stream: BinaryIO) -> bool:
    """Whether it can be read in place."""
    if not stream.seekable():
        return False
    start = stream.read(4)
    stream.seek(0)
    return text_encodings.of_start(start) == text_encodings.UTF_8


# -- writing


@dataclass
class Writing:
    """An export under way: how many resources it has, and what was written of what."""

    total: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str) -> None:
        """One more record of this type, such as `resource`, was written."""
        self.counts[name] = self.counts.get(name, 0) + 1


def write(name: str, kind: Format, selection: Selection, writing: Writing) -> Iterator[None]:
    """Write the catalog as it is at one moment; yields after each record.

    The file appears once all is in it. RefusedError for a category that is not there, or a
    folder that is to go to standard output.
    """
    if kind == Format.TORRENTS and name == STANDARD:
        raise RefusedError("A folder can't go to standard output; name it.")
    with one_moment():
        export = Export(selection)
        header = export.header()
        writing.total = header.counts["resource"]
        if left := export.uploaded_covers():
            writing.counts["uploaded_covers_left_out"] = left
        if kind == Format.TORRENTS:
            for is_written in folder.write(Path(name), export.rows()):
                writing.count("resource" if is_written else "without_metadata")
                yield
            return
        with _target(name) as stream:
            match kind:
                case Format.CSV:
                    for _row in csv_table.write(stream, export.rows(), export.exact_paths):
                        writing.count("resource")
                        yield
                case _:
                    as_list = document.write if kind == Format.JSON else ndjson.write
                    for record in as_list(stream, header, export.everything()):
                        writing.count(record.type)
                        yield


@contextmanager
def _target(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with replacing(Path(name), mode=PRIVATE) as stream:
        yield stream
