"""The index of the whole catalog, by a few edits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.search import index, manifest, trie
from tests.builds.search.trees import WORDS, doc, tree, updated

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


def test_nothing_is_written_where_nothing_changed():
    public = tree([doc(1, ["aax"])])

    assert index.update([(doc(1, ["aax"]), doc(1, ["aax"]))], public.get) == ([], [])


def test_an_edit_touches_its_own_segment_alone():
    public = tree([doc(pk, ["aax"]) for pk in (1, 20_000)])

    files, removed = index.update([(doc(1, ["aax"]), doc(1, ["aay"]))], public.get)

    assert [file.address for file in files] == ["/search/0/words/t.json", manifest.ADDRESS]
    assert removed == []
