"""Categories by the paths that people write."""

from typing import Any

import pytest

from ghost.client import SetupError
from ghost.client.category_paths import find_id, similar

TREE: list[dict[str, Any]] = [
    {"id": 1, "parent_id": None, "path": "films", "name": "Films"},
    {"id": 2, "parent_id": 1, "path": "films/short", "name": "Short films"},
    {"id": 3, "parent_id": None, "path": "short", "name": "Films/Short films"},
]


@pytest.mark.parametrize(
    ("path", "found"),
    [("films", 1), ("FILMS", 1), ("films/short", 2), ("Films/Short films", 2), ("short", 3)],
)
def test_categories_are_found_by_slugs_and_by_names(path, found):
    assert find_id(TREE, path) == found


def test_unknown_category_is_refused_with_what_may_be_meant():
    with pytest.raises(SetupError, match=r"There is no category “filmz”\. Did you mean films\?"):
        find_id(TREE, "filmz")


@pytest.mark.parametrize(
    ("wanted", "near"),
    [("short", ["films/short"]), ("film/shorts", ["films/short", "films"]), ("zzz", [])],
)
def test_similar_paths_end_alike_or_are_written_alike(wanted, near):
    assert similar(wanted, ["films", "films/short"]) == near
