"""A build of what is due: a few outputs made anew and merged into the public tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from builds.data import urls
from builds.data.records import Page, Record
from builds.engine.full import row_of
from builds.listings.reader import Shelf
from builds.models import Due, Output
from builds.pages import json_index
from builds.pages.outputs import Maker
from builds.render.chunks import Chunks
from builds.search import entries
from builds.tree import releases
from builds.tree.check import MismatchError
from builds.tree.patches import Stage
from ghost.core.errors import OutageError
from ghost.core.io.files import inside

_ORDER = {"entry": 0, "page": 1, "feed": 2, "sitemap": 3, "stray": 4, "site": 5}


@dataclass
class Difference:
    """What a delta brings and takes: rows to write, addresses and files to remove."""

    rows: dict[str, Output] = field(default_factory=dict)
    gone: dict[str, Output] = field(default_factory=dict)
    chunks: list[Path] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether the site stays as it is."""
        return not self.rows and not self.gone

    @property
    def pages(self) -> int:
        """How many pages it renders."""
        return sum(row.is_page for row in self.rows.values())

    def wanted(self) -> list[str]:
        """The files that it brings."""
        return [file for row in self.rows.values() for file in row.files]

    def removed(self) -> list[str]:
        """The files that it takes away: also those of pages that Hugo can't render any more."""
        aside = [file for row in self.rows.values() for file in row.files_aside]
        every = [file for row in self.gone.values() for file in row.files]
        return sorted({*aside, *every}.difference(self.wanted()))

    def set_aside(self, found: Iterable[str]) -> None:
        """Note pages that Hugo could not render."""
        for shown in found:
            language = urls.language_of(shown)
            self.rows["/" + shown[1 + len(language.path) :]].set_aside(language.code)


def compare(shelf: Shelf, stage: Stage) -> Difference:
    """Make what is due; write what differs into the stage, its pages into chunks."""
    found = Difference()
    owners = list(Due.objects.exclude(owner__startswith="search/").values_list("owner", flat=True))
    present = _present(owners)
    maker, told = Maker(shelf), json_index.stored(shelf)
    with Chunks(stage.work) as chunks:
        for owner in sorted(owners, key=_rank):
            mine = present.get(owner, {})
            for record in maker.make(owner, told):
                if json_index.is_shard(record.address):
                    told[record.address] = (record.digest, record.size)
                there = mine.pop(record.address, None)
                if there is None or there.digest != record.digest:
                    _add(found, owner, record, stage, chunks)
                else:
                    found.gone.pop(record.address, None)
            found.gone |= {a: row for a, row in mine.items() if a not in found.rows}
    found.chunks = chunks.written
    return found


def add_search(shelf: Shelf, stage: Stage, found: Difference) -> int:
    """The same for the search index; bytes that it rewrites."""
    due = Due.objects.filter(owner__startswith="search/").values_list("owner", "before")
    edits = {int(owner.partition("/")[2]): before for owner, before in due}
    if not edits:
        return 0
    site = releases.public()
    try:
        files, removed = entries.update(shelf, edits, lambda address: _read(site, address))
    except OutageError as error:
        raise MismatchError(error.reason) from error
    for file in files:
        _add(found, "search", file, stage, None)
    found.gone |= Output.objects.in_bulk(removed)
    return sum(file.size for file in files)


def _present(owners: list[str]) -> dict[str, dict[str, Output]]:
    found: dict[str, dict[str, Output]] = {}
    for start in range(0, len(owners), 400):
        for row in Output.objects.filter(owner__in=owners[start : start + 400]):
            found.setdefault(row.owner, {})[row.address] = row
    return found


def _add(
    found: Difference, owner: str, record: Record, stage: Stage, chunks: Chunks | None
) -> None:
    found.rows[record.address] = Output(**row_of(owner, record))
    found.gone.pop(record.address, None)
    if isinstance(record, Page):
        assert chunks  # noqa: S101  # the search has files alone
        chunks.add(record)
        return
    path = inside(stage.new, urls.file_of(record.address))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(record.body)


def _read(site: Path, address: str) -> bytes | None:
    try:
        return (site / address.lstrip("/")).read_bytes()
    except FileNotFoundError:
        return None


def _rank(owner: str) -> tuple[int, str]:
    """What tells of shards comes after them."""
    return _ORDER[owner.partition("/")[0]], owner


def store(found: Difference) -> int:
    """Write the rows, in the transaction that makes the stage count; by how many pages the site
    grows."""
    pages = [address for address, row in found.rows.items() if row.is_page]
    known = sum(Output.objects.filter(pk__in=part).count() for part in _parts(pages))
    fields = ["owner", "is_page", "digest", "size_bytes", "aside"]
    gone: Iterator[list[str]] = _parts(list(found.gone))
    for part in gone:
        Output.objects.filter(pk__in=part).delete()
    Output.objects.bulk_create(
        found.rows.values(), update_conflicts=True, update_fields=fields,
        unique_fields=["address"], batch_size=500,
    )  # fmt: skip
    Due.objects.all().delete()
    return len(pages) - known - sum(row.is_page for row in found.gone.values())


def _parts(keys: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(keys), 400):
        yield keys[start : start + 400]


def aside_files() -> set[str]:
    """Files that are not there since Hugo can't render them: links to them are no fault."""
    return {file for row in Output.objects.left_aside() for file in row.files_aside}
