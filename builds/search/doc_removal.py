"""Resources taken out of the index of a public site: what stands there of them is read from the
index itself, so that no table has to know it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from builds import reasons
from builds.data.records import File
from builds.search import index, manifest
from builds.search.documents import Doc
from builds.search.postings import decode
from builds.search.segment_patch import Read
from builds.search.segments import (
    BLOCK_IDS,
    NO_SIZE,
    SETS,
    Segment,
    leaf_address,
    local,
    number_of,
    rows_address,
)
from ghost.core.errors import OutageError

_ID, _PUBLISHED_ON = 0, 10
"""Columns of a row: see `builds.search.documents`."""


def remove(
    ids: Iterable[int], read: Read, known: Mapping[int, Doc] | None = None
) -> tuple[list[File], list[str]]:
    """Files to write and addresses to remove, so that the index holds none of these resources.

    `known` is what it should hold of them, which spares reading whole segments. OutageError if the
    index is damaged.
    """
    there = dict(_rows(ids, read))
    if known is not None and known.keys() >= there.keys():
        try:
            return index.update([(known[pk], None) for pk in sorted(there)], read)
        except OutageError:
            pass  # it holds something else
    docs = _docs(there, read)
    return index.update([(docs[pk], None) for pk in sorted(docs)], read)


def rows_files(ids: Iterable[int]) -> set[str]:
    """Paths of the files that have the rows of these resources."""
    numbered = ((pk, number_of(pk)) for pk in ids)
    return {rows_address(n, local(pk, n) // BLOCK_IDS)[1:] for pk, n in numbered}


def has_row(body: bytes, ids: Collection[int]) -> bool:
    """Whether a file of rows has one of these resources."""
    return any(row[_ID] in ids for row in _json(body, "search"))


def _rows(ids: Iterable[int], read: Read) -> Iterator[tuple[int, list[Any]]]:
    """What results show of those that the index has."""
    blocks: defaultdict[str, set[int]] = defaultdict(set)
    for pk in ids:
        number = number_of(pk)
        blocks[rows_address(number, local(pk, number) // BLOCK_IDS)].add(pk)
    for address, wanted in blocks.items():
        for row in _json(read(address), address) if read(address) is not None else ():
            if row[_ID] in wanted:
                yield row[_ID], row


def _docs(rows: Mapping[int, list[Any]], read: Read) -> dict[int, Doc]:
    """All that the index holds of them."""
    segments = manifest.read(read(manifest.ADDRESS)) if rows else {}
    terms = {pk: {name: set[str]() for name in SETS} for pk in rows}
    for number in {number_of(pk) for pk in rows}:
        places = {local(pk, number): pk for pk in rows if number_of(pk) == number}
        for name, term, place in _postings(segments.get(number, Segment(number)), places, read):
            terms[places[place]][name].add(term)
    return {pk: _doc(pk, row, terms[pk]) for pk, row in rows.items()}


def _postings(
    segment: Segment, places: Mapping[int, int], read: Read
) -> Iterator[tuple[str, str, int]]:
    """Set, term and place of each of these that stands in a segment."""
    for name in SETS:
        for leaf in segment.leaves[name]:
            address = leaf_address(segment.number, name, leaf)
            for term, listed in _json(read(address), address).items():
                for place in places.keys() & decode(listed):
                    yield name, term, place


def _doc(pk: int, row: list[Any], terms: Mapping[str, set[str]]) -> Doc:
    sets = {name: frozenset(found) for name, found in terms.items()}
    return Doc(pk, sets["words"], sets["names"], sets["hashes"], tuple(row),
               year=row[_PUBLISHED_ON][:4], size=NO_SIZE)  # fmt: skip


def _json(body: bytes | None, address: str) -> Any:  # noqa: ANN401  # JSON
    try:
        return json.loads(body or b"")
    except ValueError:
        raise OutageError(reasons.SEGMENT_DAMAGED(name=address)) from None
