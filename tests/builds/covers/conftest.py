"""No task is queued."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_queue(configure):
    configure(enable_scheduler=False)
