"""A build of everything: each output made anew into a release of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import IntegrityError

from builds import reasons
from builds.data import urls
from builds.data.progress import Beat
from builds.data.records import File, Page, Record
from builds.listings.reader import Shelf
from builds.listings.repagination import Writing
from builds.models import NextOutput
from builds.models.site import files_of, insert
from builds.pages import json_index
from builds.pages.outputs import Maker
from builds.render.chunks import Chunks
from builds.search import entries
from builds.tree.releases import Draft
from ghost.core.errors import OutageError
from ghost.core.io.files import inside

BATCH = 2000
COLUMNS = ("address", "owner", "is_page", "digest", "size_bytes", "aside")


class Writer:
    """Writes records: files into the site, pages into chunks, and a row of each."""

    def __init__(self, draft: Draft, chunks: Chunks, beat: Beat, writing: Writing) -> None:
        self._site, self._chunks = draft.site.resolve(), chunks
        self._beat, self._writing = beat, writing
        self._rows: list[tuple[Any, ...]] = []
        self._made: set[Path] = set()
        self.told: dict[str, tuple[str, int]] = {}
        self.pages = self.files = self.done = self.total = 0
        self._owner = ""

    def add(self, owner: str, record: Record) -> None:
        """One record."""
        if isinstance(record, Page):
            self._chunks.add(record)
            self.pages += 1
        else:
            self._write(record)
            self.files += 1
        self._note(owner, record)

    def flush(self) -> None:
        """Store the rows so far. OutageError if two records share an address."""
        self._beat(self.done, self.total)
        try:
            with self._writing():
                insert(NextOutput, COLUMNS, self._rows)
        except IntegrityError as error:
            raise OutageError(reasons.SAME_ADDRESS(reason=str(error))) from error
        self._rows = []

    def _note(self, owner: str, record: Record) -> None:
        if json_index.is_shard(record.address):
            self.told[record.address] = (record.digest, record.size)
        self.done, self._owner = self.done + (owner != self._owner), owner
        self._rows.append((*row_of(owner, record).values(), ""))
        if len(self._rows) >= BATCH:
            self.flush()

    def _write(self, file: File) -> None:
        path = self._site / urls.file_of(file.address)
        if path.parent not in self._made:
            inside(self._site, urls.file_of(file.address)).parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        path.write_bytes(file.body)


def row_of(owner: str, record: Record) -> dict[str, Any]:
    """The columns of a record's row."""
    return {
        "address": record.address,
        "owner": owner,
        "is_page": isinstance(record, Page),
        "digest": record.digest,
        "size_bytes": record.size,
    }


def export(shelf: Shelf, draft: Draft, beat: Beat, writing: Writing) -> tuple[Writer, list[Path]]:
    """Every output but the search index; the chunks for Hugo."""
    with writing():
        NextOutput.clear()
    with Chunks(draft.work) as chunks:
        writer = Writer(draft, chunks, beat, writing)
        maker = Maker(shelf)
        writer.total = maker.many
        for records in (maker.entries(), maker.lists()):
            _add(writer, records)
        _add(writer, maker.others(writer.told))
        writer.flush()
    return writer, chunks.written


def _add(writer: Writer, records: Iterator[tuple[str, Record]]) -> None:
    for owner, record in records:
        writer.add(owner, record)


def search(shelf: Shelf, writer: Writer, beat: Beat) -> int:
    """The search index; how many files it has."""
    before, writer.total = writer.files, 0
    for file in entries.whole(shelf, beat):
        writer.add("search", file)
    writer.flush()
    return writer.files - before


def set_aside(found: Iterable[str]) -> None:
    """Note pages that Hugo could not render, by their addresses with the language."""
    for shown in found:
        language = urls.language_of(shown)
        row = NextOutput.objects.get(address="/" + shown[1 + len(language.path) :])
        row.set_aside(language.code)
        row.save(update_fields=["aside"])


def aside_files() -> set[str]:
    """Files that are not there since Hugo can't render them: links to them are no fault."""
    return {file for row in NextOutput.objects.left_aside() for file in row.files_aside}


def wanted() -> Iterator[str]:
    """The files that the rows ask for."""
    for address, is_page, aside in NextOutput.objects.in_parts("is_page", "aside", rows=BATCH):
        yield from files_of(address, is_page=is_page, aside=aside)
