"""The search index after edits is the one that a full build writes."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.search import index, manifest, trie
from builds.search.documents import Doc
from builds.search.segments import SEGMENT_IDS
from ghost.core.errors import OutageError

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


@pytest.mark.parametrize(
    "edit",
    [
        (doc(1, ["aay"]), None),  # it had other words
        (None, doc(1, ["aax"], title="U")),  # it was there already
        (doc(2, ["aax"]), None),  # it was not there
    ],
)
def test_an_index_that_disagrees_asks_for_a_full_build(edit):
    public = tree([doc(1, ["aax"])])

    with pytest.raises(OutageError, match="build the whole site anew"):
        index.update([edit], public.get)


@pytest.mark.parametrize(
    "address", ["/search/0/words/t.json", "/search/0/rows/0.json", manifest.ADDRESS]
)
@pytest.mark.parametrize("body", [None, b"", b"{"])
def test_a_damaged_index_asks_for_a_full_build(address, body):
    public = tree([doc(1, ["aax"])]) | {address: body}

    with pytest.raises(OutageError, match="build the whole site anew"):
        index.update([(doc(1, ["aax"]), doc(1, ["aay"], title="U"))], public.get)


def test_a_manifest_of_another_format_asks_for_a_full_build():
    body = tree([])[manifest.ADDRESS].replace(b'"format":1', b'"format":0')

    with pytest.raises(OutageError, match="build the whole site anew"):
        manifest.read(body)


def test_the_manifest_reads_back():
    random = Random(5)
    docs = [
        doc(pk, random.sample(WORDS, 9), random.sample(WORDS, 9))
        for pk in range(SEGMENT_IDS - 9, SEGMENT_IDS + 9)
    ]
    body = tree(docs)[manifest.ADDRESS]

    assert manifest.file(manifest.read(body).values()).body == body


def test_a_segment_is_made_of_small_files_with_one_place_for_each_term(monkeypatch):
    monkeypatch.setattr(trie, "LIMIT_BYTES", 300)
    random = Random(6)
    words = [
        "".join(random.choices("abcdefghij図書館", k=random.randint(1, 9))) for _ in range(900)
    ]
    docs = [doc(pk, random.sample(words, 20)) for pk in range(200)]

    leaves = {a: json.loads(b) for a, b in tree(docs).items() if "/words/" in a}

    terms = [term for entries in leaves.values() for term in entries]
    assert sorted(terms) == sorted({term for each in docs for term in each.words})
    assert all(
        trie.bits(t).startswith(a[len("/search/0/words/t") : -5])
        for a, e in leaves.items()
        for t in e
    )
    assert (
        max(
            len(json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode())
            for entries in leaves.values()
        )
        <= 302
    )
