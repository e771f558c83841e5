"""The manifest of the search index."""

from __future__ import annotations

from random import Random

import pytest

from builds.search import manifest
from builds.search.segments import SEGMENT_IDS
from ghost.core.errors import OutageError
from tests.builds.search.trees import WORDS, doc, tree


def test_a_manifest_of_another_format_asks_for_a_full_build():
    body = tree([])[manifest.ADDRESS].replace(b'"format":2', b'"format":1')

    with pytest.raises(OutageError, match="rebuild everything"):
        manifest.read(body)


def test_the_manifest_reads_back():
    random = Random(5)
    docs = [
        doc(pk, random.sample(WORDS, 9), random.sample(WORDS, 9))
        for pk in range(SEGMENT_IDS - 9, SEGMENT_IDS + 9)
    ]
    body = tree(docs)[manifest.ADDRESS]

    assert manifest.file(manifest.read(body).values()).body == body
