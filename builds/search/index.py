"""The search index of the whole catalog: all of it, or what a few edits change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from builds.data.records import File
from builds.search import manifest
from builds.search.documents import Doc
from builds.search.segment_patch import Edit, Read, patch
from builds.search.segments import Segment, build, number_of


def whole(docs: Iterable[Doc]) -> Iterator[File]:
    """All files, the manifest last. `docs` ascend by id; one segment at a time is in memory."""
    segments: list[Segment] = []
    for number, some in groupby(docs, key=lambda doc: number_of(doc.id)):
        change = build(number, some)
        yield from change.files
        if change.segment:
            segments.append(change.segment)
    yield manifest.file(segments)


def update(edits: Sequence[Edit], read: Read) -> tuple[list[File], list[str]]:
    """Files to write, the manifest last, and addresses to remove, so that the public tree that
    `read` shows becomes what `whole` would write now.

    OutageError if that tree is not as the edits expect it; only `whole` helps then.
    """
    old = read(manifest.ADDRESS)
    segments = manifest.read(old)
    files: list[File] = []
    removed: list[str] = []
    for number, some in _by_segment(edits).items():
        change = patch(segments.pop(number, Segment(number)), some, read)
        files += change.files
        removed += change.removed
        if change.segment:
            segments[number] = change.segment
    shown = manifest.file(segments.values())
    return [*files, shown] if shown.body != old else files, removed


def _by_segment(edits: Sequence[Edit]) -> dict[int, list[Edit]]:
    found: defaultdict[int, list[Edit]] = defaultdict(list)
    for before, after in edits:
        doc = after or before
        if doc:
            found[number_of(doc.id)].append((before, after))
    return found
