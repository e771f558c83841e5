"""The search index after edits is the one that a full build writes."""

from __future__ import annotations

import pytest

from builds.search import index, manifest
from ghost.core.errors import OutageError
from tests.builds.search.trees import doc, tree


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

    with pytest.raises(OutageError, match="rebuild everything"):
        index.update([edit], public.get)


@pytest.mark.parametrize(
    "address", ["/search/0/words/t.json", "/search/0/rows/0.json", manifest.ADDRESS]
)
@pytest.mark.parametrize("body", [None, b"", b"{"])
def test_a_damaged_index_asks_for_a_full_build(address, body):
    public = tree([doc(1, ["aax"])]) | {address: body}

    with pytest.raises(OutageError, match="rebuild everything"):
        index.update([(doc(1, ["aax"]), doc(1, ["aay"], title="U"))], public.get)
