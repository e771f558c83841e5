"""Segments: small files with one place for each term."""

from __future__ import annotations

import json
from random import Random

from builds.search import trie
from tests.builds.search.trees import doc, tree


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
