"""The search index after edits is the one that a full build writes."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builds.search import index, manifest, trie
from builds.search.documents import Doc
from builds.search.segments import SEGMENT_IDS
from ghost.errors import OutageError

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


ids = st.sampled_from([1, 2, 15, 16, 17, 31, 32, 9_999, 10_000, 10_001, 19_999, 70_000])
words = st.sets(st.sampled_from(WORDS), max_size=12)
states = st.dictionaries(
    ids,
    st.builds(
        lambda w, n, size, year, title: {"words": w, "names": n, "size": size, "year": year, "title": title},
        words, words, st.sampled_from(["00", "A0", "zz"]), st.sampled_from(["2024", "2025"]), st.sampled_from("TU"),
    ),
)  # fmt: skip


def docs_of(state):
    return {pk: doc(pk, **facts) for pk, facts in state.items()}


def edits_between(old, new):
    every = sorted(old.keys() | new.keys())
    return [(old.get(pk), new.get(pk)) for pk in every if old.get(pk) != new.get(pk)]


@settings(max_examples=300, deadline=None)
@given(st.lists(states, min_size=2, max_size=4), st.sampled_from([20, 60, 150, 100_000]))
def test_patches_give_the_bytes_of_a_full_build(history, limit):
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(trie, "LIMIT_BYTES", limit)
        before, *later = [docs_of(state) for state in history]
        public = tree(before.values())
        for after in later:
            public = updated(public, edits_between(before, after))
            assert public == tree(after.values())
            before = after
