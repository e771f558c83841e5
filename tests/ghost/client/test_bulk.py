"""Items in the requests that carry them."""

from typing import Any

import pytest

from ghost.client import Item
from ghost.client.bulk import BulkPublisher, info_hashes
from tests.presence import present


@pytest.mark.parametrize(
    ("magnet", "hashes"),
    [
        (f"magnet:?xt=urn:btih:{'AB' * 20}", {"ab" * 20}),
        (f"magnet:?xt=urn:btih:{'A' * 32}", {"00" * 20}),
        (f"magnet:?xt=urn%3Abtmh%3A1220{'cd' * 32}", {f"1220{'cd' * 32}"}),
        ("magnet:?dn=x", set()),
    ],
)
def test_info_hashes_are_read_in_all_their_forms(magnet, hashes):
    assert info_hashes(magnet) == hashes


def test_items_that_can_not_be_sent_are_refused_without_a_request():
    nobody: Any = None
    publisher = BulkPublisher(transport=nobody, category_id=int, is_dry=False)

    outcomes = list(publisher.publish([Item(3, {"title": "One"}, "This line is not JSON")]))

    assert [(o.line, o.outcome, o.title, present(o.problem)["detail"]) for o in outcomes] == [
        (3, "refused", "One", "This line is not JSON")
    ]
