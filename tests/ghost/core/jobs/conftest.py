"""Each test begins before anything was told."""

from __future__ import annotations

import pytest

from ghost.core.jobs import throttle, worker


@pytest.fixture(autouse=True)
def nothing_told_yet():
    throttle._last.clear()
    yield
    worker._now.set(None)
