"""A segment after a few edits: only the files that they touch are read and written.

The bytes are those of `segments.build` with what the segment holds now.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from builds import reasons
from builds.data.records import File
from builds.search import term_edits
from builds.search.documents import Doc
from builds.search.segments import (
    BLOCK_IDS,
    NO_SIZE,
    SETS,
    VERSIONS,
    Row,
    Segment,
    SegmentChange,
    column,
    json_bytes,
    leaf_address,
    local,
    rows_address,
    sizes_address,
    weight,
)
from ghost.core.errors import OutageError

Edit = tuple[Doc | None, Doc | None]
"""A resource before and after, once for each resource; None where it came or went."""
Read = Callable[[str], bytes | None]
"""From an address to the public file's bytes, or None if it isn't there."""


def patch(before: Segment, edits: Sequence[Edit], read: Read) -> SegmentChange:
    """What edits of its resources make of a segment; `before` is `Segment(number)` if it is new.

    OutageError if the public files are not what they should be: only a full build helps then.
    """
    number, files = before.number, _Files(read)
    leaves = {name: _terms(number, name, before.leaves[name], edits, files) for name in SETS}
    _rows(number, edits, files)
    _sizes(number, edits, files)
    years = _years(before, edits)
    version = (before.version + files.weight) % VERSIONS
    segment = Segment(number, version, years, leaves) if years else None
    return SegmentChange(segment, files.written, files.removed)


class _Files:
    """Files as they were and as they shall be; None is no file."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._old: dict[str, bytes | None] = {}
        self._new: dict[str, bytes | None] = {}

    def load(self, address: str) -> Any:  # noqa: ANN401  # JSON
        """A file that must be there; OutageError if it isn't, or is damaged."""
        try:
            return json.loads(self._was(address) or b"")
        except ValueError:
            raise OutageError(reasons.SEGMENT_DAMAGED(name=address)) from None

    def put(self, address: str, plain: object) -> None:
        """Write it; nothing removes it."""
        self._was(address)
        self._new[address] = json_bytes(plain) if plain else None

    def has(self, address: str) -> bool:
        """Whether a file was at that address before."""
        return self._was(address) is not None

    def _was(self, address: str) -> bytes | None:
        if address not in self._old:
            self._old[address] = self._read(address)
        return self._old[address]

    @property
    def _changed(self) -> list[tuple[str, bytes | None, bytes | None]]:
        every = ((address, self._old[address], body) for address, body in self._new.items())
        return [(address, old, new) for address, old, new in every if old != new]

    @property
    def written(self) -> list[File]:
        """Files that are new or have other bytes."""
        return [File(address, new) for address, _, new in self._changed if new is not None]

    @property
    def removed(self) -> list[str]:
        """Addresses of files that go."""
        return [address for address, _, new in self._changed if new is None]

    @property
    def weight(self) -> int:
        """What the changes add to the segment's version."""
        return sum(
            weight(address, body) * sign
            for address, old, new in self._changed
            for body, sign in ((old, -1), (new, 1))
            if body is not None
        )


def _terms(
    number: int, name: str, leaves: frozenset[str], edits: Sequence[Edit], files: _Files
) -> frozenset[str]:
    """Edit one set; its leaves afterwards."""
    edited = term_edits.edit(
        leaves,
        _changes(number, name, edits),
        lambda leaf: files.load(leaf_address(number, name, leaf)),
    )
    for leaf in sorted(edited.old | edited.new.keys()):
        entries = edited.new.get(leaf, {})
        files.put(leaf_address(number, name, leaf), dict(sorted(entries.items())))
    return leaves - edited.old | edited.new.keys()


def _changes(number: int, name: str, edits: Sequence[Edit]) -> term_edits.Changes:
    found: defaultdict[str, dict[int, bool]] = defaultdict(dict)
    for edit in edits:
        old, new = (getattr(doc, name, frozenset[str]()) for doc in edit)
        for term in old ^ new:
            found[term][_place(number, edit)] = term in new
    return found


def _rows(number: int, edits: Sequence[Edit], files: _Files) -> None:
    blocks: defaultdict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        blocks[rows_address(number, _place(number, edit) // BLOCK_IDS)].append(edit)
    for address, some in blocks.items():
        rows: list[Row] = files.load(address) if files.has(address) else []
        by_place = {local(row[0], number): row for row in rows}
        for edit in some:
            _replace(by_place, _place(number, edit), edit, address)
        files.put(address, [by_place[place] for place in sorted(by_place)])


def _replace(by_place: dict[int, Row], place: int, edit: Edit, address: str) -> None:
    before, after = edit
    if (place in by_place) != (before is not None):
        raise OutageError(reasons.SEGMENT_DISAGREES(name=address))
    if after:
        by_place[place] = after.row
    else:
        del by_place[place]


def _sizes(number: int, edits: Sequence[Edit], files: _Files) -> None:
    address = sizes_address(number)
    text: str = files.load(address) if files.has(address) else ""
    width = len(NO_SIZE)
    sizes = {start // width: text[start : start + width] for start in range(0, len(text), width)}
    for edit in edits:
        _, after = edit
        sizes[_place(number, edit)] = after.size if after else NO_SIZE
    files.put(address, column({place: size for place, size in sizes.items() if size != NO_SIZE}))


def _years(before: Segment, edits: Sequence[Edit]) -> dict[str, int]:
    years = Counter(before.years)
    years.update(after.year for _, after in edits if after)
    years.subtract(was.year for was, _ in edits if was)
    return {year: count for year, count in sorted(years.items()) if count}


def _place(number: int, edit: Edit) -> int:
    doc = edit[0] or edit[1]
    if doc is None:
        raise ValueError("an edit without a resource")
    return local(doc.id, number)
