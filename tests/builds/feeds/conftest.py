"""A site at a known place."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def place(configure):
    configure(
        public_baseurl="https://host.example/repo/",
        site_title="Ghost & friends",
        site_description="What is <here>",
    )
