"""A stranger who knows nothing but the schema (schemathesis) uses the real server: no 5xx, no answer
that the schema does not name."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import postgres
from tests.installation import Installation

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance",
    "negative_data_rejection", "unsupported_method",
)  # fmt: skip
"""Not `positive_data_acceptance`: that an owner exists, say, no schema can tell; nor `ignored_auth`,
which does not know that one of two credentials is enough (tests/teams/test_policy.py looks)."""
STREAM = "/api/events$"
"""It has no end."""
SECONDS = os.environ.get("TEST_FUZZ_S", "12" if os.environ.get("CI") else "3")
"""For each phase of each run; a night's run may take more."""
WAYS = [("sqlite", "Admin"), ("postgresql", "Publisher")]


pytestmark = pytest.mark.slow


@pytest.fixture
def place(way, tmp_path):
    database, _role = way
    is_missing = database == "postgresql" and postgres.programs() is None
    if is_missing and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    with ExitStack() as stack:
        there = {}
        if database == "postgresql":
            there["GHOST_DATABASE_URL"] = stack.enter_context(postgres.running())
        folder = tmp_path / "ghost"
        yield stack.enter_context(Installation(folder, GHOST_API_RATE_LIMIT="0", **there))


def run(place: Installation, role: str, folder: Path, phase: str) -> str:
    command: list[str | Path] = [
        Path(sys.executable).with_name("schemathesis"), "run", f"{place.url}/api/openapi.json",
        "--header", f"Authorization: Bearer {place.token(role, 'Stranger')}",
        "--checks", ",".join(CHECKS), "--phases", phase, "--max-time", SECONDS,
        "--exclude-path-regex", STREAM, "--seed", "5", "--generation-database", "none",
        "--no-color", "--max-examples", "10", "--request-timeout", "30", "--warnings", "off",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, env=place.env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_answer_is_one_that_the_schema_names(place, way, tmp_path):
    place.manage("generate_catalog", "--resources", "20", "--seed", "1")
    place.start("web")

    said = [run(place, way[1], tmp_path, phase) for phase in ("fuzzing", "stateful")]

    assert all("No issues found" in each for each in said), said
    assert "Traceback" not in (place.folder / "web.log").read_text()
