"""Batches hold all there is, in its order."""

from itertools import count

import pytest

from ghost.core.batches import batched


@pytest.mark.parametrize(
    ("items", "batches"),
    [
        ([], []),
        ([1], [[1]]),
        ([1, 2, 3, 4], [[1, 2], [3, 4]]),
        (iter("abc"), [["a", "b"], ["c"]]),
        ({3: "c", 4: "d", 5: "e"}, [[3, 4], [5]]),
    ],
    ids=["none", "fewer", "even", "an iterator", "keys"],
)
def test_items_come_in_lists_of_that_size(items, batches):
    assert list(batched(items, 2)) == batches


def test_no_more_is_read_than_was_asked_for():
    numbers = count()

    assert next(batched(numbers, 3)) == [0, 1, 2]
    assert next(numbers) == 3
