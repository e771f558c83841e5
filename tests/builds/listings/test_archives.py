"""Which pages of a list an archive of its feed holds, and which archives a change touches."""

import pytest

from builds.listings import archives
from builds.models import Listing

ALL = Listing.Kind.ALL


def listing(last, kind=ALL, gaps=()):
    return Listing(kind=kind, key="", last=last, gaps=list(gaps))


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setitem(archives.KEPT, ALL, 2)


@pytest.mark.parametrize(
    ("last", "found", "is_open"),
    [
        (1, {}, 1),
        (3, {}, 1),
        (4, {1: [1, 2, 3]}, 4),
        (6, {1: [1, 2, 3]}, 4),
        (7, {1: [1, 2, 3], 2: [4, 5, 6]}, 7),
        (10, {2: [4, 5, 6], 3: [7, 8, 9]}, 10),
    ],
)
def test_archives_hold_full_pages_and_the_feed_the_rest(last, found, is_open):
    assert archives.pages(listing(last)) == found
    assert archives.first_open_page(listing(last)) == is_open


def test_pages_that_are_no_more_leave_holes():
    assert archives.pages(listing(7, gaps=[2, 4, 5, 6])) == {1: [1, 3]}


def test_tags_have_none():
    tag = listing(100, Listing.Kind.TAG)

    assert archives.pages(tag) == {}
    assert archives.due(tag, 1, range(1, 100)) == set()
    assert archives.first_open_page(tag) > 100


@pytest.mark.parametrize(
    ("before", "after", "changed", "due"),
    [
        (5, 5, {5}, set()),
        (5, 5, {2}, {1}),
        (6, 7, {6, 7}, {1, 2}),
        (9, 10, {9, 10}, {1, 2, 3}),
        (10, 9, {9}, {1, 2, 3}),
    ],
)
def test_what_comes_touches_the_newest_archives_and_the_one_that_goes(before, after, changed, due):
    assert archives.due(listing(after), before, changed) == due
