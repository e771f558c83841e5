"""The search index as builds make it: from all entries, or from those that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from builds.data.body import Body
from builds.data.entry import Entry
from builds.data.records import File
from builds.data.taxonomy import Taxonomy
from builds.listings.reader import Reader
from builds.models import Due, EntryRow
from builds.run import Progress
from builds.search import index
from builds.search.documents import Doc, document
from builds.search.segment_patch import Edit

Plain = dict[str, Any]


def index_all(reader: Reader, progress: Progress | None = None) -> Iterator[File]:
    """Every file of the index; each entry is reported to `progress`."""
    return index.whole(_documents(reader, progress or Progress()))


def index_some(
    reader: Reader, before: Mapping[int, Plain | None], site: Path
) -> tuple[list[File], list[str]]:
    """Files to write and addresses to remove; `before` is what the index of the public site holds
    of each entry. OutageError if that index is not as it should be."""
    rows = EntryRow.objects.in_bulk(list(before))
    edits: list[Edit] = []
    for pk, plain in sorted(before.items()):
        row = rows.get(pk)
        edit = (_doc(plain) if plain else None, _document(row, reader.taxonomy) if row else None)
        if edit != (None, None):
            edits.append(edit)
    return index.update(edits, lambda address: _read(site, address))


def indexed(row: EntryRow, taxonomy: Taxonomy) -> Plain:
    """What the index holds of an entry, as JSON can hold it."""
    doc = _document(row, taxonomy)
    sets = {name: sorted(getattr(doc, name)) for name in ("words", "names", "hashes")}
    return {"id": doc.id, "row": doc.row, "year": doc.year, "size": doc.size, **sets}


def held(ids: Collection[int], taxonomy: Taxonomy) -> dict[int, Doc]:
    """What the index should hold of these entries, by the tables."""
    owners = [f"search/{pk}" for pk in ids]
    due = dict(Due.objects.filter(owner__in=owners).values_list("owner", "before"))
    rows = EntryRow.objects.filter(pk__in=[pk for pk in ids if f"search/{pk}" not in due])
    before = {plain["id"]: _doc(plain) for plain in due.values() if plain}
    return before | {
        row.pk: _document(row, taxonomy) for row in rows if taxonomy.includes(row.entry)
    }


def _doc(plain: Plain) -> Doc:
    sets = {name: frozenset(plain[name]) for name in ("words", "names", "hashes")}
    return Doc(**{**plain, "row": tuple(plain["row"]), **sets})


def _document(row: EntryRow, taxonomy: Taxonomy) -> Doc:
    return document(row.entry, taxonomy, Body.unpack(bytes(row.body)).file_names)


def _documents(reader: Reader, progress: Progress) -> Iterator[Doc]:
    rows = EntryRow.objects.in_parts("entry_json", "body")
    for number, (_, stored, body) in enumerate(rows):
        progress.report_item(number, reader.count)
        names = Body.unpack(bytes(body)).file_names
        yield document(Entry.from_json(stored), reader.taxonomy, names)


def _read(site: Path, address: str) -> bytes | None:
    try:
        return (site / address.lstrip("/")).read_bytes()
    except FileNotFoundError:
        return None
