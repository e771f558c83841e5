"""Which files hold which terms depends on the terms alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.search import trie

terms = st.dictionaries(st.text("ab书é", min_size=1), st.text("0AZ", max_size=99), max_size=40)


def test_the_way_to_a_term_is_its_bits_and_a_byte_of_zeros():
    assert trie.bits("a") == "0110000100000000"
    assert trie.bits("a" * 99) == "01100001" * 20
    assert len(trie.bits("a" * 99)) == trie.MAX_DEPTH


@pytest.mark.parametrize(
    ("leaves", "spelled"),
    [([], "."), ([""], "0"), (["0", "1"], "100"), (["01", "1"], "11.00"), (["10", "11"], "1.100")],
)
def test_a_trie_is_spelled_from_its_root(leaves, spelled):
    assert trie.spell(leaves) == spelled
    assert trie.read(spelled) == frozenset(leaves)


def test_what_is_above_leaves_is_split():
    assert trie.splits(["01", "1"]) == {"", "0"}


@given(terms)
def test_leaves_hold_all_terms_each_below_its_bits(entries):
    leaves = trie.grow(entries)

    held = [(term, postings) for leaf in leaves.values() for term, postings in leaf.items()]
    assert sorted(held) == sorted(entries.items())
    assert [
        t for node, leaf in leaves.items() for t in leaf if not trie.bits(t).startswith(node)
    ] == []
    assert trie.read(trie.spell(leaves)) == frozenset(leaves)


def test_a_leaf_is_split_as_soon_as_it_is_too_large():
    postings = "0" * (trie.LIMIT_BYTES // 2)
    one, two = {"a": postings}, {"a": postings, "b": postings}

    assert (trie.fits(one, ""), trie.fits(two, ""), trie.fits(two, "0" * trie.MAX_DEPTH)) == (
        True, False, True,
    )  # fmt: skip
    assert trie.grow(one) == {"": one}
    assert trie.grow(two) == {"0110000": {"a": postings}, "0110001": {"b": postings}}
