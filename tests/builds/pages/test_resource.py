"""The page of one resource: what it tells of the swarm."""

from typing import Any

import pytest

from builds.data.body import Body
from builds.data.records import Page
from builds.listings.supersession import Supersession
from builds.pages import resource
from tests import make

CHECKED, BEFORE = "2026-11-20T14:03:11.5+00:00", "2026-11-01T10:00:00.25+00:00"
TOLD = ("seeds", "peers", "missing", "seen")


def told(**facts):
    known: dict[str, Any] = {"checked_at": CHECKED, "seen_at": CHECKED, "peers": 7}
    entry = make.entry(**known | facts)
    page = next(resource.records(entry, Body("", [], 0, []), make.taxonomy(), Supersession()))
    assert isinstance(page, Page)
    return {name: value for name, value in page.params.items() if name in TOLD}


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"seeds_band": "10-49"}, {"seeds": "10-49"}),
        ({}, {"peers": 7}),
        ({"seeds_band": "0"}, {"peers": 7}),  # seen once since it was missing
        ({"dht_status": "Unknown", "seen_at": BEFORE}, {"seen": "2026-11-01T10:00:00+00:00"}),
        (
            {"dht_status": "Stale", "seeds_band": "0", "missing_since": BEFORE, "seen_at": None},
            {"missing": "2026-11-01"},
        ),
    ],
)
def test_the_swarm_is_told_by_what_is_known_of_it(facts, shown):
    assert told(**facts) == shown
