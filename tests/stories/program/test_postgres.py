"""A quick part of the suite on PostgreSQL; `make test-postgres` runs all of it there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PART = [
    "tests/resources/models/test_list_index.py",
    "tests/stories/publishing/test_concurrent_writers.py",
    "tests/resources/models/test_catalog.py",
    "tests/resources/models/test_category.py",
    "tests/teams/test_credentials.py",
    "tests/dht/models/test_scan.py",
]


@pytest.mark.slow
@pytest.mark.skipif(
    "TEST_DATABASE_URL" in os.environ, reason="all of it runs on PostgreSQL already"
)
def test_a_part_of_the_suite_passes_on_postgresql(postgres):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PART],
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE_URL": postgres},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-5000:]
    assert " skipped" not in done.stdout  # as the tests of PostgreSQL alone are elsewhere
