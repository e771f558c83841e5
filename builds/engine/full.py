"""A build of everything: each output made anew into a release of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import IntegrityError

from builds import reasons
from builds.data import urls
from builds.data.records import File, Page, Record
from builds.listings.reader import Reader
from builds.models import NextOutput
from builds.models.bulk import insert
from builds.models.site import OUTPUT_COLUMNS, files_of
from builds.pages import json_index
from builds.pages.outputs import RecordMaker
from builds.render.chunks import Chunks
from builds.run import Progress
from builds.search import entries
from builds.tree.releases import Draft
from ghost.core.errors import OutageError
from ghost.core.io.files import inside

BATCH = 2000


class RecordWriter:
    """Writes records: files into the site, pages into chunks, and a row of each.

    `pages` and `files` count them, `shards` has digest and size of the index's shards by address.
    """

    def __init__(self, draft: Draft, chunks: Chunks, progress: Progress) -> None:
        self._site, self._chunks, self._progress = draft.site.resolve(), chunks, progress
        self._rows: list[tuple[Any, ...]] = []
        self._folders: set[Path] = set()
        self.shards: dict[str, tuple[str, int]] = {}
        self.pages = self.files = self.owners_done = self.owners = 0
        self._owner = ""

    def add(self, owner: str, record: Record) -> None:
        """Write one record of this owner."""
        if isinstance(record, Page):
            self._chunks.add(record)
            self.pages += 1
        else:
            self._write(record)
            self.files += 1
        self._note(owner, record)

    def flush(self) -> None:
        """Store the rows so far. OutageError if two records share an address."""
        self._progress.report(self.owners_done, self.owners)
        try:
            with self._progress.writing():
                insert(NextOutput, OUTPUT_COLUMNS, self._rows)
        except IntegrityError as error:
            raise OutageError(reasons.SAME_ADDRESS(reason=str(error))) from error
        self._rows = []

    def _note(self, owner: str, record: Record) -> None:
        if json_index.is_shard(record.address):
            self.shards[record.address] = (record.digest, record.size)
        self.owners_done, self._owner = self.owners_done + (owner != self._owner), owner
        self._rows.append((*row_of(owner, record).values(), ""))
        if len(self._rows) >= BATCH:
            self.flush()

    def _write(self, file: File) -> None:
        path = self._site / urls.file_of(file.address)
        if path.parent not in self._folders:
            inside(self._site, urls.file_of(file.address)).parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(path.parent)
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


def export(reader: Reader, draft: Draft, progress: Progress) -> tuple[RecordWriter, list[Path]]:
    """Write every output but the search index; the writer, and the chunks for Hugo."""
    with progress.writing():
        NextOutput.clear()
    with Chunks(draft.work) as chunks:
        writer = RecordWriter(draft, chunks, progress)
        maker = RecordMaker(reader)
        writer.owners = maker.owner_count
        for records in (maker.entry_records(), maker.listing_records()):
            _add(writer, records)
        _add(writer, maker.remaining_records(writer.shards))
        writer.flush()
    return writer, chunks.written


def _add(writer: RecordWriter, records: Iterator[tuple[str, Record]]) -> None:
    for owner, record in records:
        writer.add(owner, record)


def export_search(reader: Reader, writer: RecordWriter, progress: Progress) -> int:
    """Write the search index; how many files it has."""
    before, writer.owners = writer.files, 0
    for file in entries.index_all(reader, progress):
        writer.add("search", file)
    writer.flush()
    return writer.files - before


def note_set_aside(shown: Iterable[str]) -> None:
    """Note pages that Hugo could not render, by their addresses with the language."""
    for shown_address in shown:
        address, language = urls.without_language(shown_address)
        row = NextOutput.objects.get(address=address)
        row.note_set_aside(language.code)
        row.save(update_fields=["languages_set_aside"])


def files_set_aside() -> set[str]:
    """Files that are not there since Hugo can't render them: links to them are no fault."""
    return {file for row in NextOutput.objects.set_aside() for file in row.files_set_aside}


def files() -> set[str]:
    """The files that the site should have, by its rows."""
    rows = NextOutput.objects.in_parts("is_page", "languages_set_aside", rows=BATCH)
    return {
        file
        for address, is_page, languages in rows
        for file in files_of(address, is_page=is_page, languages_set_aside=languages)
    }
