"""A build of what is due: a few outputs made anew and merged into the public tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from builds.data import urls
from builds.data.records import Page, Record
from builds.engine.full import row_of
from builds.listings.reader import Reader
from builds.models import Due, Output
from builds.models.bulk import put
from builds.models.site import OUTPUT_COLUMNS
from builds.pages import json_index
from builds.pages.outputs import RecordMaker
from builds.render.chunks import Chunks
from builds.search import entries
from builds.tree import releases
from builds.tree.check import MismatchError
from builds.tree.patches import PatchDraft
from ghost.core.batches import QUERY_KEYS, batched
from ghost.core.errors import OutageError
from ghost.core.io.files import inside

_ORDER = {"entry": 0, "page": 1, "feed": 2, "archive": 3, "sitemap": 4, "stray": 5, "site": 6}


@dataclass
class Delta:
    """What a build of a few outputs brings and takes, by address."""

    rows: dict[str, Output] = field(default_factory=dict)
    """To be written."""
    gone: dict[str, Output] = field(default_factory=dict)
    """To be removed."""
    chunks: list[Path] = field(default_factory=list)
    """Page records for Hugo."""

    @property
    def is_empty(self) -> bool:
        """Whether the site stays as it is."""
        return not self.rows and not self.gone

    @property
    def pages(self) -> int:
        """How many pages it renders."""
        return sum(row.is_page for row in self.rows.values())

    def files(self) -> list[str]:
        """Paths of the files that it brings."""
        return [file for row in self.rows.values() for file in row.files]

    def files_set_aside(self) -> list[str]:
        """Paths of files that it lacks since Hugo can't render them."""
        return [file for row in self.rows.values() for file in row.files_set_aside]

    def removed_files(self) -> list[str]:
        """Paths of the files that it takes away: also of pages that Hugo can't render any more."""
        gone = [file for row in self.gone.values() for file in row.files]
        return sorted({*self.files_set_aside(), *gone}.difference(self.files()))

    def note_set_aside(self, shown: Iterable[str]) -> None:
        """Note pages that Hugo could not render, by their addresses with the language."""
        for shown_address in shown:
            address, language = urls.without_language(shown_address)
            self.rows[address].note_set_aside(language.code)


def make_due(reader: Reader, draft: PatchDraft) -> Delta:
    """Make what is due; write what differs into the draft, its pages into chunks."""
    delta = Delta()
    with transaction.atomic():  # what is noted from here on stays due: see `store`
        Due.objects.update(is_new=False)
        found = Due.objects.exclude(owner__startswith="search/")
        owners = list(found.values_list("owner", flat=True))
    published = _published(owners)
    maker, shards = RecordMaker(reader), json_index.stored(reader)
    with Chunks(draft.work) as chunks:
        for owner in sorted(owners, key=_rank):
            outputs = published.get(owner, {})
            for record in maker.records_of(owner, shards):
                if json_index.is_shard(record.address):
                    shards[record.address] = (record.digest, record.size)
                old = outputs.pop(record.address, None)
                if old is None or old.digest != record.digest:
                    _add(delta, owner, record, draft, chunks)
                else:
                    delta.gone.pop(record.address, None)
            delta.gone |= {a: row for a, row in outputs.items() if a not in delta.rows}
    delta.chunks = chunks.written
    return delta


def make_search(reader: Reader, draft: PatchDraft, delta: Delta) -> int:
    """The same for the search index; how many bytes of it are written."""
    due = Due.objects.filter(owner__startswith="search/").values_list("owner", "before")
    edits = {int(owner.partition("/")[2]): before for owner, before in due}
    if not edits:
        return 0
    try:
        files, removed = entries.index_some(reader, edits, releases.public())
    except OutageError as error:
        raise MismatchError(error.reason) from error
    for file in files:
        _add(delta, "search", file, draft, None)
    delta.gone |= Output.objects.in_bulk(removed)
    return sum(file.size for file in files)


def make_search_again(reader: Reader, draft: PatchDraft, delta: Delta) -> None:
    """The same once more, since another one has changed the index meanwhile."""
    old = [address for address, row in delta.rows.items() if row.owner == "search"]
    for address in old:
        del delta.rows[address]
        (draft.new / urls.file_of(address)).unlink()
    delta.gone = {a: row for a, row in delta.gone.items() if row.owner != "search"}
    make_search(reader, draft, delta)


def _published(owners: list[str]) -> dict[str, dict[str, Output]]:
    """What is on the site of each owner, by address."""
    outputs: dict[str, dict[str, Output]] = {}
    for part in batched(owners, QUERY_KEYS):
        for row in Output.objects.filter(owner__in=part):
            outputs.setdefault(row.owner, {})[row.address] = row
    return outputs


def _add(
    delta: Delta, owner: str, record: Record, draft: PatchDraft, chunks: Chunks | None
) -> None:
    delta.rows[record.address] = Output(**row_of(owner, record))
    delta.gone.pop(record.address, None)
    if isinstance(record, Page):
        assert chunks  # noqa: S101  # the search has files alone
        chunks.add(record)
        return
    path = inside(draft.new, urls.file_of(record.address))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(record.body)


def _rank(owner: str) -> tuple[int, str]:
    """What names the shards' digests comes after them."""
    return _ORDER[owner.partition("/")[0]], owner


def store(delta: Delta) -> int:
    """Write the rows, in the transaction that makes the patch count; by how many pages the site
    grows."""
    pages = [address for address, row in delta.rows.items() if row.is_page]
    known = sum(Output.objects.filter(pk__in=part).count() for part in batched(pages, QUERY_KEYS))
    gone = 0
    for part in batched(delta.gone, QUERY_KEYS):
        rows = Output.objects.filter(pk__in=part)
        gone += rows.filter(is_page=True).count()  # some may be off the site meanwhile
        rows.delete()
    made = delta.rows.values()
    put(Output, OUTPUT_COLUMNS, ([getattr(row, name) for name in OUTPUT_COLUMNS] for row in made))
    Due.objects.filter(is_new=False).delete()
    return len(pages) - known - gone


def files_set_aside() -> set[str]:
    """Files that are not there since Hugo can't render them: links to them are no fault."""
    return {file for row in Output.objects.set_aside() for file in row.files_set_aside}
