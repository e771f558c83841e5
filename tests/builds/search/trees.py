"""Search indexes of documents made by hand."""

from __future__ import annotations

from builds.search import index
from builds.search.documents import Doc

WORDS = [f"{first}{second}{third}" for first in "aé书" for second in "abc语" for third in "xyz館𠀀"]
"""Many share their beginnings, so that nodes split late and merge again."""


def doc(pk, words=(), names=(), *, size="0A", year="2025", title="T"):
    hashes = frozenset({f"{pk * 7919:010x}"})
    return Doc(pk, frozenset(words), frozenset(names), hashes, (pk, title, ["tag"]), year, size)


def tree(docs):
    """What a full build writes."""
    ordered = sorted(docs, key=lambda doc: doc.id)
    return {file.address: file.body for file in index.whole(ordered)}


def updated(public, edits):
    """The public tree after a patch."""
    files, removed = index.update(edits, public.get)
    assert len({file.address for file in files} | set(removed)) == len(files) + len(removed)
    changed = public | {file.address: file.body for file in files}
    for address in removed:
        del changed[address]
    return changed
