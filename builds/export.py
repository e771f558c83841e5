"""From rows to records: files are written into the draft, pages into chunks for Hugo."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from builds import addresses, covers, feeds, hugo, index, lists, pages
from builds.records import File, Page, Record
from builds.shelf import Entry, Shelf, one_moment
from ghost.errors import OutageError
from ghost.files import inside
from resources.models import Catalog

CHUNK_PAGES = 1000
CHUNK_BYTES = 16_000_000

logger = logging.getLogger(__name__)


@dataclass
class Export:
    """What was read, and where it lies now. `records` has the digest of each by its address."""

    revision: int
    as_of: datetime
    resources: int = 0
    pages: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    records: dict[str, str] = field(default_factory=dict)
    chunks: list[Path] = field(default_factory=list)


def export(site: Path, work: Path) -> Export:
    """Read the public catalog as it is now; write its files into `site`, chunks into `work`."""
    Catalog.get()  # made on the first look, and inside nothing may be written
    with one_moment():
        as_of = timezone.now()
        shelf = Shelf.read()
        done = Export(revision=shelf.revision, as_of=as_of)
        with _Chunks(work, done.chunks) as chunks:
            for record in every(shelf, done):
                _note(done, record)
                if isinstance(record, Page):
                    chunks.add(record)
                else:
                    _write(site, record)
    shelf.texts.drop_unused()
    done.resources = len(shelf.entries)
    return done


def every(shelf: Shelf, done: Export) -> Iterator[Record]:
    """Every record of the site."""
    for resource, entry, html in shelf.resources():
        yield pages.page(resource, entry, html, shelf)
        yield from _cover(entry)
    yield from lists.every(shelf)
    yield from index.every(shelf)
    yield from feeds.every(shelf)
    for address, body in hugo.own_files():
        yield File(address, body)
    yield from feeds.sitemaps(done.pages)


def _cover(entry: Entry) -> Iterator[File]:
    if entry.cover:
        yield File(addresses.cover(entry.id), covers.page_file(entry.id).read_bytes())
        yield File(addresses.thumbnail(entry.id), covers.thumb_file(entry.id).read_bytes())


def _note(done: Export, record: Record) -> None:
    if record.address in done.records:
        raise OutageError(f"Two records have the address {record.address}.")
    done.records[record.address] = record.digest
    (done.pages if isinstance(record, Page) else done.files).append(record.address)


def _write(site: Path, file: File) -> None:
    path = inside(site, addresses.file_of(file.address))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.body)


class _Chunks:
    """Arrays of page records, each small enough for one run of Hugo."""

    def __init__(self, work: Path, written: list[Path]) -> None:
        self._work, self._written = work, written
        self._records: list[bytes] = []
        self._bytes = 0

    def __enter__(self) -> _Chunks:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._flush()

    def add(self, page: Page) -> None:
        self._records.append(page.json)
        self._bytes += len(page.json)
        if len(self._records) >= CHUNK_PAGES or self._bytes >= CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._records:
            return
        path = self._work / f"chunk-{len(self._written):05}.json"
        path.write_bytes(b"[" + b",".join(self._records) + b"]")
        self._written.append(path)
        self._records, self._bytes = [], 0
