"""The search index as builds make it: from all entries, or from those that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from builds.data.body import Body
from builds.data.entry import Facts
from builds.data.progress import Beat, counted, unheard
from builds.data.records import File
from builds.data.taxonomy import Names
from builds.listings.reader import Shelf
from builds.models import Entry
from builds.search import index
from builds.search.documents import Doc, document
from builds.search.segment_patch import Edit

Plain = dict[str, Any]


def whole(shelf: Shelf, beat: Beat = unheard) -> Iterator[File]:
    """Every file of the index."""
    return index.whole(counted(_documents(shelf.names), shelf.count, beat))


def update(
    shelf: Shelf, before: Mapping[int, Plain | None], read: Callable[[str], bytes | None]
) -> tuple[list[File], list[str]]:
    """Files to write and addresses to remove; `before` is what the index holds of each entry."""
    present = Entry.objects.in_bulk(list(before))
    edits: list[Edit] = []
    for pk, plain in sorted(before.items()):
        entry = present.get(pk)
        pair = (_doc(plain) if plain else None, _document(entry, shelf.names) if entry else None)
        if pair != (None, None):
            edits.append(pair)
    return index.update(edits, read)


def held(entry: Entry, names: Names) -> Plain:
    """What the index holds of an entry, as JSON can hold it."""
    doc = _document(entry, names)
    sets = {name: sorted(getattr(doc, name)) for name in ("words", "names", "hashes")}
    return {"id": doc.id, "row": doc.row, "year": doc.year, "size": doc.size, **sets}


def _doc(plain: Plain) -> Doc:
    sets = {name: frozenset(plain[name]) for name in ("words", "names", "hashes")}
    return Doc(**{**plain, "row": tuple(plain["row"]), **sets})


def _document(entry: Entry, names: Names) -> Doc:
    return document(entry.facts, names, Body.read(bytes(entry.body)).file_names)


def _documents(names: Names) -> Iterator[Doc]:
    for _, stored, body in Entry.objects.in_parts("facts_json", "body"):
        yield document(Facts.read(stored), names, Body.read(bytes(body)).file_names)
