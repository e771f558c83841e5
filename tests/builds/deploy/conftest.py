"""Folders and branches that are deployed to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builds.deploy.branches import bare, branch, pages, program  # noqa: F401  # fixtures
from tests.builds.deployments import write


@pytest.fixture
def public(tmp_path) -> Path:
    numbered = {f"resources/{number}/index.html": b"page %d" % number for number in range(1, 8)}
    odd = {'tags/安全 "q" *[x]/index.html': b"\xff\x00", "empty": b"", "-dash": b"d"}
    write(tmp_path / "public", numbered | odd | {"index.html": b"home", "only/child.html": b"x"})
    return tmp_path / "public"


@pytest.fixture
def there(tmp_path) -> Path:
    return tmp_path / "there/sub folder"
