from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.search.postings import MAX_STEP, decode, edited, encode

numbers = st.sets(st.integers(0, MAX_STEP - 1), max_size=60)


@given(numbers)
def test_decode_is_the_inverse_of_encode(some):
    text = encode(sorted(some))

    assert decode(text) == sorted(some)
    assert set('"\\').isdisjoint(text)


def test_a_step_is_written_in_digits_of_five_bits_highest_first():
    # 1, 1, 32, 33, 1024, 1025 less one each: 0, 0, 31, 1·32+0, 31·32+31, 1·1024+0·32+0
    assert encode([0, 1, 33, 66, 1090, 2115]) == "00V" + "X0" + "_V" + "XW0"


@given(numbers, numbers)
def test_edited_text_is_that_of_the_numbers_afterwards(before, after):
    changes = {number: number in after for number in before ^ after}

    assert edited(encode(sorted(before)), changes) == encode(sorted(after))


@given(st.integers(), st.sampled_from([2, 5, 40, 300]))
def test_few_edits_of_a_long_text_are_those_of_the_numbers_afterwards(seed, part):
    random = Random(seed)
    before = {number for number in range(MAX_STEP) if not random.randrange(part)}
    few = {random.randrange(MAX_STEP) for _ in range(3)} | {random.choice(sorted(before))}
    changes = {number: number not in before for number in few}

    assert edited(encode(sorted(before)), changes) == encode(sorted(before ^ few))


@pytest.mark.parametrize("changes", [{3: True}, {4: False}])
def test_edits_that_do_not_fit_are_refused(changes):
    with pytest.raises(ValueError, match="there"):
        edited(encode([3]), changes)
