"""What replaces a release waits until that has come."""

from __future__ import annotations

import pytest

from resources.models import Resource
from tests.resources.catalog_files import ALL, CATEGORY, PUBLISHER, RESOURCE, rewrite
from tests.resources.exchanges import take_in, wipe

pytestmark = pytest.mark.django_db


def test_what_replaces_a_later_line_waits_for_it(written, tmp_path):
    wipe()
    header, *lines = written.read_text().splitlines()
    start, end = (
        at([line[:20] for line in lines], '{"type":"resource","') for at in (first_of, last_of)
    )
    lines[start : end + 1] = reversed(lines[start : end + 1])
    written.write_text("\n".join([header, *lines]))

    told = take_in(written)

    first = Resource.objects.get(title="The first")
    assert (told.error, told["created"], told["mended"]) == ("", ALL, 0)
    assert first.supersedes is not None
    assert Resource.objects.get(title__startswith="'=cmd").supersedes == first


def first_of(lines, start):
    return lines.index(start)


def last_of(lines, start):
    return len(lines) - 1 - lines[::-1].index(start)


def test_what_replaces_something_unknown_comes_without_it(written):
    rewrite(written, lambda each: None if each.get("title") == "The first" else each)
    wipe()

    told = take_in(written)

    assert (told["created"], told["mended"]) == (ALL - 1, 1)
    assert "The release that it replaces is not here" in told.lines[0]


def test_two_that_replace_each_other_come_without_it(written):
    hashes = {}

    def cross(each):
        if "magnet_uri" in each:
            hashes[each["title"]] = each["magnet_uri"][20:60]
            each["supersedes"] = None
        return each

    rewrite(written, cross)
    one, other = list(hashes)[:2]

    def crossed(each):
        to = {one: hashes[other], other: hashes[one]}.get(each.get("title"))
        return each | {"supersedes": to} if to else each

    rewrite(written, crossed)
    wipe()

    told = take_in(written)

    assert (told["created"], told["mended"]) == (ALL, 1), told


def test_a_chain_that_runs_backwards_comes_in(read):
    def release(number):
        return RESOURCE | {
            "magnet_uri": f"magnet:?xt=urn:btih:{number:040x}",
            "supersedes": f"{number - 1:040x}" if number > 1 else None,
        }

    told = read(PUBLISHER, CATEGORY, *map(release, range(40, 0, -1)))

    assert (told.error, told["created"], told["mended"]) == ("", 40, 0)
    assert Resource.objects.filter(supersedes__isnull=False).count() == 39
