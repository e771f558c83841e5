"""A catalog with something of everything, and an export of it."""

from __future__ import annotations

import pytest

from tests.resources.exchanges import bring_out, fill


@pytest.fixture
def catalog(tmp_path):
    fill(tmp_path / "seed")


@pytest.fixture
def written(catalog, tmp_path):
    """An export of everything, as a file."""
    path = tmp_path / "catalog.ndjson"
    bring_out(path)
    return path
